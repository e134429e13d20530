// Package pickle writes and reads Python's pickles as data: typed Go values to the bytes that Python's
// own pickler writes, and pickles of any protocol to Go values, without ever running what they name.
//
// A type is compiled once, by [Compile], into a [Codec]. What the codec promises:
//
//   - It writes protocol 4, which every Python since 3.4 reads, with the opcodes, frames, batches and
//     memo entries of CPython's C pickler, byte for byte.
//   - It reads protocols 0 to 5. Nothing is called and nothing is imported: the classes below are
//     recognised by name and their arguments are taken as data; everything else is an [Opaque].
//   - Bytes from outside cannot hurt: broken input is an error, memory grows with the input (times the
//     size of the element type) and not with what its length fields claim, and nesting ends at 1000,
//     which is also where a list that contains itself ends.
//   - Equal values have equal bytes, as far as they are built alike: maps are written in the order of
//     their keys, structs in the order of their fields.
//
// # Which values share
//
// A pickle says an object once and refers to it afterwards. Python goes by identity, which Go's strings
// do not have: here equal strings are one, as they are in Python when they are literals, attribute
// names or keys of one document. Slices of type []any and []byte, maps of type map[string]any, and the
// types of this package that are slices, are one if they are the same slice or map, which they are when
// they were decoded as one. Everything else is written wherever it occurs.
//
// # Python's types and Go's
//
// Inside an any every Python type has one Go type:
//
//	None           nil
//	bool           bool
//	int            int64, or *big.Int beyond its range
//	float          float64
//	complex        complex128
//	str            string; lone surrogates are kept as the three bytes that they would have in UTF-8
//	bytes          []byte
//	bytearray      [ByteArray]
//	list           []any
//	tuple          [Tuple]
//	dict           map[string]any if all keys are str, else [Dict]
//	OrderedDict    [OrderedDict]
//	set, frozenset [Set], [FrozenSet]
//	datetime       time.Time, in the location [Naive] if it has no tzinfo
//	date, time     [Date], [Clock]
//	timedelta      time.Duration, or [TimeDelta] beyond its range
//	timezone       *time.Location
//	Decimal, UUID  [Decimal], [UUID]
//	other classes  [Opaque]
//
// The same Go types are written as these Python types. In addition every integer type is an int, every
// float type a float, a struct a dict, and slices and arrays are lists, except that slices of bytes are
// bytes. time.Time is cut to microseconds. Fields of structs follow the rules of package structs; types
// that write themselves do it by the first pair among encoding.TextMarshaler, encoding.BinaryMarshaler
// and json.Marshaler, as str or bytes.
//
// Two conventions make the usual types of other modules cross: an array of 16 bytes named UUID is a
// UUID, and a type named Decimal that writes itself as text is a Decimal.
//
// Typed values accept more than they write: an integral float for an integer, a tuple or set for a
// slice, a Decimal or UUID for a string or for a type that reads itself from text.
package pickle

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/cachewright/cachewright/internal/structs"
)

// Codec writes and reads values of one type. It is immutable to its users and safe for concurrent use.
// The zero value is not usable; [Compile] makes codecs.
type Codec struct {
	typ     reflect.Type
	root    coder
	dynamic *dynamic
	writers sync.Pool // of *writer
	readers sync.Pool // of *decoder
}

// coder writes and reads the values of one type.
//
// Both methods are given addressable values; depth is how many containers enclose the value.
type coder interface {
	// encode writes v.
	encode(w *writer, v reflect.Value, depth int) error

	// decode sets v, which is zero, from the object r.
	decode(d *decoder, r ref, v reflect.Value, depth int) error
}

// Compile makes the codec of t.
//
// It refuses types that cannot come back as they were: channels, functions, uintptr, unsafe.Pointer,
// interfaces with methods, map keys other than strings, integers, booleans and types that write
// themselves as text, types that write themselves but do not read themselves (or the other way round),
// and structs without anything to encode, except struct{}. The error names the way to the offending
// type, as in "User.Address.Geo: has only unexported fields".
//
// Compile costs some microseconds; keep the codec.
func Compile(t reflect.Type) (*Codec, error) {
	if t == nil {
		return nil, fmt.Errorf("a nil type cannot be encoded")
	}
	d := &dynamic{}
	root, err := newCompiler(d).compile(t, pathOf(t))
	if err != nil {
		return nil, err
	}
	return &Codec{typ: t, root: root, dynamic: d}, nil
}

// Append appends the pickle of the value that from points to, and returns the extended slice.
//
// from is a non-nil pointer to a value of the codec's type, whatever that type is: for a codec of *User
// it is a **User. The value must not change meanwhile. On an error Append returns dst as it was given.
func (c *Codec) Append(dst []byte, from any) ([]byte, error) {
	v, err := c.target(from)
	if err != nil {
		return dst, fmt.Errorf("pickle %s: %w", c.typ, err)
	}
	w, ok := c.writers.Get().(*writer)
	if !ok {
		w = newWriter(c.dynamic)
	}
	defer c.writers.Put(w)
	defer w.forget()
	w.begin(dst)
	if err := c.root.encode(w, v, 0); err != nil {
		return dst, fmt.Errorf("pickle %s: %w", c.typ, err)
	}
	return w.end(), nil
}

// Decode sets the value that into points to from data, which must hold one pickle and nothing else.
//
// into is a non-nil pointer to a value of the codec's type. What it pointed to is replaced as a whole:
// fields that data lacks are zero afterwards, keys of data that the type lacks are ignored. The value
// shares no memory with data, but an object that the pickle refers to twice may share memory with
// itself inside an any. On an error the value is zero.
func (c *Codec) Decode(data []byte, into any) error {
	v, err := c.target(into)
	if err != nil {
		return fmt.Errorf("unpickle %s: %w", c.typ, err)
	}
	rest, err := c.decode(data, v)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes follow the pickle", len(rest))
	}
	if err != nil {
		v.SetZero()
		return fmt.Errorf("unpickle %s: %w", c.typ, err)
	}
	return nil
}

// DecodePrefix is like [Codec.Decode] for data that goes on after the pickle, and returns what follows.
func (c *Codec) DecodePrefix(data []byte, into any) (rest []byte, err error) {
	v, err := c.target(into)
	if err == nil {
		if rest, err = c.decode(data, v); err != nil {
			v.SetZero()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("unpickle %s: %w", c.typ, err)
	}
	return rest, nil
}

func (c *Codec) decode(data []byte, v reflect.Value) (rest []byte, err error) {
	d, ok := c.readers.Get().(*decoder)
	if !ok {
		d = &decoder{}
	}
	defer c.readers.Put(d)
	defer d.forget()
	v.SetZero()
	top, rest, err := d.start(data)
	if err != nil {
		return nil, err
	}
	return rest, c.root.decode(d, top, v, 0)
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

// DecodeOrdered decodes data, which must hold one pickle and nothing else, like a codec of any, but
// with every dict as a [Dict], so that the order of its keys is kept.
//
// What CPython wrote with protocol 4 is written back as the same bytes, unless it tells apart what Go
// does not: equal strings that are separate objects, an empty container that is one object in two
// places, the fold of a datetime.
func DecodeOrdered(data []byte) (any, error) {
	d := &decoder{ordered: true}
	top, rest, err := d.start(data)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes follow the pickle", len(rest))
	}
	if err != nil {
		return nil, fmt.Errorf("unpickle: %w", err)
	}
	x, err := d.any(top, 0)
	if err != nil {
		return nil, fmt.Errorf("unpickle: %w", err)
	}
	return x, nil
}

// methods are the pairs by which types write themselves, in the order in which they are tried. Text
// goes first, because it is what Python can read.
var methods = structs.Methods{structs.Text, structs.Binary, structs.JSON}
