//go:build unix

package redis_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// history is what happened to one key, which one goroutine writes, with versions that count up, and others read.
type history struct {
	mu      sync.Mutex // guards the rest
	written []event
	read    []event
}

// event is a write, or a read that was answered.
type event struct {
	version    int // of a read: 0 is a miss
	start, end time.Time
	answered   bool
}

func (h *history) note(list *[]event, e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	*list = append(*list, e)
}

// oddities returns what must not have happened. A read that began after a write was acknowledged returns it, or a
// later one; or one that never got an answer, which may be carried out at any time; or nothing, if the server has lost
// all it had in one of crashes.
func (h *history) oddities(crashes []time.Time) []string {
	var odd []string
	for _, r := range h.read {
		var floor event
		open := map[int]bool{}
		for _, w := range h.written {
			switch {
			case w.start.After(r.end):
			case !w.answered:
				open[w.version] = true
			case w.end.Before(r.start):
				floor = w
			default:
				open[w.version] = true
			}
		}
		lost := false
		for _, c := range crashes {
			lost = lost || c.After(floor.start) && c.Before(r.end)
		}
		if r.version == floor.version || open[r.version] || r.version == 0 && lost {
			continue
		}
		odd = append(odd, fmt.Sprintf("a read returned version %d after version %d was acknowledged", r.version, floor.version))
	}
	return odd
}

// Writers and readers, in two processes as it were, while the server crashes and hangs and the line is slow, silent
// and cut, at random. What a near cache would have to promise beyond that is not for a store, which keeps nothing. Calls
// are not repeated here: a Set that is repeated may be carried out once more after a later one.
func TestF24HistoriesUnderFaultsAtRandom(t *testing.T) {
	const (
		seed   = 24
		keys   = 4
		faults = 12
	)
	server := testredis.Start(t)
	line := newWire(t, server)
	o := redis.Options{Address: line.addr, Pool: redis.PoolOptions{
		SocketTimeout: 100 * time.Millisecond, HealthCheckInterval: 100 * time.Millisecond, RetryOnTimeout: new(false),
	}}
	one, two := open(t, o), open(t, o)
	ready(t, one)
	ready(t, two)

	ctx, cancel := context.WithCancel(context.Background())
	histories := make([]*history, keys)
	var w watch
	var running sync.WaitGroup
	for i := range histories {
		h := &history{}
		histories[i] = h
		key := "key-" + strconv.Itoa(i)
		running.Go(func() {
			for version := 1; ctx.Err() == nil; version++ {
				start := time.Now()
				err := w.time(func() error {
					return one.Set(context.Background(), key, []byte(strconv.Itoa(version)), time.Hour)
				})
				h.note(&h.written, event{version, start, time.Now(), err == nil})
				time.Sleep(time.Millisecond)
			}
		})
		for _, s := range []*redis.Store{one, two} {
			running.Go(func() {
				for ctx.Err() == nil {
					start := time.Now()
					version, err := versionOf(s, key)
					if err == nil {
						h.note(&h.read, event{version, start, time.Now(), true})
					}
					time.Sleep(time.Millisecond)
				}
			})
		}
	}

	random := rand.New(rand.NewPCG(seed, seed))
	moment := func() { time.Sleep(time.Duration(50+random.IntN(150)) * time.Millisecond) }
	var crashes []time.Time
	for range faults {
		moment()
		switch random.IntN(6) {
		case 0:
			server.Kill()
			crashes = append(crashes, time.Now())
			server.Restart()
		case 1:
			server.Pause()
			moment()
			server.Continue()
		case 2:
			line.spoil("downstream", `"type": "latency", "attributes": {"latency": 60, "jitter": 60}`)
		case 3:
			line.spoil("downstream", `"type": "timeout", "attributes": {"timeout": 0}`)
		case 4:
			line.spoil("upstream", fmt.Sprintf(`"type": "limit_data", "attributes": {"bytes": %d}`, random.IntN(2000)))
		case 5:
			line.spoil("downstream", `"type": "reset_peer", "attributes": {"timeout": 0}`)
		}
		moment()
		line.mend()
	}
	moment()
	cancel()
	running.Wait()

	reads, odd := 0, 0
	for i, h := range histories {
		reads += len(h.read)
		for _, o := range h.oddities(crashes) {
			odd++
			t.Errorf("key %d, seed %d: %s", i, seed, o)
		}
	}
	w.wantOnly(t, store.ErrUnavailable)
	if w.failed() == 0 || len(crashes) == 0 || reads == 0 {
		t.Errorf("%d writes failed, %d crashes, %d reads: not much of a test", w.failed(), len(crashes), reads)
	}
	heldCount(t, "F24", fmt.Sprintf("reads of %d that returned less than what was acknowledged", reads), odd, 0)

	stale := 0
	for i, h := range histories {
		key, last := "key-"+strconv.Itoa(i), len(h.written)+1
		until(t, "the key can be written", func() error {
			return one.Set(t.Context(), key, []byte(strconv.Itoa(last)), time.Hour)
		})
		for _, s := range []*redis.Store{one, two} {
			var got int
			until(t, "the key can be read", func() (err error) { got, err = versionOf(s, key); return err })
			if got != last {
				stale++
				t.Errorf("version %d of %s is read, want %d", got, key, last)
			}
		}
	}
	heldCount(t, "F24", "keys that are stale after it all", stale, 0)
}

// versionOf reads what a writer has written, 0 for nothing.
func versionOf(s *redis.Store, key string) (int, error) {
	v, found, err := s.Get(context.Background(), key)
	if err != nil || !found {
		return 0, err
	}
	return strconv.Atoi(string(v))
}
