package file

import "golang.org/x/sys/unix"

// untrustedLocks names the file systems that are not on a disk of this machine: there flock goes
// through a server that may forget it, or is missing.
func untrustedLocks(st *unix.Statfs_t) string {
	if st.Flags&unix.MNT_LOCAL != 0 {
		return ""
	}
	return unix.ByteSliceToString(st.Fstypename[:])
}
