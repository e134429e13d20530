package memory

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/store"
)

func TestStoresNeverShareData(t *testing.T) {
	a, b := newStore(t, Options{}), newStore(t, Options{})
	set(t, a, "key", "value", store.Forever)
	if has(t, b, "key") {
		t.Error("a second store finds what the first one holds")
	}
}

func TestStatsCountReads(t *testing.T) {
	s := newStore(t, Options{})
	set(t, s, "key", "value", store.Forever)
	has(t, s, "key")
	has(t, s, "absent")
	s.Object("", "key")
	s.Object("", "absent")
	if _, err := s.GetMany(t.Context(), []string{"key", "absent", "key"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.View(t.Context(), "key", func([]byte) error { return nil }); err != nil {
		t.Fatal(err)
	}
	// Neither of these reads a value.
	if _, err := s.Touch(t.Context(), "key", store.Keep); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.TTL(t.Context(), "absent"); err != nil {
		t.Fatal(err)
	}
	want := Stats{Entries: 1, Bytes: sizeOf("key", len("value")), Hits: 5, Misses: 3}
	if diff := cmp.Diff(want, s.Stats()); diff != "" {
		t.Errorf("Stats (-want +got):\n%s", diff)
	}
}

func TestCloseDropsAllEntries(t *testing.T) {
	s := newStore(t, Options{MaxEntries: 5000})
	for i := range 6000 {
		set(t, s, fmt.Sprint(i), "value", time.Hour)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := s.Stats(); got.Entries != 0 || got.Bytes != 0 || len(s.cold) != 0 {
		t.Errorf("after Close: %d entries of %d bytes, %d that were to be evicted; want none", got.Entries, got.Bytes, len(s.cold))
	}
}

func TestReadsDoNotAllocate(t *testing.T) {
	s := newStore(t, Options{})
	ctx := t.Context()
	set(t, s, "brief", "value", time.Second)
	set(t, s, "key", "value", time.Hour)
	set(t, s, "endless", "value", store.Forever)
	s.Attach("key", nil, nil)
	for name, read := range map[string]func(){
		"Get":                          func() { _, _, _ = s.Get(ctx, "key") },
		"Get of an endless entry":      func() { _, _, _ = s.Get(ctx, "endless") },
		"Get of an entry near its end": func() { _, _, _ = s.Get(ctx, "brief") },
		"Get of an absent key":         func() { _, _, _ = s.Get(ctx, "absent") },
		"Object":                       func() { s.Object("br", "ief") },
		"View":                         func() { _, _ = s.View(ctx, "key", func([]byte) error { return nil }) },
	} {
		// The engine allocates now and then, a little, to note what was read.
		if got := testing.AllocsPerRun(1000, read); got >= 1 {
			t.Errorf("%s allocates %v times, want 0", name, got)
		}
	}
}

// TestAClockThatHasNotTickedStillTellsTheEnd lets time pass without ticks, as on a machine that is very
// busy.
func TestAClockThatHasNotTickedStillTellsTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock{start: time.Now()}
		deadline := c.deadline(3 * time.Second)
		time.Sleep(3*time.Second - time.Nanosecond)
		if c.passed(deadline) {
			t.Error("a deadline has passed a nanosecond before it")
		}
		time.Sleep(time.Nanosecond)
		if !c.passed(deadline) {
			t.Error("a deadline has not passed when it came")
		}
	})
}

func TestTheClockNeverGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock{start: time.Now()}
		c.latest.Store(int64(time.Minute)) // read by another goroutine, later than time.Since here
		if got, want := c.now(), int64(time.Minute); got != want {
			t.Errorf("now = %d, want %d", got, want)
		}
	})
}

func TestEmptyValuesHaveAddressesOfTheirOwn(t *testing.T) {
	s := newStore(t, Options{})
	set(t, s, "key", "", time.Hour)
	old, _, _ := s.Object("", "key")
	set(t, s, "key", "", time.Hour)
	s.Attach("key", old, "object")
	if _, object, _ := s.Object("", "key"); object != nil {
		t.Error("an object was attached to a value by the slice of an earlier one")
	}
}
