package django

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/internal/pickle"
	"github.com/cachewright/cachewright/internal/pyjson"
	"github.com/cachewright/cachewright/internal/pymsgpack"
)

// Serializer names one of django-redis' serializers.
type Serializer string

// The serializers, under the names that a configuration has for them.
const (
	Pickle  Serializer = "pickle"  // PickleSerializer, which is django-redis' default
	JSON    Serializer = "json"    // JSONSerializer, with DjangoJSONEncoder
	MsgPack Serializer = "msgpack" // MSGPackSerializer
)

// Codec is how one cache of django-redis writes and reads values. The zero Codec is django-redis' default:
// pickle, without compression. Both sides must have the same: Go and Django read neither each other's
// serializers nor, without Compress, compressed values, and change either only together with the version.
//
// A Codec is a plain value; it is safe for concurrent use.
type Codec struct {
	// Serializer is what writes everything but ints. Empty means Pickle.
	Serializer Serializer

	// Compress is django-redis' ZlibCompressor: values of more than 15 bytes are compressed with zlib. Any
	// zlib stream is read, and so are values that were written without, and those of django-redis' other
	// compressors: gzip, LZ4, LZMA and Zstandard. The compressed bytes themselves differ from Python's,
	// because no two zlib libraries choose alike.
	Compress bool
}

var _ cache.Codec = Codec{}

// Compile returns the encoding of values of type t. The error, if t cannot be encoded, names the way to the
// culprit. Compile costs some microseconds; keep the encoding.
func (c Codec) Compile(t reflect.Type) (cache.Encoding, error) {
	values, err := c.compileValues(t)
	if err != nil {
		return nil, err
	}
	return &encoding{typ: t, counter: isCounter(t), values: values, codec: c}, nil
}

func (c Codec) compileValues(t reflect.Type) (cache.Encoding, error) {
	switch c.Serializer {
	case JSON:
		return pyjson.Compile(t)
	case MsgPack:
		return pymsgpack.Compile(t)
	case Pickle, "":
		return pickle.Compile(t)
	}
	return nil, fmt.Errorf("unknown serializer %q: want pickle, json or msgpack", string(c.Serializer))
}

// Marshal returns v as django-redis stores it. It compiles the type each time; where that counts, keep what
// Compile returns.
func (c Codec) Marshal(v any) ([]byte, error) {
	e, err := c.Compile(reflect.TypeFor[any]())
	if err != nil {
		return nil, err
	}
	return e.Append(nil, &v)
}

// Unmarshal sets what into points to from data, which django-redis has stored. into is a non-nil pointer. It
// compiles the type each time; where that counts, keep what Compile returns.
func (c Codec) Unmarshal(data []byte, into any) error {
	t := reflect.TypeOf(into)
	if t == nil || t.Kind() != reflect.Pointer {
		return fmt.Errorf("decode into a %T: want a pointer", into)
	}
	e, err := c.Compile(t.Elem())
	if err != nil {
		return err
	}
	return e.Decode(data, into)
}

// encoding writes and reads values of one type as django-redis does: ints raw, everything else through
// serializer and compressor.
type encoding struct {
	typ     reflect.Type
	counter bool // values are ints, and nothing but
	values  cache.Encoding
	codec   Codec
}

// scratch holds serialized values on their way into a compressor.
var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

// Append implements [cache.Encoding].
func (e *encoding) Append(dst []byte, from any) ([]byte, error) {
	if digits, ok := appendInt(dst, reflect.ValueOf(from)); ok {
		return digits, nil
	}
	if !e.codec.Compress {
		return e.values.Append(dst, from)
	}
	buffer := scratch.Get().(*[]byte)
	defer scratch.Put(buffer)
	plain, err := e.values.Append((*buffer)[:0], from)
	if err != nil {
		return dst, err
	}
	if cap(plain) <= maxScratch {
		*buffer = plain
	}
	return compress(dst, plain)
}

// maxScratch is the largest buffer that is worth keeping.
const maxScratch = 1 << 20

// Decode implements [cache.Encoding].
func (e *encoding) Decode(data []byte, into any) error {
	if digits, ok := pythonInt(data); ok {
		return e.decodeInt(digits, into)
	}
	if e.codec.Compress {
		var err error
		if data, err = decompress(data); err != nil {
			return err
		}
	}
	return e.values.Decode(data, into)
}
