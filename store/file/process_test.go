//go:build linux || darwin

package file_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
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
	"incr":     incrMany,
	"add":      addMany,
	"swap":     swapMany,
	"fill":     fill,
	"glance":   glance,
	"denied":   denied,
	"fdlimit":  outOfDescriptors,
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
	return exec.Command(self, "role="+role, dir)
}

// run runs n processes of a role at once and returns what they wrote.
func run(t *testing.T, n int, role, dir string) []string {
	t.Helper()
	return start(t, n, role, dir)()
}

// start starts n processes of a role; wait returns what they wrote.
func start(t *testing.T, n int, role, dir string) (wait func() []string) {
	t.Helper()
	outs := make([]bytes.Buffer, n)
	cmds := make([]*exec.Cmd, n)
	for i := range cmds {
		cmds[i] = process(t, role, dir)
		cmds[i].Stdout, cmds[i].Stderr = &outs[i], os.Stderr
		noError(t, cmds[i].Start())
	}
	return func() []string {
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
	fillBytes = 2 << 20
	fillKeys  = 800
)

// fill writes more than the store may hold: values of 100 bytes to 30 kB.
func fill(dir string) error {
	s, err := openBound(dir, fillBytes)
	if err != nil {
		return err
	}
	for i := range fillKeys {
		key := fmt.Sprintf("%d:%d", os.Getpid(), i)
		if err := s.Set(context.Background(), key, make([]byte, 100+rand.IntN(30_000)), time.Hour); err != nil {
			return err
		}
	}
	return s.Close()
}

// diskUse adds up the blocks of all entries in a directory.
func diskUse(t *testing.T, dir string) (bytes int64) {
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
			bytes += (st.Size() + 4095) / 4096 * 4096
		}
		return err
	})
	noError(t, err)
	return bytes
}

func TestBoundHoldsUnderLoadByProcesses(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	s := open(t, dir, file.Options{MaxBytes: fillBytes})
	done := make(chan struct{})
	wait := start(t, processes, "fill", dir)
	go func() {
		defer close(done)
		wait()
	}()
	most := int64(0)
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		most = max(most, diskUse(t, dir))
	}
	if most > fillBytes*11/10 {
		t.Errorf("the entries took %d bytes, want at most 10%% over %d", most, fillBytes)
	}
	if end := diskUse(t, dir); end < fillBytes*8/10 {
		t.Errorf("the entries take %d bytes in the end, want nearly %d", end, fillBytes)
	}
	_, counted, err := s.Usage(t.Context())
	noError(t, err)
	want(t, "counted bytes", counted, diskUse(t, dir))
}

// crashKeys are few, so that all processes write to the same entries.
const crashKeys = 8

func crashKey() string {
	return "crash:" + strconv.Itoa(rand.IntN(crashKeys))
}

// describe makes a value that proves itself: its hash, the key it belongs to, and a body of random
// length, from one block to many.
func describe(key string) []byte {
	body := bytes.Repeat([]byte(strconv.FormatUint(rand.Uint64(), 36)+"|"), 1+rand.IntN(1<<rand.IntN(14)))
	value := append([]byte(key+"\n"), body...)
	sum := sha256.Sum256(value)
	return append(sum[:], value...)
}

func proves(key string, value []byte) bool {
	if len(value) < sha256.Size {
		return false
	}
	sum := sha256.Sum256(value[sha256.Size:])
	return bytes.Equal(sum[:], value[:sha256.Size]) && bytes.HasPrefix(value[sha256.Size:], []byte(key+"\n"))
}

// scribble writes, touches, swaps and deletes until it is killed.
func scribble(dir string) error {
	s, err := openBound(dir, 1<<20)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	ctx := context.Background()
	for {
		key := crashKey()
		var err error
		switch rand.IntN(8) {
		case 0:
			_, err = s.Delete(ctx, key)
		case 1:
			_, err = s.Touch(ctx, key, time.Hour)
		case 2:
			_, err = s.Add(ctx, key, describe(key), time.Hour)
		case 3:
			filler := "filler:" + strconv.Itoa(rand.IntN(1000)) // keeps eviction at work
			err = s.Set(ctx, filler, describe(filler), time.Hour)
		default:
			err = s.Set(ctx, key, describe(key), time.Hour)
		}
		if err != nil {
			return err
		}
	}
}

func TestNothingCorruptIsReadWhileWritersAreKilled(t *testing.T) {
	t.Parallel()
	const kills = 60
	dir := filepath.Join(t.TempDir(), "cache")
	s := open(t, dir, file.Options{MaxBytes: 1 << 20})

	left := make(chan struct{}, kills)
	for range kills {
		left <- struct{}{}
	}
	close(left)
	writers := make(chan struct{})
	for range 2 {
		go func() {
			defer func() { writers <- struct{}{} }()
			for range left {
				killOne(t, dir)
			}
		}()
	}
	hits, misses := 0, 0
	for running := 2; running > 0; {
		select {
		case <-writers:
			running--
		default:
		}
		key := crashKey()
		value, found, err := s.Get(t.Context(), key)
		if err != nil {
			t.Errorf("get: %v", err)
		}
		if !found {
			misses++
			continue
		}
		hits++
		if !proves(key, value) {
			t.Errorf("%s: a corrupt value of %d bytes", key, len(value))
		}
	}
	t.Logf("%d kills, %d hits, %d misses", kills, hits, misses)
	if hits == 0 {
		t.Error("nothing was read")
	}
	noError(t, file.SweepAll(s))
	noError(t, file.Check(s))
	if use := diskUse(t, dir); use > 1<<20*11/10 {
		t.Errorf("the entries take %d bytes after the kills", use)
	}
	for key, err := range s.Scan(t.Context(), "", "*") {
		noError(t, err)
		value, found, err := s.Get(t.Context(), key)
		if err != nil || found && !proves(key, value) {
			t.Errorf("%s after the kills: error %v, %d bytes", key, err, len(value))
		}
	}
	set(t, s, "alive", "yes")
	want(t, "a value written after the kills", get(t, s, "alive"), "yes")
}

// killOne starts a writer and kills it at some moment of its work.
func killOne(t *testing.T, dir string) {
	cmd := process(t, "scribble", dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Error(err)
		return
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Errorf("the writer did not begin: %v", err)
	}
	time.Sleep(time.Duration(rand.IntN(20_000)) * time.Microsecond)
	if err := cmd.Process.Kill(); err != nil {
		t.Errorf("the writer ended by itself: %v", err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the writer ended by itself")
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
	for i := 0; key == "" || !strings.HasPrefix(file.Path(key), "02/"); i++ {
		key = "expired:" + strconv.Itoa(i)
	}
	noError(t, s.Set(t.Context(), key, []byte("v"), time.Nanosecond))
	for range 3 {
		run(t, 1, "glance", dir)
	}
	if _, err := os.Stat(filepath.Join(dir, file.Path(key))); !errors.Is(err, fs.ErrNotExist) {
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
