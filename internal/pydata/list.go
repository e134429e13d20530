package pydata

import (
	"fmt"
	"reflect"

	"github.com/cachewright/cachewright/internal/structs"
)

// mostAhead is for how many elements a slice makes room ahead because the data says that they follow.
const mostAhead = 64

// sliceCoder is for slices of anything but bytes.
type sliceCoder struct {
	empty reflect.Value // not nil, no capacity
	elem  coder
}

func (c *sliceCoder) write(w Writer, v reflect.Value, depth int) error {
	if v.IsNil() {
		w.Null()
		return nil
	}
	return writeElements(w, c.elem, v, depth)
}

func (c *sliceCoder) read(r Reader, v reflect.Value, depth int) error {
	v.SetZero() // a key that occurs twice in the data must not append to itself
	if isNull, err := r.Null(); isNull || err != nil {
		return err
	}
	n, err := r.List()
	if err != nil {
		return err
	}
	if depth >= structs.MaxDepth {
		return structs.ErrTooDeep
	}
	for i := 0; ; i++ {
		more, err := r.More(i, n)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if i == v.Cap() {
			v.Grow(max(1, min(n-i, mostAhead))) // memory follows the elements that are really there
		}
		v.SetLen(i + 1)
		if err := c.elem.read(r, v.Index(i), depth+1); err != nil {
			return at("[]", err)
		}
	}
	if v.IsNil() {
		v.Set(c.empty)
	}
	return nil
}

// arrayCoder is for arrays of anything but bytes.
type arrayCoder struct {
	elem coder
}

func (c *arrayCoder) write(w Writer, v reflect.Value, depth int) error {
	return writeElements(w, c.elem, v, depth)
}

func (c *arrayCoder) read(r Reader, v reflect.Value, depth int) error {
	n, err := r.List()
	if err != nil {
		return err
	}
	if depth >= structs.MaxDepth {
		return structs.ErrTooDeep
	}
	for i := range v.Len() + 1 {
		more, err := r.More(i, n)
		switch {
		case err != nil:
			return err
		case more == (i == v.Len()):
			return fmt.Errorf("the list has not the %d elements that are wanted", v.Len())
		case !more:
			return nil
		}
		if err := c.elem.read(r, v.Index(i), depth+1); err != nil {
			return at("[]", err)
		}
	}
	return nil
}

// writeElements writes the elements of v, a slice or an array.
func writeElements(w Writer, elem coder, v reflect.Value, depth int) error {
	if depth >= maxWriteDepth {
		return errTooDeep
	}
	if err := w.List(v.Len()); err != nil {
		return err
	}
	for i := range v.Len() {
		w.Next(i)
		if err := elem.write(w, v.Index(i), depth+1); err != nil {
			return at("[]", err)
		}
	}
	w.EndList()
	return nil
}

// skip reads a value that nobody wants.
func skip(r Reader, depth int) error {
	kind, err := r.Kind()
	if err != nil {
		return err
	}
	switch kind {
	case Null:
		_, err = r.Null()
	case Bool:
		_, err = r.Bool()
	case Int, Float:
		_, err = r.Number()
	case String:
		_, err = r.String()
	case Bytes:
		_, err = r.Bytes()
	default:
		err = skipChildren(r, kind, depth)
	}
	return err
}

// skipChildren is skip for a list or a dict.
func skipChildren(r Reader, kind Kind, depth int) error {
	if depth >= structs.MaxDepth {
		return structs.ErrTooDeep
	}
	begin, next := r.List, r.More
	if kind == Dict {
		begin, next = r.Dict, func(i, n int) (more bool, err error) {
			_, more, err = r.Key(i, n)
			return more, err
		}
	}
	n, err := begin()
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		more, err := next(i, n)
		if err != nil || !more {
			return err
		}
		if err := skip(r, depth+1); err != nil {
			return err
		}
	}
}
