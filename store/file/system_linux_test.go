package file

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestFileSystemsWithoutGoodLocksAreNamed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		magic int64
		want  string
	}{
		{unix.EXT4_SUPER_MAGIC, ""},
		{unix.XFS_SUPER_MAGIC, ""},
		{unix.BTRFS_SUPER_MAGIC, ""},
		{unix.TMPFS_MAGIC, ""},
		{unix.OVERLAYFS_SUPER_MAGIC, ""},
		{unix.NFS_SUPER_MAGIC, "NFS"},
		{unix.SMB2_SUPER_MAGIC, "SMB"},
		{unix.CIFS_SUPER_MAGIC, "SMB"},
		{unix.V9FS_MAGIC, "9P"},
		{unix.FUSE_SUPER_MAGIC, "FUSE"},
		{unix.AFS_FS_MAGIC, "AFS"},
		{unix.CEPH_SUPER_MAGIC, "Ceph"},
		{unix.CODA_SUPER_MAGIC, "Coda"},
		{unix.NCP_SUPER_MAGIC, "NCP"},
		{lustreMagic, "Lustre"},
		{vboxMagic, "a VirtualBox shared folder"},
		{-0x45345344, "a VMware shared folder"}, // its magic as a signed number of 32 bits
	}
	for _, tt := range tests {
		st := unix.Statfs_t{Type: tt.magic}
		if got := untrustedLocks(&st); got != tt.want {
			t.Errorf("file system %#x: got %q, want %q", tt.magic, got, tt.want)
		}
	}
}

// TestAWriteIntoAFullStoreListsLittle counts, by what the kernel tells of opened folders, how much of the
// store is listed for the room that many writes need.
func TestAWriteIntoAFullStoreListsLittle(t *testing.T) {
	t.Parallel()
	const entries, more = 8000, 400 // 500 in each of 16 folders
	dir, ctx := t.TempDir(), t.Context()
	if memory, err := os.MkdirTemp("/dev/shm", "cachewright-test-"); err == nil {
		t.Cleanup(func() { _ = os.RemoveAll(memory) })
		dir = memory
	}
	s, err := Open(dir, Options{MaxEntries: entries, SweepEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	fill := func(from, to int) {
		for i := from; i < to; i++ {
			if err := s.Set(ctx, strconv.Itoa(i), nil, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill(0, entries)
	opened := watchFolders(t, dir)
	fill(entries, entries+more)
	n, _, err := s.Usage(ctx)
	if err != nil || n > entries || n < entries-entries/16 {
		t.Errorf("%d entries, error %v; want about %d", n, err, entries)
	}
	// A folder gives 64 entries, a quarter of a sample.
	if got := opened(); got == 0 || got > 2*more/64 {
		t.Errorf("%d folders were listed for %d writes, want about one for 64", got, more)
	}
}

// watchFolders counts how often a folder in dir is opened from now on.
func watchFolders(t *testing.T, dir string) (opened func() int) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	folders, err := filepath.Glob(filepath.Join(dir, "[0-9a-f]"))
	if err != nil || len(folders) != 16 {
		t.Fatalf("%d folders, error %v", len(folders), err)
	}
	for _, folder := range folders {
		if _, err := unix.InotifyAddWatch(fd, folder, unix.IN_OPEN|unix.IN_ONLYDIR); err != nil {
			t.Fatal(err)
		}
	}
	return func() (n int) {
		events := make([]byte, 1<<20)
		for {
			size, err := unix.Read(fd, events)
			if err == unix.EAGAIN {
				return n
			}
			if err != nil {
				t.Fatal(err)
			}
			for b := events[:size]; len(b) >= unix.SizeofInotifyEvent; {
				mask, name := binary.NativeEndian.Uint32(b[4:]), binary.NativeEndian.Uint32(b[12:])
				if mask&unix.IN_Q_OVERFLOW != 0 {
					t.Fatal("the kernel has lost events")
				}
				if mask&unix.IN_ISDIR != 0 && name == 0 {
					n++
				}
				b = b[unix.SizeofInotifyEvent+name:]
			}
		}
	}
}
