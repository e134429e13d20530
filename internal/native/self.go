package native

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/cachewright/cachewright/internal/structs"
	"github.com/vmihailenco/msgpack/v5"
)

// msgpackPair is for types that know the format.
var msgpackPair = &structs.Pair{
	Write: "EncodeMsgpack", Writer: reflect.TypeFor[msgpack.CustomEncoder](), Marshal: encodeMsgpack,
	Read: "DecodeMsgpack", Reader: reflect.TypeFor[msgpack.CustomDecoder](), Unmarshal: decodeMsgpack,
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
	pair     *structs.Pair
	nillable bool // a nil value is written as nil, without asking the type
}

func (c *selfCoder) encode(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	if c.nillable && v.IsNil() {
		return append(dst, codeNil), nil
	}
	b, err := c.pair.Marshal(v.Addr().Interface())
	if err != nil {
		return dst, fmt.Errorf("%s: %w", c.pair.Write, err)
	}
	if c.pair.Text {
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
	if c.pair.Text {
		read = readString
	}
	b, rest, err := read(data)
	if err != nil {
		return nil, err
	}
	if err := c.pair.Unmarshal(b, v.Addr().Interface()); err != nil {
		return nil, fmt.Errorf("%s: %w", c.pair.Read, err)
	}
	return rest, nil
}
