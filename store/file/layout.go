package file

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"syscall"
)

// The directory of a store:
//
//	cachewright.layout   the marker; its first line is the layout, which says how many folders there are
//	lock.0 ... lock.f    one lock for every sixteenth folder each; lock.dir for the whole
//	counts               what each folder holds (see counts.go)
//	00 ... ff            the folders, each made when its first entry is written
//	ab/cdef...           an entry; folder and name are the first 128 bits of the key's SHA-256
//
// There are 16, 256 or 4096 folders, by the bounds of the process that makes the directory. All others
// take what the marker says, so that they find each other's entries whatever their own bounds are. A marker
// that is none of these belongs to another version, or to nobody: the directory is refused.
type layout struct {
	digits int    // of a folder's name, in hexadecimal
	line   string // of the marker
}

var layouts = [...]layout{
	{1, "files 2, 16 folders\n"},
	{2, "files 1\n"},
	{3, "files 2, 4096 folders\n"},
}

const (
	markerName  = "cachewright.layout"
	markerRest  = "This directory is a cache. Delete it as a whole to clear it.\n"
	markerBytes = 256 // more than any marker has

	// folderFill is how many entries a folder of a full store may hold: an eviction lists one folder, and
	// a sweep does so under a lock, both in less than a millisecond then. Only the largest layout exceeds
	// it, from 16 GiB of small entries on.
	folderFill = 1024
)

// layout returns the layout that suits the bounds.
func (o Options) layout() layout {
	bound := o.bound()
	for _, l := range layouts {
		if min(bound.entries, bound.blocks) <= int64(l.folders())*folderFill {
			return l
		}
	}
	return layouts[len(layouts)-1]
}

// folders is how many folders there are. They have numbers from 0 on.
func (l layout) folders() int { return 1 << (4 * l.digits) }

// marker is the text of the marker.
func (l layout) marker() string { return l.line + markerRest }

// parseMarker returns the layout that the text of a marker says. cutOff is true for one that does not say
// it yet: it is being written, or whoever wrote it was killed.
func parseMarker(text string) (l layout, ok, cutOff bool) {
	for _, l := range layouts {
		if strings.HasPrefix(text, l.line) {
			return l, true, false
		}
		cutOff = cutOff || strings.HasPrefix(l.line, text)
	}
	return layout{}, false, cutOff
}

// hashBytes are 128 bits: two keys never share a file, and if they did, the key in the record decides.
const hashBytes = 16

// name is where an entry lies.
type name struct {
	folder int
	path   string // of its file, relative to the directory
}

// nameOf returns the name of a key: the first digits of its hash for the folder, the rest for the file.
func (l layout) nameOf(key string) name {
	var short [128]byte // keeps keys of usual length off the heap
	sum := sha256.Sum256(append(short[:0], key...))
	var path [2*hashBytes + 1]byte
	hex.Encode(path[1:], sum[:hashBytes])
	copy(path[:], path[1:1+l.digits])
	path[l.digits] = '/'
	first := int(sum[0])<<8 | int(sum[1])
	return name{folder: first >> (16 - 4*l.digits), path: string(path[:])}
}

// folderPath is the path of a folder, relative to the directory.
func (l layout) folderPath(folder int) string {
	const digits = "0123456789abcdef"
	var path [4]byte
	for i := l.digits - 1; i >= 0; i-- {
		path[i] = digits[folder&0xf]
		folder >>= 4
	}
	return string(path[:l.digits])
}

// folderOf is the folder of the entry at path, which nameOf or folderPath has made.
func (l layout) folderOf(path string) (folder int) {
	for _, c := range []byte(path[:l.digits]) {
		digit := int(c - '0')
		if c >= 'a' {
			digit = int(c-'a') + 10
		}
		folder = folder<<4 | digit
	}
	return folder
}

// isEntry reports whether a file in a folder may be an entry. Others are left alone.
func (l layout) isEntry(file string) bool {
	if len(file) != 2*hashBytes-l.digits {
		return false
	}
	for i := range len(file) {
		if c := file[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// marker returns the text of the marker; it is empty if there is none.
func (d *dir) marker() (string, error) {
	fd, err := openAt(d.fd, markerName, os.O_RDONLY)
	if errors.Is(err, syscall.ENOENT) {
		return "", nil
	}
	if err != nil {
		return "", d.unavailable("open", markerName, err)
	}
	defer closeFD(fd)
	text, err := readMarker(fd)
	if err != nil {
		return "", d.unavailable("read", markerName, err)
	}
	return text, nil
}

func readMarker(fd int) (string, error) {
	st, err := infoOf(fd)
	if err != nil {
		return "", err
	}
	text := make([]byte, min(st.size, markerBytes))
	if err := readAt(fd, text, 0); err != nil {
		return "", err
	}
	return string(text), nil
}

// mark makes sure that the directory has a marker which is whole, and returns the layout that it says:
// wish, or what another process was the first to write. It returns errGone if the directory or its marker
// was deleted meanwhile.
func (d *dir) mark(wish layout) (layout, error) {
	fd, err := openAt(d.fd, markerName, os.O_RDWR|os.O_CREATE)
	if errors.Is(err, syscall.ENOENT) {
		return layout{}, errGone // nothing can be made in a directory that was removed
	}
	if err != nil {
		return layout{}, err
	}
	defer closeFD(fd) // and with it the lock
	text, err := readMarker(fd)
	if err != nil {
		return layout{}, err
	}
	if l, ok, _ := parseMarker(text); ok && text == l.marker() {
		return l, nil
	}
	if err := (&lock{fd: fd}).poll(context.Background(), d.options.LockTimeout); err != nil {
		return layout{}, err
	}
	st, err := infoOf(fd)
	if err != nil {
		return layout{}, err
	}
	if st.links == 0 {
		return layout{}, errGone
	}
	if text, err = readMarker(fd); err != nil {
		return layout{}, err
	}
	l, ok, _ := parseMarker(text)
	if !ok {
		l = wish
	}
	if err := writeAt(fd, []byte(l.marker()), 0); err != nil {
		return layout{}, err
	}
	// Entries are not synced, and this is, once: entries that a power cut leaves behind are to be found
	// by a marker that says where.
	return l, syncFile(fd)
}

// remark makes up for a marker that was deleted with other contents. It returns errGone if the directory
// has got another layout since.
func (d *dir) remark() error {
	l, err := d.mark(d.layout)
	if err == nil && l != d.layout {
		err = errGone
	}
	return err
}
