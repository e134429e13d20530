// Package pymsgpack writes and reads MessagePack as Python's msgpack does with its defaults, which are
// django-redis': floats have 64 bits, text and bytes are apart, and there are no extension types.
//
// Package pydata says how Go types are written. Python's msgpack knows no datetime: a time.Time is its text in
// RFC 3339, with all its digits. Ints beyond 64 bits, keys that are no text, and text that is not valid UTF-8
// are refused, because Python would not read or write them.
package pymsgpack

import (
	"reflect"

	"github.com/cachewright/cachewright/internal/pydata"
)

// Codec writes and reads values of one type. It is immutable to its users and safe for concurrent use. The
// zero value is not usable; [Compile] makes codecs.
type Codec struct {
	shape *pydata.Shape
}

// Compile makes the codec of t. It refuses what [pydata.Compile] refuses.
func Compile(t reflect.Type) (*Codec, error) {
	shape, err := pydata.Compile(t, pydata.Format{Name: "msgpack", Bytes: true})
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
