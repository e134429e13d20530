package pickle

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/cachewright/cachewright/internal/structs"
)

// sliceCoder is for slices of anything but bytes.
type sliceCoder struct {
	typ     reflect.Type
	elem    coder
	dynamic bool // it is []any, which keeps its identity
}

func (c *sliceCoder) encode(w *writer, v reflect.Value, depth int) error {
	switch {
	case v.IsNil():
		w.none()
		return nil
	case c.dynamic:
		return w.list(*v.Addr().Interface().(*[]any), depth)
	}
	return encodeElements(w, c.elem, v, depth)
}

func (c *sliceCoder) decode(d *decoder, r ref, v reflect.Value, depth int) error {
	if r == refNone {
		return nil
	}
	elems, err := d.sequence(r, depth)
	if err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(c.typ, len(elems), len(elems)))
	return decodeElements(d, c.elem, elems, v, depth)
}

// sequence returns the elements of r if it is anything that a list of Go can hold.
func (d *decoder) sequence(r ref, depth int) ([]ref, error) {
	n := &d.nodes[r]
	switch n.kind {
	case kindList, kindTuple, kindSet, kindFrozenSet:
		return d.enter(n, depth)
	}
	return nil, d.mismatch(r, "a list")
}

func decodeElements(d *decoder, elem coder, elems []ref, v reflect.Value, depth int) error {
	for i, r := range elems {
		if err := elem.decode(d, r, v.Index(i), depth+1); err != nil {
			return structs.At("[]", err)
		}
	}
	return nil
}

// arrayCoder is for arrays of anything but bytes.
type arrayCoder struct {
	elem coder
}

func (c *arrayCoder) encode(w *writer, v reflect.Value, depth int) error {
	return encodeElements(w, c.elem, v, depth)
}

func (c *arrayCoder) decode(d *decoder, r ref, v reflect.Value, depth int) error {
	elems, err := d.sequence(r, depth)
	if err != nil {
		return err
	}
	if len(elems) != v.Len() {
		return fmt.Errorf("found %d elements, want %d", len(elems), v.Len())
	}
	return decodeElements(d, c.elem, elems, v, depth)
}

// encodeElements writes v, a slice or an array, as a list.
func encodeElements(w *writer, elem coder, v reflect.Value, depth int) error {
	if depth >= structs.MaxDepth {
		return structs.ErrTooDeep
	}
	w.boundary()
	w.buf = append(w.buf, opEmptyList)
	w.memoize()
	n := v.Len()
	for i := range n {
		w.beginItem(i, n)
		if err := elem.encode(w, v.Index(i), depth+1); err != nil {
			return structs.At("[]", err)
		}
		w.endItem(i, n, opAppend, opAppends)
	}
	return nil
}

// mapCoder is for maps. It writes them in the order of their keys.
type mapCoder struct {
	typ     reflect.Type
	key     mapKey
	elem    coder
	dynamic bool // it is map[string]any, which keeps its identity
}

// mapKey is how the keys of a map are written and ordered.
type mapKey struct {
	coder   coder
	compare func(a, b reflect.Value) int
}

// keyOf returns how keys of type t are written. Strings, integers and booleans are written as what they
// are also if they have methods.
func keyOf(t reflect.Type) (mapKey, error) {
	k := mapKey{compare: structs.KeyOrder(t)}
	switch t.Kind() {
	case reflect.String:
		k.coder = stringCoder{}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		k.coder = intCoder{}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		k.coder = uintCoder{}
	case reflect.Bool:
		k.coder = boolCoder{}
	default:
		return textKey(t)
	}
	return k, nil
}

// textKey returns how keys of type t are written that write themselves as text.
func textKey(t reflect.Type) (mapKey, error) {
	writes, reads := structs.Text.Halves(t)
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface || !writes || !reads {
		return mapKey{}, errors.New("is no string, integer or boolean and has not both MarshalText and UnmarshalText")
	}
	return mapKey{coder: &selfCoder{pair: structs.Text}}, nil
}

// entry is a key and value of a map. Both are addressable.
type entry struct {
	key, value reflect.Value
	text       string // what a key that writes itself writes
}

func (c *mapCoder) encode(w *writer, v reflect.Value, depth int) error {
	switch {
	case v.IsNil():
		w.none()
		return nil
	case c.dynamic:
		return w.dictOf(*v.Addr().Interface().(*map[string]any), depth)
	case depth >= structs.MaxDepth:
		return structs.ErrTooDeep
	}
	entries, err := c.entries(v)
	if err != nil {
		return structs.At("[key]", err)
	}
	w.boundary()
	w.buf = append(w.buf, opEmptyDict)
	w.memoize()
	for i, e := range entries {
		w.beginItem(i, len(entries))
		if err := c.encodeKey(w, e, depth+1); err != nil {
			return structs.At("[key]", err)
		}
		if err := c.elem.encode(w, e.value, depth+1); err != nil {
			return structs.At("[]", err)
		}
		w.endItem(i, len(entries), opSetItem, opSetItems)
	}
	w.endDict(len(entries))
	return nil
}

func (c *mapCoder) encodeKey(w *writer, e entry, depth int) error {
	if c.key.compare == nil {
		return w.string(e.text)
	}
	return c.key.coder.encode(w, e.key, depth)
}

// entries returns what m has, in the order in which it is written. Two keys that are written alike
// would come back as one: an error.
func (c *mapCoder) entries(m reflect.Value) ([]entry, error) {
	n := m.Len()
	keys, values := reflect.MakeSlice(reflect.SliceOf(c.typ.Key()), n, n), reflect.MakeSlice(reflect.SliceOf(c.typ.Elem()), n, n)
	entries := make([]entry, n)
	iter := m.MapRange()
	for i := 0; i < n && iter.Next(); i++ {
		e := entry{key: keys.Index(i), value: values.Index(i)}
		e.key.SetIterKey(iter)
		e.value.SetIterValue(iter)
		if c.key.compare == nil {
			text, err := structs.Text.Marshal(e.key.Addr().Interface())
			if err != nil {
				return nil, err
			}
			e.text = string(text)
		}
		entries[i] = e
	}
	slices.SortFunc(entries, c.compare)
	for i := 1; i < n; i++ {
		if c.compare(entries[i-1], entries[i]) == 0 {
			return nil, errors.New("two keys of the map have the same text")
		}
	}
	return entries, nil
}

func (c *mapCoder) compare(a, b entry) int {
	if c.key.compare == nil {
		return strings.Compare(a.text, b.text)
	}
	return c.key.compare(a.key, b.key)
}

func (c *mapCoder) decode(d *decoder, r ref, v reflect.Value, depth int) error {
	if r == refNone {
		return nil
	}
	elems, err := d.pairs(r, depth)
	if err != nil {
		return err
	}
	m := reflect.MakeMapWithSize(c.typ, len(elems)/2)
	key, value := reflect.New(c.typ.Key()).Elem(), reflect.New(c.typ.Elem()).Elem()
	for i := 0; i < len(elems); i += 2 {
		key.SetZero()
		if err := c.key.coder.decode(d, elems[i], key, depth+1); err != nil {
			return structs.At("[key]", err)
		}
		value.SetZero()
		if err := c.elem.decode(d, elems[i+1], value, depth+1); err != nil {
			return structs.At("[]", err)
		}
		m.SetMapIndex(key, value)
	}
	v.Set(m)
	return nil
}

// pairs returns the keys and values of r, in turn, if it is any dict.
func (d *decoder) pairs(r ref, depth int) ([]ref, error) {
	n := &d.nodes[r]
	if n.kind != kindDict && n.kind != kindOrderedDict {
		return nil, d.mismatch(r, "a dict")
	}
	return d.enter(n, depth)
}
