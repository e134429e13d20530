package file

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// Who writes to a folder holds the lock of its shard: against goroutines of this process through a
// channel, against other processes through flock on a file. The kernel frees the latter when a process
// dies, so no lock is ever stale. Readers take no lock unless they meet a torn record.
//
// The directory lock orders what concerns the whole directory, which is eviction and the turns of the
// sweep. A shard's lock is taken inside of it, never the other way round, and nobody holds two shards.
const (
	shards  = 16
	dirLock = shards
)

// lockNames are the files that are locked. They are empty.
var lockNames = [shards + 1]string{
	"lock.0", "lock.1", "lock.2", "lock.3", "lock.4", "lock.5", "lock.6", "lock.7",
	"lock.8", "lock.9", "lock.a", "lock.b", "lock.c", "lock.d", "lock.e", "lock.f", "lock.dir",
}

// shardOf is the lock of a folder.
func shardOf(folder int) int {
	return folder % shards
}

// flock asks in growing intervals, because a blocking call could not be left when a context ends.
const (
	firstRetry = 20 * time.Microsecond
	lastRetry  = time.Millisecond
)

var errLockTimeout = errors.New("another process holds the lock; is it stopped?")

// lock is a lock between goroutines and processes.
type lock struct {
	held chan struct{} // capacity 1, full while a goroutine of this process is inside or on its way
	fd   int           // noFD until first used; belongs to whoever filled held
}

// lock takes lock i. It waits until ctx is done, at most for the lock timeout. It returns errGone if
// the lock's file is no longer in the directory, because the lock excludes nobody then.
func (d *dir) lock(ctx context.Context, i int) error {
	l := &d.locks[i]
	select {
	case l.held <- struct{}{}:
	default:
		if err := l.enter(ctx, d.options.LockTimeout); err != nil {
			return d.lockError(ctx, i, err)
		}
	}
	if err := d.flock(ctx, i); err != nil {
		<-l.held
		return d.lockError(ctx, i, err)
	}
	return nil
}

func (d *dir) unlock(i int) {
	l := &d.locks[i]
	unflock(l.fd)
	<-l.held
}

func (d *dir) lockError(ctx context.Context, i int, err error) error {
	if errors.Is(err, errGone) || err == ctx.Err() {
		return err
	}
	return d.unavailable("lock", lockNames[i], err)
}

// enter waits for the goroutines of this process.
func (l *lock) enter(ctx context.Context, timeout time.Duration) error {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case l.held <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errLockTimeout
	}
}

// flock waits for the other processes.
func (d *dir) flock(ctx context.Context, i int) error {
	l := &d.locks[i]
	if l.fd == noFD {
		fd, err := d.ensure(lockNames[i], os.O_RDWR)
		if err != nil {
			return err
		}
		l.fd = fd
	}
	if err := l.poll(ctx, d.options.LockTimeout); err != nil {
		return err
	}
	st, err := infoOf(l.fd)
	if err == nil && st.links == 0 {
		err = errGone
	}
	if err != nil {
		unflock(l.fd)
	}
	return err
}

func (l *lock) poll(ctx context.Context, timeout time.Duration) error {
	taken, err := tryFlock(l.fd)
	if taken || err != nil {
		return err
	}
	start := time.Now()
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
		if taken, err = tryFlock(l.fd); taken || err != nil {
			return err
		}
		if time.Since(start) > timeout {
			return errLockTimeout
		}
	}
}

// ensure opens the file of the layout named name, or makes it. The marker is written again after it, in
// case that somebody is deleting the directory's contents at this moment: no name of ours may stay
// there without it.
func (d *dir) ensure(name string, flags int) (fd int, err error) {
	fd, err = openAt(d.fd, name, flags)
	if !errors.Is(err, syscall.ENOENT) {
		return fd, err
	}
	fd, err = openAt(d.fd, name, flags|os.O_CREATE)
	if errors.Is(err, syscall.ENOENT) {
		return noFD, errGone // nothing can be made in a directory that was removed
	}
	if err != nil {
		return noFD, err
	}
	if err := d.remark(); err != nil {
		closeFD(fd)
		return noFD, err
	}
	return fd, nil
}
