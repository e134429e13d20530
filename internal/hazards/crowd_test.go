//go:build unix

package hazards_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/internal/hazards"
)

// clock is the time on a clock that all processes of this machine share, in nanoseconds.
func clock() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err)
	}
	return t.Nano()
}

// rush is what the callers of a process are to do, all at the same time.
type rush struct {
	Key     string
	Value   string // what the source has
	Callers int
	Load    time.Duration // how long a load takes
	Hang    bool          // it takes until a rush with Release
	Release bool
	Lasting time.Duration // how long each caller calls, again and again; zero is once
	TTL     time.Duration // of what is loaded, if not zero
}

// outcome is what came of it in one process.
type outcome struct {
	Loads        [][2]int64 // that have ended since the last outcome: the begin and the end of each, by clock
	Calls        int
	Values       map[string]int
	Errors       map[string]int
	Longest, P99 time.Duration // of a call
}

// crowd has a cache, and callers who rush as they are told.
func crowd(argument string) error {
	var b background
	if err := json.Unmarshal([]byte(argument), &b); err != nil {
		return err
	}
	s, err := b.Site.open()
	if err != nil {
		return err
	}
	defer s.Close()
	o := cache.Options{StaleFor: b.Site.StaleFor}
	if b.Site.Bare {
		o.Codec = django.Codec{Serializer: django.JSON}
	}
	base, err := cache.NewBase(s, o)
	if err != nil {
		return err
	}
	defer base.Close()
	c := crowded{gate: make(chan struct{})}
	if c.cache, err = cache.On[string](base); err != nil {
		return err
	}
	in, out := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	for {
		var r rush
		if in.Decode(&r) != nil {
			return nil // nobody gives orders any more
		}
		if r.Release {
			close(c.gate)
			c.gate = make(chan struct{})
		}
		if err := out.Encode(c.run(r)); err != nil {
			return err
		}
	}
}

// crowded is the cache of a crowd.
type crowded struct {
	cache *cache.Cache[string]
	gate  chan struct{} // closed by a release

	mu    sync.Mutex // guards loads
	loads [][2]int64
}

// source returns the loader for a rush. It may run on when the callers have returned.
func (c *crowded) source(r rush) func(context.Context) (string, error) {
	gate := c.gate
	return func(ctx context.Context) (string, error) {
		begin := clock()
		if r.Hang {
			select {
			case <-gate:
			case <-ctx.Done():
			}
		} else {
			time.Sleep(r.Load)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.loads = append(c.loads, [2]int64{begin, clock()})
		return r.Value, ctx.Err()
	}
}

func (c *crowded) run(r rush) outcome {
	var (
		mu     sync.Mutex // guards result and took
		result = outcome{Values: make(map[string]int), Errors: make(map[string]int)}
		took   []time.Duration
		opts   []cache.CallOption
	)
	if r.TTL > 0 {
		opts = append(opts, cache.TTL(r.TTL))
	}
	load := c.source(r)
	call := func() {
		begin := time.Now()
		v, err := c.cache.Fetch(context.Background(), r.Key, load, opts...)
		d := time.Since(begin)
		mu.Lock()
		defer mu.Unlock()
		took = append(took, d)
		if err != nil {
			result.Errors[err.Error()]++
			return
		}
		result.Values[v]++
	}
	start := make(chan struct{})
	var callers sync.WaitGroup
	for range r.Callers {
		callers.Go(func() {
			<-start
			call()
			for end := time.Now().Add(r.Lasting); time.Now().Before(end); time.Sleep(time.Millisecond) {
				call()
			}
		})
	}
	close(start)
	callers.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	result.Loads, c.loads = c.loads, nil
	return result.with(took)
}

func (o outcome) with(took []time.Duration) outcome {
	slices.Sort(took)
	o.Calls = len(took)
	if n := len(took); n > 0 {
		o.Longest, o.P99 = took[n-1], took[n*99/100]
	}
	return o
}

// member is a process of a fleet.
type member struct {
	command *exec.Cmd
	input   io.Closer
	in      *json.Encoder
	out     *json.Decoder
}

// fleet is many processes on one place.
type fleet struct {
	t       *testing.T
	members []*member
}

// fleetSize is how many processes there are.
const fleetSize = 8

func startFleet(t *testing.T, where site) *fleet {
	f := &fleet{t: t}
	for range fleetSize {
		cmd := command(t, "crowd", background{Site: where})
		in, err := cmd.StdinPipe()
		must(t, err)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		f.members = append(f.members, &member{cmd, in, json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out))})
	}
	t.Cleanup(func() {
		for _, m := range f.members {
			_ = m.input.Close()
			if err := m.command.Wait(); err != nil {
				t.Errorf("a process of the fleet: %v", err)
			}
		}
	})
	f.run(rush{Key: "first", Value: "v", Callers: 1}) // all are connected now
	f.settle()
	return f
}

// order tells every process the same.
func (f *fleet) order(r rush) {
	f.t.Helper()
	for _, m := range f.members {
		must(f.t, m.in.Encode(r))
	}
}

// outcome waits for all processes and adds up what came of their orders.
func (f *fleet) outcome() outcome {
	f.t.Helper()
	sum := outcome{Values: make(map[string]int), Errors: make(map[string]int)}
	for _, m := range f.members {
		var o outcome
		must(f.t, m.out.Decode(&o))
		sum.Loads = append(sum.Loads, o.Loads...)
		sum.Calls += o.Calls
		sum.Longest, sum.P99 = max(sum.Longest, o.Longest), max(sum.P99, o.P99)
		for v, n := range o.Values {
			sum.Values[v] += n
		}
		for e, n := range o.Errors {
			sum.Errors[e] += n
		}
	}
	for e, n := range sum.Errors {
		f.t.Errorf("%d calls failed: %s", n, e)
	}
	return sum
}

func (f *fleet) run(r rush) outcome {
	f.t.Helper()
	f.order(r)
	return f.outcome()
}

// processOfItsOwn is a process like all others.
var processOfItsOwn hazards.Process

// aging is a cache that stores stale values.
type aging = hazards.Aging

// awaitValue waits until the value of key is there.
func awaitValue(t *testing.T, c hazards.Cache, key, want string) {
	t.Helper()
	for end := time.Now().Add(ample); ; time.Sleep(time.Millisecond) {
		v, found, err := c.Get(t.Context(), key)
		must(t, err)
		if found && v == want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("Get of %s = %q, %v; want %q before long", key, v, found, want)
		}
	}
}

// settle gives refreshes, which nobody waits for, the time to end, and returns what has been loaded.
func (f *fleet) settle() [][2]int64 {
	f.t.Helper()
	time.Sleep(2 * loadTime)
	return f.run(rush{}).Loads
}
