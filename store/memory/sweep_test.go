package memory

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachewright/cachewright/store"
)

// TestSweepsWaitUntilTheyAreWorthIt fills a store so large that looking at all of it pays every three
// seconds only.
func TestSweepsWaitUntilTheyAreWorthIt(t *testing.T) {
	const total = 30_000
	for _, c := range []struct {
		name  string
		brief int // entries that end after 4.2 s
		want  []int
	}{
		{"little to gain: three seconds after the one before", 100, []int{total, total - 100}},
		{"a tenth of the store to gain: at once", total / 10, []int{total - total/10, total - total/10}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStore(t, Options{})
				for i := range total {
					ttl := store.Forever
					switch {
					case i < c.brief:
						ttl = 4200 * time.Millisecond
					case i == c.brief:
						ttl = 2 * time.Second // makes for a sweep at three seconds
					}
					set(t, s, fmt.Sprint(i), "v", ttl)
				}
				set(t, s, "one more", "v", store.Forever)
				for i, at := range []time.Duration{5600 * time.Millisecond, 7 * time.Second} {
					time.Sleep(at - time.Duration(s.clock.now()))
					synctest.Wait()
					if got := s.Stats().Entries; got != c.want[i] {
						t.Errorf("%d entries after %v, want %d", got, at, c.want[i])
					}
				}
			})
		})
	}
}

func TestEntriesThatEndInHoursLeaveTheMemoryThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t, Options{})
		const ttl = 3 * time.Hour // several times round the agenda
		set(t, s, "key", "v", ttl)
		set(t, s, "gone", "v", ttl)
		if _, err := s.Delete(t.Context(), "gone"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(ttl - time.Second)
		if got := s.Stats().Entries; got != 1 || !has(t, s, "key") {
			t.Errorf("%d entries a second before the end, want 1", got)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if got := s.Stats().Entries; got != 0 {
			t.Errorf("%d entries two seconds after the end, want none", got)
		}
		for i := range s.agenda {
			if left := s.agenda[i].Load(); left != 0 {
				t.Errorf("slot %d of the agenda still counts %d bytes", i, left)
			}
		}
	})
}

func TestASweepLeavesWhatHasReplacedAnEndedEntry(t *testing.T) {
	s := newStore(t, Options{})
	ended := newEntry([]byte("old"), 0)
	set(t, s, "key", "new", time.Hour)
	if s.drop("key", ended) || !has(t, s, "key") {
		t.Error("an entry was dropped for one that it had replaced")
	}
}
