//go:build unix

package redis_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
	"github.com/rs/zerolog"
)

// wire is a line to a server that can be made bad.
type wire struct {
	addr   string
	t      *testing.T
	proxy  *toxiproxy.Proxy
	serial int
}

// newWire returns a line in good order, for the time of the test.
func newWire(t *testing.T, server *testredis.Server) *wire {
	t.Helper()
	zerolog.SetGlobalLevel(zerolog.Disabled) // some parts of the proxy print
	proxy := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), t.Name(), "127.0.0.1:0", server.Addr)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	awaitAnswer(t, proxy.Listen)
	return &wire{addr: proxy.Listen, t: t, proxy: proxy}
}

// awaitAnswer waits for an answer at an address. A proxy that gives one has started all its goroutines, so that none
// of them can look like a leak of what the test opens next.
func awaitAnswer(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(ample)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

// spoil makes the line bad, for connections that stand and those to come. The direction is downstream for answers
// and upstream for commands.
func (w *wire) spoil(direction, toxic string) {
	w.t.Helper()
	w.serial++
	text := fmt.Sprintf(`{"name": "toxic-%d", "stream": "%s", %s}`, w.serial, direction, toxic)
	if _, err := w.proxy.Toxics.AddToxicJson(strings.NewReader(text)); err != nil {
		w.t.Fatalf("%s: %v", text, err)
	}
}

// mend makes the line good again.
func (w *wire) mend() { w.proxy.Toxics.ResetToxics(context.Background()) }

// A slow line is no reason to make another connection: it would be as slow, and the answers that are on their way
// would be lost.
func TestF04SlowLineCostsTheDeadlineAndNoConnection(t *testing.T) {
	t.Parallel()
	const deadline = 150 * time.Millisecond
	tests := []struct {
		name, direction, toxic string
		works                  bool // some calls are answered in time
	}{
		{"latency with jitter", "downstream", `"type": "latency", "attributes": {"latency": 80, "jitter": 60}`, true},
		{"latency beyond the deadline", "downstream", `"type": "latency", "attributes": {"latency": 600}`, false},
		{"latency of commands", "upstream", `"type": "latency", "attributes": {"latency": 600}`, false},
		{"a kilobyte per second", "downstream", `"type": "bandwidth", "attributes": {"rate": 1}`, true},
		{"byte by byte", "downstream", `"type": "slicer", "attributes": {"average_size": 1, "size_variation": 0, "delay": 2000}`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := testredis.Start(t)
			line := newWire(t, server)
			s := open(t, redis.Options{Address: line.addr, Pool: redis.PoolOptions{SocketTimeout: deadline}})
			ready(t, s)
			connections := statistic(t, server, "stats", "total_connections_received")
			line.spoil(tt.direction, tt.toxic)
			load := underLoad(t, s, "a", "b", "c", "d", "e", "f", "g", "h")
			time.Sleep(1500 * time.Millisecond)
			load.stop()
			heldCount(t, "F04", tt.name+": new connections", statistic(t, server, "stats", "total_connections_received")-connections-1, 0)
			held(t, "F04", tt.name+": slowest call", load.worst(), deadline+late)
			if load.failed() == 0 && !tt.works {
				t.Error("no call has failed")
			}
			line.mend()
			until(t, "calls work on the line that is mended", getting(s, "a"))
			load.wantErrors(t, store.ErrUnavailable)
		})
	}
}

// The line takes everything in and lets nothing out: no answer, no reset, no end.
func TestF07HalfOpenLine(t *testing.T) {
	t.Parallel()
	for _, direction := range []string{"downstream", "upstream"} {
		t.Run(direction, func(t *testing.T) {
			t.Parallel()
			line := newWire(t, testredis.Start(t))
			s := open(t, redis.Options{Address: line.addr, Pool: redis.PoolOptions{SocketTimeout: 200 * time.Millisecond}})
			ready(t, s)
			load := underLoad(t, s, "a", "b")
			load.resumes(t)
			line.spoil(direction, `"type": "timeout", "attributes": {"timeout": 0}`)
			eventually(t, "calls fail", func() bool { return load.failed() > 100 })
			time.Sleep(500 * time.Millisecond)
			start := time.Now()
			line.mend()
			until(t, "the line that is mended is used", getting(s, "a"))
			held(t, "F07", direction+": time until the line that is mended is used", time.Since(start), time.Second)
			load.wantOnly(t, store.ErrUnavailable)
			held(t, "F07", direction+": slowest call", load.worst(), 200*time.Millisecond+late)
		})
	}
}

// Connections break in the middle of answers and of commands, again and again. Each caller reads what it alone has
// written, and nothing else: an answer that is lost must not make the next one somebody else's.
func TestF08CutsNeverGiveAWrongReply(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, direction string
		toxic           func(*rand.Rand) string
	}{
		{"answers cut", "downstream", func(r *rand.Rand) string {
			return fmt.Sprintf(`"type": "limit_data", "attributes": {"bytes": %d}`, 1+r.IntN(4000))
		}},
		{"commands cut", "upstream", func(r *rand.Rand) string {
			return fmt.Sprintf(`"type": "limit_data", "attributes": {"bytes": %d}`, 1+r.IntN(4000))
		}},
		{"resets", "downstream", func(*rand.Rand) string { return `"type": "reset_peer", "attributes": {"timeout": 0}` }},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(8, uint64(i)))
			line := newWire(t, testredis.Start(t))
			s := open(t, redis.Options{Address: line.addr})
			ready(t, s)
			var w watch
			var wrong atomic.Int32
			ctx, cancel := context.WithCancel(context.Background())
			var running sync.WaitGroup
			for i := range 16 {
				running.Go(func() { oneOfMany(ctx, s, fmt.Sprint("key-", i), &w, &wrong) })
			}
			for range 30 {
				time.Sleep(time.Duration(10+random.IntN(90)) * time.Millisecond)
				line.spoil(tt.direction, tt.toxic(random))
				time.Sleep(time.Duration(5+random.IntN(15)) * time.Millisecond)
				line.mend()
			}
			cancel()
			running.Wait()
			w.wantOnly(t, store.ErrUnavailable)
			if w.failed() == 0 {
				t.Error("no call has failed")
			}
			heldCount(t, "F08", fmt.Sprintf("%s: wrong replies in %d calls", tt.name, w.ok), int(wrong.Load()), 0)
			held(t, "F08", tt.name+": slowest call", w.worst(), redis.DefaultSocketTimeout+late)
			until(t, "the line that is mended is used", setting(s, "a"))
		})
	}
}

// oneOfMany reads and writes key, alone, until ctx ends. It counts answers that cannot be for it.
func oneOfMany(ctx context.Context, s *redis.Store, key string, w *watch, wrong *atomic.Int32) {
	background := context.Background()
	counter, number := key+"-counter", int64(0)
	for ; ctx.Err() == nil; time.Sleep(time.Millisecond) {
		_ = w.time(func() error { return s.Set(background, key, []byte(key), time.Hour) })
		_ = w.time(func() error {
			v, found, err := s.Get(background, key)
			if err == nil && found && string(v) != key {
				wrong.Add(1)
			}
			return err
		})
		_ = w.time(func() error {
			values, err := s.GetMany(background, []string{key, "absent", key})
			if err == nil && (values[1] != nil || values[0] != nil && string(values[0]) != key) {
				wrong.Add(1)
			}
			return err
		})
		_ = w.time(func() error {
			n, found, err := s.Incr(background, counter, 1)
			switch {
			case err != nil:
			case !found:
				err = s.Set(background, counter, []byte("0"), time.Hour)
				number = 0
			case n <= number:
				wrong.Add(1)
			default:
				number = n
			}
			return err
		})
	}
}
