package pydata

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"reflect"
	"slices"
	"time"

	"github.com/cachewright/cachewright/internal/structs"
)

// dynamic is the coder of the empty interface.
type dynamic struct {
	*rules
}

// dynamicType is the coder of a type inside an interface, or why there is none.
type dynamicType struct {
	coder coder
	err   error
}

func (d dynamic) write(w Writer, v reflect.Value, depth int) error {
	return d.writeAny(w, v.Interface(), depth)
}

func (d dynamic) writeAny(w Writer, x any, depth int) error {
	switch x := x.(type) {
	case nil:
		w.Null()
	case bool:
		w.Bool(x)
	case int:
		w.Int(int64(x))
	case int64:
		w.Int(x)
	case float64:
		w.Float(x)
	case string:
		return w.String(x)
	case []byte:
		if !d.format.Bytes {
			return errors.New(noBytes(d.format))
		}
		return bytesCoder{}.write(w, reflect.ValueOf(x), depth)
	case time.Time:
		return w.Time(x)
	case *big.Int:
		if x != nil {
			return w.BigInt(x)
		}
		w.Null()
	case []any:
		if x != nil {
			return d.writeList(w, x, depth)
		}
		w.Null()
	case map[string]any:
		if x != nil {
			return d.writeDict(w, x, depth)
		}
		w.Null()
	default:
		return d.writeOther(w, x, depth)
	}
	return nil
}

func (d dynamic) writeList(w Writer, s []any, depth int) error {
	if depth >= maxWriteDepth {
		return errTooDeep
	}
	if err := w.List(len(s)); err != nil {
		return err
	}
	for i, x := range s {
		w.Next(i)
		if err := d.writeAny(w, x, depth+1); err != nil {
			return at("[]", err)
		}
	}
	w.EndList()
	return nil
}

func (d dynamic) writeDict(w Writer, m map[string]any, depth int) error {
	if depth >= maxWriteDepth {
		return errTooDeep
	}
	if err := w.Dict(len(m)); err != nil {
		return err
	}
	for i, key := range slices.Sorted(maps.Keys(m)) {
		w.Next(i)
		if err := w.Key(key); err != nil {
			return at("[key]", err)
		}
		if err := d.writeAny(w, m[key], depth+1); err != nil {
			return at("[]", err)
		}
	}
	w.EndDict()
	return nil
}

// writeOther writes a value of a type that does not come back as it is.
func (d dynamic) writeOther(w Writer, x any, depth int) error {
	v := reflect.ValueOf(x)
	t := d.coderOf(v.Type())
	if t.err != nil {
		return fmt.Errorf("holds a value that cannot be encoded: %w", t.err)
	}
	addressable := reflect.New(v.Type()).Elem()
	addressable.Set(v)
	return t.coder.write(w, addressable, depth)
}

func (d dynamic) coderOf(t reflect.Type) *dynamicType {
	if known, ok := d.coders.Load(t); ok {
		return known.(*dynamicType)
	}
	c := compiler{known: map[reflect.Type]coder{}, rules: d.rules}
	k, err := c.compile(t, pathOf(t))
	known, _ := d.coders.LoadOrStore(t, &dynamicType{coder: k, err: err})
	return known.(*dynamicType)
}

func (d dynamic) read(r Reader, v reflect.Value, depth int) error {
	x, err := readAny(r, depth)
	if err != nil {
		return err
	}
	if x == nil {
		v.SetZero()
		return nil
	}
	v.Set(reflect.ValueOf(x))
	return nil
}

// readAny returns the next value, as the package comment says for an any.
func readAny(r Reader, depth int) (any, error) {
	kind, err := r.Kind()
	if err != nil {
		return nil, err
	}
	switch kind {
	case Null:
		_, err := r.Null()
		return nil, err
	case Bool:
		return asAny(r.Bool())
	case Int, Float:
		n, err := r.Number()
		return n.any(), err
	case String:
		s, err := r.String()
		return string(s), err
	case Bytes:
		b, err := r.Bytes()
		return append([]byte{}, b...), err
	}
	if depth >= structs.MaxDepth {
		return nil, structs.ErrTooDeep
	}
	if kind == List {
		return asAny(readList(r, depth))
	}
	return asAny(readDict(r, depth))
}

// asAny forgets the type of x.
func asAny[T any](x T, err error) (any, error) { return x, err }

func readList(r Reader, depth int) ([]any, error) {
	n, err := r.List()
	if err != nil {
		return nil, err
	}
	s := []any{}
	for i := 0; ; i++ {
		more, err := r.More(i, n)
		if err != nil || !more {
			return s, err
		}
		x, err := readAny(r, depth+1)
		if err != nil {
			return nil, at("[]", err)
		}
		s = append(s, x)
	}
}

func readDict(r Reader, depth int) (map[string]any, error) {
	n, err := r.Dict()
	if err != nil {
		return nil, err
	}
	m := map[string]any{}
	for i := 0; ; i++ {
		key, more, err := r.Key(i, n)
		if err != nil || !more {
			return m, err
		}
		name := string(key)
		if m[name], err = readAny(r, depth+1); err != nil {
			return nil, at("[]", err)
		}
	}
}
