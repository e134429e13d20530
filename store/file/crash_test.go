//go:build linux || darwin

package file_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachewright/cachewright/store/file"
)

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

// TestNothingCorruptIsReadWhileWritersAreKilled kills 500 processes, of which four write at any time to
// the same few entries.
func TestNothingCorruptIsReadWhileWritersAreKilled(t *testing.T) {
	t.Parallel()
	const kills = 500
	dir := filepath.Join(t.TempDir(), "cache")
	s := open(t, dir, file.Options{MaxBytes: 1 << 20})

	var killed atomic.Int64
	var killers sync.WaitGroup
	for range processes {
		killers.Go(func() {
			for killed.Add(1) <= kills {
				killOne(t, "scribble", dir)
				readAll(t, s) // what the dead one has left
			}
		})
	}
	done := make(chan struct{})
	go func() {
		killers.Wait()
		close(done)
	}()
	hits := readUntil(t, s, done)
	t.Logf("%d kills, %d values read while writers were at work", kills, hits)
	if hits == 0 {
		t.Error("nothing was read")
	}

	noError(t, file.SweepAll(s))
	noError(t, file.Check(s))
	_, use := diskUse(t, dir)
	wantAtMost(t, "bytes after the kills", use, 1<<20*11/10)
	survivors := 0
	for key, err := range s.Scan(t.Context(), "", "*") {
		noError(t, err)
		if verify(t, s, key) {
			survivors++
		}
	}
	if survivors == 0 {
		t.Error("no entry has survived")
	}
	set(t, s, "alive", "yes")
	want(t, "a value written after the kills", get(t, s, "alive"), "yes")
}

// readUntil reads entries again and again until done, and returns how many it found.
func readUntil(t *testing.T, s *file.Store, done <-chan struct{}) (hits int) {
	for {
		select {
		case <-done:
			return hits
		default:
			hits += readAll(t, s)
		}
		time.Sleep(100 * time.Microsecond) // leave the processor to the writers
	}
}

// readAll reads every entry that the writers share, and returns how many it found.
func readAll(t *testing.T, s *file.Store) (hits int) {
	for i := range crashKeys {
		if verify(t, s, "crash:"+strconv.Itoa(i)) {
			hits++
		}
	}
	return hits
}

// verify reads an entry and reports whether it is there. A value that does not prove itself fails t.
func verify(t *testing.T, s *file.Store, key string) (found bool) {
	value, found, err := s.Get(t.Context(), key)
	if err != nil {
		t.Errorf("get %s: %v", key, err)
	}
	if found && !proves(key, value) {
		t.Errorf("%s: a corrupt value of %d bytes", key, len(value))
	}
	return found
}

// killOne starts a writer in a role and kills it at some moment of its work.
func killOne(t *testing.T, role, dir string) {
	cmd := process(t, role, dir)
	cmd.Env = append(cmd.Env, "GOMAXPROCS=1") // starts faster
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
