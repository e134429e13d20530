package file

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"syscall"
)

// The file "counts" knows what each folder holds, so that a write can tell how full the store is
// without listing anything. It has a slot for every folder, and behind them the state of the sweep. All
// numbers are little endian.
//
//	offset             bytes  field
//	16 * folder            4  entries in the folder
//	         +4            4  blocks that they take
//	         +8            8  check of the two
//	16 * folders           8  when the next folder is to be swept, Unix nanoseconds
//	         +8            8  that folder
//
// A slot is written under the lock of its folder's shard. A process that is killed between a change
// and its slot leaves the count wrong by one; the sweep counts again. A slot that does not check
// (a new file, or foreign bytes) is unknown: the next write to the folder counts it.
const (
	countsName = "counts"
	slotBytes  = 16
	turnBytes  = 16
)

// blockBytes is the unit in which file systems give out space.
const blockBytes = 4096

// blocksOf is the number of blocks that a file takes.
func blocksOf(size int64) int64 {
	return (size + blockBytes - 1) / blockBytes
}

// tally is a number of entries and of the blocks that they take.
type tally struct {
	entries, blocks int64
}

func (t tally) plus(other tally) tally {
	return tally{t.entries + other.entries, t.blocks + other.blocks}
}

func (t tally) minus(other tally) tally {
	return tally{t.entries - other.entries, t.blocks - other.blocks}
}

// bound is the tally that the options allow.
func (o Options) bound() tally {
	bound := tally{entries: math.MaxInt64, blocks: o.MaxBytes / blockBytes}
	if o.MaxEntries > 0 {
		bound.entries = int64(o.MaxEntries)
	}
	return bound
}

// within reports whether neither number exceeds the other tally's.
func (t tally) within(bound tally) bool {
	return t.entries <= bound.entries && t.blocks <= bound.blocks
}

func putSlot(slot []byte, t tally) {
	// Counts that drifted below zero are set right by the next count.
	entries, blocks := clamp(t.entries), clamp(t.blocks)
	binary.LittleEndian.PutUint32(slot, entries)
	binary.LittleEndian.PutUint32(slot[4:], blocks)
	binary.LittleEndian.PutUint64(slot[8:], slotCheck(entries, blocks))
}

func clamp(n int64) uint32 {
	return uint32(min(max(n, 0), math.MaxUint32))
}

func parseSlot(slot []byte) (t tally, known bool) {
	entries, blocks := binary.LittleEndian.Uint32(slot), binary.LittleEndian.Uint32(slot[4:])
	if binary.LittleEndian.Uint64(slot[8:]) != slotCheck(entries, blocks) {
		return tally{}, false
	}
	return tally{int64(entries), int64(blocks)}, true
}

// slotCheck is not zero for an empty folder, so that a file of zeros knows nothing.
func slotCheck(entries, blocks uint32) uint64 {
	const spread = 0x9e3779b97f4a7c15 // any odd number with its bits well mixed
	return (uint64(entries)<<32 | uint64(blocks) + 1) * spread
}

// countsFile returns the open file, which is made whole if it is not.
func (d *dir) countsFile() (fd int, err error) {
	d.countsMu.Lock()
	defer d.countsMu.Unlock()
	if d.countsFD != noFD {
		return d.countsFD, nil
	}
	fd, err = d.ensure(countsName, os.O_RDWR)
	if err != nil {
		return noFD, d.countsError("open", err)
	}
	if err := fillCounts(fd, d.turnOffset()+turnBytes); err != nil {
		closeFD(fd)
		return noFD, d.countsError("write", err)
	}
	d.countsFD = fd
	return fd, nil
}

// fillCounts lengthens a file that is too short. It writes zeros instead of leaving a hole, so that a
// full disk is met here and not with a count in the hand. If two processes do so at once, one may wipe
// out a slot that the other has written; that folder is counted again then.
func fillCounts(fd int, size int64) error {
	st, err := infoOf(fd)
	if err != nil || st.size >= size {
		return err
	}
	return writeAt(fd, make([]byte, size-st.size), st.size)
}

func (d *dir) countsError(op string, err error) error {
	if errors.Is(err, errGone) {
		return err
	}
	return d.unavailable(op, countsName, err)
}

// total adds up what all folders hold. Folders that are unknown count nothing.
func (d *dir) total() (total tally, err error) {
	err = d.eachCount(func(_ int, t tally) { total = total.plus(t) })
	return total, err
}

// tallies is total with the single counts.
func (d *dir) tallies() (total tally, each []tally, err error) {
	each = make([]tally, d.layout.folders())
	err = d.eachCount(func(folder int, t tally) {
		each[folder] = t
		total = total.plus(t)
	})
	return total, each, err
}

// eachCount calls add with what each folder holds.
func (d *dir) eachCount(add func(folder int, t tally)) error {
	fd, err := d.countsFile()
	if err != nil {
		return err
	}
	var slots [256 * slotBytes]byte
	for folder := 0; folder < d.layout.folders(); {
		b := slots[:min(len(slots), (d.layout.folders()-folder)*slotBytes)]
		if err := readAt(fd, b, slotOffset(folder)); err != nil {
			return d.countsError("read", err)
		}
		for ; len(b) > 0; b = b[slotBytes:] {
			t, _ := parseSlot(b[:slotBytes])
			add(folder, t)
			folder++
		}
	}
	return nil
}

// adjust adds change to the count of a folder in which it has just taken place. The lock of its shard
// is held.
func (d *dir) adjust(folder int, change tally) error {
	t, known, err := d.count(folder)
	if err != nil {
		return err
	}
	if !known {
		return d.recount(folder)
	}
	return d.setCount(folder, t.plus(change))
}

// count returns what a folder holds, if it is known.
func (d *dir) count(folder int) (t tally, known bool, err error) {
	fd, err := d.countsFile()
	if err != nil {
		return tally{}, false, err
	}
	var slot [slotBytes]byte
	if err := readAt(fd, slot[:], slotOffset(folder)); err != nil {
		return tally{}, false, d.countsError("read", err)
	}
	t, known = parseSlot(slot[:])
	return t, known, nil
}

// recount counts a folder by listing it. The lock of its shard is held.
func (d *dir) recount(folder int) error {
	files, err := d.list(folder)
	if err != nil {
		return err
	}
	var t tally
	for _, file := range files {
		st, err := infoAt(d.fd, file)
		if errors.Is(err, syscall.ENOENT) {
			continue // deleted by somebody who asks for no lock
		}
		if err != nil {
			return d.unavailable("stat", file, err)
		}
		t = t.plus(tally{1, blocksOf(st.size)})
	}
	return d.setCount(folder, t)
}

func (d *dir) setCount(folder int, t tally) error {
	fd, err := d.countsFile()
	if err != nil {
		return err
	}
	var slot [slotBytes]byte
	putSlot(slot[:], t)
	if err := writeAt(fd, slot[:], slotOffset(folder)); err != nil {
		return d.countsError("write", err)
	}
	return nil
}

// turnOffset is where the state of the sweep stands, behind the slots.
func (d *dir) turnOffset() int64 {
	return slotOffset(d.layout.folders())
}

func slotOffset(folder int) int64 {
	return int64(folder) * slotBytes
}

// list returns the paths of the entries in a folder, relative to the directory.
func (d *dir) list(folder int) ([]string, error) {
	path := d.layout.folderPath(folder)
	f, err := directory(d.fd, path)
	if errors.Is(err, syscall.ENOENT) {
		return nil, nil
	}
	if err != nil {
		return nil, d.unavailable("open", path, err)
	}
	defer f.Close()
	files, err := f.Readdirnames(-1)
	if err != nil {
		return nil, d.unavailable("list", path, cause(err))
	}
	paths := files[:0]
	for _, file := range files {
		if d.layout.isEntry(file) {
			paths = append(paths, path+"/"+file)
		}
	}
	return paths, nil
}
