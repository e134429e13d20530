package memory

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/maypok86/otter/v2"

	"github.com/cachewright/cachewright/store"
)

func set(t *testing.T, s *Store, key, value string, ttl time.Duration) {
	t.Helper()
	if err := s.Set(t.Context(), key, []byte(value), ttl); err != nil {
		t.Fatalf("Set(%q) of %d bytes: %v", key, len(value), err)
	}
}

func has(t *testing.T, s *Store, key string) bool {
	t.Helper()
	_, found, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("Get(%q): %v", key, err)
	}
	return found
}

// wantWithin fails t if s is beyond its bounds or has lost count of its entries.
func wantWithin(t *testing.T, s *Store, o Options) {
	t.Helper()
	got := s.Stats()
	if o.MaxBytes > 0 && got.Bytes > o.MaxBytes {
		t.Errorf("the entries take %d bytes, want at most %d", got.Bytes, o.MaxBytes)
	}
	if o.MaxEntries > 0 && got.Entries > o.MaxEntries {
		t.Errorf("there are %d entries, want at most %d", got.Entries, o.MaxEntries)
	}
	var counted Stats
	for key, e := range s.entries.All() {
		counted.Entries++
		counted.Bytes += s.bound.charge(sizeOf(key, e.length))
	}
	if diff := cmp.Diff(counted, Stats{Entries: got.Entries, Bytes: got.Bytes}); diff != "" {
		t.Errorf("the store has lost count (-in memory +stats):\n%s", diff)
	}
}

func TestNewRefusesNegativeBounds(t *testing.T) {
	for _, o := range []Options{{MaxBytes: -1}, {MaxEntries: -1}} {
		if s, err := New(o); err == nil {
			t.Errorf("New(%+v) returned no error", o)
			_ = s.Close()
		}
	}
}

func TestBoundsBecomeOne(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want bound
	}{
		{"no options: 64 MiB", Options{}, bound{max: 64 << 20, unit: 1}},
		{"bytes only", Options{MaxBytes: 1000}, bound{max: 1000, unit: 1}},
		{"entries only: a share of 64 MiB each", Options{MaxEntries: 1 << 20}, bound{max: 64 << 20, share: 64, unit: 1}},
		{"both: rounded down to whole shares", Options{MaxBytes: 100, MaxEntries: 30}, bound{max: 90, share: 3, unit: 1}},
		{"more entries than bytes: the bytes decide", Options{MaxBytes: 10, MaxEntries: 11}, bound{max: 10, unit: 1}},
		{"more than 4 GiB: the engine counts in larger units", Options{MaxBytes: 64 << 30}, bound{max: 64 << 30, unit: 18}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := newBound(c.o)
			if err != nil || got != c.want {
				t.Errorf("newBound(%+v) = %+v, %v; want %+v", c.o, got, err, c.want)
			}
			if weight := uint64(got.weight(got.max)); weight > got.maxWeight() || got.maxWeight() > math.MaxUint32 {
				t.Errorf("an entry that fills the store weighs %d of %d", weight, got.maxWeight())
			}
		})
	}
}

// TestAFullStoreTakesEveryEntry writes much more than fits, of sizes that the engine by itself would
// not always admit.
func TestAFullStoreTakesEveryEntry(t *testing.T) {
	for _, c := range []struct {
		name  string
		o     Options
		value int
	}{
		{"one entry", Options{MaxEntries: 1}, 10},
		{"ten entries", Options{MaxEntries: 10}, 10},
		{"300 entries, as in Django", Options{MaxEntries: 300}, 10},
		{"small values", Options{MaxBytes: 100_000}, 10},
		{"values of a tenth of the store", Options{MaxBytes: 100_000}, 10_000 - overhead - 10},
		{"values of more than half of the store", Options{MaxBytes: 100_000}, 60_000},
		{"both bounds", Options{MaxBytes: 100_000, MaxEntries: 50}, 3000},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t, c.o)
			value := strings.Repeat("v", c.value)
			for i := range 2000 {
				// What stays is read again and again, and so preferred to what is new.
				for j := range min(i, 5) {
					has(t, s, fmt.Sprintf("key:%d", j))
				}
				key := fmt.Sprintf("key:%d", i)
				set(t, s, key, value, ample(i))
				if !has(t, s, key) {
					t.Fatalf("Get does not find %s, which was just set", key)
				}
			}
			wantWithin(t, s, c.o)
			if s.Stats().Evictions == 0 {
				t.Errorf("nothing was evicted")
			}
		})
	}
}

// ample returns a lifetime that does not end in a test.
func ample(i int) time.Duration {
	if i%2 == 0 {
		return store.Forever
	}
	return time.Hour
}

func TestNothingGivesWayBelowTheBounds(t *testing.T) {
	const total = 500
	value := strings.Repeat("v", 100)
	for _, c := range []struct {
		name string
		o    Options
	}{
		{"of entries", Options{MaxEntries: total}},
		{"of bytes", Options{MaxBytes: total * sizeOf("key:000", len(value))}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStore(t, c.o)
			for i := range total {
				set(t, s, fmt.Sprintf("key:%03d", i), value, ample(i))
			}
			for round := range 3 {
				for i := range total {
					key := fmt.Sprintf("key:%03d", i)
					if !has(t, s, key) {
						t.Fatalf("round %d: %s is gone", round, key)
					}
					set(t, s, key, value, ample(i+round))
				}
			}
			want := Stats{Entries: total, Hits: 3 * total}
			got := s.Stats()
			got.Bytes = 0
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("Stats (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsUsedOftenStays(t *testing.T) {
	s := newStore(t, Options{MaxEntries: 100})
	for i := range 100 {
		set(t, s, fmt.Sprintf("old:%d", i), "value", time.Hour)
	}
	for range 10 {
		for i := range 10 {
			has(t, s, fmt.Sprintf("old:%d", i))
		}
	}
	for i := range 1000 {
		set(t, s, fmt.Sprintf("once:%d", i), "value", time.Hour)
	}
	for i := range 10 {
		if key := fmt.Sprintf("old:%d", i); !has(t, s, key) {
			t.Errorf("%s was read ten times, and has given way to entries that were never read", key)
		}
	}
}

func TestAnEntryLargerThanTheStoreIsRefused(t *testing.T) {
	s := newStore(t, Options{MaxBytes: 1000})
	ctx, big := t.Context(), make([]byte, 1001-overhead)
	set(t, s, "key", "old", time.Hour)
	check := func(op string, err error) {
		t.Helper()
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: got %v, want %v", op, err, ErrTooLarge)
		}
	}
	check("Set", s.Set(ctx, "key", big, time.Hour))
	_, err := s.Add(ctx, "absent", big, time.Hour)
	check("Add", err)
	_, err = s.Swap(ctx, "key", []byte("old"), big, time.Hour)
	check("Swap", err)

	err = s.SetMany(ctx, []store.Item{{Key: "a", Value: big}, {Key: "b", Value: []byte("small")}}, time.Hour)
	check("SetMany", err)
	var failed store.KeyErrors
	if !errors.As(err, &failed) || len(failed) != 1 || failed["a"] == nil {
		t.Errorf("SetMany: got %v, want a failure of the key a", err)
	}
	if value, _, err := s.Get(ctx, "key"); string(value) != "old" || err != nil {
		t.Errorf("Get after refusals = %q, %v; want %q", value, err, "old")
	}
	if !has(t, s, "b") {
		t.Error("SetMany has not stored the item that fits")
	}
}

func TestACounterThatGrowsFindsRoom(t *testing.T) {
	// Filled to the last byte: the new digit must push another entry out.
	s := newStore(t, Options{MaxBytes: 2 * sizeOf("a", 1)})
	set(t, s, "b", "9", time.Hour)
	set(t, s, "a", "9", time.Hour)
	if n, found, err := s.Incr(t.Context(), "a", 1); n != 10 || !found || err != nil {
		t.Errorf("Incr = %d, %v, %v; want 10", n, found, err)
	}
	if !has(t, s, "a") || has(t, s, "b") {
		t.Errorf("a is there: %v, b is there: %v; want only a", has(t, s, "a"), has(t, s, "b"))
	}

	// With room for nothing but the counter, it may not grow.
	s = newStore(t, Options{MaxBytes: sizeOf("a", 1)})
	set(t, s, "a", "9", time.Hour)
	if _, _, err := s.Incr(t.Context(), "a", 1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Incr: got %v, want %v", err, ErrTooLarge)
	}
	if n, found, err := s.Incr(t.Context(), "a", -1); n != 8 || !found || err != nil {
		t.Errorf("Incr by -1 = %d, %v, %v; want 8", n, found, err)
	}
}

func TestConcurrentWritersStayWithinTheBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := Options{MaxBytes: 50_000}
		s := newStore(t, o)
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() { churn(t.Context(), s, w) })
		}
		wg.Wait()
		time.Sleep(3 * time.Second) // until what has ended is out of memory
		wantWithin(t, s, o)
		if got := s.Stats().Entries; got == 0 {
			t.Error("the store is empty")
		}
	})
}

// churn uses every operation that changes entries, on keys that all workers share.
func churn(ctx context.Context, s *Store, worker int) {
	for i := range 1000 {
		key := fmt.Sprintf("key:%d", (i*7+worker)%200)
		_ = s.Set(ctx, key, make([]byte, (i*31+worker)%2000), ample(i))
		_, _ = s.Touch(ctx, key, ample(i+1))
		_, _ = s.Add(ctx, key+"+", []byte("1"), time.Millisecond)
		_, _, _ = s.Incr(ctx, key+"+", 9)
		_, _ = s.Swap(ctx, key+"+", []byte("10"), []byte("x"), store.Keep)
		if i%5 == 0 {
			_, _ = s.Delete(ctx, key)
		}
	}
}

func TestEntriesThatHaveEndedLeaveTheMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{MaxEntries: 100})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for i := range 100 {
			set(t, s, fmt.Sprint(i), "value", 10*time.Second)
		}
		time.Sleep(12 * time.Second)
		synctest.Wait()
		if diff := cmp.Diff(Stats{}, s.Stats()); diff != "" {
			t.Errorf("Stats two seconds after the end of all entries (-want +got):\n%s", diff)
		}
		for i := range 100 {
			set(t, s, fmt.Sprint("new:", i), "value", time.Hour)
		}
		if got := s.Stats(); got.Evictions != 0 || got.Entries != 100 {
			t.Errorf("%d entries and %d evictions after 100 entries have taken the room of 100 ended ones", got.Entries, got.Evictions)
		}
	})
}

func TestAVictimThatWasReplacedStays(t *testing.T) {
	s := newStore(t, Options{MaxEntries: 10})
	set(t, s, "key", "old", time.Hour)
	victim, found := s.coldest("other")
	if !found || victim.Key != "key" {
		t.Fatalf("coldest = %q, %v; want key", victim.Key, found)
	}
	set(t, s, "key", "new", time.Hour)
	s.evict(victim)
	if !has(t, s, "key") || s.Stats().Evictions != 0 {
		t.Errorf("an entry was evicted for one that it had replaced")
	}
}

func TestAStoreFullOfEndedEntriesTakesNewOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t, Options{MaxEntries: 10})
		for i := range 10 {
			set(t, s, fmt.Sprint(i), "1", time.Millisecond)
		}
		time.Sleep(time.Millisecond) // not long enough to take them out of memory
		for i := range 20 {
			key := fmt.Sprint(i)
			set(t, s, key, "1", time.Hour)
			if _, _, err := s.Incr(t.Context(), key, 1); err != nil {
				t.Fatal(err)
			}
			if !has(t, s, key) {
				t.Fatalf("Get does not find %s, which was just set", key)
			}
		}
		wantWithin(t, s, Options{MaxEntries: 10})
		if got, want := s.Stats().Evictions, uint64(10); got != want {
			t.Errorf("%d evictions, want %d: what had ended did not give way, it was gone", got, want)
		}
	})
}

func TestOneEntryThatGrowsBeyondAFullStoreDoesNotWaitForRoom(t *testing.T) {
	s := newStore(t, Options{MaxBytes: 2 * sizeOf("a", 0)})
	set(t, s, "a", "", time.Hour)
	// As if a writer beside this one had counted its entry and not yet stored it: there is nothing to
	// evict but the entry that is to be replaced.
	other := newEntry(nil, endless)
	s.account("b", other)
	set(t, s, "a", "value", time.Hour)
	s.removed(otter.DeletionEvent[string, *entry]{Key: "b", Value: other})
	if !has(t, s, "a") {
		t.Error("the entry was not stored")
	}
}

func TestRoomThatOthersHoldIsLeftToTheEngine(t *testing.T) {
	s := newStore(t, Options{MaxEntries: 1})
	// As if a writer beside this one had counted its entry and not yet stored it.
	other := newEntry(nil, endless)
	s.account("other", other)
	set(t, s, "key", "value", time.Hour)
	s.removed(otter.DeletionEvent[string, *entry]{Key: "other", Value: other})
	if !has(t, s, "key") {
		t.Error("the entry was not stored")
	}
}
