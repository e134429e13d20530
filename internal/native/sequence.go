package native

import (
	"fmt"
	"reflect"

	"github.com/cachewright/cachewright/internal/structs"
)

// firstBytes bounds what is allocated for a slice or map before the first element has been read. Beyond
// it memory grows with the elements that are really there.
const firstBytes = 64 << 10

// firstAlloc returns how many elements of type t may be allocated at first.
func firstAlloc(t reflect.Type) int {
	return max(1, firstBytes/max(1, int(t.Size())))
}

// sliceCoder is for slices of anything but bytes.
type sliceCoder struct {
	empty reflect.Value // not nil, no capacity
	first int           // as firstAlloc says
	elem  coder
}

func (c *sliceCoder) encode(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, codeNil), nil
	}
	return encodeElements(c.elem, dst, v, depth)
}

func (c *sliceCoder) decode(data []byte, v reflect.Value, depth int) ([]byte, error) {
	v.SetZero() // a field that occurs twice in the data must not append to itself
	if rest, isNil := readNil(data); isNil {
		return rest, nil
	}
	n, data, err := readArrayLen(data)
	if err != nil {
		return nil, err
	}
	if depth >= structs.MaxDepth {
		return nil, structs.ErrTooDeep
	}
	if n == 0 {
		v.Set(c.empty)
		return data, nil
	}
	for i := range n {
		if i == v.Cap() {
			v.Grow(min(n-i, max(c.first, i)))
		}
		v.SetLen(i + 1)
		if data, err = c.elem.decode(data, v.Index(i), depth+1); err != nil {
			return nil, structs.At("[]", err)
		}
	}
	return data, nil
}

// arrayCoder is for arrays of anything but bytes.
type arrayCoder struct {
	elem coder
}

func (c *arrayCoder) encode(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	return encodeElements(c.elem, dst, v, depth)
}

func (c *arrayCoder) decode(data []byte, v reflect.Value, depth int) ([]byte, error) {
	n, data, err := readArrayLen(data)
	if err != nil {
		return nil, err
	}
	if n != v.Len() {
		return nil, fmt.Errorf("found %d elements, want %d", n, v.Len())
	}
	if depth >= structs.MaxDepth {
		return nil, structs.ErrTooDeep
	}
	for i := range n {
		if data, err = c.elem.decode(data, v.Index(i), depth+1); err != nil {
			return nil, structs.At("[]", err)
		}
	}
	return data, nil
}

// encodeElements appends the elements of v, a slice or an array.
func encodeElements(elem coder, dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if depth >= structs.MaxDepth {
		return dst, structs.ErrTooDeep
	}
	dst, err := appendArrayLen(dst, v.Len())
	if err != nil {
		return dst, err
	}
	for i := range v.Len() {
		if dst, err = elem.encode(dst, v.Index(i), depth+1); err != nil {
			return dst, structs.At("[]", err)
		}
	}
	return dst, nil
}
