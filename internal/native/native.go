// Package native is the codec of native values: typed Go values to MessagePack and back.
//
// A type is compiled once, by [Compile], into a [Codec]. What the codec promises:
//
//   - What goes in comes out. Nil and empty slices, maps and pointers stay apart; a time keeps its
//     nanoseconds and its zone offset (the monotonic clock reading goes); a number that does not fit
//     its field is an error, never a wrapped or cut number.
//   - Types that would come back empty are refused before the first value is written.
//   - Equal values have equal bytes: maps are written in the order of their keys.
//   - Bytes from outside cannot hurt: broken input is an error, memory grows with the input (times the
//     size of the element type) and not with what its length fields claim, and nesting ends at 1000.
//
// # How types are written
//
// A struct is a map of its exported fields. The field's name is that of its cache tag, else of its json
// tag, else its Go name; the tag options omitempty and omitzero and the name "-" mean what they mean to
// encoding/json, and so does embedding, with one difference: an embedded type that writes itself is a
// field of its own name.
//
// Types that write themselves do it by the first complete pair among msgpack.CustomEncoder and
// CustomDecoder, encoding.BinaryMarshaler and BinaryUnmarshaler, encoding.TextMarshaler and
// TextUnmarshaler, json.Marshaler and Unmarshaler. Exceptions are time.Time and json.RawMessage, which
// are handled exactly, and structs that may owe those methods to an embedded field and have other
// fields too: they are written field by field, so that the other fields are not lost.
//
// # What an any holds
//
// Inside an interface{} the type of a value is not kept, only its kind: nil, bool, int64 (uint64 above
// its range), float64, string, []byte, time.Time, []any and map[string]any come back as they are, all
// other values as the nearest of these: named types by their kind, pointers by what they point to,
// structs as maps, types that write themselves as what they write (string for text and JSON).
package native

import (
	"fmt"
	"reflect"

	"github.com/cachewright/cachewright/internal/structs"
)

// methods are the pairs by which types write themselves, in the order in which they are tried.
var methods = structs.Methods{msgpackPair, structs.Binary, structs.Text, structs.JSON}

// Codec writes and reads values of one type. It is immutable to its users and safe for concurrent use.
// The zero value is not usable; [Compile] makes codecs.
type Codec struct {
	typ   reflect.Type
	root  coder
	taker coder // root, for data that is given away
}

// coder writes and reads the values of one type.
//
// Both methods are given addressable values; depth is how many arrays and maps enclose the value.
type coder interface {
	// encode appends v to dst. After an error the contents of what it returns are of no use.
	encode(dst []byte, v reflect.Value, depth int) ([]byte, error)

	// decode sets v from the front of data and returns what follows. It keeps no part of data.
	decode(data []byte, v reflect.Value, depth int) (rest []byte, err error)
}

// Compile makes the codec of t.
//
// It refuses types that cannot come back as they were: channels, functions, complex numbers, uintptr,
// unsafe.Pointer, interfaces with methods, map keys other than strings, integers, booleans and types
// that write themselves as text, types that write themselves but do not read themselves (or the other
// way round), and structs without anything to encode, except struct{}. The error names the way to the
// offending type, as in "User.Address.Geo: has only unexported fields".
//
// Compile costs some microseconds; keep the codec.
func Compile(t reflect.Type) (*Codec, error) {
	if t == nil {
		return nil, fmt.Errorf("a nil type cannot be encoded")
	}
	c := compiler{known: map[reflect.Type]coder{}, dynamic: &dynamic{}}
	root, err := c.compile(t, pathOf(t))
	if err != nil {
		return nil, err
	}
	return &Codec{typ: t, root: root, taker: takerOf(root)}, nil
}

// Append appends the encoding of the value that from points to, and returns the extended slice.
//
// from is a non-nil pointer to a value of the codec's type, whatever that type is: for a codec of *User
// it is a **User. The value must not change meanwhile. On an error Append returns dst as it was given.
func (c *Codec) Append(dst []byte, from any) ([]byte, error) {
	v, err := c.target(from)
	if err != nil {
		return dst, fmt.Errorf("encode %s: %w", Identity(c.typ), err)
	}
	out, err := c.root.encode(dst, v, 0)
	if err != nil {
		return dst, fmt.Errorf("encode %s: %w", Identity(c.typ), err)
	}
	return out, nil
}

// Decode sets the value that into points to from data, which must hold one value and nothing else.
//
// into is a non-nil pointer to a value of the codec's type. What it pointed to is replaced as a whole:
// fields that data lacks are zero afterwards, fields of data that the type lacks are ignored. The value
// shares no memory with data. On an error the value is zero.
func (c *Codec) Decode(data []byte, into any) error { return c.decode(c.root, data, into) }

// Take is Decode of data that the caller gives away: bytes and strings, which are all but a few bytes of data, become
// the part of it that holds them, without a copy. What is within other values is copied.
func (c *Codec) Take(data []byte, into any) error { return c.decode(c.taker, data, into) }

func (c *Codec) decode(root coder, data []byte, into any) error {
	v, err := c.target(into)
	if err != nil {
		return fmt.Errorf("decode %s: %w", Identity(c.typ), err)
	}
	v.SetZero()
	rest, err := root.decode(data, v, 0)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes follow the value", len(rest))
	}
	if err != nil {
		v.SetZero()
		return fmt.Errorf("decode %s: %w", Identity(c.typ), err)
	}
	return nil
}

// target returns the value behind pointer, which is one of the codec's type.
func (c *Codec) target(pointer any) (reflect.Value, error) {
	p := reflect.ValueOf(pointer)
	if p.Kind() != reflect.Pointer || p.Type().Elem() != c.typ {
		return reflect.Value{}, fmt.Errorf("got a %T, want a pointer to the type", pointer)
	}
	if p.IsNil() {
		return reflect.Value{}, fmt.Errorf("got a nil pointer")
	}
	return p.Elem(), nil
}
