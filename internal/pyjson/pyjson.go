// Package pyjson writes and reads JSON as Django does: byte for byte what Python's json.dumps returns with
// DjangoJSONEncoder, and everything that json.loads reads.
//
// That differs from encoding/json: text beyond ASCII is escaped, a comma and a colon are followed by a space,
// a float always has a point or an exponent and may be NaN, Infinity or -Infinity, ints have any size, and
// half a surrogate pair is a character (in Go the three bytes that UTF-8 would give it). Of two equal keys the
// last one counts.
//
// Package pydata says how Go types are written. A time.Time is text with milliseconds: Django cuts the rest off.
package pyjson

import (
	"reflect"

	"github.com/cachewright/cachewright/internal/pydata"
)

// Codec writes and reads values of one type. It is immutable to its users and safe for concurrent use. The
// zero value is not usable; [Compile] makes codecs.
type Codec struct {
	shape *pydata.Shape
}

// Compile makes the codec of t. It refuses what [pydata.Compile] refuses, and bytes, which JSON does not have.
func Compile(t reflect.Type) (*Codec, error) {
	shape, err := pydata.Compile(t, pydata.Format{Name: "JSON"})
	if err != nil {
		return nil, err
	}
	return &Codec{shape}, nil
}

// Append appends the encoding of the value that from points to, and returns the extended slice.
//
// from is a non-nil pointer to a value of the codec's type. The value must not change meanwhile. On an error
// Append returns dst as it was given.
func (c *Codec) Append(dst []byte, from any) ([]byte, error) {
	w := writer{out: dst}
	if err := c.shape.Write(&w, from); err != nil {
		return dst, err
	}
	return w.out, nil
}

// Decode sets the value that into points to from data, which must hold one value and nothing else.
//
// into is a non-nil pointer to a value of the codec's type. What it pointed to is replaced as a whole; on an
// error it is zero. The value shares no memory with data.
func (c *Codec) Decode(data []byte, into any) error {
	r := reader{data: data}
	return c.shape.Read(&r, into, r.end)
}
