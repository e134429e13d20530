package native

import (
	"errors"
	"reflect"
	"slices"
	"strconv"

	"github.com/cachewright/cachewright/internal/structs"
)

// mapCoder is for maps. It writes them in the order of their keys.
type mapCoder struct {
	typ    reflect.Type
	keys   reflect.Type // slice of the keys' type
	values reflect.Type // slice of the values' type
	first  int          // as firstAlloc says
	key    mapKey
	elem   coder
}

// mapKey is how the keys of a map are written and ordered.
type mapKey struct {
	coder   coder
	compare func(a, b reflect.Value) int

	// text, if set, makes the string that is written for a key, instead of coder.
	text func(key reflect.Value) (string, error)
}

// compileKey returns how keys of type t are written. Strings, integers and booleans are written as what
// they are also if they have methods: that is exact, and nobody but this package reads it.
func (c *compiler) compileKey(t reflect.Type) (mapKey, error) {
	k := mapKey{compare: structs.KeyOrder(t)}
	switch t.Kind() {
	case reflect.String:
		k.coder = stringCoder{}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		k.coder, k.text = intCoder{}, formatInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		k.coder, k.text = uintCoder{}, formatUint
	case reflect.Bool:
		k.coder, k.text = boolCoder{}, formatBool
	default:
		return textKey(t)
	}
	if !c.loose {
		k.text = nil
	}
	return k, nil
}

// textKey returns how keys of type t are written that write themselves as text.
func textKey(t reflect.Type) (mapKey, error) {
	writes, reads := structs.Text.Halves(t)
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface || !writes || !reads {
		return mapKey{}, errors.New("is no string, integer or boolean and has not both MarshalText and UnmarshalText")
	}
	return mapKey{
		coder: &selfCoder{pair: structs.Text},
		text: func(key reflect.Value) (string, error) {
			b, err := structs.Text.Marshal(key.Addr().Interface())
			return string(b), err
		},
	}, nil
}

func (c *mapCoder) encode(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, codeNil), nil
	}
	if depth >= structs.MaxDepth {
		return dst, structs.ErrTooDeep
	}
	keys, values := c.entries(v)
	keys, key, err := c.key.written(keys)
	if err != nil {
		return dst, structs.At("[key]", err)
	}
	order, err := sorted(keys, key.compare)
	if err != nil {
		return dst, err
	}
	dst, err = appendMapLen(dst, len(order))
	if err != nil {
		return dst, err
	}
	for _, i := range order {
		if dst, err = key.coder.encode(dst, keys.Index(i), depth+1); err != nil {
			return dst, structs.At("[key]", err)
		}
		if dst, err = c.elem.encode(dst, values.Index(i), depth+1); err != nil {
			return dst, structs.At("[]", err)
		}
	}
	return dst, nil
}

// entries returns the keys and values of m as two slices, because their elements are addressable.
func (c *mapCoder) entries(m reflect.Value) (keys, values reflect.Value) {
	n := m.Len()
	keys, values = reflect.MakeSlice(c.keys, n, n), reflect.MakeSlice(c.values, n, n)
	iter := m.MapRange()
	for i := 0; i < n && iter.Next(); i++ {
		keys.Index(i).SetIterKey(iter)
		values.Index(i).SetIterValue(iter)
	}
	return keys, values
}

// written returns the keys in the form in which they are written, and how to write that form.
func (k mapKey) written(keys reflect.Value) (reflect.Value, mapKey, error) {
	if k.text == nil {
		return keys, k, nil
	}
	texts := make([]string, keys.Len())
	for i := range texts {
		var err error
		if texts[i], err = k.text(keys.Index(i)); err != nil {
			return keys, k, err
		}
	}
	return reflect.ValueOf(texts), mapKey{coder: stringCoder{}, compare: structs.KeyOrder(reflect.TypeFor[string]())}, nil
}

// sorted returns the order of keys. Two keys that are written alike would come back as one: an error.
func sorted(keys reflect.Value, compare func(a, b reflect.Value) int) ([]int, error) {
	order := make([]int, keys.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return compare(keys.Index(a), keys.Index(b)) })
	for i := 1; i < len(order); i++ {
		if compare(keys.Index(order[i-1]), keys.Index(order[i])) == 0 {
			return nil, errors.New("two keys of the map have the same text")
		}
	}
	return order, nil
}

func (c *mapCoder) decode(data []byte, v reflect.Value, depth int) ([]byte, error) {
	if rest, isNil := readNil(data); isNil {
		v.SetZero()
		return rest, nil
	}
	n, data, err := readMapLen(data)
	if err != nil {
		return nil, err
	}
	if depth >= structs.MaxDepth {
		return nil, structs.ErrTooDeep
	}
	m := reflect.MakeMapWithSize(c.typ, min(n, c.first))
	key, value := reflect.New(c.typ.Key()).Elem(), reflect.New(c.typ.Elem()).Elem()
	for range n {
		key.SetZero()
		if data, err = c.key.coder.decode(data, key, depth+1); err != nil {
			return nil, structs.At("[key]", err)
		}
		value.SetZero()
		if data, err = c.elem.decode(data, value, depth+1); err != nil {
			return nil, structs.At("[]", err)
		}
		m.SetMapIndex(key, value)
	}
	v.Set(m)
	return data, nil
}

func formatInt(key reflect.Value) (string, error)  { return strconv.FormatInt(key.Int(), 10), nil }
func formatUint(key reflect.Value) (string, error) { return strconv.FormatUint(key.Uint(), 10), nil }
func formatBool(key reflect.Value) (string, error) { return strconv.FormatBool(key.Bool()), nil }
