//go:build unix

package redis_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// internet is a network of scripted servers, by address, whose connections are pipes: inside a bubble of
// testing/synctest, time passes at once. It is safe for concurrent use.
type internet struct {
	mu     sync.Mutex // guards the rest
	nodes  map[string]answers
	dials  map[string]int
	asked  map[string]int // by the name of the command, and by that with the address in front
	failed error          // of every dial, unless nil
	drops  bool           // dials get no answer at all
}

// answers says what a server answers to a command. Nothing means that it says nothing on this connection any more.
type answers func(args []string) string

// bubble runs f in virtual time with servers.
func bubble(t *testing.T, nodes map[string]answers, f func(*testing.T, *internet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Cleanup(func() { time.Sleep(time.Minute) }) // the client closes some connections a while after it was closed
		f(t, &internet{nodes: nodes, dials: map[string]int{}, asked: map[string]int{}})
	})
}

// host is the address of a scripted server.
type host string

func (host) Network() string  { return "tcp" }
func (h host) String() string { return string(h) }

// dial is a net.Dialer's DialContext.
func (n *internet) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dials[address]++
	reply, err, drops := n.nodes[address], n.failed, n.drops
	n.mu.Unlock()
	switch {
	case drops:
		<-ctx.Done()
		err = ctx.Err()
	case err == nil && reply == nil:
		err = syscall.ECONNREFUSED
	}
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: host(address), Err: err}
	}
	here, there := net.Pipe()
	go n.serve(there, address)
	return here, nil
}

func (n *internet) serve(conn net.Conn, address string) {
	defer conn.Close()
	in := bufio.NewReader(conn)
	for {
		args, err := command(in)
		if err != nil {
			return
		}
		args[0] = strings.ToUpper(args[0])
		n.mu.Lock()
		n.asked[args[0]]++
		n.asked[address+" "+args[0]]++
		reply := n.nodes[address]
		n.mu.Unlock()
		text := greeting(args)
		if text == "" && reply != nil {
			text = reply(args)
		}
		if text == "" {
			_, _ = io.Copy(io.Discard, in) // what is not answered leaves no answer for the next
			return
		}
		if _, err := io.WriteString(conn, text+"\r\n"); err != nil {
			return
		}
	}
}

// greeting answers what every client asks first.
func greeting(args []string) string {
	switch args[0] {
	case "HELLO":
		return "%2\r\n$7\r\nversion\r\n$5\r\n7.2.0\r\n$5\r\nproto\r\n:3"
	case "CLIENT":
		return "+OK"
	}
	return ""
}

// set changes what a server answers.
func (n *internet) set(address string, a answers) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.nodes[address] = a
}

// fail has all dials fail with err.
func (n *internet) fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.failed = err
}

func (n *internet) count(command string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked[command]
}

// dialled returns how often somebody has tried to connect to one of addresses.
func (n *internet) dialled(addresses ...string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	sum := 0
	for _, a := range addresses {
		sum += n.dials[a]
	}
	return sum
}

// open returns a store on the network that is closed before the bubble ends.
func (n *internet) open(t *testing.T, o redis.Options) *redis.Store {
	t.Helper()
	s, err := redis.OpenThrough(o, n.dial)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// well answers as a healthy, empty server does.
func well(args []string) string {
	switch args[0] {
	case "PING":
		return "+PONG"
	case "GET":
		return "$-1"
	case "EXISTS":
		return ":0"
	case "SET":
		return "+OK"
	case "TIME":
		return "*2\r\n$1\r\n0\r\n$1\r\n0"
	}
	return "-ERR unknown command"
}

// mute takes everything in and says nothing, as a process that was stopped does.
func mute([]string) string { return "" }

const (
	somewhere = "redis.test:6379"

	// patience is the time of every call in these tests, the store's default.
	patience = redis.DefaultSocketTimeout

	// detection is how long a connection may be silent before it is given up: twice the interval between
	// PINGs, and the time to write.
	detection = 2*redis.DefaultHealthCheckInterval + time.Second

	// longestPause is the longest time between two attempts to reach a server that is gone.
	longestPause = 250 * time.Millisecond
)

// A server that has just started loads its data first.
func TestF02LoadingServerIsAMissForItsCallersAndIsLeftAlone(t *testing.T) {
	loading := func(args []string) string { return "-LOADING Redis is loading the dataset in memory" }
	bubble(t, map[string]answers{somewhere: well}, func(t *testing.T, n *internet) {
		s := n.open(t, redis.Options{Address: somewhere})
		if _, _, err := s.Get(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
		n.set(somewhere, loading)
		before := n.count("GET")
		var w watch
		for start := time.Now(); time.Since(start) < 3*time.Second; time.Sleep(time.Millisecond) {
			err := w.time(getting(s, "k"))
			var answer *redis.ServerError
			if !errors.Is(err, store.ErrUnavailable) || !errors.As(err, &answer) || answer.Code != "LOADING" {
				t.Fatalf("Get = %v, want store.ErrUnavailable with the code LOADING", err)
			}
		}
		heldCount(t, "F02", "reads sent to a loading server, of 3000", n.count("GET")-before, 2)
		heldExactly(t, "F02", "slowest call", w.worst(), patience)
		n.set(somewhere, well)
		heldExactly(t, "F02", "time until the loaded server is used", until(t, "it is used", getting(s, "k")), longestPause)
	})
}

// No connection can be made: packets to the server are dropped.
func TestF06BlackHoleCostsNoCallMoreThanItsTime(t *testing.T) {
	bubble(t, nil, func(t *testing.T, n *internet) {
		n.drops = true
		s := n.open(t, redis.Options{Address: somewhere})
		var w watch
		var calls sync.WaitGroup
		for range 1000 {
			calls.Go(func() { _ = w.time(getting(s, "k")) })
		}
		calls.Wait()
		heldExactly(t, "F06", "slowest of 1000 calls at once, from the start", w.worst(), patience)
		time.Sleep(redis.DefaultConnectTimeout)
		var later watch
		for range 1000 {
			if err := later.time(getting(s, "k")); !errors.Is(err, store.ErrUnavailable) {
				t.Fatalf("Get = %v, want store.ErrUnavailable", err)
			}
		}
		heldExactly(t, "F06", "slowest of 1000 calls once the hole is known", later.worst(), 0)
		if got := n.dialled(somewhere); got > 3 {
			t.Errorf("%d connections were tried, want those of the prober alone", got)
		}
	})
}

// The peer is gone and nobody says so: no reset, no end.
func TestF07SilentConnectionIsGivenUpInTime(t *testing.T) {
	bubble(t, map[string]answers{somewhere: well}, func(t *testing.T, n *internet) {
		s := n.open(t, redis.Options{Address: somewhere})
		if _, _, err := s.Get(t.Context(), "k"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
		var w watch
		_ = w.time(getting(s, "k"))
		n.set(somewhere, mute)
		start := time.Now()
		for n.dialled(somewhere) == 1 && time.Since(start) < time.Minute {
			_ = w.time(getting(s, "k"))
			time.Sleep(time.Millisecond)
		}
		heldExactly(t, "F07", "time until the next connection is made", time.Since(start), detection)
		heldExactly(t, "F07", "slowest call meanwhile", w.worst(), patience)
		w.wantOnly(t, store.ErrUnavailable)
		n.set(somewhere, well)
		heldExactly(t, "F07", "time until the server that is well again is used", until(t, "it is used", getting(s, "k")), detection+longestPause)
	})
}

// The name of the server is not known for a while, and then it means another machine.
func TestF20NamesAreLookedUpForEachConnection(t *testing.T) {
	bubble(t, map[string]answers{somewhere: well}, func(t *testing.T, n *internet) {
		unknown := &net.DNSError{Err: "no such host", Name: "redis.test", IsNotFound: true}
		n.fail(unknown)
		s := n.open(t, redis.Options{Address: somewhere})
		var w watch
		for range 100 {
			err := w.time(getting(s, "k"))
			if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, unknown) || !strings.Contains(err.Error(), "no such host") {
				t.Fatalf("Get = %v, want store.ErrUnavailable: no such host", err)
			}
		}
		heldExactly(t, "F20", "slowest call while the name is unknown", w.worst(), patience)
		n.fail(nil)
		heldExactly(t, "F20", "time until the name that is known again is used", until(t, "the server is used", getting(s, "k")), longestPause)
		if n.dialled(somewhere) < 2 {
			t.Error("the name was not looked up again")
		}
	})
}
