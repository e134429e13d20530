package pickle

import (
	"encoding/json"
	"math/big"
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
}

func newCompiler(d *dynamic) *compiler {
	return &compiler{known: map[reflect.Type]coder{}, dynamic: d}
}

// pathOf is where messages about t begin.
func pathOf(t reflect.Type) string {
	if t.Name() != "" {
		return t.Name()
	}
	return t.String()
}

// compile returns the coder of t, which is reached by path.
func (c *compiler) compile(t reflect.Type, path string) (coder, error) {
	if k, ok := c.known[t]; ok {
		return k, nil
	}
	if k := exact(t); k != nil {
		return k, nil
	}
	if byConvention(t, "UUID") && t.Kind() == reflect.Array && t.Len() == 16 && t.Elem().Kind() == reflect.Uint8 {
		return uuidCoder{}, nil
	}
	self, err := methods.Of(t)
	if err != nil {
		return nil, structs.Refuse(path, err.Error())
	}
	if self != nil {
		return &selfCoder{
			pair: self, nillable: nillable(t), decimal: self == structs.Text && byConvention(t, "Decimal"),
		}, nil
	}
	return c.compileKind(t, path)
}

// exact returns the coder of a type that stands for one type of Python, nil for others.
func exact(t reflect.Type) coder {
	switch t {
	case reflect.TypeFor[time.Time]():
		return timeCoder{}
	case reflect.TypeFor[time.Duration]():
		return durationCoder{}
	case reflect.TypeFor[big.Int]():
		return bigCoder{}
	case reflect.TypeFor[json.RawMessage]():
		return bytesCoder{} // its methods would turn nil into "null"
	case reflect.TypeFor[Dict]():
		return dictCoder{}
	case reflect.TypeFor[TimeDelta]():
		return deltaCoder{}
	case reflect.TypeFor[UUID]():
		return uuidCoder{}
	case reflect.TypeFor[Tuple]():
		return exactCoder{t, kindTuple}
	case reflect.TypeFor[Set]():
		return exactCoder{t, kindSet}
	case reflect.TypeFor[FrozenSet]():
		return exactCoder{t, kindFrozenSet}
	case reflect.TypeFor[ByteArray]():
		return exactCoder{t, kindByteArray}
	case reflect.TypeFor[OrderedDict]():
		return exactCoder{t, kindOrderedDict}
	case reflect.TypeFor[Decimal]():
		return exactCoder{t, kindDecimal}
	case reflect.TypeFor[Date]():
		return exactCoder{t, kindDate}
	case reflect.TypeFor[Clock]():
		return exactCoder{t, kindTime}
	case reflect.TypeFor[*time.Location]():
		return exactCoder{t, kindTimezone}
	case reflect.TypeFor[Opaque]():
		return exactCoder{t, kindOpaque}
	}
	return nil
}

// byConvention reports whether t is of that name, whatever its package.
func byConvention(t reflect.Type, name string) bool { return t.Name() == name }

// compileKind returns the coder of a type that does not write itself.
func (c *compiler) compileKind(t reflect.Type, path string) (coder, error) {
	switch t.Kind() {
	case reflect.Bool:
		return boolCoder{}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return intCoder{}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return uintCoder{}, nil
	case reflect.Float32, reflect.Float64:
		return floatCoder{}, nil
	case reflect.Complex64, reflect.Complex128:
		return complexCoder{}, nil
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
	p := &pointerCoder{typ: t.Elem(), nested: nillable(t.Elem())}
	c.known[t] = p
	var err error
	p.elem, err = c.compile(t.Elem(), path)
	return p, err
}

func (c *compiler) compileSlice(t reflect.Type, path string) (coder, error) {
	if methods.PlainByte(t.Elem()) {
		return bytesCoder{}, nil
	}
	s := &sliceCoder{typ: t, dynamic: t == reflect.TypeFor[[]any]()}
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
	m := &mapCoder{typ: t, dynamic: t == reflect.TypeFor[map[string]any]()}
	c.known[t] = m
	var err error
	if m.key, err = keyOf(t.Key()); err != nil {
		return nil, structs.Refuse(path+"[key]", err.Error())
	}
	m.elem, err = c.compile(t.Elem(), path+"[]")
	return m, err
}

// nillable reports whether values of type t may be nil.
func nillable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return true
	}
	return false
}
