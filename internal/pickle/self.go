package pickle

import (
	"fmt"
	"reflect"

	"github.com/cachewright/cachewright/internal/structs"
)

// selfCoder is for types that write themselves.
type selfCoder struct {
	pair     *structs.Pair
	nillable bool // a nil value is None, without asking the type
	decimal  bool // what it writes is the text of a Decimal
}

func (c *selfCoder) encode(w *writer, v reflect.Value, _ int) error {
	if c.nillable && v.IsNil() {
		w.none()
		return nil
	}
	b, err := c.pair.Marshal(v.Addr().Interface())
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", c.pair.Write, err)
	case c.decimal:
		return w.decimal(Decimal(b))
	case c.pair.Text:
		return w.string(string(b))
	}
	w.newBytes(b)
	return nil
}

func (c *selfCoder) decode(d *decoder, r ref, v reflect.Value, _ int) error {
	if r == refNone && c.nillable {
		return nil
	}
	b, err := c.written(d, r)
	if err != nil {
		return err
	}
	if err := c.pair.Unmarshal(b, v.Addr().Interface()); err != nil {
		return fmt.Errorf("%s: %w", c.pair.Read, err)
	}
	return nil
}

// written returns what the type may have written.
func (c *selfCoder) written(d *decoder, r ref) ([]byte, error) {
	if !c.pair.Text {
		return d.bytesOf(r)
	}
	n := &d.nodes[r]
	if c.decimal && (n.kind == kindInt || n.kind == kindBig) {
		return []byte(d.big(n).String()), nil
	}
	s, err := d.textOf(r)
	return []byte(s), err
}

// pointerCoder writes None or what the pointer points to.
type pointerCoder struct {
	typ  reflect.Type // what it points to
	elem coder

	// nested is set if what it points to may be nil too. Such a pointer counts as a level, or one to
	// itself would never end.
	nested bool
}

func (c *pointerCoder) encode(w *writer, v reflect.Value, depth int) error {
	if v.IsNil() {
		w.none()
		return nil
	}
	depth, err := c.enter(depth)
	if err != nil {
		return err
	}
	return c.elem.encode(w, v.Elem(), depth)
}

func (c *pointerCoder) decode(d *decoder, r ref, v reflect.Value, depth int) error {
	if r == refNone {
		return nil
	}
	depth, err := c.enter(depth)
	if err != nil {
		return err
	}
	p := reflect.New(c.typ)
	if err := c.elem.decode(d, r, p.Elem(), depth); err != nil {
		return err
	}
	v.Set(p)
	return nil
}

// enter returns the depth of what the pointer points to.
func (c *pointerCoder) enter(depth int) (int, error) {
	if !c.nested {
		return depth, nil
	}
	if depth >= structs.MaxDepth {
		return depth, structs.ErrTooDeep
	}
	return depth + 1, nil
}
