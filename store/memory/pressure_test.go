package memory

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestAWriterFindsWhatItHasJustWritten has writers at the same time fill a small store many times over, beside
// entries that are read all the time. Whoever has written reads its entry, and must find it unless the others have
// written a good part of the store in between, as they do while a goroutine has to wait for a processor.
func TestAWriterFindsWhatItHasJustWritten(t *testing.T) {
	for _, c := range []struct{ entries, writers, value int }{{200, 4, 10}, {1000, 8, 100}} {
		t.Run(fmt.Sprintf("%d writers, %d entries", c.writers, c.entries), func(t *testing.T) {
			s := newStore(t, Options{MaxEntries: c.entries})
			value := strings.Repeat("v", c.value)
			var begun, excused, failed atomic.Int64
			var wg sync.WaitGroup
			for w := range c.writers {
				wg.Go(func() {
					for i := range 4000 / c.writers {
						for j := range 3 {
							has(t, s, fmt.Sprintf("0:%d", j))
						}
						key := fmt.Sprintf("%d:%d", w, i)
						before := begun.Add(1)
						set(t, s, key, value, time.Hour)
						if has(t, s, key) {
							continue
						}
						if others := begun.Load() - before; others+int64(c.writers) < int64(c.entries)/16 {
							failed.Add(1)
						} else {
							excused.Add(1)
						}
					}
				})
			}
			wg.Wait()
			t.Logf("%d excused", excused.Load())
			if n := failed.Load(); n > 0 {
				t.Errorf("%d entries were gone right after they were written", n)
			}
			wantWithin(t, s, Options{MaxEntries: c.entries})
		})
	}
}

func TestTheLatestWritesGiveWayLast(t *testing.T) {
	s := newStore(t, Options{MaxEntries: 640})
	for i := range 639 {
		set(t, s, fmt.Sprint(i), "value", time.Hour)
	}
	for i := range 4 * 639 {
		has(t, s, fmt.Sprint(i%639)) // what was never read is what the engine would evict first
	}
	set(t, s, "latest", "value", time.Hour)
	for range 300 {
		v, found := s.coldest("other")
		if !found || v.Key == "latest" {
			t.Fatalf("coldest = %q, %v; want one of the others", v.Key, found)
		}
		s.evict(v)
	}
	// With nothing else there, it gives way too.
	s = newStore(t, Options{MaxEntries: 64})
	set(t, s, "only", "value", time.Hour)
	if v, found := s.coldest("other"); !found || v.Key != "only" {
		t.Errorf("coldest = %q, %v; want the only entry", v.Key, found)
	}
}
