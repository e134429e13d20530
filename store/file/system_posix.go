//go:build linux || darwin

package file

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// The calls of the operating system that the store needs, on open descriptors and paths relative to
// them. Package os does the same at twice the price, and a hit is four calls and little else.

// openDirectory opens the directory at path as a handle for the calls below.
func openDirectory(path string) (fd int, err error) {
	return openAt(unix.AT_FDCWD, path, os.O_RDONLY|unix.O_DIRECTORY)
}

// openAt opens or, with os.O_CREATE, makes a file for the owner only.
func openAt(dir int, path string, flags int) (fd int, err error) {
	for {
		fd, err = unix.Openat(dir, path, flags|unix.O_CLOEXEC, 0o600)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		return noFD, err
	}
	return fd, nil
}

func closeFD(fd int) {
	if fd != noFD {
		// Nothing is buffered on this side, so there is nothing that a failing close could lose.
		_ = unix.Close(fd)
	}
}

// makeDirectory makes a directory for the owner only; one that is there already is fine.
func makeDirectory(dir int, path string) error {
	err := unix.Mkdirat(dir, path, 0o700)
	if err == unix.EEXIST {
		return nil
	}
	return err
}

func unlink(dir int, path string) error {
	return unix.Unlinkat(dir, path, 0)
}

func infoOf(fd int) (info, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return info{}, err
	}
	return newInfo(&st), nil
}

func infoAt(dir int, path string) (info, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(dir, path, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return info{}, err
	}
	return newInfo(&st), nil
}

// infoOfPath follows a symbolic link, as opening the path does.
func infoOfPath(path string) (info, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return info{}, err
	}
	return newInfo(&st), nil
}

func newInfo(st *unix.Stat_t) info {
	return info{
		dev:     uint64(st.Dev),
		ino:     uint64(st.Ino),
		links:   uint64(st.Nlink),
		perm:    os.FileMode(st.Mode & 0o777),
		uid:     st.Uid,
		size:    st.Size,
		used:    st.Mtim.Nano(),
		changed: st.Ctim.Nano(),
	}
}

// setUsed sets the time of last use.
func setUsed(dir int, path string, at int64) error {
	t := unix.NsecToTimespec(at)
	return unix.UtimesNanoAt(dir, path, []unix.Timespec{t, t}, unix.AT_SYMLINK_NOFOLLOW)
}

// readAt fills b from offset, or as far as the file goes: then the error is io.ErrUnexpectedEOF.
func readAt(fd int, b []byte, offset int64) error {
	for len(b) > 0 {
		n, err := unix.Pread(fd, b, offset)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return err
		case n == 0:
			return io.ErrUnexpectedEOF
		}
		b, offset = b[n:], offset+int64(n)
	}
	return nil
}

// writeAt writes all of b. A disk that fills up on the way is an error after a part of it was written.
func writeAt(fd int, b []byte, offset int64) error {
	for len(b) > 0 {
		n, err := unix.Pwrite(fd, b, offset)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return err
		case n == 0:
			return io.ErrShortWrite
		}
		b, offset = b[n:], offset+int64(n)
	}
	return nil
}

func syncFile(fd int) error {
	for {
		if err := unix.Fsync(fd); err != unix.EINTR {
			return err
		}
	}
}

func truncate(fd int, size int64) error {
	return unix.Ftruncate(fd, size)
}

// tryFlock takes the exclusive lock on fd if nobody has it.
func tryFlock(fd int) (taken bool, err error) {
	for {
		err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EWOULDBLOCK:
			return false, nil
		}
		return err == nil, err
	}
}

func unflock(fd int) {
	// The kernel gives the lock up with the descriptor at the latest; there is no way for this to fail
	// on a descriptor that holds one.
	_ = unix.Flock(fd, unix.LOCK_UN)
}

// writable reports, as an error, whether this process may create files in the directory at path.
func writable(path string) error {
	return unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK|unix.X_OK, unix.AT_EACCESS)
}

// directory reads names out of the folder at path, which is relative to dir.
func directory(dir int, path string) (*os.File, error) {
	fd, err := openAt(dir, path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}

// fileSystem names the file system that fd is on if its flock cannot be trusted to exclude every
// process that sees the same files, or if nothing is known about it.
func fileSystem(fd int) (untrusted string, err error) {
	var st unix.Statfs_t
	if err := statFileSystem(fd, &st); err != nil {
		return "", err
	}
	return untrustedLocks(&st), nil
}

// freeSpace returns the bytes that this user may still take on the file system that fd is on.
func freeSpace(fd int) (int64, error) {
	var st unix.Statfs_t
	if err := statFileSystem(fd, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}

func statFileSystem(fd int, st *unix.Statfs_t) error {
	for {
		if err := unix.Fstatfs(fd, st); err != unix.EINTR {
			return err
		}
	}
}
