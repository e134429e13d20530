//go:build linux || darwin

package file_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
)

func TestTheNumberOfFoldersSuitsTheBounds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		o    file.Options
		want int
	}{
		{"the default bound", file.Options{}, 256},
		{"the smallest bound", file.Options{MaxBytes: 4096}, 16},
		{"a bound of bytes that 16 folders can bear", file.Options{MaxBytes: 64 << 20}, 16},
		{"a block more", file.Options{MaxBytes: 64<<20 + 4096}, 256},
		{"a bound of bytes that 256 folders can bear", file.Options{MaxBytes: 1 << 30}, 256},
		{"another block more", file.Options{MaxBytes: 1<<30 + 4096}, 4096},
		{"more than any folders can bear", file.Options{MaxBytes: 1 << 50}, 4096},
		{"few entries", file.Options{MaxBytes: 1 << 40, MaxEntries: 1000}, 16},
		{"many entries, as far as there are bytes for them", file.Options{MaxEntries: 1 << 30}, 256},
		{"many entries and bytes", file.Options{MaxBytes: 1 << 40, MaxEntries: 262_145}, 4096},
	}
	for _, tt := range tests {
		got, err := file.FoldersFor(tt.o)
		noError(t, err)
		want(t, tt.name, got, tt.want)
	}
}

func TestEntriesLieInTheFoldersOfTheLayout(t *testing.T) {
	t.Parallel()
	for _, folders := range []int{16, 256, 4096} {
		t.Run(strconv.Itoa(folders), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(memoryDir(t), "cache")
			noError(t, file.LayOut(dir, folders))
			s := open(t, dir, file.Options{})
			for i := range 200 {
				set(t, s, strconv.Itoa(i), "v")
			}
			digits := len(fmt.Sprintf("%x", folders-1))
			for _, path := range listing(t, dir) {
				inside, _ := filepath.Rel(dir, path)
				if folder, entry := filepath.Split(inside); folder != "" {
					want(t, "digits of a folder", len(folder)-1, digits)
					want(t, "digits of an entry", len(entry), 32-digits)
				}
			}
			scanned := 0
			for _, err := range s.Scan(t.Context(), "", "*") {
				noError(t, err)
				scanned++
			}
			want(t, "scanned keys", scanned, 200)
			noError(t, s.Set(t.Context(), "expired", nil, time.Nanosecond))
			noError(t, file.SweepAll(s))
			entries, _, err := s.Usage(t.Context())
			noError(t, err)
			want(t, "entries after a sweep", entries, 200)
		})
	}
}

// earlierDirectory makes the directory that the version before there were layouts has made for one entry,
// byte for byte.
func earlierDirectory(t *testing.T, dir string) {
	t.Helper()
	bytes := func(digits string) []byte {
		b, err := hex.DecodeString(digits)
		noError(t, err)
		return b
	}
	record := bytes("43574601e99fd40c00000000000000000300000005000000448900e8000000006b657976616c7565")
	counts := make([]byte, 4112)
	copy(counts[0x2c0:], bytes("01000000010000002af894fe876fb9bb"))
	noError(t, errors.Join(
		os.MkdirAll(filepath.Join(dir, "2c"), 0o700),
		os.WriteFile(filepath.Join(dir, "2c", "70e12b7a0646f92279f427c7b38e73"), record, 0o600),
		os.WriteFile(filepath.Join(dir, "counts"), counts, 0o600),
		os.WriteFile(filepath.Join(dir, "lock.c"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, marker),
			[]byte("files 1\nThis directory is a cache. Delete it as a whole to clear it.\n"), 0o600),
	))
}

func TestDirectoryOfAnEarlierVersionIsKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	earlierDirectory(t, dir)
	for i, o := range []file.Options{{MaxEntries: 10}, {}, {MaxBytes: 1 << 40}} {
		s := open(t, dir, o)
		want(t, "value", get(t, s, "key"), "value")
		set(t, s, strconv.Itoa(i), "v")
		c, err := s.Condition(t.Context())
		noError(t, err)
		want(t, "folders", c.Folders, 256)
		want(t, "entries", c.Entries, i+2)
	}
}

// mixedBounds ask for every layout there is.
var mixedBounds = []file.Options{{MaxEntries: 500}, {}, {MaxBytes: 2 << 30}}

func TestProcessesWithOtherBoundsKeepToTheMarker(t *testing.T) {
	t.Parallel()
	for i, first := range mixedBounds {
		dir := filepath.Join(t.TempDir(), "cache")
		set(t, open(t, dir, first), "first", "v")
		wanted, err := file.FoldersFor(first)
		noError(t, err)
		for j, o := range mixedBounds {
			s := open(t, dir, o)
			want(t, "what the first one has set", get(t, s, "first"), "v")
			set(t, s, strconv.Itoa(j), "v")
			c, err := s.Condition(t.Context())
			noError(t, err)
			want(t, fmt.Sprintf("folders of store %d in the directory of store %d", j, i), c.Folders, wanted)
			want(t, "entries", c.Entries, j+2)
		}
	}
}

func TestProcessesWithOtherBoundsMakeOneDirectory(t *testing.T) {
	t.Parallel()
	base := memoryDir(t)
	for round := range 20 {
		dir := filepath.Join(base, strconv.Itoa(round))
		var openers sync.WaitGroup
		for i := range 12 {
			openers.Go(func() {
				o := mixedBounds[i%len(mixedBounds)]
				o.SweepEvery = -1
				s, err := file.Open(dir, o)
				if err != nil {
					t.Error(err)
					return
				}
				if err := errors.Join(s.Set(t.Context(), strconv.Itoa(i), []byte("v"), time.Hour), s.Close()); err != nil {
					t.Error(err)
				}
			})
		}
		openers.Wait()
		s := open(t, dir, file.Options{})
		for i := range 12 {
			want(t, "what an opener has set", get(t, s, strconv.Itoa(i)), "v")
		}
	}
}

// layOut makes directories with all kinds of bounds until it is killed.
func layOut(dir string) error {
	fmt.Println("ready")
	for i := 0; ; i++ {
		o := mixedBounds[rand.IntN(len(mixedBounds))]
		o.SweepEvery = -1
		s, err := file.Open(filepath.Join(dir, strconv.Itoa(i)), o)
		if err != nil {
			return err
		}
		if err := errors.Join(s.Set(context.Background(), strconv.Itoa(os.Getpid()), []byte("v"), time.Hour), s.Close()); err != nil {
			return err
		}
	}
}

func TestDirectoriesWhoseMakersAreKilledAreWhole(t *testing.T) {
	t.Parallel()
	base := memoryDir(t)
	for range 5 {
		var killers sync.WaitGroup
		for range processes {
			killers.Go(func() { killOne(t, "layout", base) })
		}
		killers.Wait()
	}
	dirs, err := os.ReadDir(base)
	noError(t, err)
	whole := 0
	for _, d := range dirs {
		s, err := file.Open(filepath.Join(base, d.Name()), file.Options{SweepEvery: -1})
		noError(t, err)
		set(t, s, "k", "v")
		want(t, "value", get(t, s, "k"), "v")
		for key, err := range s.Scan(t.Context(), "", "*") {
			noError(t, err)
			if key != "k" {
				whole++
			}
		}
		noError(t, s.Close())
	}
	// Each of those that were killed has lost the entry that it was writing, at most.
	if whole < len(dirs)-5*processes || whole == 0 {
		t.Errorf("%d entries in %d directories", whole, len(dirs))
	}
}

func TestMarkerThatACrashCutOffIsCompleted(t *testing.T) {
	t.Parallel()
	const rest = "This directory is a cache. Delete it as a whole to clear it.\n"
	tests := []struct{ text, want string }{
		{"", "files 1\n" + rest},
		{"files", "files 1\n" + rest},
		{"files 2, 4", "files 1\n" + rest}, // the one who wrote it had no entries yet
		{"files 1\nThis", "files 1\n" + rest},
		{"files 2, 4096 folders\n", "files 2, 4096 folders\n" + rest},
		{"files 2, 16 folders\n" + rest + "and more", "files 2, 16 folders\n" + rest + "and more"},
	}
	for _, tt := range tests {
		dir := t.TempDir()
		noError(t, os.WriteFile(filepath.Join(dir, marker), []byte(tt.text), 0o600))
		lazy := open(t, dir, file.Options{Lazy: true})
		want(t, "value", get(t, lazy, "k"), "(absent)")
		got, err := os.ReadFile(filepath.Join(dir, marker))
		noError(t, err)
		want(t, "marker after a read", string(got), tt.text)
		s := open(t, dir, file.Options{})
		set(t, s, "k", "v")
		got, err = os.ReadFile(filepath.Join(dir, marker))
		noError(t, err)
		want(t, fmt.Sprintf("marker after %q", tt.text), string(got), tt.want)
		want(t, "value", get(t, lazy, "k"), "v")
	}
}

func TestDirectoryThatGetsAnotherLayoutWhileItIsOpen(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]int{"a store that has written": 100, "a store that has not": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "cache")
			s := open(t, dir, file.Options{})
			for i := range before {
				set(t, s, strconv.Itoa(i), "old")
			}
			names, err := filepath.Glob(filepath.Join(dir, "*"))
			noError(t, err)
			for _, name := range names {
				noError(t, os.RemoveAll(name))
			}
			other := open(t, dir, file.Options{MaxEntries: 500})
			for i := range 50 {
				set(t, other, strconv.Itoa(i), "other")
			}
			for i := range 50 {
				set(t, s, strconv.Itoa(50+i), "new")
			}
			for _, reader := range []store.Store{s, other} {
				want(t, "what the other one has set", get(t, reader, "7"), "other")
				want(t, "what the first one has set", get(t, reader, "77"), "new")
			}
			entries := 0
			for _, path := range listing(t, dir) {
				if len(filepath.Base(path)) < 2*14 {
					continue
				}
				entries++
				want(t, "folder of an entry", len(filepath.Base(filepath.Dir(path))), 1)
			}
			want(t, "entries", entries, 100)
		})
	}
}

func TestReaderNoticesAnotherLayout(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	reader := open(t, dir, file.Options{})
	noError(t, os.Remove(filepath.Join(dir, marker)))
	set(t, open(t, dir, file.Options{MaxEntries: 500}), "k", "v")
	file.Recheck(reader)
	want(t, "value", get(t, reader, "k"), "v")
}

// TestMarkerIsWrittenByOneProcessAtATime opens a directory whose marker another process is about to write.
func TestMarkerIsWrittenByOneProcessAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	held, err := os.OpenFile(filepath.Join(dir, marker), os.O_RDWR|os.O_CREATE, 0o600)
	noError(t, err)
	defer held.Close()
	noError(t, syscall.Flock(int(held.Fd()), syscall.LOCK_EX))
	type result struct {
		s   *file.Store
		err error
	}
	opened := make(chan result, 1)
	go func() {
		s, err := file.Open(dir, file.Options{SweepEvery: -1})
		opened <- result{s, err}
	}()
	time.Sleep(50 * time.Millisecond) // for one that does not wait to go wrong
	_, err = held.WriteString("files 2, 16 folders\n")
	noError(t, err)
	noError(t, syscall.Flock(int(held.Fd()), syscall.LOCK_UN))
	r := <-opened
	noError(t, r.err)
	defer r.s.Close()
	c, err := r.s.Condition(t.Context())
	noError(t, err)
	want(t, "folders", c.Folders, 16)
	set(t, r.s, "k", "v")
	_, err = os.Stat(file.Path(dir, "k"))
	noError(t, err)
}

func TestTurnsGoRoundInEveryLayout(t *testing.T) {
	t.Parallel()
	for _, folders := range []int{16, 256, 4096} {
		dir := filepath.Join(memoryDir(t), "cache")
		noError(t, file.LayOut(dir, folders))
		s := open(t, dir, file.Options{})
		at := time.Unix(1_700_000_000, 0)
		for i := range folders + 1 {
			folder, due, err := file.TakeTurn(s, at.Add(time.Duration(i)*time.Second), time.Second)
			noError(t, err)
			if !due || folder != i%folders {
				t.Fatalf("turn %d: got folder %d, due %v", i, folder, due)
			}
		}
	}
}
