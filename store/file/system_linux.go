package file

import "golang.org/x/sys/unix"

// untrustedLocks names the network and user-space file systems: there flock is local to one machine,
// goes through a server that may forget it, or is missing, and a page that another machine wrote is
// seen late.
func untrustedLocks(st *unix.Statfs_t) string {
	// The type is signed and of different width on different architectures; the magic numbers are 32 bit.
	switch uint32(st.Type) {
	case unix.NFS_SUPER_MAGIC:
		return "NFS"
	case unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC:
		return "SMB"
	case unix.V9FS_MAGIC:
		return "9P"
	case unix.FUSE_SUPER_MAGIC:
		return "FUSE"
	case unix.AFS_SUPER_MAGIC, unix.AFS_FS_MAGIC:
		return "AFS"
	case unix.CEPH_SUPER_MAGIC:
		return "Ceph"
	case unix.CODA_SUPER_MAGIC:
		return "Coda"
	case unix.NCP_SUPER_MAGIC:
		return "NCP"
	case lustreMagic:
		return "Lustre"
	case vboxMagic:
		return "a VirtualBox shared folder"
	case vmwareMagic:
		return "a VMware shared folder"
	}
	return ""
}

// Magic numbers that package unix does not have.
const (
	lustreMagic = 0x0bd00bd0
	vboxMagic   = 0x786f4256
	vmwareMagic = 0xbacbacbc
)
