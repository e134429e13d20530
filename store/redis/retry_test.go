//go:build unix

package redis_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// sieve is a proxy that lets a number of bytes of answers pass and then breaks the connection.
type sieve struct {
	addr string
	left atomic.Int64 // negative: everything passes
	cuts atomic.Int32
}

func newSieve(t *testing.T, server *testredis.Server) *sieve {
	v := &sieve{}
	v.left.Store(-1)
	v.addr = listen(t, func(client net.Conn) {
		upstream, err := net.Dial("tcp", server.Addr)
		if err != nil {
			return
		}
		defer upstream.Close()
		asked := make(chan struct{})
		go func() {
			defer close(asked)
			io.Copy(upstream, client)
			upstream.Close()
		}()
		v.pass(client, upstream)
		client.Close()
		upstream.Close()
		<-asked
	})
	return v
}

func (v *sieve) pass(to io.Writer, from io.Reader) {
	b := make([]byte, 4<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if left := v.left.Load(); left >= 0 && left < int64(n) {
			to.Write(b[:left])
			v.left.Store(-1)
			v.cuts.Add(1)
			return
		} else if left >= 0 {
			v.left.Add(-int64(n))
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// Some of the commands of an exchange have been answered when the connection breaks. The whole of it is
// sent again, while other calls go on.
func TestManyKeysWhoseAnswersAreCutOff(t *testing.T) {
	server := testredis.Start(t)
	var keys []string
	var items []store.Item
	for i := range 950 {
		keys = append(keys, fmt.Sprintf("key-%03d", i))
		items = append(items, store.Item{Key: keys[i], Value: []byte(keys[i])})
	}
	for _, cut := range []int64{0, 1, 17, 1000, 5000, 9000} {
		t.Run(strconv.FormatInt(cut, 10), func(t *testing.T) {
			proxy := newSieve(t, server)
			s := open(t, redis.Options{Address: proxy.addr, Pool: redis.PoolOptions{SocketTimeout: ample}})
			ready(t, s)
			others := underLoad(t, s, "a", "b", "c", "d")
			proxy.left.Store(cut)
			if err := s.SetMany(t.Context(), items, time.Hour); err != nil {
				t.Errorf("SetMany = %v", err)
			}
			proxy.left.Store(cut)
			wantValues(t, s, keys)
			eventually(t, "the connection was cut", func() bool { return proxy.cuts.Load() > 0 })
			others.wantOnly(t, store.ErrUnavailable) // the second attempt may meet the second cut
			if got := server.Do("DBSIZE"); got != strconv.Itoa(len(keys)+4) {
				t.Errorf("%s keys are there, want %d: a write went astray", got, len(keys)+4)
			}
		})
	}
}

func TestValueThatIsTooLarge(t *testing.T) {
	server := testredis.Start(t)
	o := at(server)
	o.MaxValueBytes = 10
	s := open(t, o)
	fits, large := []byte("0123456789"), []byte("0123456789+")
	if err := s.Set(t.Context(), "k", fits, time.Hour); err != nil {
		t.Fatalf("Set of 10 bytes = %v", err)
	}
	for name, err := range map[string]error{
		"Set":  s.Set(t.Context(), "k", large, time.Hour),
		"Add":  second(s.Add(t.Context(), "new", large, time.Hour)),
		"Swap": second(s.Swap(t.Context(), "k", fits, large, time.Hour)),
	} {
		if !errors.Is(err, redis.ErrTooLarge) || errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "11 bytes, max_value_bytes is 10") {
			t.Errorf("%s of 11 bytes = %v, want redis.ErrTooLarge and the sizes", name, err)
		}
	}
	err := s.SetMany(t.Context(), []store.Item{{Key: "a", Value: fits}, {Key: "b", Value: large}, {Key: "c", Value: fits}}, time.Hour)
	var failed store.KeyErrors
	if !errors.As(err, &failed) || len(failed) != 1 || !errors.Is(failed["b"], redis.ErrTooLarge) {
		t.Errorf("SetMany = %v, want redis.ErrTooLarge for b alone", err)
	}
	if got := server.Do("EXISTS", "k", "a", "b", "c", "new"); got != "3" {
		t.Errorf("%s of the keys are there, want k, a and c", got)
	}
	if got := server.Do("GET", "k"); got != string(fits) {
		t.Errorf("k = %q, want what was there before", got)
	}
	if err := s.SetMany(t.Context(), []store.Item{{Key: "b", Value: large}}, time.Hour); !errors.Is(err, redis.ErrTooLarge) {
		t.Errorf("SetMany of one = %v", err)
	}
}

// forward passes connections on to the address that it is told.
type forward struct {
	addr string
	to   atomic.Pointer[string]
}

func newForward(t *testing.T, to string) *forward {
	f := &forward{}
	f.to.Store(&to)
	f.addr = listen(t, func(client net.Conn) {
		upstream, err := net.Dial("tcp", *f.to.Load())
		if err != nil {
			return
		}
		defer upstream.Close()
		asked := make(chan struct{})
		go func() {
			defer close(asked)
			io.Copy(upstream, client)
			upstream.Close()
		}()
		io.Copy(client, upstream)
		client.Close()
		<-asked
	})
	return f
}

func TestClusterWhoseNodesAreAllNew(t *testing.T) {
	t.Parallel()
	before := testredis.StartCluster(t, testredis.ClusterOptions{Masters: 1})
	after := testredis.StartCluster(t, testredis.ClusterOptions{Masters: 1})
	name := newForward(t, before.Nodes[0].Addr) // a name that stays while the addresses behind it change
	s := open(t, redis.Options{Pool: redis.PoolOptions{StartupNodes: nodes(t, []string{name.addr})}})
	writable(t, s, "k")
	name.to.Store(&after.Nodes[0].Addr)
	before.Nodes[0].Kill()
	writable(t, s, "k")
	if got := after.Nodes[0].Do("GET", "k"); got != "k" {
		t.Errorf("the new node has %q", got)
	}
}

// clusterOf is a scripted node of a cluster that tells everybody the same rows of CLUSTER SLOTS.
func clusterOf(t *testing.T, rows func(port int) string) redis.Options {
	var port atomic.Int64
	addr := listen(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for {
			args, err := command(in)
			if err != nil {
				return
			}
			reply := fmt.Sprintf("-ERR unknown command '%s'\r\n", args[0])
			switch strings.ToUpper(args[0]) {
			case "CLUSTER":
				reply = rows(int(port.Load()))
			case "EXISTS":
				reply = ":0\r\n"
			case "GET":
				reply = "$-1\r\n"
			}
			if _, err := io.WriteString(conn, reply); err != nil {
				return
			}
		}
	})
	n := node(t, addr)
	port.Store(int64(n.Port))
	return redis.Options{Pool: redis.PoolOptions{StartupNodes: []redis.Node{n}, SocketTimeout: ample}}
}

func TestNodesThatSpeakOddlyOfThemselves(t *testing.T) {
	t.Parallel()
	row := func(first, last int, host string, port int) string {
		return fmt.Sprintf("*3\r\n:%d\r\n:%d\r\n*3\r\n%s\r\n:%d\r\n$2\r\nid\r\n", first, last, host, port)
	}
	tests := []struct {
		name string
		rows func(port int) string
		want string // in the error of a Get; empty if it is a miss
	}{
		{"a node that does not know its name", func(port int) string { return "*1\r\n" + row(0, 16383, "$0\r\n", port) }, ""},
		{"a node whose name is nil", func(port int) string { return "*1\r\n" + row(0, 16383, "$-1", port) }, ""},
		{"a node that nobody knows how to call", func(port int) string {
			return "*2\r\n" + row(0, 99, "$1\r\n?", port) + row(100, 16383, "$0\r\n", port)
		}, ""},
		{"nobody serves anything", func(int) string { return "*0\r\n" }, "no node that serves keys"},
		{"slots that do not exist", func(port int) string { return "*1\r\n" + row(0, 16384, "$0\r\n", port) }, "does not fit"},
		{"slots the wrong way round", func(port int) string { return "*1\r\n" + row(2, 1, "$0\r\n", port) }, "does not fit"},
		{"no array", func(int) string { return "+OK\r\n" }, "redis"},
		{"an element that is none", func(int) string { return "*1\r\n:1\r\n" }, "does not fit"},
		{"a node that is none", func(int) string { return "*1\r\n*3\r\n:0\r\n:1\r\n:2\r\n" }, "does not fit"},
		{"a port that is none", func(int) string { return "*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n" }, "does not fit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, clusterOf(t, tt.rows))
			_, found, err := s.Get(t.Context(), "k")
			if tt.want == "" {
				if found || err != nil {
					t.Errorf("Get = %v, %v, want a miss", found, err)
				}
				return
			}
			if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Get = %v, want store.ErrUnavailable and %q", err, tt.want)
			}
		})
	}
}
