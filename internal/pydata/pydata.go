// Package pydata maps Go types to the plain data that Python's formats carry (None, bool, int, float, str,
// bytes, list, dict) and back.
//
// It knows types, not bytes: a format implements [Writer] and [Reader]. A type is compiled once, by
// [Compile], into a [Shape]. What every shape promises:
//
//   - A number that does not fit its field is an error, never a wrapped or cut number; None goes only into
//     what can be nil.
//   - Types that would come back empty are refused before the first value is written.
//   - Equal values are written alike: maps are written in the order of their keys.
//   - Memory grows with the input, and nesting ends at 1000 levels for reading and at 500 for writing, which
//     is what Python's own readers follow.
//
// # How types are written
//
// A struct is a dict of its exported fields, as package structs says. Nil slices, maps and pointers are
// None; a pointer is what it points to. Keys of maps are text: integers and booleans by their JSON text,
// others by MarshalText. A big.Int is an int of any size. A time.Duration is ISO 8601 text as Django writes a
// timedelta (P1DT02H03M04.000005S); how a time.Time is written is the format's choice.
//
// Types that write themselves do it by the first complete pair among json.Marshaler and Unmarshaler,
// encoding.TextMarshaler and TextUnmarshaler, and, where the format has bytes, encoding.BinaryMarshaler and
// BinaryUnmarshaler. What MarshalJSON returns is written as the data that it is, not as text.
//
// The types that stand for Python's own are those of package pickle. A time.Time in the location pickle.Naive
// is a datetime without a zone.
//
// # What an any holds
//
// None is nil, a bool a bool, an int an int64 or, where that is too small, a *big.Int, a float a float64, a
// str a string, bytes a []byte, a list a []any and a dict a map[string]any.
package pydata

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"time"

	"github.com/cachewright/cachewright/internal/structs"
)

// maxWriteDepth is how deep lists and dicts may nest in what is written: Python's readers stop at about 1000
// frames, of which some are taken already. What is read may nest as deep as [structs.MaxDepth].
const maxWriteDepth = 500

var errTooDeep = errors.New("nests deeper than 500 levels, which Python might not read, or contains itself")

// at is structs.At, but says nothing of the place of what nests too deep: it is not worth telling.
func at(step string, err error) error {
	if err == errTooDeep {
		return err
	}
	return structs.At(step, err)
}

// Writer writes values in one format, one after the other.
type Writer interface {
	Null()
	Bool(b bool)
	Int(i int64)
	Uint(u uint64)
	BigInt(i *big.Int) error
	Float(f float64)
	String(s string) error
	Bytes(b []byte) error
	Time(t time.Time) error

	// List begins a list of n values, which follow with Next before each, and EndList after them.
	List(n int) error
	// Dict begins a dict of n pairs, which follow with Next and Key before each value, and EndDict after them.
	Dict(n int) error
	// Next comes before the i-th value of a list and before the i-th key of a dict.
	Next(i int)
	Key(s string) error
	// AnyKey writes a key that need not be a str, as far as Python does.
	AnyKey(key any) error
	EndList()
	EndDict()
}

// Reader reads values from the front of its data. A method that meets another kind of value than its own
// returns an error, see [Mismatch]. Slices are valid until the next call and must not be changed.
type Reader interface {
	// Kind returns what the next value is, without reading it.
	Kind() (Kind, error)
	// Null reads None if that is the next value, and reports whether it was.
	Null() (bool, error)
	Bool() (bool, error)
	Number() (Number, error)
	String() ([]byte, error)
	Bytes() ([]byte, error)
	Time() (time.Time, error)

	// List begins a list. n is the number of values in it, or -1 where only More tells.
	List() (n int, err error)
	// More reports whether the list of n has an i-th value; if not, the list is read.
	More(i, n int) (bool, error)
	// Dict begins a dict. n is the number of pairs in it, or -1 where only Key tells.
	Dict() (n int, err error)
	// Key reads the i-th key of the dict of n; if there is none, the dict is read.
	Key(i, n int) (key []byte, more bool, err error)
}

// Format is what a shape needs to know of a format.
type Format struct {
	Name  string // for messages
	Bytes bool   // it has bytes apart from text
}

// Shape writes and reads values of one type. It is immutable to its users and safe for concurrent use.
type Shape struct {
	typ  reflect.Type
	root coder
}

// coder writes and reads the values of one type.
//
// Both methods are given addressable values; depth is how many lists and dicts enclose the value. read is
// given a zero value, or one that is to be replaced as a whole.
type coder interface {
	write(w Writer, v reflect.Value, depth int) error
	read(r Reader, v reflect.Value, depth int) error
}

// Compile makes the shape of t in a format.
//
// It refuses types that cannot come back as they were: channels, functions, complex numbers, uintptr,
// unsafe.Pointer, interfaces with methods, map keys that are no text, types that write themselves but do not
// read themselves (or the other way round), bytes where the format has none, and structs without anything to
// encode, except struct{}. The error names the way to the offending type.
func Compile(t reflect.Type, f Format) (*Shape, error) {
	if t == nil {
		return nil, fmt.Errorf("a nil type cannot be encoded")
	}
	c := compiler{known: map[reflect.Type]coder{}, rules: rulesOf(f)}
	root, err := c.compile(t, pathOf(t))
	if err != nil {
		return nil, err
	}
	return &Shape{typ: t, root: root}, nil
}

// Write writes the value that from points to: a non-nil pointer to a value of the shape's type.
func (s *Shape) Write(w Writer, from any) error {
	v, err := s.target(from)
	if err == nil {
		err = s.root.write(w, v, 0)
	}
	if err != nil {
		return fmt.Errorf("encode %s: %w", s.typ, err)
	}
	return nil
}

// Read sets the value that into points to, a non-nil pointer to a value of the shape's type, to the next
// value of r; after that end checks that nothing follows. What it pointed to is replaced as a whole. On an
// error the value is zero.
func (s *Shape) Read(r Reader, into any, end func() error) error {
	v, err := s.target(into)
	if err != nil {
		return fmt.Errorf("decode %s: %w", s.typ, err)
	}
	v.SetZero()
	if err = s.root.read(r, v, 0); err == nil {
		err = end()
	}
	if err != nil {
		v.SetZero()
		return fmt.Errorf("decode %s: %w", s.typ, err)
	}
	return nil
}

// target returns the value behind pointer, which is one of the shape's type.
func (s *Shape) target(pointer any) (reflect.Value, error) {
	p := reflect.ValueOf(pointer)
	if p.Kind() != reflect.Pointer || p.Type().Elem() != s.typ {
		return reflect.Value{}, fmt.Errorf("got a %T, want a pointer to the type", pointer)
	}
	if p.IsNil() {
		return reflect.Value{}, fmt.Errorf("got a nil pointer")
	}
	return p.Elem(), nil
}
