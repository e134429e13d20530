//go:build linux || darwin

package file_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
)

// open opens a store that sweeps only when it is told to. At the end its counts are compared with what
// is on disk.
func open(t *testing.T, dir string, o file.Options) *file.Store {
	t.Helper()
	if o.SweepEvery == 0 {
		o.SweepEvery = -1
	}
	s, err := file.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := file.Check(s); err != nil && !errors.Is(err, store.ErrClosed) {
			t.Errorf("counts: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func fresh(t *testing.T) *file.Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "cache"), file.Options{})
}

func set(t *testing.T, s store.Store, key, value string) {
	t.Helper()
	if err := s.Set(t.Context(), key, []byte(value), store.Forever); err != nil {
		t.Fatal(err)
	}
}

// get returns the value of key, or "(absent)".
func get(t *testing.T, s store.Store, key string) string {
	t.Helper()
	value, found, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		return "(absent)"
	}
	return string(value)
}

func want[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestValuesOfEverySizeComeBack(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	for _, size := range []int{0, 1, 100, 4000, 4064, 4096, 65_000, 65_536, 200_000, 5 << 20, 100, 5000, 0} {
		value := bytes.Repeat([]byte{byte(size), 'x'}, size/2+1)[:size]
		noError(t, s.Set(t.Context(), "key", value, time.Hour))
		got, found, err := s.Get(t.Context(), "key")
		if err != nil || !found || got == nil || !bytes.Equal(got, value) {
			t.Errorf("%d bytes: got %d bytes, found %v, error %v", size, len(got), found, err)
		}
	}
}

func TestKeysAreAnyBytes(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	keys := []string{"", "a", "A", "../../etc/passwd", "a/b", "\x00", "\xff\xfe", "ключ", strings.Repeat("k", 100_000)}
	for i, key := range keys {
		set(t, s, key, fmt.Sprint(i))
	}
	for i, key := range keys {
		want(t, fmt.Sprintf("value of key %d", i), get(t, s, key), fmt.Sprint(i))
	}
	var scanned []string
	for key, err := range s.Scan(t.Context(), "", "*") {
		noError(t, err)
		scanned = append(scanned, key)
	}
	slices.Sort(scanned)
	slices.Sort(keys)
	want(t, "scanned keys", scanned, keys)
}

func TestLifetimes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	synctest.Test(t, func(t *testing.T) {
		s, err := file.Open(dir, file.Options{SweepEvery: -1})
		noError(t, err)
		defer s.Close()
		ctx := t.Context()
		ttl := func(key string) time.Duration {
			d, found, err := s.TTL(ctx, key)
			noError(t, err)
			if !found {
				return 0
			}
			return d
		}
		noError(t, s.Set(ctx, "minute", []byte("v"), time.Minute))
		noError(t, s.Set(ctx, "forever", []byte("v"), store.Forever))
		noError(t, s.Set(ctx, "new", []byte("v"), store.Keep))
		time.Sleep(20 * time.Second)
		noError(t, s.Set(ctx, "minute", []byte("kept"), store.Keep))
		want(t, "lifetime after Set with Keep", ttl("minute"), 40*time.Second)
		want(t, "lifetime of an entry made with Keep", ttl("new"), store.Forever)
		want(t, "lifetime of an entry without end", ttl("forever"), store.Forever)

		found, err := s.Touch(ctx, "minute", time.Hour)
		want(t, "touched", found, true)
		noError(t, err)
		found, err = s.Touch(ctx, "minute", store.Keep)
		want(t, "present", found, true)
		noError(t, err)
		want(t, "lifetime after Touch", ttl("minute"), time.Hour)

		time.Sleep(time.Hour - 1)
		want(t, "value one nanosecond before its end", get(t, s, "minute"), "kept")
		time.Sleep(1)
		want(t, "value at its end", get(t, s, "minute"), "(absent)")
		want(t, "lifetime at its end", ttl("minute"), 0)
		found, err = s.Touch(ctx, "minute", time.Hour)
		want(t, "touched after its end", found, false)
		noError(t, err)
		_, found, err = s.Incr(ctx, "minute", 1)
		want(t, "counted after its end", found, false)
		noError(t, err)
		removed, err := s.Delete(ctx, "minute", "forever", "forever")
		want(t, "removed: neither the expired one nor one twice", removed, 1)
		noError(t, err)
		stored, err := s.Add(ctx, "minute", []byte("again"), time.Minute)
		want(t, "added after its end", stored, true)
		noError(t, err)
		want(t, "now", s.Now(), time.Now())
	})
}

func TestAddIncrSwap(t *testing.T) {
	t.Parallel()
	s, ctx := fresh(t), t.Context()
	swap := func(key string, old, new []byte) bool {
		t.Helper()
		swapped, err := s.Swap(ctx, key, old, new, time.Hour)
		noError(t, err)
		return swapped
	}
	stored, err := s.Add(ctx, "a", []byte("1"), time.Hour)
	want(t, "first Add", stored, true)
	noError(t, err)
	stored, err = s.Add(ctx, "a", []byte("2"), time.Hour)
	want(t, "second Add", stored, false)
	noError(t, err)

	n, found, err := s.Incr(ctx, "a", 9)
	noError(t, err)
	want(t, "sum", n, int64(10))
	want(t, "found", found, true)
	set(t, s, "word", "ten")
	_, _, err = s.Incr(ctx, "word", 1)
	want(t, "Incr of a word fails with ErrNotInteger", errors.Is(err, store.ErrNotInteger), true)
	set(t, s, "full", "9223372036854775807")
	_, _, err = s.Incr(ctx, "full", 1)
	want(t, "Incr beyond 64 bits fails with ErrOverflow", errors.Is(err, store.ErrOverflow), true)
	want(t, "value after it", get(t, s, "full"), "9223372036854775807")

	want(t, "swap of an absent key against an empty value", swap("s", []byte{}, []byte("x")), false)
	want(t, "swap of an absent key", swap("s", nil, []byte("1")), true)
	want(t, "swap of a present key as if it were absent", swap("s", nil, []byte("2")), false)
	want(t, "swap against another value", swap("s", []byte("0"), []byte("2")), false)
	want(t, "swap against the value", swap("s", []byte("1"), []byte("2")), true)
	want(t, "value after it", get(t, s, "s"), "2")
	want(t, "swap to nothing", swap("s", []byte("2"), nil), true)
	want(t, "value after it", get(t, s, "s"), "(absent)")
	if _, err := s.Swap(ctx, "s", nil, nil, time.Hour); err == nil {
		t.Error("swap of nothing for nothing: no error")
	}
}

func TestManyKeys(t *testing.T) {
	t.Parallel()
	s, ctx := fresh(t), t.Context()
	items := []store.Item{{Key: "a", Value: []byte("1")}, {Key: "b", Value: nil}, {Key: "a", Value: []byte("2")}}
	noError(t, s.SetMany(ctx, items, time.Hour))
	got, err := s.GetMany(ctx, []string{"a", "x", "b", "a"})
	noError(t, err)
	want(t, "values", got, [][]byte{[]byte("2"), nil, {}, []byte("2")})

	large := []store.Item{{Key: "large", Value: make([]byte, 300<<20)}, {Key: "c", Value: []byte("3")}}
	err = s.SetMany(ctx, large, time.Hour)
	keyErrors := store.KeyErrors{}
	if !errors.As(err, &keyErrors) || len(keyErrors) != 1 || !errors.Is(err, file.ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge for one key", err)
	}
	want(t, "the other key", get(t, s, "c"), "3")
}

func TestScanMatchesPrefixAndPattern(t *testing.T) {
	t.Parallel()
	s, ctx := fresh(t), t.Context()
	for _, key := range []string{"p*:user:1", "p*:user:2", "p*:post:1", "px:user:3"} {
		set(t, s, key, "v")
	}
	noError(t, s.Set(ctx, "p*:user:expired", []byte("v"), time.Nanosecond))
	var got []string
	for key, err := range s.Scan(ctx, "p*:", "user:*") {
		noError(t, err)
		got = append(got, key)
	}
	slices.Sort(got)
	want(t, "keys", got, []string{"p*:user:1", "p*:user:2"})
	for range s.Scan(ctx, "", "*") {
		break // a scan can be left
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var last error
	for _, err := range s.Scan(ctx, "", "*") {
		cancel()
		last = err
	}
	want(t, "a cancelled scan ends with the context's error", errors.Is(last, context.Canceled), true)
	for _, err := range s.Scan(t.Context(), "", "*") {
		noError(t, s.Close())
		last = err
	}
	want(t, "a scan ends when the store is closed", errors.Is(last, store.ErrClosed), true)
}

func TestLifetimesThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	s, ctx := fresh(t), t.Context()
	set(t, s, "k", "v")
	for _, ttl := range []time.Duration{0, -1, store.DoNotKeep} {
		_, addErr := s.Add(ctx, "k", nil, ttl)
		_, touchErr := s.Touch(ctx, "k", ttl)
		_, swapErr := s.Swap(ctx, "k", []byte("v"), []byte("w"), ttl)
		for op, err := range map[string]error{
			"Set": s.Set(ctx, "k", nil, ttl), "Add": addErr, "Touch": touchErr, "Swap": swapErr,
			"SetMany": s.SetMany(ctx, []store.Item{{Key: "k"}}, ttl),
		} {
			if err == nil {
				t.Errorf("%s with lifetime %v: no error", op, ttl)
			}
		}
	}
	want(t, "value", get(t, s, "k"), "v")
}

// every calls all operations of s and returns their errors.
func every(ctx context.Context, s *file.Store) map[string]error {
	errs := map[string]error{}
	_, _, errs["Get"] = s.Get(ctx, "k")
	errs["Set"] = s.Set(ctx, "k", nil, time.Hour)
	_, errs["Add"] = s.Add(ctx, "k", nil, time.Hour)
	_, errs["Touch"] = s.Touch(ctx, "k", time.Hour)
	_, errs["Delete"] = s.Delete(ctx, "k")
	_, errs["GetMany"] = s.GetMany(ctx, []string{"k"})
	errs["SetMany"] = s.SetMany(ctx, []store.Item{{Key: "k"}}, time.Hour)
	_, _, errs["Incr"] = s.Incr(ctx, "k", 1)
	_, errs["Swap"] = s.Swap(ctx, "k", nil, []byte{}, time.Hour)
	_, _, errs["TTL"] = s.TTL(ctx, "k")
	_, errs["View"] = s.View(ctx, "k", func([]byte) error { return nil })
	_, _, errs["Usage"] = s.Usage(ctx)
	for _, err := range s.Scan(ctx, "", "*") {
		errs["Scan"] = err
	}
	return errs
}

func TestCancelledContextEndsEveryCall(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for op, err := range every(ctx, s) {
		if err != context.Canceled {
			t.Errorf("%s: got %v, want %v", op, err, context.Canceled)
		}
	}
}

func TestClosedStoreRefusesEveryCall(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	noError(t, s.Close())
	noError(t, s.Close())
	for op, err := range every(t.Context(), s) {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s: got %v, want %v", op, err, store.ErrClosed)
		}
	}
}

func TestViewReturnsTheDecodersError(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	set(t, s, "k", "v")
	bad := errors.New("bad")
	if _, err := s.View(t.Context(), "k", func([]byte) error { return bad }); err != bad {
		t.Errorf("got %v, want %v", err, bad)
	}
}

func TestTwoStoresOnOneDirectoryAreOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := open(t, dir, file.Options{}), open(t, dir, file.Options{})
	set(t, a, "k", "from a")
	want(t, "value seen by b", get(t, b, "k"), "from a")
	set(t, b, "k", "b")
	want(t, "value seen by a", get(t, a, "k"), "b")
	noError(t, a.Close())
	want(t, "value after a was closed", get(t, b, "k"), "b")
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	s, ctx := fresh(t), t.Context()
	set(t, s, "n", "0")
	small, large := bytes.Repeat([]byte("s"), 100), bytes.Repeat([]byte("l"), 50_000)
	set(t, s, "flip", string(small))
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() {
			for i := range 200 {
				if _, found, err := s.Incr(ctx, "n", 1); !found || err != nil {
					t.Errorf("incr: found %v, error %v", found, err)
				}
				value := [][]byte{small, large}[(worker+i)%2]
				if err := s.Set(ctx, "flip", value, time.Hour); err != nil {
					t.Error(err)
				}
				got, found, err := s.Get(ctx, "flip")
				if err != nil || !found || !bytes.Equal(got, small) && !bytes.Equal(got, large) {
					t.Errorf("an entry that is always there: got %d bytes, found %v, error %v", len(got), found, err)
				}
			}
		})
	}
	workers.Wait()
	want(t, "sum", get(t, s, "n"), "800")
}

func TestWaitingForALockEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	holder := open(t, dir, file.Options{})
	s := open(t, dir, file.Options{LockTimeout: 20 * time.Millisecond})
	set(t, s, "k", "v")
	tear(t, s, dir, "torn")
	release, err := file.HoldLock(holder, "k")
	noError(t, err)
	releaseTorn := func() {}
	if !sameShard(dir, "k", "torn") {
		releaseTorn, err = file.HoldLock(holder, "torn")
		noError(t, err)
	}

	if err := s.Set(t.Context(), "k", nil, time.Hour); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("set against another process: got %v, want ErrUnavailable", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if err := holder.Set(ctx, "k", nil, time.Hour); err != context.DeadlineExceeded {
		t.Errorf("set against a goroutine: got %v, want the context's error", err)
	}
	if err := s.Set(ctx, "k", nil, time.Hour); err != context.DeadlineExceeded {
		t.Errorf("set with a context that is done: got %v, want the context's error", err)
	}
	want(t, "a reader does not wait", get(t, s, "k"), "v")
	want(t, "a torn record is a miss", get(t, s, "torn"), "(absent)")
	var scanned []string
	for key, err := range s.Scan(t.Context(), "", "*") {
		noError(t, err)
		scanned = append(scanned, key)
	}
	want(t, "scanned keys", scanned, []string{"k"})
	release()
	releaseTorn()
	set(t, s, "k", "w")
	noError(t, file.SweepAll(s))
}

func TestRecordOfAnotherKeyIsAMiss(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, file.Options{})
	for _, from := range []string{"other", "longer key"} {
		set(t, s, "mine!", "v")
		set(t, s, from, "of another key")
		noError(t, os.Rename(file.Path(dir, from), file.Path(dir, "mine!")))
		_, found, err := s.TTL(t.Context(), "mine!")
		noError(t, err)
		want(t, "found by TTL", found, false)
		want(t, "value", get(t, s, "mine!"), "(absent)")
		for key, err := range s.Scan(t.Context(), "", "*") {
			t.Errorf("scan: got %q, %v, want nothing", key, err)
		}
		set(t, s, "mine!", "v")
		want(t, "value after Set", get(t, s, "mine!"), "v")
		noError(t, file.SweepAll(s))
		_, err = s.Delete(t.Context(), "mine!")
		noError(t, err)
	}
}

func TestTornRecordIsAbsentUntilItIsWrittenAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, ctx := open(t, dir, file.Options{}), t.Context()
	tests := []struct {
		name string
		tear func(path string) error
	}{
		{"an empty file", func(path string) error { return os.Truncate(path, 0) }},
		{"half a header", func(path string) error { return os.Truncate(path, 10) }},
		{"half a value", func(path string) error { return os.Truncate(path, 40) }},
		{"zeros at the end", func(path string) error { return errors.Join(os.Truncate(path, 40), os.Truncate(path, 46)) }},
		{"foreign bytes", func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("x"), 100), 0o600) }},
	}
	for _, tt := range tests {
		set(t, s, "k", "0123456789")
		noError(t, tt.tear(file.Path(dir, "k")))
		want(t, tt.name+": value", get(t, s, "k"), "(absent)")
		_, found, err := s.Incr(ctx, "k", 1)
		noError(t, err)
		want(t, tt.name+": counted", found, false)
		stored, err := s.Add(ctx, "k", []byte("again"), time.Hour)
		noError(t, err)
		want(t, tt.name+": added", stored, true)
		want(t, tt.name+": value after Add", get(t, s, "k"), "again")
	}
	noError(t, file.SweepAll(s))
}

// tear makes key an entry that a crash has left behind.
func tear(t *testing.T, s *file.Store, dir, key string) {
	t.Helper()
	set(t, s, key, "this is lost")
	noError(t, os.Truncate(file.Path(dir, key), 40))
}

func sameShard(dir, a, b string) bool {
	shard := func(key string) byte {
		folder := filepath.Dir(file.Path(dir, key))
		return folder[len(folder)-1]
	}
	return shard(a) == shard(b)
}
