package pickle

import (
	"reflect"
	"strings"

	"github.com/cachewright/cachewright/internal/structs"
)

// structCoder writes the fields of a struct as a dict from their names.
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
	step  string // for messages
	coder coder
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
		if !validText(f.Name) {
			return nil, structs.Refuse(f.Path, "has a name that is not UTF-8")
		}
		k, err := c.compile(f.Type, f.Path)
		if err != nil {
			return nil, err
		}
		s.fields[i] = field{Field: f, step: strings.TrimPrefix(f.Path, path), coder: k}
		s.byName[f.Name] = i
		s.variable = s.variable || f.Variable()
	}
	return s, nil
}

// of returns the field in v; ok is false if it is not written.
func (f *field) of(v reflect.Value) (fv reflect.Value, ok bool) {
	fv, ok = f.Find(v)
	return fv, ok && (f.Omit == nil || !f.Omit(fv))
}

func (c *structCoder) encode(w *writer, v reflect.Value, depth int) error {
	if depth >= structs.MaxDepth {
		return structs.ErrTooDeep
	}
	w.boundary()
	w.buf = append(w.buf, opEmptyDict)
	w.memoize()
	n, written := c.count(v), 0
	for i := range c.fields {
		f := &c.fields[i]
		fv, ok := f.of(v)
		if !ok {
			continue
		}
		w.beginItem(written, n)
		w.sharedText(f.Name)
		if err := f.coder.encode(w, fv, depth+1); err != nil {
			return structs.At(f.step, err)
		}
		w.endItem(written, n, opSetItem, opSetItems)
		written++
	}
	w.endDict(n)
	return nil
}

// count returns how many fields of v are written.
func (c *structCoder) count(v reflect.Value) int {
	if !c.variable {
		return len(c.fields)
	}
	n := 0
	for i := range c.fields {
		if _, ok := c.fields[i].of(v); ok {
			n++
		}
	}
	return n
}

func (c *structCoder) decode(d *decoder, r ref, v reflect.Value, depth int) error {
	elems, err := d.pairs(r, depth)
	if err != nil {
		return err
	}
	next, disorder := 0, false
	for i := 0; i < len(elems); i += 2 {
		at, ok := c.lookup(d, elems[i], next)
		if !ok {
			continue
		}
		f := &c.fields[at]
		fv := f.Reach(v)
		if disorder = disorder || at < next; disorder {
			fv.SetZero() // a key that occurs twice must not add to what the first one set
		}
		if err := f.coder.decode(d, elems[i+1], fv, depth+1); err != nil {
			return structs.At(f.step, err)
		}
		next = at + 1
	}
	return nil
}

// lookup returns the field that key names, trying next first: data mostly has the fields in order.
func (c *structCoder) lookup(d *decoder, key ref, next int) (i int, ok bool) {
	n := &d.nodes[key]
	if n.kind != kindString {
		return 0, false
	}
	name := d.text(n)
	if next < len(c.fields) && c.fields[next].Name == string(name) {
		return next, true
	}
	i, ok = c.byName[string(name)]
	return i, ok
}
