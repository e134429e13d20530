//go:build linux || darwin

package file_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
)

// roles are what this test binary does when it is started as "binary role=name directory". An error
// ends the process with its text and status 1.
var roles = map[string]func(dir string) error{
	"scribble": scribble,
	"layout":   layOut,
	"incr":     incrMany,
	"add":      addMany,
	"swap":     swapMany,
	"fill":     func(dir string) error { return fill(dir, fillKeys) },
	"fillfew":  func(dir string) error { return fill(dir, fillKeys/4) },
	"crowd":    crowd,
	"glance":   glance,
	"denied":   denied,
	"fdlimit":  outOfDescriptors,
	"unlisted": unlisted,
	"relay":    relayRole,
}

func TestMain(m *testing.M) {
	if len(os.Args) == 3 {
		if name, ok := strings.CutPrefix(os.Args[1], "role="); ok {
			role := roles[name]
			if role == nil {
				role = diskRoles[name]
			}
			if err := role(os.Args[2]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	goleak.VerifyTestMain(m)
}

// process returns this binary, ready to start in a role.
func process(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	noError(t, err)
	cmd := exec.Command(self, "role="+role, dir)
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // the race detector likes to sleep at the end
	return cmd
}

// run runs n processes of a role at once and returns what they wrote.
func run(t *testing.T, n int, role, dir string) []string {
	t.Helper()
	_, wait := start(t, n, role, dir)
	return wait()
}

// start starts n processes of a role; wait returns what they wrote.
func start(t *testing.T, n int, role, dir string) (running []*os.Process, wait func() []string) {
	t.Helper()
	outs := make([]bytes.Buffer, n)
	cmds := make([]*exec.Cmd, n)
	for i := range cmds {
		cmds[i] = process(t, role, dir)
		cmds[i].Stdout, cmds[i].Stderr = &outs[i], os.Stderr
		noError(t, cmds[i].Start())
		running = append(running, cmds[i].Process)
	}
	return running, func() []string {
		texts := make([]string, n)
		for i, cmd := range cmds {
			if err := cmd.Wait(); err != nil {
				t.Errorf("process %d in role %s: %v", i, role, err)
			}
			texts[i] = strings.TrimSpace(outs[i].String())
		}
		return texts
	}
}

// openBound opens the store as all processes of these tests do.
func openBound(dir string, maxBytes int64) (*file.Store, error) {
	return file.Open(dir, file.Options{MaxBytes: maxBytes, SweepEvery: 256 * time.Millisecond})
}

const (
	processes = 4
	rounds    = 200
)

func incrMany(dir string) error {
	s, err := openBound(dir, 0)
	if err != nil {
		return err
	}
	for range rounds {
		if _, found, err := s.Incr(context.Background(), "n", 1); !found || err != nil {
			return fmt.Errorf("found %v, error %v", found, err)
		}
	}
	return s.Close()
}

func addMany(dir string) error {
	s, err := openBound(dir, 0)
	if err != nil {
		return err
	}
	won := 0
	for i := range rounds {
		stored, err := s.Add(context.Background(), "add:"+strconv.Itoa(i), []byte("v"), time.Hour)
		if err != nil {
			return err
		}
		if stored {
			won++
		}
	}
	fmt.Println(won)
	return s.Close()
}

func swapMany(dir string) error {
	s, err := openBound(dir, 0)
	if err != nil {
		return err
	}
	for range rounds {
		for swapped := false; !swapped; {
			old, _, err := s.Get(context.Background(), "list")
			if err != nil {
				return err
			}
			longer := append(bytes.Clone(old), "0123456789"...)
			if swapped, err = s.Swap(context.Background(), "list", old, longer, time.Hour); err != nil {
				return err
			}
		}
	}
	return s.Close()
}

func TestProcessesShareAStore(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	s := open(t, dir, file.Options{})
	set(t, s, "n", "0")

	run(t, processes, "incr", dir)
	want(t, "sum of all increments", get(t, s, "n"), strconv.Itoa(processes*rounds))

	won := 0
	for _, text := range run(t, processes, "add", dir) {
		n, err := strconv.Atoi(text)
		noError(t, err)
		won += n
	}
	want(t, "winners of all Adds", won, rounds)

	run(t, processes, "swap", dir)
	want(t, "length after all swaps", len(get(t, s, "list")), processes*rounds*10)
}

const (
	fillBytes   = 2 << 20
	fillEntries = 500
	fillKeys    = 400
)

// fill writes more than the store may hold: values of 100 bytes to 30 kB.
func fill(dir string, keys int) error {
	s, err := openBound(dir, fillBytes)
	if err != nil {
		return err
	}
	for i := range keys {
		key := fmt.Sprintf("%d:%d", os.Getpid(), i)
		if err := s.Set(context.Background(), key, make([]byte, 100+rand.IntN(30_000)), time.Hour); err != nil {
			return err
		}
	}
	return s.Close()
}

// crowd writes more entries than the store may hold.
func crowd(dir string) error {
	s, err := file.Open(dir, file.Options{MaxEntries: fillEntries, SweepEvery: 256 * time.Millisecond})
	if err != nil {
		return err
	}
	for i := range 2 * fillKeys {
		if err := s.Set(context.Background(), fmt.Sprintf("%d:%d", os.Getpid(), i), []byte("v"), time.Hour); err != nil {
			return err
		}
	}
	return s.Close()
}

// diskUse adds up the blocks of all entries in a directory, and counts them.
func diskUse(t *testing.T, dir string) (entries, bytes int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() || filepath.Dir(path) == dir {
			return err
		}
		st, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			entries++
			bytes += (st.Size() + 4095) / 4096 * 4096
		}
		return err
	})
	noError(t, err)
	return entries, bytes
}

func TestBoundHoldsUnderLoadByProcesses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, role     string
		o              file.Options
		entries, bytes int64 // the bounds; zero for the one that is not tested
		folders        int   // zero for what suits the bounds
	}{
		{"bytes", "fill", file.Options{MaxBytes: fillBytes}, 0, fillBytes, 0},
		{"entries", "crowd", file.Options{MaxEntries: fillEntries}, fillEntries, 0, 0},
		{"bytes, in the folders of a large store", "fillfew", file.Options{MaxBytes: fillBytes}, 0, fillBytes, 4096},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "cache")
			if tt.folders > 0 {
				noError(t, file.LayOut(dir, tt.folders))
			}
			s := open(t, dir, tt.o)
			entries, bytes := watchUse(t, dir, tt.role)
			wantAtMost(t, "entries under load", entries, tt.entries*11/10)
			wantAtMost(t, "bytes under load", bytes, tt.bytes*11/10)
			t.Logf("under load at most %d entries of %d bytes; the bounds: %d, %d", entries, bytes, tt.entries, tt.bytes)

			entries, bytes = diskUse(t, dir)
			if entries < tt.entries*8/10 || bytes < tt.bytes*8/10 {
				t.Errorf("in the end there are %d entries of %d bytes, want nearly what is allowed", entries, bytes)
			}
			counted, countedBytes, err := s.Usage(t.Context())
			noError(t, err)
			want(t, "counted entries", int64(counted), entries)
			want(t, "counted bytes", countedBytes, bytes)
		})
	}
}

// watchUse runs processes of a role and returns the most that they had in a directory at one time.
func watchUse(t *testing.T, dir, role string) (entries, bytes int64) {
	t.Helper()
	running, wait := start(t, processes, role, dir)
	// Stopped processes are counted: on entries that come and go meanwhile a slow count would find both
	// those that have made room and those that have taken it. One that has ended cannot be stopped.
	signal := func(s os.Signal) {
		for _, p := range running {
			if err := p.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
				t.Errorf("%v: %v", s, err)
			}
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		wait()
	}()
	for {
		signal(syscall.SIGSTOP)
		e, b := diskUse(t, dir)
		signal(syscall.SIGCONT)
		entries, bytes = max(entries, e), max(bytes, b)
		time.Sleep(5 * time.Millisecond)
		select {
		case <-done:
			return entries, bytes
		default:
		}
	}
}

func wantAtMost(t *testing.T, what string, got, most int64) {
	t.Helper()
	if most > 0 && got > most {
		t.Errorf("%s: got %d, want at most %d", what, got, most)
	}
}

// glance lives for the time of one read.
func glance(dir string) error {
	s, err := file.Open(dir, file.Options{SweepEvery: 256 * time.Millisecond})
	if err != nil {
		return err
	}
	if _, _, err := s.Get(context.Background(), "k"); err != nil {
		return err
	}
	return s.Close()
}

func TestProcessesThatLiveShortlySweep(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	s := open(t, dir, file.Options{})
	// The first turns are those of the first folders.
	key := ""
	for i := 0; key == "" || filepath.Base(filepath.Dir(file.Path(dir, key))) != "02"; i++ {
		key = "expired:" + strconv.Itoa(i)
	}
	noError(t, s.Set(t.Context(), key, []byte("v"), time.Nanosecond))
	for range 3 {
		run(t, 1, "glance", dir)
	}
	if _, err := os.Stat(file.Path(dir, key)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the expired entry: got %v, want none", err)
	}
}

var errWant = errors.New("unexpected result")

// expect returns an error unless err wraps store.ErrUnavailable and cause.
func expect(what string, err, cause error) error {
	if errors.Is(err, store.ErrUnavailable) && errors.Is(err, cause) {
		return nil
	}
	return fmt.Errorf("%w: %s: got error %v, want unavailable because of %v", errWant, what, err, cause)
}

// holds returns an error unless the value of key is value.
func holds(s *file.Store, key, value string) error {
	got, found, err := s.Get(context.Background(), key)
	if err != nil || !found || string(got) != value {
		return fmt.Errorf("%w: get %s: got %d bytes, found %v, error %v", errWant, key, len(got), found, err)
	}
	return nil
}
