//go:build linux || darwin

package file_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
)

// age sets the time of the last use of key, which was ago.
func age(t *testing.T, dir, key string, ago time.Duration) {
	t.Helper()
	at := time.Now().Add(-ago)
	noError(t, os.Chtimes(file.Path(dir, key), at, at))
}

func exists(t *testing.T, dir, key string) bool {
	t.Helper()
	_, err := os.Stat(file.Path(dir, key))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

func TestMaxEntriesEvictsWhatWasUsedLongestAgo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, file.Options{MaxEntries: 20})
	for i := range 20 {
		set(t, s, strconv.Itoa(i), "v")
		age(t, dir, strconv.Itoa(i), time.Hour-time.Duration(i)*time.Minute)
	}
	want(t, "reading counts as use", get(t, s, "0"), "v")
	set(t, s, "1", "overwriting does too, and evicts nothing")
	entries, _, err := s.Usage(t.Context())
	noError(t, err)
	want(t, "entries in a store that is just full", entries, 20)

	for i := range 5 {
		set(t, s, "new:"+strconv.Itoa(i), "v")
	}
	for i := range 20 {
		old := i >= 2 && i < 7
		want(t, "presence of "+strconv.Itoa(i), exists(t, dir, strconv.Itoa(i)), !old)
	}
	entries, _, err = s.Usage(t.Context())
	noError(t, err)
	want(t, "entries", entries, 20)
}

func TestEvictionPrefersTheDead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, file.Options{MaxEntries: 10})
	for i := range 8 {
		set(t, s, strconv.Itoa(i), "v")
		age(t, dir, strconv.Itoa(i), time.Hour)
	}
	noError(t, s.Set(t.Context(), "expired", []byte("v"), time.Nanosecond))
	tear(t, s, dir, "torn")
	set(t, s, "new", "v")
	for i := range 8 {
		want(t, "presence of a live entry", exists(t, dir, strconv.Itoa(i)), true)
	}
	want(t, "presence of the expired one", exists(t, dir, "expired"), false)
	want(t, "presence of the torn one", exists(t, dir, "torn"), false)
}

func TestMaxBytesCountsBlocks(t *testing.T) {
	t.Parallel()
	const blocks = 64
	s := open(t, t.TempDir(), file.Options{MaxBytes: blocks * 4096})
	for i := range blocks {
		set(t, s, strconv.Itoa(i), "small")
	}
	_, size, err := s.Usage(t.Context())
	noError(t, err)
	want(t, "bytes of a block each", size, int64(blocks*4096))
	noError(t, s.Set(t.Context(), "large", make([]byte, 10*4096), time.Hour))
	entries, size, err := s.Usage(t.Context())
	noError(t, err)
	if size > blocks*4096 || size < (blocks-4)*4096 || entries > blocks-9 {
		t.Errorf("got %d bytes in %d entries, want just under %d bytes", size, entries, blocks*4096)
	}
	noError(t, s.Set(t.Context(), "large", make([]byte, 50*4096), time.Hour))
	noError(t, s.Set(t.Context(), "large", []byte("small again"), time.Hour))
	want(t, "value", get(t, s, "large"), "small again")
	_, size, err = s.Usage(t.Context())
	noError(t, err)
	if size > 16*4096 {
		t.Errorf("got %d bytes, want the blocks of the large value given back", size)
	}
	err = s.Set(t.Context(), "large", make([]byte, blocks*4096), time.Hour)
	want(t, "an entry beyond the bound fails with ErrTooLarge", errors.Is(err, file.ErrTooLarge), true)
	want(t, "value after it", get(t, s, "large"), "small again")
}

func TestEvictionInALargeStoreTakesSamples(t *testing.T) {
	t.Parallel()
	const entries = 1000
	s := open(t, t.TempDir(), file.Options{MaxEntries: entries})
	for i := range entries + 300 {
		set(t, s, strconv.Itoa(i), "v")
	}
	n, _, err := s.Usage(t.Context())
	noError(t, err)
	if n > entries || n < entries*9/10 {
		t.Errorf("got %d entries, want at most %d and not much less", n, entries)
	}
	late := 0
	for i := entries; i < entries+300; i++ {
		if get(t, s, strconv.Itoa(i)) == "v" {
			late++
		}
	}
	if late < 280 {
		t.Errorf("%d of the 300 latest entries are left, want nearly all", late)
	}
}

func TestCountsThatAreWrongAreSetRight(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(counts string) error
	}{
		{"counts of nothing", func(counts string) error { return os.Truncate(counts, 0) }},
		{"counts that are foreign bytes", func(counts string) error {
			return os.WriteFile(counts, bytes.Repeat([]byte("foreign"), 1300), 0o600)
		}},
		{"counts of entries that are gone", func(counts string) error {
			return os.RemoveAll(filepath.Dir(file.Path(filepath.Dir(counts), "7")))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := open(t, dir, file.Options{MaxEntries: 50})
			for i := range 50 {
				set(t, s, strconv.Itoa(i), "v")
			}
			noError(t, s.Close())
			noError(t, tt.change(filepath.Join(dir, "counts")))
			s = open(t, dir, file.Options{MaxEntries: 50})
			set(t, s, "new", "v")
			for i := range 100 {
				set(t, s, strconv.Itoa(i), "v")
			}
			noError(t, file.SweepAll(s))
			noError(t, file.Check(s))
			set(t, s, "last", "v")
			entries, _, err := s.Usage(t.Context())
			noError(t, err)
			if entries > 50 || entries < 40 {
				t.Errorf("got %d entries, want up to 50", entries)
			}
		})
	}
}

func TestEvictionFindsCountsThatAreTooHigh(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, file.Options{MaxEntries: 4})
	for i := range 4 {
		set(t, s, strconv.Itoa(i), "v")
		noError(t, os.Remove(file.Path(dir, strconv.Itoa(i))))
	}
	set(t, s, "a", "v")
	set(t, s, "b", "v")
	want(t, "value", get(t, s, "a"), "v")
	entries, _, err := s.Usage(t.Context())
	noError(t, err)
	want(t, "entries", entries, 2)
}

func TestSweepRemovesTheDeadAndNothingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir, file.Options{})
	set(t, s, "live", "v")
	noError(t, s.Set(t.Context(), "expired", []byte("v"), time.Nanosecond))
	tear(t, s, dir, "torn")
	stranger := filepath.Join(filepath.Dir(file.Path(dir, "live")), "notes.txt")
	noError(t, os.WriteFile(stranger, nil, 0o600))
	noError(t, file.SweepAll(s))
	want(t, "presence of the live one", exists(t, dir, "live"), true)
	want(t, "presence of the expired one", exists(t, dir, "expired"), false)
	want(t, "presence of the torn one", exists(t, dir, "torn"), false)
	_, err := os.Stat(stranger)
	noError(t, err)
	noError(t, scanErr(s))
}

func TestSweepGoesRoundInTheBackground(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	synctest.Test(t, func(t *testing.T) {
		s, err := file.Open(dir, file.Options{SweepEvery: time.Hour})
		noError(t, err)
		defer s.Close()
		for i := range 100 {
			noError(t, s.Set(t.Context(), strconv.Itoa(i), []byte("v"), time.Minute))
		}
		noError(t, s.Set(t.Context(), "live", []byte("v"), store.Forever))
		time.Sleep(time.Hour + 2*time.Minute)
		synctest.Wait()
		entries, _, err := s.Usage(t.Context())
		noError(t, err)
		want(t, "entries after a round", entries, 1)
	})
}

func TestProcessesTakeTurnsAtTheSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := open(t, dir, file.Options{}), open(t, dir, file.Options{})
	start := time.Unix(1_700_000_000, 0)
	turns := []struct {
		name   string
		s      *file.Store
		at     time.Duration
		folder int
		due    bool
	}{
		{"the first turn is due at once", a, 0, 0, true},
		{"the next one only after a step", b, time.Second - 1, 0, false},
		{"whoever comes first then takes it", b, time.Second, 1, true},
		{"and the other finds it taken", a, time.Second, 0, false},
		{"one that was missed is late but not lost", a, time.Hour, 2, true},
		{"a clock that was put back does not stop the sweep", b, 0, 3, true},
	}
	for _, tt := range turns {
		folder, due, err := file.TakeTurn(tt.s, start.Add(tt.at), time.Second)
		noError(t, err)
		if due != tt.due || due && folder != tt.folder {
			t.Errorf("%s: got folder %d, due %v; want folder %d, due %v", tt.name, folder, due, tt.folder, tt.due)
		}
	}
}
