package file

import (
	"crypto/sha256"
	"encoding/hex"
)

const (
	folders   = 256
	hashBytes = 16 // 128 bits: two keys never share a file, and if they did, the key in the record decides
	nameChars = 2 * (hashBytes - 1)
)

// name is where an entry lies.
type name struct {
	folder byte
	path   string // of its file, relative to the directory
}

// nameOf returns the name of a key: two hex digits of its hash for the folder, the rest for the file.
func nameOf(key string) name {
	var short [128]byte // keeps keys of usual length off the heap
	sum := sha256.Sum256(append(short[:0], key...))
	var path [3 + nameChars]byte
	hex.Encode(path[:2], sum[:1])
	path[2] = '/'
	hex.Encode(path[3:], sum[1:hashBytes])
	return name{folder: sum[0], path: string(path[:])}
}

// folderPath is the path of a folder, relative to the directory.
func folderPath(folder byte) string {
	return hex.EncodeToString([]byte{folder})
}

// folderOf is the folder of the entry at path.
func folderOf(path string) byte {
	folder, _ := hex.DecodeString(path[:2]) // the path was made by nameOf or folderPath
	return folder[0]
}

// isEntry reports whether a file in a folder may be an entry. Others are left alone.
func isEntry(file string) bool {
	if len(file) != nameChars {
		return false
	}
	for i := range len(file) {
		if c := file[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
