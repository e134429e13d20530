package pickle

import (
	"encoding/binary"
	"math"
	"math/big"
	"unicode/utf8"
)

// ref is the number of an object in a tree.
type ref int32

// The objects that every tree begins with. No opcode changes them, so all occurrences are one.
const (
	refNone ref = iota
	refTrue
	refFalse
	refEmptyTuple
	firstRef
)

// kind is what an object is.
type kind byte

const (
	kindNone kind = iota
	kindBool
	kindInt     // a: the value
	kindBig     // text: two's complement, the least significant byte first
	kindFloat   // a: the bits
	kindComplex // a, b: the bits of the real and the imaginary part
	kindString  // text
	kindBytes   // text
	kindByteArray
	kindList // elements, and so for all containers
	kindTuple
	kindDict // key, value, key, value
	kindOrderedDict
	kindSet
	kindFrozenSet
	kindDateTime  // text: as Python packs it; link: the tzinfo
	kindDate      // text
	kindTime      // text; link: the tzinfo
	kindTimeDelta // a: days, b: microseconds of the day
	kindTimezone  // a: seconds east of UTC; link: the name
	kindDecimal   // text
	kindUUID      // link: the int, if it was set
	kindGlobal    // a, b: the strings of module and name; global: which one it is
	kindOpaque    // link: the global that it would have been made by
)

// node is one object. It has no pointers, so that a tree of any size costs the garbage collector
// nothing.
type node struct {
	kind   kind
	global global
	own    bool // text is in the tree's own buffer, not in the data
	latin  bool // text is a str of characters up to U+00FF that stands for bytes
	shared bool // referred to more than once
	link   ref
	a, b   int64 // of text: where it begins and ends; of a container: its first and last segment
}

// segment is a run of a container's elements. Containers grow while the pickle is read, in turns, so
// their elements are not in one place.
type segment struct {
	from, to int32 // in tree.elems
	next     int32 // the number of the next segment, 0 for none
}

// tree is what a pickle describes: objects that refer to each other, in fact a graph.
type tree struct {
	data     []byte // the pickle
	buffer   []byte // text that is not in the data as it is
	nodes    []node
	elems    []ref
	segments []segment
}

func (t *tree) reset(data []byte) {
	t.data = data
	t.buffer = t.buffer[:0]
	t.nodes = append(t.nodes[:0], node{}, node{kind: kindBool, a: 1}, node{kind: kindBool}, node{kind: kindTuple})
	t.elems = t.elems[:0]
	t.segments = append(t.segments[:0], segment{})
}

func (t *tree) add(n node) ref {
	t.nodes = append(t.nodes, n)
	return ref(len(t.nodes) - 1)
}

// text returns the bytes of n, which must not be changed.
func (t *tree) text(n *node) []byte {
	if n.own {
		return t.buffer[n.a:n.b]
	}
	return t.data[n.a:n.b]
}

// bytes returns the bytes that n stands for, which must not be changed; ok is false if it is a str with
// characters that are no bytes.
func (t *tree) bytes(n *node) (b []byte, ok bool) {
	text := t.text(n)
	if !n.latin {
		return text, true
	}
	b = make([]byte, 0, len(text))
	for _, r := range string(text) {
		if r > 0xff {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, true
}

// extend adds items to the container n.
func (t *tree) extend(n *node, items []ref) {
	if len(items) == 0 {
		return
	}
	from := int32(len(t.elems))
	t.elems = append(t.elems, items...)
	to := int32(len(t.elems))
	if last := n.b; last > 0 {
		if s := &t.segments[last]; s.to == from {
			s.to = to
			return
		}
	}
	t.segments = append(t.segments, segment{from: from, to: to})
	added := int64(len(t.segments) - 1)
	if n.b > 0 {
		t.segments[n.b].next = int32(added)
	} else {
		n.a = added
	}
	n.b = added
}

// elements returns the elements of the container n, of a dict its keys and values in turn.
func (t *tree) elements(n *node) []ref {
	if n.a == 0 {
		return nil
	}
	first := t.segments[n.a]
	if first.next == 0 {
		return t.elems[first.from:first.to]
	}
	var all []ref
	for i := int32(n.a); i != 0; i = t.segments[i].next {
		all = append(all, t.elems[t.segments[i].from:t.segments[i].to]...)
	}
	return all
}

// float returns a, the bits of a float.
func (n *node) float() float64 { return math.Float64frombits(uint64(n.a)) }

// complex returns a and b, the bits of a complex.
func (n *node) complex() complex128 {
	return complex(n.float(), math.Float64frombits(uint64(n.b)))
}

// big returns the value of n, a kindInt or kindBig.
func (t *tree) big(n *node) *big.Int {
	if n.kind == kindInt {
		return big.NewInt(n.a)
	}
	little := t.text(n)
	magnitude := make([]byte, len(little))
	for i, b := range little {
		magnitude[len(little)-1-i] = b
	}
	x := new(big.Int).SetBytes(magnitude)
	if magnitude[0]&0x80 != 0 {
		x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(8*len(magnitude))))
	}
	return x
}

// littleEndian returns x in two's complement, the least significant byte first, in as few bytes as
// Python uses.
func littleEndian(x *big.Int) []byte {
	n := x.BitLen()/8 + 1
	y := x
	if x.Sign() < 0 {
		y = new(big.Int).Add(x, new(big.Int).Lsh(big.NewInt(1), uint(8*n)))
	}
	b := y.FillBytes(make([]byte, n))
	if x.Sign() < 0 && n > 1 && b[0] == 0xff && b[1]&0x80 != 0 {
		b = b[1:]
	}
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return b
}

// trimSign drops the bytes at the end of b, two's complement with the least significant byte first,
// that say nothing but the sign once more.
func trimSign(b []byte) []byte {
	for len(b) > 1 {
		top, below := b[len(b)-1], b[len(b)-2]
		if top != 0 && top != 0xff || top&0x80 != below&0x80 {
			break
		}
		b = b[:len(b)-1]
	}
	return b
}

// smallInt returns what b, at most eight bytes, says in two's complement.
func smallInt(b []byte) int64 {
	if len(b) == 0 {
		return 0
	}
	var wide [8]byte
	if b[len(b)-1]&0x80 != 0 {
		wide = [8]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	}
	copy(wide[:], b)
	return int64(binary.LittleEndian.Uint64(wide[:]))
}

// validText reports whether b is a Python str as pickles have it: UTF-8, in which lone surrogates are
// allowed.
func validText[T string | []byte](b T) bool {
	for len(b) > 0 {
		r, size := utf8.DecodeRuneInString(string(b[:min(len(b), utf8.UTFMax)]))
		if r == utf8.RuneError && size <= 1 {
			if !surrogate(b) {
				return false
			}
			size = 3
		}
		b = b[size:]
	}
	return true
}

// surrogate reports whether b begins with the three bytes of a surrogate.
func surrogate[T string | []byte](b T) bool {
	return len(b) >= 3 && b[0] == 0xed && b[1] >= 0xa0 && b[1] <= 0xbf && b[2] >= 0x80 && b[2] <= 0xbf
}
