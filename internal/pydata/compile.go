package pydata

import (
	"encoding/json"
	"math/big"
	"reflect"
	"sync"
	"time"

	"github.com/cachewright/cachewright/internal/structs"
)

// rules are what all compilers of one format share.
type rules struct {
	format  Format
	methods structs.Methods

	// coders has one *dynamicType for every reflect.Type that was met inside an interface and is not one of
	// those that come back as they are. It grows with the number of types in the program.
	coders sync.Map
}

func rulesOf(f Format) *rules {
	r := &rules{format: f, methods: structs.Methods{structs.JSON, structs.Text}}
	if f.Bytes {
		r.methods = append(r.methods, structs.Binary)
	}
	return r
}

// compiler turns types into coders.
type compiler struct {
	*rules

	// known has the coder of every compound type met so far, also while it is still being filled in.
	// That is what makes recursive types work.
	known map[reflect.Type]coder
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
	switch t {
	case reflect.TypeFor[time.Time]():
		return timeCoder{}, nil
	case reflect.TypeFor[time.Duration]():
		return durationCoder{}, nil
	case reflect.TypeFor[big.Int]():
		return bigCoder{}, nil
	case reflect.TypeFor[json.Number]():
		return jsonNumberCoder{}, nil
	}
	if k, err := c.pythonCoder(t, path); k != nil || err != nil {
		return k, err
	}
	pair, err := c.methods.Of(t)
	if err != nil {
		return nil, structs.Refuse(path, err.Error())
	}
	if pair != nil {
		if pair == structs.JSON {
			return &jsonCoder{dynamic{c.rules}, nillable(t)}, nil
		}
		return &selfCoder{pair, nillable(t)}, nil
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
	case reflect.Float32, reflect.Float64:
		return floatCoder{}, nil
	case reflect.String:
		return stringCoder{}, nil
	case reflect.Pointer:
		p := &pointerCoder{typ: t.Elem()}
		c.known[t] = p
		var err error
		p.elem, err = c.compile(t.Elem(), path)
		return p, err
	case reflect.Slice, reflect.Array:
		return c.compileList(t, path)
	case reflect.Map:
		return c.compileMap(t, path)
	case reflect.Struct:
		return c.compileStruct(t, path)
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return dynamic{c.rules}, nil
		}
	}
	return nil, structs.RefuseKind(path, t)
}

func (c *compiler) compileList(t reflect.Type, path string) (coder, error) {
	if c.methods.PlainByte(t.Elem()) {
		switch {
		case !c.format.Bytes:
			return nil, structs.Refuse(path, noBytes(c.format))
		case t.Kind() == reflect.Array:
			return byteArrayCoder{}, nil
		}
		return bytesCoder{}, nil
	}
	if t.Kind() == reflect.Array {
		a := &arrayCoder{}
		c.known[t] = a
		var err error
		a.elem, err = c.compile(t.Elem(), path+"[]")
		return a, err
	}
	s := &sliceCoder{empty: reflect.MakeSlice(t, 0, 0)}
	c.known[t] = s
	var err error
	s.elem, err = c.compile(t.Elem(), path+"[]")
	return s, err
}

// noBytes says what to do where a format has only text.
func noBytes(f Format) string {
	return "is bytes, which " + f.Name + " does not have in Python; make it a string, or choose another serializer"
}

func (c *compiler) compileMap(t reflect.Type, path string) (coder, error) {
	m := &mapCoder{typ: t}
	c.known[t] = m
	var err error
	if m.key, err = keyOf(t.Key()); err != nil {
		return nil, structs.Refuse(path+"[key]", err.Error())
	}
	m.elem, err = c.compile(t.Elem(), path+"[]")
	return m, err
}

func (c *compiler) compileStruct(t reflect.Type, path string) (coder, error) {
	s := &structCoder{}
	c.known[t] = s
	fields, err := c.methods.Fields(t, path)
	if err != nil {
		return nil, err
	}
	s.fields, s.byName = make([]field, len(fields)), make(map[string]int, len(fields))
	for i, f := range fields {
		k, err := c.compile(f.Type, f.Path)
		if err != nil {
			return nil, err
		}
		s.fields[i] = field{Field: f, step: f.Path[len(path):], coder: k}
		s.byName[f.Name] = i
		s.variable = s.variable || f.Variable()
	}
	return s, nil
}
