package pickle

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"unicode/utf8"
)

// The pickler's constants. Python's readers need none of them; they decide the bytes.
const (
	frameHeader = 9       // the opcode and eight bytes of length
	frameMin    = 4       // shorter frames are written without a header
	frameTarget = 1 << 16 // a frame that has reached this size ends
	batchSize   = 1000    // so many elements are added to a container at once
)

// writer writes one pickle the way CPython's C pickler does.
type writer struct {
	dynamic *dynamic
	buf     []byte
	frame   int // where the header of the frame at work is
	memoed  int // how many objects have been put into the memo

	// What is in the memo and may occur again, by its index.
	strings map[string]int
	objects map[identity]int // of a container at work: the complement of the index
	zones   map[zoneKey]int
	classes [globals]int // plus one; 0 for those not written yet
}

// identity is what makes two slices or maps one object.
type identity struct {
	kind    kind
	pointer uintptr // of the first element; what it belongs to lives on, because the user's value has it
	len     int
}

func newWriter(d *dynamic) *writer {
	return &writer{dynamic: d, strings: map[string]int{}, objects: map[identity]int{}, zones: map[zoneKey]int{}}
}

// keptEntries is how many memo entries a writer may keep room for when it is not at work.
const keptEntries = 1 << 12

// forget drops what the writer holds of the pickle that it wrote.
func (w *writer) forget() {
	if w.memoed > keptEntries {
		*w = *newWriter(w.dynamic)
		return
	}
	w.buf = nil
	clear(w.strings)
	clear(w.objects)
	clear(w.zones)
}

// begin begins a pickle at the end of dst.
func (w *writer) begin(dst []byte) {
	w.buf = append(dst, opProto, writtenProtocol)
	w.memoed, w.classes = 0, [globals]int{}
	w.openFrame()
}

// end ends the pickle and returns it.
func (w *writer) end() []byte {
	w.buf = append(w.buf, opStop)
	w.closeFrame()
	return w.buf
}

func (w *writer) openFrame() {
	w.frame = len(w.buf)
	w.buf = append(w.buf, opFrame, 0, 0, 0, 0, 0, 0, 0, 0)
}

func (w *writer) closeFrame() {
	body := w.buf[w.frame+frameHeader:]
	if len(body) >= frameMin {
		binary.LittleEndian.PutUint64(w.buf[w.frame+1:], uint64(len(body)))
		return
	}
	w.buf = append(w.buf[:w.frame], body...)
}

// boundary comes before every object: it is where frames may end.
func (w *writer) boundary() {
	if len(w.buf)-w.frame-frameHeader >= frameTarget {
		w.closeFrame()
		w.openFrame()
	}
}

// memoize puts the object that was just written into the memo and returns its index.
func (w *writer) memoize() int {
	w.buf = append(w.buf, opMemoize)
	w.memoed++
	return w.memoed - 1
}

// get writes the object of a memo index.
func (w *writer) get(index int) {
	if index <= math.MaxUint8 {
		w.buf = append(w.buf, opBinGet, byte(index))
		return
	}
	w.buf = binary.LittleEndian.AppendUint32(append(w.buf, opLongBinGet), uint32(index))
}

// reduce ends the call of a class, whose arguments are written, and returns the memo index of what it
// makes.
func (w *writer) reduce() int {
	w.buf = append(w.buf, opReduce)
	return w.memoize()
}

// class writes a class that is known.
func (w *writer) class(g global) {
	w.boundary()
	if known := w.classes[g]; known > 0 {
		w.get(known - 1)
		return
	}
	name := &globalNames[g]
	w.sharedText(name.module)
	if name.fresh {
		w.freshText(name.name)
	} else {
		w.sharedText(name.name)
	}
	w.buf = append(w.buf, opStackGlobal)
	w.classes[g] = w.memoize() + 1
}

func (w *writer) none() {
	w.boundary()
	w.buf = append(w.buf, opNone)
}

func (w *writer) bool(b bool) {
	w.boundary()
	if b {
		w.buf = append(w.buf, opNewTrue)
	} else {
		w.buf = append(w.buf, opNewFalse)
	}
}

func (w *writer) int(i int64) {
	w.boundary()
	switch {
	case i >= 0 && i <= math.MaxUint8:
		w.buf = append(w.buf, opBinInt1, byte(i))
	case i >= 0 && i <= math.MaxUint16:
		w.buf = append(w.buf, opBinInt2, byte(i), byte(i>>8))
	case i >= math.MinInt32 && i <= math.MaxInt32:
		w.buf = binary.LittleEndian.AppendUint32(append(w.buf, opBinInt), uint32(i))
	default:
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(i))
		w.long(trimSign(b[:]))
	}
}

func (w *writer) uint(u uint64) {
	if u <= math.MaxInt64 {
		w.int(int64(u))
		return
	}
	w.boundary()
	var b [9]byte
	binary.LittleEndian.PutUint64(b[:], u)
	w.long(b[:])
}

func (w *writer) bigInt(x *big.Int) error {
	if x.IsInt64() {
		w.int(x.Int64())
		return nil
	}
	w.boundary()
	b := littleEndian(x)
	if len(b) > math.MaxInt32 {
		return errors.New("is an int of more than 2 GiB")
	}
	w.long(b)
	return nil
}

// long writes an int beyond 32 bits.
func (w *writer) long(b []byte) {
	if len(b) <= math.MaxUint8 {
		w.buf = append(w.buf, opLong1, byte(len(b)))
	} else {
		w.buf = binary.LittleEndian.AppendUint32(append(w.buf, opLong4), uint32(len(b)))
	}
	w.buf = append(w.buf, b...)
}

// pythonNaN has the bits of Python's float("nan"). Those of Go's math.NaN differ by one.
const pythonNaN = 0x7ff8000000000000

func (w *writer) float(f float64) {
	w.boundary()
	bits := math.Float64bits(f)
	if bits == math.Float64bits(math.NaN()) {
		bits = pythonNaN
	}
	w.buf = binary.BigEndian.AppendUint64(append(w.buf, opBinFloat), bits)
}

func (w *writer) complex(c complex128) {
	w.boundary()
	w.class(globalComplex)
	w.boundary()
	w.float(real(c))
	w.float(imag(c))
	w.buf = append(w.buf, opTuple2)
	w.memoize()
	w.reduce()
}

var errNotText = errors.New("is a string that is not UTF-8; bytes belong into a []byte")

// string writes s, which is one object wherever it occurs.
func (w *writer) string(s string) error {
	if !utf8.ValidString(s) && !validText(s) {
		return errNotText
	}
	w.sharedText(s)
	return nil
}

// sharedText is string for what is known to be valid.
func (w *writer) sharedText(s string) {
	w.boundary()
	if known, ok := w.strings[s]; ok {
		w.get(known)
		return
	}
	w.text(s)
	w.strings[s] = w.memoize()
}

// freshText writes a str that Python makes anew, so that equal ones are separate objects.
func (w *writer) freshText(s string) {
	w.boundary()
	w.text(s)
	w.memoize()
}

func (w *writer) text(s string) {
	bypass := w.leaveFrame(len(s))
	switch n := uint64(len(s)); {
	case n <= math.MaxUint8:
		w.buf = append(w.buf, opShortBinUnicode, byte(n))
	case n <= math.MaxUint32:
		w.buf = binary.LittleEndian.AppendUint32(append(w.buf, opBinUnicode), uint32(n))
	default:
		w.buf = binary.LittleEndian.AppendUint64(append(w.buf, opBinUnicode8), n)
	}
	w.buf = append(w.buf, s...)
	if bypass {
		w.openFrame()
	}
}

// rawBytes writes a new bytes object.
func (w *writer) rawBytes(b []byte) {
	w.boundary()
	bypass := w.leaveFrame(len(b))
	switch n := uint64(len(b)); {
	case n <= math.MaxUint8:
		w.buf = append(w.buf, opShortBinBytes, byte(n))
	case n <= math.MaxUint32:
		w.buf = binary.LittleEndian.AppendUint32(append(w.buf, opBinBytes), uint32(n))
	default:
		w.buf = binary.LittleEndian.AppendUint64(append(w.buf, opBinBytes8), n)
	}
	w.buf = append(w.buf, b...)
	if bypass {
		w.openFrame()
	}
	w.memoize()
}

// leaveFrame ends the frame if n bytes are to follow, which are too many to be in one. The caller then
// opens the next.
func (w *writer) leaveFrame(n int) bool {
	if n < frameTarget {
		return false
	}
	w.closeFrame()
	return true
}

// seen writes the object of that identity if it was written before.
func (w *writer) seen(id identity) bool {
	w.boundary()
	known, ok := w.objects[id]
	if ok {
		w.get(known)
	}
	return ok
}

// keep puts the object that was just written into the memo, to be found by its identity. What is empty
// has none.
func (w *writer) keep(id identity) {
	index := w.memoize()
	if id.len > 0 {
		w.objects[id] = index
	}
}

// open is keep for a container whose elements are still to come. Until close, meeting it again means
// that it contains itself.
func (w *writer) open(id identity) {
	index := w.memoize()
	if id.len > 0 {
		w.objects[id] = ^index
	}
}

func (w *writer) close(id identity) {
	if id.len > 0 {
		w.objects[id] = ^w.objects[id]
	}
}

// bytes writes b. Python has only one bytes object of each byte, and one that is empty.
func (w *writer) bytes(id identity, b []byte) {
	switch len(b) {
	case 0:
		id = identity{kind: kindBytes, len: 1, pointer: 1 << 8}
	case 1:
		id = identity{kind: kindBytes, len: 1, pointer: uintptr(b[0])}
	}
	if w.seen(id) {
		return
	}
	w.rawBytes(b)
	w.objects[id] = w.memoed - 1
}

// newBytes writes b as an object of its own, as far as Python has one.
func (w *writer) newBytes(b []byte) {
	if len(b) <= 1 {
		w.bytes(identity{}, b)
		return
	}
	w.rawBytes(b)
}

func (w *writer) byteArray(id identity, b []byte) {
	if w.seen(id) {
		return
	}
	w.class(globalByteArray)
	w.boundary()
	if len(b) == 0 {
		w.buf = append(w.buf, opEmptyTuple)
	} else {
		w.rawBytes(b)
		w.buf = append(w.buf, opTuple1)
		w.memoize()
	}
	w.buf = append(w.buf, opReduce)
	w.keep(id)
}

func (w *writer) decimal(d Decimal) error {
	if !validDecimal(string(d)) {
		return errors.New("is a Decimal that is no decimal number")
	}
	w.boundary()
	w.class(globalDecimal)
	w.boundary()
	w.freshText(string(d))
	w.buf = append(w.buf, opTuple1)
	w.memoize()
	w.reduce()
	return nil
}

func (w *writer) uuid(u UUID) error {
	w.boundary()
	w.class(globalUUID)
	w.boundary()
	w.buf = append(w.buf, opEmptyTuple, opNewObj)
	w.memoize()
	w.boundary()
	w.buf = append(w.buf, opEmptyDict)
	w.memoize()
	w.sharedText("int")
	if err := w.bigInt(u.int()); err != nil {
		return err
	}
	w.buf = append(w.buf, opSetItem, opBuild)
	return nil
}
