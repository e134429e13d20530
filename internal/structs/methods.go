package structs

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Pair is one way in which types write and read themselves: two methods that belong together.
type Pair struct {
	// Write and Read are the names of the methods.
	Write, Read string

	// Writer and Reader are the interfaces of the methods.
	Writer, Reader reflect.Type

	// Marshal calls the writing method of v, a pointer.
	Marshal func(v any) ([]byte, error)

	// Unmarshal calls the reading method of v, a pointer.
	Unmarshal func(data []byte, v any) error

	// Text reports whether what the type writes is a string; otherwise it is bytes.
	Text bool
}

// The pairs of the standard library.
var (
	Binary = &Pair{
		Write: "MarshalBinary", Writer: reflect.TypeFor[encoding.BinaryMarshaler](),
		Read: "UnmarshalBinary", Reader: reflect.TypeFor[encoding.BinaryUnmarshaler](),
		Marshal:   func(v any) ([]byte, error) { return v.(encoding.BinaryMarshaler).MarshalBinary() },
		Unmarshal: func(data []byte, v any) error { return v.(encoding.BinaryUnmarshaler).UnmarshalBinary(data) },
	}
	Text = &Pair{
		Write: "MarshalText", Writer: reflect.TypeFor[encoding.TextMarshaler](),
		Read: "UnmarshalText", Reader: reflect.TypeFor[encoding.TextUnmarshaler](),
		Marshal:   func(v any) ([]byte, error) { return v.(encoding.TextMarshaler).MarshalText() },
		Unmarshal: func(data []byte, v any) error { return v.(encoding.TextUnmarshaler).UnmarshalText(data) },
		Text:      true,
	}
	JSON = &Pair{
		Write: "MarshalJSON", Writer: reflect.TypeFor[json.Marshaler](),
		Read: "UnmarshalJSON", Reader: reflect.TypeFor[json.Unmarshaler](),
		Marshal:   func(v any) ([]byte, error) { return v.(json.Marshaler).MarshalJSON() },
		Unmarshal: func(data []byte, v any) error { return v.(json.Unmarshaler).UnmarshalJSON(data) },
		Text:      true,
	}
)

// Halves reports which methods of the pair t has, be it on the value or on the pointer.
func (p *Pair) Halves(t reflect.Type) (writes, reads bool) {
	t = reflect.PointerTo(t) // has the methods of both
	return t.Implements(p.Writer), t.Implements(p.Reader)
}

// Methods are the pairs that a codec knows, in the order in which it tries them.
type Methods []*Pair

// Of returns the pair by which t writes itself, and nil if it does not. An error says why what t can do
// is not enough; it does not name t.
func (m Methods) Of(t reflect.Type) (*Pair, error) {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return nil, nil
	}
	byFields, err := m.owed(t)
	if byFields || err != nil {
		return nil, err
	}
	var oneSided error
	for _, p := range m {
		writes, reads := p.Halves(t)
		switch {
		case writes && reads:
			return p, nil
		case writes && oneSided == nil:
			oneSided = fmt.Errorf("has %s but no %s, so it could not be read back", p.Write, p.Read)
		case reads && oneSided == nil:
			oneSided = fmt.Errorf("has %s but no %s, so what it reads would never be written", p.Read, p.Write)
		}
	}
	return nil, oneSided
}

// owed reports whether the methods by which t writes itself may come from an embedded field and know
// nothing of its other fields. Then t is to be written field by field; if even that would lose
// something, the error says so.
func (m Methods) owed(t reflect.Type) (bool, error) {
	if t.Kind() != reflect.Struct {
		return false, nil
	}
	embedded, others, hidden := "", 0, false
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Anonymous && m.Any(f.Type):
			embedded = f.Name
		case f.Name == "_" || tagOf(f).skip:
		case f.IsExported() || f.Anonymous:
			others++
		default:
			others++
			hidden = true
		}
	}
	if embedded == "" || others == 0 {
		return false, nil
	}
	if hidden {
		return false, errors.New("may owe its methods to the embedded " + embedded +
			" and has unexported fields, which would be lost; give the embedded field a name")
	}
	return true, nil
}

// Any reports whether t, or what it points to, has any method of any pair.
func (m Methods) Any(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for _, p := range m {
		if writes, reads := p.Halves(t); writes || reads {
			return true
		}
	}
	return false
}

// PlainByte reports whether slices and arrays of t are byte strings: t is a byte that does not write
// itself in a way of its own.
func (m Methods) PlainByte(t reflect.Type) bool {
	if t.Kind() != reflect.Uint8 {
		return false
	}
	self, err := m.Of(t)
	return self == nil && err == nil
}
