package native

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/cachewright/cachewright/internal/structs"
)

// dynamic is the coder of the empty interface.
type dynamic struct {
	// coders has one *dynamicType for every reflect.Type that was met inside an interface and is not
	// one of those that come back as they are. It grows with the number of types in the program.
	coders sync.Map
}

// dynamicType is the coder of a type inside an interface, or why there is none.
type dynamicType struct {
	coder coder
	err   error
}

func (d *dynamic) encode(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	return d.append(dst, v.Interface(), depth)
}

func (d *dynamic) append(dst []byte, x any, depth int) ([]byte, error) {
	switch x := x.(type) {
	case nil:
		return append(dst, codeNil), nil
	case bool:
		return appendBool(dst, x), nil
	case int:
		return appendInt(dst, int64(x)), nil
	case int64:
		return appendInt(dst, x), nil
	case float64:
		return appendFloat64(dst, x), nil
	case string:
		return appendString(dst, x)
	case time.Time:
		return appendTime(dst, x)
	case []any:
		if x != nil {
			return d.appendSlice(dst, x, depth)
		}
		return append(dst, codeNil), nil
	case map[string]any:
		if x != nil {
			return d.appendMap(dst, x, depth)
		}
		return append(dst, codeNil), nil
	}
	return d.appendOther(dst, x, depth)
}

func (d *dynamic) appendSlice(dst []byte, s []any, depth int) ([]byte, error) {
	if depth >= structs.MaxDepth {
		return dst, structs.ErrTooDeep
	}
	dst, err := appendArrayLen(dst, len(s))
	if err != nil {
		return dst, err
	}
	for _, x := range s {
		if dst, err = d.append(dst, x, depth+1); err != nil {
			return dst, structs.At("[]", err)
		}
	}
	return dst, nil
}

func (d *dynamic) appendMap(dst []byte, m map[string]any, depth int) ([]byte, error) {
	if depth >= structs.MaxDepth {
		return dst, structs.ErrTooDeep
	}
	dst, err := appendMapLen(dst, len(m))
	if err != nil {
		return dst, err
	}
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		if dst, err = appendString(dst, key); err != nil {
			return dst, structs.At("[key]", err)
		}
		if dst, err = d.append(dst, m[key], depth+1); err != nil {
			return dst, structs.At("[]", err)
		}
	}
	return dst, nil
}

// appendOther writes a value of a type that does not come back as it is.
func (d *dynamic) appendOther(dst []byte, x any, depth int) ([]byte, error) {
	v := reflect.ValueOf(x)
	t := d.coderOf(v.Type())
	if t.err != nil {
		return dst, fmt.Errorf("holds a value that cannot be encoded: %w", t.err)
	}
	addressable := reflect.New(v.Type()).Elem()
	addressable.Set(v)
	return t.coder.encode(dst, addressable, depth)
}

func (d *dynamic) coderOf(t reflect.Type) *dynamicType {
	if known, ok := d.coders.Load(t); ok {
		return known.(*dynamicType)
	}
	c := compiler{known: map[reflect.Type]coder{}, dynamic: d, loose: true}
	k, err := c.compile(t, pathOf(t))
	known, _ := d.coders.LoadOrStore(t, &dynamicType{coder: k, err: err})
	return known.(*dynamicType)
}

func (d *dynamic) decode(data []byte, v reflect.Value, depth int) ([]byte, error) {
	x, rest, err := readAny(data, depth)
	if err != nil {
		return nil, err
	}
	if x == nil {
		v.SetZero()
		return rest, nil
	}
	v.Set(reflect.ValueOf(x))
	return rest, nil
}

// readAny returns the value that data begins with, as the package comment says for an any.
func readAny(data []byte, depth int) (x any, rest []byte, err error) {
	if len(data) == 0 {
		return nil, nil, errShort
	}
	switch kindOf(data[0]) {
	case kindNil:
		return nil, data[1:], nil
	case kindBool:
		return asAny(readBool(data))
	case kindInt, kindFloat:
		n, rest, err := readNumber(data)
		return n.any(), rest, err
	case kindString:
		s, rest, err := readString(data)
		return string(s), rest, err
	case kindBytes:
		b, rest, err := readBytes(data)
		return append([]byte{}, b...), rest, err
	case kindArray:
		return readAnySlice(data, depth)
	case kindMap:
		return readAnyMap(data, depth)
	case kindExtension:
		return asAny(readTime(data))
	}
	return nil, nil, mismatch(data[0], "a value")
}

// asAny forgets the type of x.
func asAny[T any](x T, rest []byte, err error) (any, []byte, error) { return x, rest, err }

// any returns the number as an int64, as a uint64 if it is too large for that, or as a float64.
func (n number) any() any {
	switch {
	case n.form == floating:
		return math.Float64frombits(n.bits)
	case n.form == unsigned && n.bits > math.MaxInt64:
		return n.bits
	}
	return int64(n.bits)
}

func readAnySlice(data []byte, depth int) (x any, rest []byte, err error) {
	n, rest, err := readArrayLen(data)
	if err != nil {
		return nil, nil, err
	}
	if depth >= structs.MaxDepth {
		return nil, nil, structs.ErrTooDeep
	}
	s := make([]any, 0, min(n, firstAlloc(reflect.TypeFor[any]())))
	for range n {
		var x any
		if x, rest, err = readAny(rest, depth+1); err != nil {
			return nil, nil, structs.At("[]", err)
		}
		s = append(s, x)
	}
	return s, rest, nil
}

func readAnyMap(data []byte, depth int) (x any, rest []byte, err error) {
	n, rest, err := readMapLen(data)
	if err != nil {
		return nil, nil, err
	}
	if depth >= structs.MaxDepth {
		return nil, nil, structs.ErrTooDeep
	}
	m := make(map[string]any, min(n, firstAlloc(reflect.TypeFor[any]())))
	for range n {
		var key []byte
		if key, rest, err = readString(rest); err != nil {
			return nil, nil, structs.At("[key]", err)
		}
		name := string(key)
		if m[name], rest, err = readAny(rest, depth+1); err != nil {
			return nil, nil, structs.At("[]", err)
		}
	}
	return m, rest, nil
}
