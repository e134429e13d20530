package file

import (
	"testing"

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
	}
	for _, tt := range tests {
		st := unix.Statfs_t{Type: tt.magic}
		if got := untrustedLocks(&st); got != tt.want {
			t.Errorf("file system %#x: got %q, want %q", tt.magic, got, tt.want)
		}
	}
}
