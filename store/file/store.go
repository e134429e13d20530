// Package file is a store in a directory: bounded, shared by any number of processes of one machine,
// and safe against a crash of any of them at any instant.
//
// Every entry is a file of its own, found by the hash of its key and overwritten in place under a
// lock. Readers take no lock: checksums tell a whole record from one that is being written, which is
// then read again under the lock. So a reader gets the old value, the new value or a miss, and never a
// mixture; what a crash leaves behind is a miss. Nothing is synced to disk: a power cut may cost
// entries, never correctness.
//
// The store has the capabilities [store.Batcher], [store.Counter], [store.Swapper], [store.Inspector],
// [store.Viewer] and [store.Clock]. All of them are atomic between processes where package store says
// that they are atomic. It works on Linux and macOS, on local file systems.
package file

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/cachewright/cachewright/store"
)

// Options are the bounds and habits of a [Store]. The zero value is valid. Processes that share a
// directory should use the same bounds; each one applies its own.
type Options struct {
	// MaxBytes is the disk space that the entries may take. An entry counts as its record (key, value
	// and 32 bytes) rounded up to blocks of 4 KiB, which is what it occupies on disk, so that the
	// default holds 65536 small entries. Directories and inodes come on top.
	//
	// Zero means 256 MiB. Less than one block is an error. The bound holds up to the writes that are
	// under way at the same moment.
	MaxBytes int64

	// MaxEntries is the number of entries that the store may hold. Zero means no bound but MaxBytes.
	MaxEntries int

	// Lazy puts off making the directory until the first write; until then every read is a miss.
	// Open then only fails for a directory that exists and cannot be used.
	Lazy bool

	// SweepEvery is the time in which expired entries are looked for in the whole store, one folder of
	// 256 after another. The processes that share a directory take turns, and a process that lives
	// shorter than that does its share.
	//
	// Zero means ten minutes; a negative value never sweeps. Expired entries are misses at once in any
	// case, and the first to be evicted: sweeping only gives their space back.
	SweepEvery time.Duration

	// LockTimeout is how long an operation waits for another process before it is given up with
	// store.ErrUnavailable. Locks are held for microseconds, so only a process that was stopped
	// reaches it. Zero means five seconds.
	LockTimeout time.Duration

	// AnyFileSystem accepts file systems whose flock cannot be trusted, such as NFS, SMB or FUSE. Set
	// it when only one machine uses the directory and its locks are known to work. Where they do not,
	// concurrent writers can lose each other's values and counts; corrupt values are still refused.
	AnyFileSystem bool

	// Trouble is told what a sweep could not do; nil ignores it. It runs on the sweep's goroutine and
	// must not call Close.
	Trouble func(error)
}

const (
	defaultMaxBytes    = 256 << 20
	defaultSweepEvery  = 10 * time.Minute
	defaultLockTimeout = 5 * time.Second

	// checkEvery is how long a directory that was replaced may go unnoticed.
	checkEvery = time.Second
)

// resolve returns the options as they run.
func (o Options) resolve() (Options, error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.SweepEvery == 0 {
		o.SweepEvery = defaultSweepEvery
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = defaultLockTimeout
	}
	if o.Trouble == nil {
		o.Trouble = func(error) {}
	}
	switch {
	case o.MaxBytes < blockBytes:
		return o, fmt.Errorf("MaxBytes is %d: want 0 or at least %d", o.MaxBytes, blockBytes)
	case o.MaxEntries < 0:
		return o, fmt.Errorf("MaxEntries is %d: want 0 or a positive number", o.MaxEntries)
	case o.LockTimeout < 0:
		return o, fmt.Errorf("LockTimeout is %v: want 0 or a positive duration", o.LockTimeout)
	}
	return o, nil
}

// Store keeps entries in a directory. It is safe for concurrent use, also by other processes and by
// other Stores on the same directory.
//
// A directory that is deleted or replaced while it is open is noticed within a second and made again
// by the next write. Failures of the system (full disk, read-only file system, too many open files)
// wrap [store.ErrUnavailable] and their cause; they damage nothing, and the store works again when
// the cause is gone.
type Store struct {
	path    string
	options Options
	buffers sync.Pool // of *buffer

	mu      sync.Mutex // guards the fields below
	dir     *dir       // nil while there is none
	checked time.Time  // when dir was last known to be in place
	closed  bool

	sweeper sweeper
}

var (
	_ store.Store     = (*Store)(nil)
	_ store.Batcher   = (*Store)(nil)
	_ store.Counter   = (*Store)(nil)
	_ store.Swapper   = (*Store)(nil)
	_ store.Inspector = (*Store)(nil)
	_ store.Viewer    = (*Store)(nil)
	_ store.Clock     = (*Store)(nil)
)

// Open opens the store in the directory at path and makes it, with its parents, if it is missing.
//
// A directory is made for its owner only (mode 0700, files 0600). One that exists must be empty or
// carry the marker of this store ([ErrForeign]), belong to this user and be writable by nobody else
// ([ErrInsecure]), and be on a file system with working locks ([ErrFileSystem]). Open reads no
// entries, however many there are.
//
// The caller closes the store; a goroutine sweeps expired entries until then.
func Open(path string, o Options) (*Store, error) {
	if path == "" {
		return nil, errors.New("file store: directory is empty; name one")
	}
	o, err := o.resolve()
	if err != nil {
		return nil, fmt.Errorf("file store: %s: %w", path, err)
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, unavailable("find", path, err)
	}
	s := &Store{path: path, options: o}
	s.buffers.New = func() any { return new(buffer) }
	d, err := s.acquire(context.Background(), !o.Lazy)
	if err != nil {
		return nil, err
	}
	s.release(d)
	s.sweeper.start(s)
	return s, nil
}

// Close ends the sweep and waits for it, at least until its first folder is done, which is what a
// process of a short life contributes. The directory is closed when the calls under way have ended. A
// second Close does nothing.
func (s *Store) Close() error {
	s.sweeper.finishTurn()
	s.mu.Lock()
	s.closed = true
	s.retire()
	s.mu.Unlock()
	s.sweeper.stop()
	return nil
}

// Now returns the local time, by which lifetimes are measured.
func (s *Store) Now() time.Time {
	return time.Now()
}

// As fills a *store.Leaser: leases stand in place of the values, which nobody else reads.
func (s *Store) As(target any) bool {
	t, ok := target.(*store.Leaser)
	if ok {
		*t = store.LeaseInPlace(s, s)
	}
	return ok
}

// acquire returns the directory for one call, which has to release it. It is nil if there is none and
// none is to be made.
func (s *Store) acquire(ctx context.Context, create bool) (*dir, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, store.ErrClosed
	}
	if s.dir != nil && now.Sub(s.checked) >= checkEvery {
		s.checked = now
		if !s.dir.intact() {
			s.retire()
		}
	}
	if s.dir == nil {
		d, err := openDir(s.path, s.options, create)
		if d == nil || err != nil {
			return nil, err
		}
		s.dir, s.checked = d, now
	}
	s.dir.users++
	return s.dir, nil
}

// release ends the use of a directory that acquire returned.
func (s *Store) release(d *dir) {
	if d == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d.users--
	if d.retired && d.users == 0 {
		d.close()
	}
}

// abandon ends the use of a directory whose files are gone. Another one is opened in its place, which
// may be the same if only its contents were deleted.
func (s *Store) abandon(d *dir) {
	d.inPlace()
	s.mu.Lock()
	if s.dir == d {
		s.retire()
	}
	s.mu.Unlock()
	s.release(d)
}

// retire gives the directory up. Its last user closes it. s.mu is held.
func (s *Store) retire() {
	d := s.dir
	if d == nil {
		return
	}
	s.dir, d.retired = nil, true
	if d.users == 0 {
		d.close()
	}
}
