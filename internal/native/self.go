package native

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"
)

// pair is one way in which types write and read themselves.
type pair struct {
	write, read    string // the methods' names
	writer, reader reflect.Type
	marshal        func(v any) ([]byte, error)
	unmarshal      func(data []byte, v any) error
	asText         bool // what it writes is a string; otherwise it is bytes
}

// The pairs, in the order in which they are tried.
var (
	msgpackPair = &pair{
		write: "EncodeMsgpack", writer: reflect.TypeFor[msgpack.CustomEncoder](), marshal: encodeMsgpack,
		read: "DecodeMsgpack", reader: reflect.TypeFor[msgpack.CustomDecoder](), unmarshal: decodeMsgpack,
	}
	binaryPair = &pair{
		write: "MarshalBinary", writer: reflect.TypeFor[encoding.BinaryMarshaler](),
		read: "UnmarshalBinary", reader: reflect.TypeFor[encoding.BinaryUnmarshaler](),
		marshal:   func(v any) ([]byte, error) { return v.(encoding.BinaryMarshaler).MarshalBinary() },
		unmarshal: func(data []byte, v any) error { return v.(encoding.BinaryUnmarshaler).UnmarshalBinary(data) },
	}
	textPair = &pair{
		write: "MarshalText", writer: reflect.TypeFor[encoding.TextMarshaler](),
		read: "UnmarshalText", reader: reflect.TypeFor[encoding.TextUnmarshaler](),
		marshal:   func(v any) ([]byte, error) { return v.(encoding.TextMarshaler).MarshalText() },
		unmarshal: func(data []byte, v any) error { return v.(encoding.TextUnmarshaler).UnmarshalText(data) },
		asText:    true,
	}
	jsonPair = &pair{
		write: "MarshalJSON", writer: reflect.TypeFor[json.Marshaler](),
		read: "UnmarshalJSON", reader: reflect.TypeFor[json.Unmarshaler](),
		marshal:   func(v any) ([]byte, error) { return v.(json.Marshaler).MarshalJSON() },
		unmarshal: func(data []byte, v any) error { return v.(json.Unmarshaler).UnmarshalJSON(data) },
		asText:    true,
	}
	pairs = [...]*pair{msgpackPair, binaryPair, textPair, jsonPair}
)

// halves reports which methods of the pair t has, be it on the value or on the pointer.
func (p *pair) halves(t reflect.Type) (writes, reads bool) {
	t = reflect.PointerTo(t) // has the methods of both
	return t.Implements(p.writer), t.Implements(p.reader)
}

// encodeMsgpack lets v write itself. The writer may produce any number of values; they travel as bytes.
func encodeMsgpack(v any) ([]byte, error) {
	var b bytes.Buffer
	e := msgpack.NewEncoder(&b)
	e.SetSortMapKeys(true)
	if err := v.(msgpack.CustomEncoder).EncodeMsgpack(e); err != nil {
		return nil, err
	}
	return b.Bytes(), wellFormed(b.Bytes())
}

// decodeMsgpack lets v read what encodeMsgpack returned, after a look at it, because the library follows
// nesting to any depth and a stack that overflows ends the process.
func decodeMsgpack(data []byte, v any) error {
	if err := wellFormed(data); err != nil {
		return err
	}
	return v.(msgpack.CustomDecoder).DecodeMsgpack(msgpack.NewDecoder(bytes.NewReader(data)))
}

// wellFormed reports whether data is a sequence of values that nest no deeper than is allowed.
func wellFormed(data []byte) error {
	for len(data) > 0 {
		var err error
		if data, err = skip(data, 0); err != nil {
			return err
		}
	}
	return nil
}

// selfCoder is for types that write themselves.
type selfCoder struct {
	pair     *pair
	nillable bool // a nil value is written as nil, without asking the type
}

// selfCoderOf returns the coder of t if t writes itself, and nil if it does not. An error says why what
// t can do is not enough.
func selfCoderOf(t reflect.Type) (*selfCoder, error) {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return nil, nil
	}
	byFields, err := owesMethods(t)
	if byFields || err != nil {
		return nil, err
	}
	var oneSided error
	for _, p := range pairs {
		writes, reads := p.halves(t)
		switch {
		case writes && reads:
			return &selfCoder{pair: p, nillable: nillable(t)}, nil
		case writes && oneSided == nil:
			oneSided = fmt.Errorf("has %s but no %s, so it could not be read back", p.write, p.read)
		case reads && oneSided == nil:
			oneSided = fmt.Errorf("has %s but no %s, so what it reads would never be written", p.read, p.write)
		}
	}
	return nil, oneSided
}

// owesMethods reports whether the methods by which t writes itself may come from an embedded field and
// know nothing of its other fields. Then t is to be written field by field; if even that would lose
// something, the error says so.
func owesMethods(t reflect.Type) (bool, error) {
	if t.Kind() != reflect.Struct {
		return false, nil
	}
	embedded, others, hidden := "", 0, false
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Anonymous && writesItself(f.Type):
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

// writesItself reports whether t, or what it points to, has any method of any pair.
func writesItself(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for _, p := range pairs {
		if writes, reads := p.halves(t); writes || reads {
			return true
		}
	}
	return false
}

func (c *selfCoder) encode(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	if c.nillable && v.IsNil() {
		return append(dst, codeNil), nil
	}
	b, err := c.pair.marshal(v.Addr().Interface())
	if err != nil {
		return dst, fmt.Errorf("%s: %w", c.pair.write, err)
	}
	if c.pair.asText {
		return appendString(dst, b)
	}
	return appendBytes(dst, b)
}

func (c *selfCoder) decode(data []byte, v reflect.Value, _ int) ([]byte, error) {
	if rest, isNil := readNil(data); isNil && c.nillable {
		v.SetZero()
		return rest, nil
	}
	read := readBytes
	if c.pair.asText {
		read = readString
	}
	b, rest, err := read(data)
	if err != nil {
		return nil, err
	}
	if err := c.pair.unmarshal(b, v.Addr().Interface()); err != nil {
		return nil, fmt.Errorf("%s: %w", c.pair.read, err)
	}
	return rest, nil
}
