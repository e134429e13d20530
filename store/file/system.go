package file

import "os"

// noFD is an absent descriptor.
const noFD = -1

// info is what the store needs to know about a file or directory.
type info struct {
	dev, ino uint64
	links    uint64
	perm     os.FileMode
	uid      uint32
	size     int64
	used     int64 // mtime in Unix nanoseconds: when the record was last written or its use noted
	changed  int64 // ctime in Unix nanoseconds; used differs from it once a use was noted
}
