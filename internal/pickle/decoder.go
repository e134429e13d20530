package pickle

import (
	"errors"
	"time"

	"github.com/cachewright/cachewright/internal/structs"
)

// decoder reads a pickle and turns its objects into Go values.
type decoder struct {
	machine
	ordered bool // every dict becomes a Dict

	// left is how many elements and bytes may still be made. An object that the pickle refers to from
	// many places is made as often for typed values, which could go on without end.
	left int

	// What was made of objects that are referred to more than once; made when needed.
	values  map[ref]any
	strings map[ref]string
	zones   map[ref]*time.Location
}

// A typed value may be so much larger than the pickle that it comes from.
const (
	expansion     = 256
	freeExpansion = 1 << 20
)

// start reads the pickle at the front of data and returns its object and what follows the pickle.
func (d *decoder) start(data []byte) (top ref, rest []byte, err error) {
	d.left = freeExpansion + expansion*len(data)
	return d.run(data)
}

// forget drops what the decoder holds of its last pickle.
func (d *decoder) forget() {
	d.machine.forget()
	d.values, d.strings, d.zones = nil, nil, nil
}

var errExpands = errors.New("the pickle repeats its objects until they are 256 times its size")

// charge counts n elements or bytes.
func (d *decoder) charge(n int) error {
	d.left -= n + 1
	if d.left < 0 {
		return errExpands
	}
	return nil
}

// string returns the text of r. One object is one string, however often it occurs.
func (d *decoder) string(r ref) string {
	n := &d.nodes[r]
	if !n.shared {
		return string(d.text(n))
	}
	s, ok := d.strings[r]
	if !ok {
		s = string(d.text(n))
		if d.strings == nil {
			d.strings = map[ref]string{}
		}
		d.strings[r] = s
	}
	return s
}

// any returns r as the package comment says for an any. One object is one value, however often it
// occurs.
func (d *decoder) any(r ref, depth int) (any, error) {
	n := &d.nodes[r]
	if n.shared {
		if x, ok := d.values[r]; ok {
			return x, nil
		}
	}
	x, err := d.make(r, depth)
	if n.shared && err == nil {
		if d.values == nil {
			d.values = map[ref]any{}
		}
		d.values[r] = x
	}
	return x, err
}

func (d *decoder) make(r ref, depth int) (any, error) {
	n := &d.nodes[r]
	switch n.kind {
	case kindNone:
		return nil, nil
	case kindBool:
		return n.a != 0, nil
	case kindInt:
		return n.a, nil
	case kindFloat:
		return n.float(), nil
	case kindString:
		return d.string(r), d.charge(int(n.b - n.a))
	case kindBytes:
		return d.copyBytes(n)
	case kindList:
		return d.list(n, depth)
	case kindTuple:
		return asAny[Tuple](d.list(n, depth))
	case kindDict:
		return d.dict(n, depth)
	case kindDateTime:
		return d.dateTime(n), nil
	}
	return d.makeOther(r, depth)
}

// makeOther is make for what is rare.
func (d *decoder) makeOther(r ref, depth int) (any, error) {
	n := &d.nodes[r]
	switch n.kind {
	case kindBig:
		return d.big(n), d.charge(int(n.b - n.a))
	case kindComplex:
		return n.complex(), nil
	case kindByteArray:
		return asAny[ByteArray](d.copyBytes(n))
	case kindOrderedDict:
		return asAny[OrderedDict](d.items(n, depth))
	case kindSet:
		return asAny[Set](d.members(n, depth))
	case kindFrozenSet:
		return asAny[FrozenSet](d.members(n, depth))
	case kindDate:
		return d.date(n), nil
	case kindTime:
		return d.clock(n), nil
	case kindTimeDelta:
		if short, ok := n.delta().Duration(); ok {
			return short, nil
		}
		return n.delta(), nil
	case kindTimezone:
		return d.zone(r), nil
	case kindDecimal:
		return Decimal(d.text(n)), d.charge(int(n.b - n.a))
	case kindUUID:
		return d.uuid(n)
	}
	return d.opaque(n), nil
}

// asAny gives what was made its type.
func asAny[T ~[]E, E any](s []E, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return T(s), nil
}

var errNoBytes = errors.New("the pickle has bytes that are made of a str with other characters")

// copyBytes returns the bytes of n, never nil.
func (d *decoder) copyBytes(n *node) ([]byte, error) {
	if err := d.charge(int(n.b - n.a)); err != nil {
		return nil, err
	}
	b, ok := d.bytes(n)
	if !ok {
		return nil, errNoBytes
	}
	if n.latin {
		return b, nil
	}
	return append([]byte{}, b...), nil
}

// list returns the elements of n, never nil.
func (d *decoder) list(n *node, depth int) ([]any, error) {
	elems, err := d.enter(n, depth)
	if err != nil {
		return nil, err
	}
	list := make([]any, len(elems))
	for i, r := range elems {
		if list[i], err = d.any(r, depth+1); err != nil {
			return nil, structs.At("[]", err)
		}
	}
	return list, nil
}

// enter returns the elements of the container n, which depth containers enclose.
func (d *decoder) enter(n *node, depth int) ([]ref, error) {
	if depth >= structs.MaxDepth {
		return nil, structs.ErrTooDeep
	}
	elems := d.elements(n)
	return elems, d.charge(len(elems))
}

// members returns the elements of n, which must be hashable.
func (d *decoder) members(n *node, depth int) ([]any, error) {
	for _, r := range d.elements(n) {
		if !d.hashable(r) {
			return nil, structs.At("[]", d.mismatch(r, "what a set can hold"))
		}
	}
	return d.list(n, depth)
}

// hashable reports whether r can be a key in Python. What is in a tuple is not looked at.
func (d *decoder) hashable(r ref) bool {
	switch d.nodes[r].kind {
	case kindList, kindDict, kindOrderedDict, kindSet, kindByteArray:
		return false
	}
	return true
}

// dict returns n as a map if all its keys are strings, and as a Dict if they are not.
func (d *decoder) dict(n *node, depth int) (any, error) {
	if d.ordered || !d.stringKeys(n) {
		return asAny[Dict](d.items(n, depth))
	}
	elems, err := d.enter(n, depth)
	if err != nil {
		return nil, err
	}
	m := make(map[string]any, len(elems)/2)
	for i := 0; i < len(elems); i += 2 {
		if err := d.charge(int(d.nodes[elems[i]].b - d.nodes[elems[i]].a)); err != nil {
			return nil, err
		}
		x, err := d.any(elems[i+1], depth+1)
		if err != nil {
			return nil, structs.At("[]", err)
		}
		m[d.string(elems[i])] = x
	}
	return m, nil
}

func (d *decoder) stringKeys(n *node) bool {
	elems := d.elements(n)
	for i := 0; i < len(elems); i += 2 {
		if d.nodes[elems[i]].kind != kindString {
			return false
		}
	}
	return true
}

// items returns the keys and values of n in their order, never nil.
func (d *decoder) items(n *node, depth int) ([]Item, error) {
	elems, err := d.enter(n, depth)
	if err != nil {
		return nil, err
	}
	items := make([]Item, len(elems)/2)
	for i := range items {
		key, value := elems[2*i], elems[2*i+1]
		if !d.hashable(key) {
			return nil, structs.At("[key]", d.mismatch(key, "what a dict can have as a key"))
		}
		if items[i].Key, err = d.any(key, depth+1); err != nil {
			return nil, structs.At("[key]", err)
		}
		if items[i].Value, err = d.any(value, depth+1); err != nil {
			return nil, structs.At("[]", err)
		}
	}
	return items, nil
}

// uuid returns n, a kindUUID.
func (d *decoder) uuid(n *node) (UUID, error) {
	i := &d.nodes[n.link]
	if i.kind != kindInt && i.kind != kindBig {
		return UUID{}, errors.New("the pickle has a UUID without its int")
	}
	x := d.big(i)
	if x.Sign() < 0 || x.BitLen() > 128 {
		return UUID{}, errors.New("the pickle has a UUID whose int is none of 128 bits")
	}
	var u UUID
	x.FillBytes(u[:])
	return u, nil
}
