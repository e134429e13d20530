//go:build linux || darwin

package file_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
)

// nobody is a user that owns nothing, for tests that root would pass by.
const nobody = 65534

func TestPermissionsThatAreTakenAway(t *testing.T) {
	t.Parallel()
	runAsNobody(t, "denied")
}

// runAsNobody runs a role as a user to whom permissions mean something.
func runAsNobody(t *testing.T, role string) {
	t.Helper()
	base, err := os.MkdirTemp("", "cachewright-denied-")
	noError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(base) })
	cmd := process(t, role, filepath.Join(base, "cache"))
	if os.Geteuid() == 0 {
		noError(t, os.Chown(base, nobody, nobody))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		// The binary lies in a directory of root; the running one is at hand under this name.
		cmd.Path = "/proc/self/exe"
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func denied(dir string) error {
	ctx := context.Background()
	s, err := file.Open(dir, file.Options{SweepEvery: -1})
	if err != nil {
		return err
	}
	if err := s.Set(ctx, "old", []byte("1"), time.Hour); err != nil {
		return err
	}
	folder := filepath.Dir(file.Path(dir, "old"))
	if err := errors.Join(os.Chmod(folder, 0o500), os.Chmod(dir, 0o500)); err != nil {
		return err
	}
	_, deleteErr := s.Delete(ctx, "old")
	err = errors.Join(
		expect("set of a new key", s.Set(ctx, "new", []byte("1"), time.Hour), syscall.EACCES),
		expect("delete", deleteErr, syscall.EACCES),
		expect("usable", file.Usable(dir, false), syscall.EACCES),
		expect("usable below", file.Usable(filepath.Join(dir, "below"), false), syscall.EACCES),
		expect("open below", openErr(filepath.Join(dir, "below")), syscall.EACCES),
		holds(s, "old", "1"),
		s.Set(ctx, "old", []byte("2"), time.Hour), // in place
		holds(s, "old", "2"),
		os.Chmod(file.Path(dir, "old"), 0),
		expect("set in place", s.Set(ctx, "old", []byte("3"), time.Hour), syscall.EACCES),
		expect("get", getErr(s, "old"), syscall.EACCES),
		expect("scan", scanErr(s), syscall.EACCES),
		os.Chmod(file.Path(dir, "old"), 0o600),
		os.Chmod(dir, 0),
		expect("get in a closed directory", getErr(s, "old"), syscall.EACCES),
		expect("scan of a closed directory", scanErr(s), syscall.EACCES),
		expect("sweep of a closed directory", file.SweepAll(s), syscall.EACCES),
		os.Chmod(dir, 0o700),
		os.Chmod(folder, 0o700),
		s.Set(ctx, "new", []byte("1"), time.Hour),
		holds(s, "new", "1"),
		holds(s, "old", "2"),
	)
	return errors.Join(err, file.Check(s), s.Close())
}

func openErr(dir string) error {
	_, err := file.Open(dir, file.Options{SweepEvery: -1})
	return err
}

func getErr(s *file.Store, key string) error {
	_, _, err := s.Get(context.Background(), key)
	return err
}

func scanErr(s *file.Store) error {
	for _, err := range s.Scan(context.Background(), "", "*") {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestTooManyOpenFiles(t *testing.T) {
	t.Parallel()
	run(t, 1, "fdlimit", filepath.Join(t.TempDir(), "cache"))
}

func outOfDescriptors(dir string) error {
	ctx := context.Background()
	s, err := file.Open(dir, file.Options{SweepEvery: -1})
	if err != nil {
		return err
	}
	if err := s.Set(ctx, "k", []byte("1"), time.Hour); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}); err != nil {
		return err
	}
	var taken []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if errors.Is(err, syscall.EMFILE) {
			break
		}
		if err != nil {
			return err
		}
		taken = append(taken, f)
	}
	_, touchErr := s.Touch(ctx, "k", time.Hour)
	_, many := s.GetMany(ctx, []string{"k", "l"})
	failed := store.KeyErrors{}
	err = errors.Join(
		expect("set", s.Set(ctx, "k", []byte("2"), time.Hour), syscall.EMFILE),
		expect("set of another", s.Set(ctx, "l", []byte("2"), time.Hour), syscall.EMFILE),
		expect("touch", touchErr, syscall.EMFILE),
		expect("get", getErr(s, "k"), syscall.EMFILE),
		expect("get of two", many, syscall.EMFILE),
		expect("scan", scanErr(s), syscall.EMFILE),
		expect("open", openErr(dir), syscall.EMFILE),
		expect("sweep", file.SweepAll(s), syscall.EMFILE),
	)
	if !errors.As(many, &failed) || len(failed) != 2 {
		err = errors.Join(err, fmt.Errorf("%w: get of two: got %v, want an error for each", errWant, many))
	}
	for _, f := range taken {
		err = errors.Join(err, f.Close())
	}
	return errors.Join(err,
		holds(s, "k", "1"),
		s.Set(ctx, "l", []byte("2"), time.Hour),
		holds(s, "l", "2"),
		file.Check(s),
		s.Close(),
	)
}

func TestStartUpListsNothing(t *testing.T) {
	t.Parallel()
	runAsNobody(t, "unlisted")
}

// unlisted proves that neither Open nor the first reads and writes list what is in the store, however
// much that is: they work in folders that cannot be listed.
func unlisted(dir string) error {
	ctx := context.Background()
	s, err := file.Open(dir, file.Options{SweepEvery: -1})
	if err != nil {
		return err
	}
	const entries = 2000 // in all folders
	for i := range entries {
		if err := s.Set(ctx, strconv.Itoa(i), []byte("v"), time.Hour); err != nil {
			return err
		}
	}
	if err := s.Close(); err != nil {
		return err
	}
	folders, err := filepath.Glob(filepath.Join(dir, "[0-9a-f][0-9a-f]"))
	if err != nil || len(folders) != 256 {
		return fmt.Errorf("%w: %d folders, error %v", errWant, len(folders), err)
	}
	for _, folder := range folders {
		if err := os.Chmod(folder, 0o300); err != nil {
			return err
		}
	}
	if s, err = file.Open(dir, file.Options{SweepEvery: -1}); err != nil {
		return err
	}
	found, _, err := s.Usage(ctx)
	if err != nil || found != entries {
		return fmt.Errorf("%w: usage: %d entries, error %v", errWant, found, err)
	}
	return errors.Join(
		holds(s, "0", "v"),
		s.Set(ctx, "0", []byte("other"), time.Hour),
		holds(s, "0", "other"),
		s.Set(ctx, "new", []byte("v"), time.Hour),
		holds(s, "new", "v"),
		expect("scan", scanErr(s), syscall.EACCES),
		s.Close(),
	)
}
