package native

import (
	"fmt"
	"reflect"

	"github.com/cachewright/cachewright/internal/structs"
)

// pointerCoder writes nil or what the pointer points to.
type pointerCoder struct {
	typ  reflect.Type // what it points to
	elem coder

	// boxed is set if what it points to may be nil too. The value then is put into an array of one, so
	// that a nil pointer and a pointer to nil stay apart.
	boxed bool

	// nested is set where boxed would be if the value were read back as a pointer. It counts as a level
	// even without the array, or a pointer to itself would never end.
	nested bool
}

func (c *pointerCoder) encode(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, codeNil), nil
	}
	if c.nested {
		if depth >= structs.MaxDepth {
			return dst, structs.ErrTooDeep
		}
		depth++
	}
	if c.boxed {
		dst = append(dst, codeFixArray|1)
	}
	return c.elem.encode(dst, v.Elem(), depth)
}

func (c *pointerCoder) decode(data []byte, v reflect.Value, depth int) ([]byte, error) {
	if rest, isNil := readNil(data); isNil {
		v.SetZero()
		return rest, nil
	}
	if c.boxed {
		n, rest, err := readArrayLen(data)
		if err != nil {
			return nil, err
		}
		if n != 1 {
			return nil, fmt.Errorf("found %d elements, want what a pointer points to", n)
		}
		if depth >= structs.MaxDepth {
			return nil, structs.ErrTooDeep
		}
		data, depth = rest, depth+1
	}
	p := reflect.New(c.typ)
	data, err := c.elem.decode(data, p.Elem(), depth)
	if err != nil {
		return nil, err
	}
	v.Set(p)
	return data, nil
}
