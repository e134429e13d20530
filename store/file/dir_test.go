//go:build linux || darwin

package file_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
)

const marker = "cachewright.layout"

func TestOpenMakesADirectoryForItsOwner(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "some", "where", "cache")
	s := open(t, dir, file.Options{})
	set(t, s, "k", "v")
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		noError(t, err)
		st, err := e.Info()
		noError(t, err)
		mode := fs.FileMode(0o600)
		if e.IsDir() {
			mode = 0o700
		}
		want(t, "mode of "+path, st.Mode().Perm(), mode)
		return nil
	})
	noError(t, err)
	again := open(t, dir, file.Options{})
	want(t, "value after another Open", get(t, again, "k"), "v")
}

func TestDirectoriesThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		prepare func(dir string) error
		cause   error
		text    string
	}{
		{
			"a directory with files of somebody else",
			func(dir string) error { return os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o600) },
			file.ErrForeign, "choose an empty directory",
		},
		{
			"a marker of another layout",
			func(dir string) error { return os.WriteFile(filepath.Join(dir, marker), []byte("ring 7\n"), 0o600) },
			file.ErrForeign, `"ring 7"`,
		},
		{
			"a marker of a number of folders that this version does not know",
			func(dir string) error {
				return os.WriteFile(filepath.Join(dir, marker), []byte("files 2, 99 folders\n"), 0o600)
			},
			file.ErrForeign, `"files 2, 99 folders"`,
		},
		{
			"a marker that is no file",
			func(dir string) error { return os.Mkdir(filepath.Join(dir, marker), 0o700) },
			syscall.EISDIR, marker,
		},
		{
			"a directory that others can write to",
			func(dir string) error { return os.Chmod(dir, 0o777) },
			file.ErrInsecure, "chmod go-w",
		},
		{
			"a directory that the group can write to",
			func(dir string) error { return os.Chmod(dir, 0o720) },
			file.ErrInsecure, "chmod go-w",
		},
		{
			"a file in place of the directory",
			func(dir string) error { return errors.Join(os.Remove(dir), os.WriteFile(dir, nil, 0o600)) },
			syscall.ENOTDIR, "open directory",
		},
		{
			"a file in place of the parent",
			func(dir string) error {
				parent := filepath.Dir(dir)
				return errors.Join(os.RemoveAll(parent), os.WriteFile(parent, nil, 0o600))
			},
			syscall.ENOTDIR, "open directory",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "parent", "cache")
			noError(t, os.MkdirAll(dir, 0o700))
			noError(t, tt.prepare(dir))
			before := listing(t, filepath.Dir(filepath.Dir(dir)))
			_, openErr := file.Open(dir, file.Options{})
			_, lazyErr := file.Open(dir, file.Options{Lazy: true})
			for op, err := range map[string]error{
				"Open": openErr, "lazy Open": lazyErr, "Usable": file.Usable(dir, false), "Usable with create": file.Usable(dir, true),
			} {
				if !errors.Is(err, tt.cause) || !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("%s: got %v, want %v with %q", op, err, tt.cause, tt.text)
				}
			}
			want(t, "files afterwards", listing(t, filepath.Dir(filepath.Dir(dir))), before)
		})
	}
}

func TestTheGuestMayBeThereFirst(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	guest := filepath.Join(dir, file.GuestFolder, "0123.djcache")
	noError(t, os.MkdirAll(filepath.Dir(guest), 0o700))
	noError(t, os.WriteFile(guest, []byte("theirs"), 0o600))
	noError(t, file.Usable(dir, false))
	s, err := file.Open(dir, file.Options{MaxEntries: 10})
	noError(t, err)
	for i := range 100 {
		noError(t, s.Set(t.Context(), strconv.Itoa(i), nil, time.Hour))
	}
	noError(t, s.Close())
	text, err := os.ReadFile(guest)
	noError(t, err)
	want(t, "the guest's file", string(text), "theirs")
}

func TestDirectoryOfAnotherUserIsRefused(t *testing.T) {
	t.Parallel()
	dir := "/" // of root
	if os.Geteuid() == 0 {
		dir = t.TempDir()
		noError(t, os.Chmod(dir, 0o700))
		noError(t, os.Chown(dir, nobody, nobody))
	}
	if _, err := file.Open(dir, file.Options{}); !errors.Is(err, file.ErrInsecure) {
		t.Errorf("got %v, want ErrInsecure", err)
	}
}

// listing returns the paths of everything below dir.
func listing(t *testing.T, dir string) (paths []string) {
	t.Helper()
	noError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	}))
	return paths
}

func TestManyProcessesMakeOneDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	var openers sync.WaitGroup
	for range 16 {
		openers.Go(func() {
			s, err := file.Open(dir, file.Options{SweepEvery: -1})
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(s.Set(t.Context(), "k", []byte("v"), time.Hour), s.Close()); err != nil {
				t.Error(err)
			}
		})
	}
	openers.Wait()
}

func TestLazyStoreMakesItsDirectoryAtTheFirstWrite(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	dir := filepath.Join(base, "tmp", "cache")
	s := open(t, dir, file.Options{Lazy: true, SweepEvery: time.Hour})
	ctx := t.Context()
	want(t, "value", get(t, s, "k"), "(absent)")
	removed, err := s.Delete(ctx, "k")
	noError(t, err)
	want(t, "removed", removed, 0)
	touched, err := s.Touch(ctx, "k", time.Hour)
	noError(t, err)
	want(t, "touched", touched, false)
	_, found, err := s.TTL(ctx, "k")
	noError(t, err)
	want(t, "found", found, false)
	noError(t, scanErr(s))
	want(t, "files after reading", listing(t, base), []string{base})
	set(t, s, "k", "v")
	want(t, "value", get(t, s, "k"), "v")
}

func TestDirectoryThatIsRemovedOrReplaced(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(dir string) error
	}{
		{"the directory is removed", os.RemoveAll},
		{"the directory is removed and another program makes it", func(dir string) error {
			return errors.Join(os.RemoveAll(dir), file.Usable(dir, true))
		}},
		{"the directory is moved away", func(dir string) error { return os.Rename(dir, dir+".old") }},
		{"the directory is emptied", func(dir string) error {
			names, err := filepath.Glob(filepath.Join(dir, "*"))
			for _, name := range names {
				err = errors.Join(err, os.RemoveAll(name))
			}
			return err
		}},
		{"the folders are removed", func(dir string) error {
			names, err := filepath.Glob(filepath.Join(dir, "??"))
			for _, name := range names {
				err = errors.Join(err, os.RemoveAll(name))
			}
			return err
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "cache")
			s := open(t, dir, file.Options{})
			set(t, s, "old", "v")
			set(t, s, "new", "v")
			noError(t, tt.change(dir))
			file.Recheck(s)
			want(t, "old value", get(t, s, "old"), "(absent)")
			set(t, s, "new", "w")
			want(t, "new value", get(t, s, "new"), "w")
			other := open(t, dir, file.Options{})
			want(t, "new value, in another process", get(t, other, "new"), "w")
			noError(t, file.SweepAll(s))
			entries, _, err := s.Usage(t.Context())
			noError(t, err)
			want(t, "entries", entries, 1)
		})
	}
}

func TestRemovedDirectoryIsNoticedByAWriteAtOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	s := open(t, dir, file.Options{})
	set(t, s, "k", "v")
	noError(t, os.RemoveAll(dir))
	set(t, s, "k", "w")
	other := open(t, dir, file.Options{})
	want(t, "value, in another process", get(t, other, "k"), "w")
}

func TestPartsThatAreDeletedAreMadeAgain(t *testing.T) {
	t.Parallel()
	for _, part := range []string{marker, "counts", "lock.*"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "cache")
			s := open(t, dir, file.Options{})
			set(t, s, "k", "v")
			names, err := filepath.Glob(filepath.Join(dir, part))
			noError(t, err)
			for _, name := range names {
				noError(t, os.Remove(name))
			}
			file.Recheck(s)
			set(t, s, "k", "w")
			noError(t, file.SweepAll(s))
			other := open(t, dir, file.Options{})
			want(t, "value, in another process", get(t, other, "k"), "w")
			entries, _, err := other.Usage(t.Context())
			noError(t, err)
			want(t, "entries", entries, 1)
		})
	}
}

func TestReplacementThatIsForeignIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	s := open(t, dir, file.Options{})
	set(t, s, "k", "v")
	noError(t, os.Rename(dir, dir+".old"))
	noError(t, os.Mkdir(dir, 0o700))
	noError(t, os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o600))
	file.Recheck(s)
	if err := s.Set(t.Context(), "k", nil, time.Hour); !errors.Is(err, file.ErrForeign) {
		t.Errorf("got %v, want ErrForeign", err)
	}
	want(t, "files", listing(t, dir), []string{dir, filepath.Join(dir, "thesis.tex")})
	noError(t, os.RemoveAll(dir))
	set(t, s, "k", "w")
}

func TestUsable(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	dir := filepath.Join(base, "a", "b")
	noError(t, file.Usable(dir, false))
	want(t, "files after asking", listing(t, base), []string{base})
	noError(t, file.Usable(dir, true))
	want(t, "files after making", listing(t, base),
		[]string{base, filepath.Join(base, "a"), dir, filepath.Join(dir, marker)})
	noError(t, file.Usable(dir, false))
	empty := t.TempDir()
	noError(t, file.Usable(empty, false))
	want(t, "files after asking for an empty directory", listing(t, empty), []string{empty})
}

func TestOptionsThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		dir  string
		o    file.Options
		text string
	}{
		{"no directory", "", file.Options{}, "directory is empty"},
		{"less room than one block", "d", file.Options{MaxBytes: 4095}, "MaxBytes is 4095"},
		{"negative room", "d", file.Options{MaxBytes: -1}, "MaxBytes is -1"},
		{"a negative number of entries", "d", file.Options{MaxEntries: -1}, "MaxEntries is -1"},
		{"a negative wait", "d", file.Options{LockTimeout: -1}, "LockTimeout is -1ns"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := tt.dir
			if dir != "" {
				dir = filepath.Join(t.TempDir(), dir)
			}
			if _, err := file.Open(dir, tt.o); err == nil || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, want an error with %q", err, tt.text)
			}
		})
	}
}
