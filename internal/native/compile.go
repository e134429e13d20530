package native

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/cachewright/cachewright/internal/structs"
)

// compiler turns types into coders.
type compiler struct {
	// known has the coder of every compound type met so far, also while it is still being filled in.
	// That is what makes recursive types work.
	known map[reflect.Type]coder

	// dynamic writes what interfaces hold.
	dynamic *dynamic

	// loose is set for values inside an any, which are written only to be read as an any: pointers
	// leave no trace, and all map keys become strings.
	loose bool
}

// pathOf is where messages about t begin.
func pathOf(t reflect.Type) string {
	if t.Name() != "" {
		return t.Name()
	}
	return Identity(t)
}

// compile returns the coder of t, which is reached by path.
func (c *compiler) compile(t reflect.Type, path string) (coder, error) {
	if k, ok := c.known[t]; ok {
		return k, nil
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return timeCoder{}, nil
	case reflect.TypeFor[json.RawMessage]():
		return bytesCoder{}, nil // its methods would turn nil into "null"
	}
	self, err := methods.Of(t)
	if err != nil {
		return nil, structs.Refuse(path, err.Error())
	}
	if self != nil {
		return &selfCoder{pair: self, nillable: nillable(t)}, nil
	}
	return c.compileKind(t, path)
}

// compileKind returns the coder of a type that does not write itself.
func (c *compiler) compileKind(t reflect.Type, path string) (coder, error) {
	switch t.Kind() {
	case reflect.Bool:
		return boolCoder{}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return intCoder{}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return uintCoder{}, nil
	case reflect.Float32:
		return float32Coder{}, nil
	case reflect.Float64:
		return float64Coder{}, nil
	case reflect.String:
		return stringCoder{}, nil
	case reflect.Pointer:
		return c.compilePointer(t, path)
	case reflect.Slice:
		return c.compileSlice(t, path)
	case reflect.Array:
		return c.compileArray(t, path)
	case reflect.Map:
		return c.compileMap(t, path)
	case reflect.Struct:
		return c.compileStruct(t, path)
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return c.dynamic, nil
		}
	}
	return nil, structs.RefuseKind(path, t)
}

func (c *compiler) compilePointer(t reflect.Type, path string) (coder, error) {
	p := &pointerCoder{typ: t.Elem(), nested: nillable(t.Elem()), boxed: nillable(t.Elem()) && !c.loose}
	c.known[t] = p
	var err error
	p.elem, err = c.compile(t.Elem(), path)
	return p, err
}

func (c *compiler) compileSlice(t reflect.Type, path string) (coder, error) {
	if methods.PlainByte(t.Elem()) {
		return bytesCoder{}, nil
	}
	s := &sliceCoder{empty: reflect.MakeSlice(t, 0, 0), first: firstAlloc(t.Elem())}
	c.known[t] = s
	var err error
	s.elem, err = c.compile(t.Elem(), path+"[]")
	return s, err
}

func (c *compiler) compileArray(t reflect.Type, path string) (coder, error) {
	if methods.PlainByte(t.Elem()) {
		return byteArrayCoder{}, nil
	}
	a := &arrayCoder{}
	c.known[t] = a
	var err error
	a.elem, err = c.compile(t.Elem(), path+"[]")
	return a, err
}

func (c *compiler) compileMap(t reflect.Type, path string) (coder, error) {
	m := &mapCoder{
		typ:    t,
		keys:   reflect.SliceOf(t.Key()),
		values: reflect.SliceOf(t.Elem()),
		first:  min(firstAlloc(t.Key()), firstAlloc(t.Elem())),
	}
	c.known[t] = m
	var err error
	if m.key, err = c.compileKey(t.Key()); err != nil {
		return nil, structs.Refuse(path+"[key]", err.Error())
	}
	m.elem, err = c.compile(t.Elem(), path+"[]")
	return m, err
}

// nillable reports whether values of type t may be written as nil.
func nillable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return true
	}
	return false
}
