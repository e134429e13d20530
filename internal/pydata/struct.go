package pydata

import (
	"reflect"

	"github.com/cachewright/cachewright/internal/structs"
)

// structCoder writes the fields of a struct as a dict from their names.
type structCoder struct {
	fields []field
	byName map[string]int

	// variable is set if values may have fewer than all fields: some are omitted when empty, or belong to
	// an embedded pointer that may be nil.
	variable bool
}

// field is one field of a struct.
type field struct {
	structs.Field
	step  string // for messages
	coder coder
}

// of returns the field in v; ok is false if it is not written.
func (f *field) of(v reflect.Value) (fv reflect.Value, ok bool) {
	fv, ok = f.Find(v)
	return fv, ok && (f.Omit == nil || !f.Omit(fv))
}

func (c *structCoder) write(w Writer, v reflect.Value, depth int) error {
	if depth >= maxWriteDepth {
		return errTooDeep
	}
	if err := w.Dict(c.count(v)); err != nil {
		return err
	}
	written := 0
	for i := range c.fields {
		f := &c.fields[i]
		fv, ok := f.of(v)
		if !ok {
			continue
		}
		w.Next(written)
		written++
		if err := w.Key(f.Name); err != nil {
			return at(f.step, err)
		}
		if err := f.coder.write(w, fv, depth+1); err != nil {
			return at(f.step, err)
		}
	}
	w.EndDict()
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

func (c *structCoder) read(r Reader, v reflect.Value, depth int) error {
	n, err := r.Dict()
	if err != nil {
		return err
	}
	if depth >= structs.MaxDepth {
		return structs.ErrTooDeep
	}
	next := 0
	for i := 0; ; i++ {
		name, more, err := r.Key(i, n)
		if err != nil || !more {
			return err
		}
		found, ok := c.lookup(name, next)
		if !ok {
			if err := skip(r, depth+1); err != nil {
				return err
			}
			continue
		}
		f := &c.fields[found]
		if err := f.coder.read(r, f.Reach(v), depth+1); err != nil {
			return at(f.step, err)
		}
		next = found + 1
	}
}

// lookup returns the field of that name, trying next first: data mostly has the fields in order.
func (c *structCoder) lookup(name []byte, next int) (i int, ok bool) {
	if next < len(c.fields) && c.fields[next].Name == string(name) {
		return next, true
	}
	i, ok = c.byName[string(name)]
	return i, ok
}
