package native

import (
	"encoding/binary"
	"reflect"
)

// structCoder writes the fields of a struct as a map from their names.
type structCoder struct {
	fields []field
	byName map[string]int

	// variable is set if values may have fewer than all fields: some are omitted when empty, or belong
	// to an embedded pointer that may be nil.
	variable bool
}

// field is one field of a struct.
type field struct {
	name   string
	step   string // for messages
	header []byte // the encoded name
	index  []int  // the way to it, through embedded structs
	coder  coder
	omit   func(reflect.Value) bool // nil: never
}

func (c *structCoder) encode(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if depth >= maxDepth {
		return dst, errTooDeep
	}
	start := len(dst)
	dst, err := appendMapLen(dst, len(c.fields))
	if err != nil {
		return dst, err
	}
	written := 0
	for i := range c.fields {
		f := &c.fields[i]
		fv, ok := f.find(v)
		if !ok || f.omit != nil && f.omit(fv) {
			continue
		}
		written++
		dst = append(dst, f.header...)
		if dst, err = f.coder.encode(dst, fv, depth+1); err != nil {
			return dst, at(f.step, err)
		}
	}
	if c.variable {
		setMapLen(dst[start:], written)
	}
	return dst, nil
}

// setMapLen corrects the length that the map at the front of data begins with. It may only shrink,
// because the form stays that of the first length.
func setMapLen(data []byte, n int) {
	switch data[0] {
	case codeMap16:
		binary.BigEndian.PutUint16(data[1:], uint16(n))
	case codeMap32:
		binary.BigEndian.PutUint32(data[1:], uint32(n))
	default:
		data[0] = codeFixMap | byte(n)
	}
}

func (c *structCoder) decode(data []byte, v reflect.Value, depth int) ([]byte, error) {
	n, data, err := readMapLen(data)
	if err != nil {
		return nil, err
	}
	if depth >= maxDepth {
		return nil, errTooDeep
	}
	next := 0
	for range n {
		var name []byte
		if name, data, err = readString(data); err != nil {
			return nil, err
		}
		i, ok := c.lookup(name, next)
		if !ok {
			if data, err = skip(data, depth+1); err != nil {
				return nil, err
			}
			continue
		}
		f := &c.fields[i]
		if data, err = f.coder.decode(data, f.reach(v), depth+1); err != nil {
			return nil, at(f.step, err)
		}
		next = i + 1
	}
	return data, nil
}

// lookup returns the field of that name, trying next first: data mostly has the fields in order.
func (c *structCoder) lookup(name []byte, next int) (i int, ok bool) {
	if next < len(c.fields) && c.fields[next].name == string(name) {
		return next, true
	}
	i, ok = c.byName[string(name)]
	return i, ok
}

// find returns the field in v; ok is false if an embedded pointer on the way is nil.
func (f *field) find(v reflect.Value) (fv reflect.Value, ok bool) {
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, true
}

// reach returns the field in v and makes the embedded structs on the way.
func (f *field) reach(v reflect.Value) reflect.Value {
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v
}

// zeroer is what omitzero asks, as in encoding/json.
type zeroer interface{ IsZero() bool }

// omission returns when a field of type t is left out for what its tag says, nil for never.
func omission(t reflect.Type, says tag) func(reflect.Value) bool {
	zero := isZeroOf(t)
	switch {
	case says.omitEmpty && says.omitZero:
		return func(v reflect.Value) bool { return isEmpty(v) || zero(v) }
	case says.omitEmpty:
		return isEmpty
	case says.omitZero:
		return zero
	}
	return nil
}

// isZeroOf returns how values of type t are asked whether they are zero: by their method if they have
// one.
func isZeroOf(t reflect.Type) func(reflect.Value) bool {
	asks := reflect.TypeFor[zeroer]()
	switch {
	case t.Kind() == reflect.Pointer && t.Implements(asks):
		return func(v reflect.Value) bool { return v.IsNil() || v.Interface().(zeroer).IsZero() }
	case t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(asks):
		return func(v reflect.Value) bool { return v.Addr().Interface().(zeroer).IsZero() }
	}
	return reflect.Value.IsZero
}

// isEmpty reports what omitempty means: false, 0, nil, and whatever has no elements.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
