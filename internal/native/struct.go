package native

import (
	"encoding/binary"
	"reflect"
	"strings"

	"github.com/cachewright/cachewright/internal/structs"
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
	structs.Field
	step   string // for messages
	header []byte // the encoded name
	coder  coder
}

// compileStruct returns the coder of a struct type that does not write itself.
func (c *compiler) compileStruct(t reflect.Type, path string) (coder, error) {
	s := &structCoder{}
	c.known[t] = s
	fields, err := methods.Fields(t, path)
	if err != nil {
		return nil, err
	}
	s.fields, s.byName = make([]field, len(fields)), make(map[string]int, len(fields))
	for i, f := range fields {
		if s.fields[i], err = c.compileField(f, path); err != nil {
			return nil, err
		}
		s.byName[f.Name] = i
		s.variable = s.variable || f.Variable()
	}
	return s, nil
}

// compileField returns a field of the struct at path.
func (c *compiler) compileField(from structs.Field, path string) (field, error) {
	k, err := c.compile(from.Type, from.Path)
	if err != nil {
		return field{}, err
	}
	header, err := appendString(nil, from.Name)
	return field{Field: from, step: strings.TrimPrefix(from.Path, path), header: header, coder: k}, err
}

func (c *structCoder) encode(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if depth >= structs.MaxDepth {
		return dst, structs.ErrTooDeep
	}
	start := len(dst)
	dst, err := appendMapLen(dst, len(c.fields))
	if err != nil {
		return dst, err
	}
	written := 0
	for i := range c.fields {
		f := &c.fields[i]
		fv, ok := f.Find(v)
		if !ok || f.Omit != nil && f.Omit(fv) {
			continue
		}
		written++
		dst = append(dst, f.header...)
		if dst, err = f.coder.encode(dst, fv, depth+1); err != nil {
			return dst, structs.At(f.step, err)
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
	if depth >= structs.MaxDepth {
		return nil, structs.ErrTooDeep
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
		if data, err = f.coder.decode(data, f.Reach(v), depth+1); err != nil {
			return nil, structs.At(f.step, err)
		}
		next = i + 1
	}
	return data, nil
}

// lookup returns the field of that name, trying next first: data mostly has the fields in order.
func (c *structCoder) lookup(name []byte, next int) (i int, ok bool) {
	if next < len(c.fields) && c.fields[next].Name == string(name) {
		return next, true
	}
	i, ok = c.byName[string(name)]
	return i, ok
}
