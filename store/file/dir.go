package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/cachewright/cachewright/store"
)

// dir is an open store directory.
type dir struct {
	path    string
	options Options
	layout  layout
	fd      int
	id      identity
	locks   [shards + 1]lock

	countsMu sync.Mutex // guards countsFD
	countsFD int        // noFD until first used

	room room

	users   int  // calls that work on it; guarded by Store.mu
	retired bool // closed by the last user; guarded by Store.mu
}

// identity tells a directory from another one at the same path.
type identity struct {
	dev, ino uint64
}

func (i info) identity() identity {
	return identity{i.dev, i.ino}
}

// openDir opens the store directory at path. Without create, a directory that is missing or empty is
// no error and gives nil.
func openDir(path string, o Options, create bool) (*dir, error) {
	fd, err := openDirectory(path)
	if errors.Is(err, fs.ErrNotExist) {
		if !create {
			return nil, nil
		}
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, unavailable("make directory", path, cause(err))
		}
		fd, err = openDirectory(path)
	}
	if err != nil {
		return nil, unavailable("open directory", path, err)
	}
	d := &dir{path: path, options: o, fd: fd, countsFD: noFD}
	for i := range d.locks {
		d.locks[i] = lock{held: make(chan struct{}, 1), fd: noFD}
	}
	made, err := d.vet(create)
	if !made || err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// cause strips the operation and path that package os puts before an error.
func cause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// vet refuses a directory in which a store is not safe or not welcome. made is false for one that is
// empty and stays so.
func (d *dir) vet(create bool) (made bool, err error) {
	st, err := infoOf(d.fd)
	if err != nil {
		return false, unavailable("stat", d.path, err)
	}
	d.id = st.identity()
	if st.perm&0o022 != 0 {
		return false, refused(d.path, ErrInsecure, fmt.Sprintf("its mode is %#o; run chmod go-w", st.perm))
	}
	if uid := os.Geteuid(); int(st.uid) != uid {
		return false, refused(d.path, ErrInsecure,
			fmt.Sprintf("it belongs to user %d and this is user %d; run chown or choose another directory", st.uid, uid))
	}
	if err := trusted(d.path, d.fd, d.options); err != nil {
		return false, err
	}
	return d.adopt(create)
}

// trusted refuses file systems without good locks.
func trusted(path string, fd int, o Options) error {
	name, err := fileSystem(fd)
	if err != nil {
		return unavailable("statfs", path, err)
	}
	if name != "" && !o.AnyFileSystem {
		return refused(path, ErrFileSystem, "it is "+name+"; choose a directory on a local disk")
	}
	return nil
}

// adopt takes the layout that the marker says and, with create, makes a missing marker in an empty
// directory.
func (d *dir) adopt(create bool) (made bool, err error) {
	for range maxAttempts {
		text, err := d.marker()
		if text == "" && err == nil {
			text, err = d.strange()
		}
		if err != nil {
			return false, err
		}
		l, ok, cutOff := parseMarker(text)
		switch {
		case ok:
			d.layout = l
			return true, nil
		case !cutOff:
			name, _, _ := strings.Cut(text, "\n")
			return false, refused(d.path, ErrForeign,
				fmt.Sprintf("its layout is %.40q, which this version does not know; choose another directory", name))
		case !create:
			return false, nil
		}
		// There is no marker, or its beginning: it was cut off by a crash, or another process is at it.
		d.layout, err = d.mark(d.options.layout())
		if !errors.Is(err, errGone) {
			if err != nil {
				err = d.unavailable("write", markerName, err)
			}
			return err == nil, err
		}
	}
	return false, d.unavailable("write", markerName, errGone)
}

// strange refuses a directory that has no marker but something else. Another process may have made the
// marker and more since its text was read, so that is returned again.
func (d *dir) strange() (text string, err error) {
	empty, err := d.empty()
	if err != nil {
		return "", err
	}
	if text, err = d.marker(); text == "" && err == nil && !empty {
		err = refused(d.path, ErrForeign, "choose an empty directory, or empty this one")
	}
	return text, err
}

// GuestFolder is the one folder in a store's directory that belongs to somebody else: Django's file
// cache of the same configuration, which may be there first. The store neither counts nor touches it.
const GuestFolder = "django"

// empty reports whether nothing but perhaps a marker and the guest's folder is in the directory.
func (d *dir) empty() (bool, error) {
	f, err := directory(d.fd, ".")
	if err != nil {
		return false, d.unavailable("list", ".", err)
	}
	defer f.Close()
	names, err := f.Readdirnames(3)
	if err != nil && len(names) == 0 {
		return true, nil // the end of the list
	}
	for _, name := range names {
		if name != markerName && name != GuestFolder {
			return false, nil
		}
	}
	return true, nil
}

// inPlace reports whether the directory still is the one at its path, with its layout, and makes up for a
// marker that was deleted with other contents.
func (d *dir) inPlace() bool {
	st, err := infoOfPath(d.path)
	if err != nil || st.identity() != d.id {
		return false
	}
	text, err := d.marker()
	if err != nil {
		return true // as far as can be seen now
	}
	if l, ok, _ := parseMarker(text); ok {
		return l == d.layout
	}
	return d.remark() == nil
}

// intact reports whether the directory is in place and the file of its counts still in it.
func (d *dir) intact() bool {
	if !d.inPlace() {
		return false
	}
	d.countsMu.Lock()
	defer d.countsMu.Unlock()
	if d.countsFD == noFD {
		return true
	}
	st, err := infoOf(d.countsFD)
	return err == nil && st.links > 0
}

func (d *dir) close() {
	for i := range d.locks {
		closeFD(d.locks[i].fd)
	}
	closeFD(d.countsFD)
	closeFD(d.fd)
}

func (d *dir) unavailable(op, name string, cause error) error {
	return unavailable(op, filepath.Join(d.path, name), cause)
}

func refused(path string, why error, remedy string) error {
	return fmt.Errorf("file store: %s: %w: %w: %s", path, store.ErrUnavailable, why, remedy)
}

// Usable reports, as an error, whether a store can live in the directory at path.
//
// With create it makes the directory with its marker, as [Open] does, and leaves it there. Otherwise
// it changes nothing: a directory that is missing is usable if it could be made, which the nearest
// parent that exists decides. The answer is about this moment and this user.
func Usable(path string, create bool) error {
	d, err := openDir(path, Options{}, create)
	if err != nil {
		return err
	}
	if d != nil {
		d.close()
		return canWrite(path)
	}
	at, fd, err := nearest(path)
	if err != nil {
		return err
	}
	defer closeFD(fd)
	if err := trusted(at, fd, Options{}); err != nil {
		return err
	}
	return canWrite(at)
}

// nearest opens path or the nearest parent of it that exists.
func nearest(path string) (at string, fd int, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return "", noFD, unavailable("find", path, err)
	}
	for {
		fd, err = openDirectory(path)
		parent := filepath.Dir(path)
		if err == nil {
			return path, fd, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || parent == path {
			return "", noFD, unavailable("open directory", path, err)
		}
		path = parent
	}
}

func canWrite(path string) error {
	if err := writable(path); err != nil {
		return unavailable("write to", path, err)
	}
	return nil
}
