package pymsgpack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"
	"unicode/utf8"

	"github.com/cachewright/cachewright/internal/pydata"
)

var (
	errTooLong = errors.New("has more than 2^32-1 elements or bytes, which MessagePack has no room for")
	errTooBig  = errors.New("is an int beyond 64 bits, which MessagePack has no room for")
	errUTF8    = errors.New("is no valid UTF-8")
)

// writer implements [pydata.Writer].
type writer struct {
	out []byte
}

var _ pydata.Writer = (*writer)(nil)

func (w *writer) Null() { w.out = append(w.out, codeNil) }

func (w *writer) Bool(b bool) {
	if b {
		w.out = append(w.out, codeTrue)
	} else {
		w.out = append(w.out, codeFalse)
	}
}

func (w *writer) Int(i int64) {
	switch {
	case i >= 0:
		w.Uint(uint64(i))
	case i >= -32:
		w.out = append(w.out, byte(i))
	case i >= math.MinInt8:
		w.out = append(w.out, codeInt8, byte(i))
	case i >= math.MinInt16:
		w.out = binary.BigEndian.AppendUint16(append(w.out, codeInt16), uint16(i))
	case i >= math.MinInt32:
		w.out = binary.BigEndian.AppendUint32(append(w.out, codeInt32), uint32(i))
	default:
		w.out = binary.BigEndian.AppendUint64(append(w.out, codeInt64), uint64(i))
	}
}

func (w *writer) Uint(u uint64) {
	switch {
	case u < codeFixMap:
		w.out = append(w.out, byte(u))
	case u <= math.MaxUint8:
		w.out = append(w.out, codeUint8, byte(u))
	case u <= math.MaxUint16:
		w.out = binary.BigEndian.AppendUint16(append(w.out, codeUint16), uint16(u))
	case u <= math.MaxUint32:
		w.out = binary.BigEndian.AppendUint32(append(w.out, codeUint32), uint32(u))
	default:
		w.out = binary.BigEndian.AppendUint64(append(w.out, codeUint64), u)
	}
}

func (w *writer) BigInt(i *big.Int) error {
	switch {
	case i.IsInt64():
		w.Int(i.Int64())
	case i.IsUint64():
		w.Uint(i.Uint64())
	default:
		return errTooBig
	}
	return nil
}

// pythonNaN is the NaN that Python has; Go's differs in a bit.
const pythonNaN = 0x7ff8000000000000

func (w *writer) Float(f float64) {
	bits := math.Float64bits(f)
	if math.IsNaN(f) {
		bits = pythonNaN
	}
	w.out = binary.BigEndian.AppendUint64(append(w.out, codeFloat64), bits)
}

func (w *writer) String(s string) error {
	if !utf8.ValidString(s) {
		return errUTF8
	}
	if len(s) < 32 {
		w.out = append(append(w.out, codeFixStr|byte(len(s))), s...)
		return nil
	}
	if err := w.length(len(s), codeStr8, codeStr16, codeStr32); err != nil {
		return err
	}
	w.out = append(w.out, s...)
	return nil
}

func (w *writer) Bytes(b []byte) error {
	if err := w.length(len(b), codeBin8, codeBin16, codeBin32); err != nil {
		return err
	}
	w.out = append(w.out, b...)
	return nil
}

func (w *writer) Time(t time.Time) error {
	digits := ""
	if t.Nanosecond() != 0 {
		digits = ".999999999"
	}
	var space [len("2006-01-02T15:04:05.999999999+07:00:00")]byte
	text, err := pydata.AppendTime(space[:0], t, digits)
	if err != nil {
		return err
	}
	return w.String(string(text))
}

func (w *writer) List(n int) error {
	if n < 16 {
		w.out = append(w.out, codeFixArray|byte(n))
		return nil
	}
	return w.length(n, 0, codeArray16, codeArray32)
}

func (w *writer) Dict(n int) error {
	if n < 16 {
		w.out = append(w.out, codeFixMap|byte(n))
		return nil
	}
	return w.length(n, 0, codeMap16, codeMap32)
}

func (w *writer) Next(int) {}

func (w *writer) Key(s string) error { return w.String(s) }

func (w *writer) AnyKey(key any) error {
	text, ok := key.(string)
	if !ok {
		return fmt.Errorf("is a %T, and Python's msgpack reads only keys that are str", key)
	}
	return w.Key(text)
}

func (w *writer) EndList() {}

func (w *writer) EndDict() {}

// length writes n in the smallest form there is; code8 is 0 if there is none of one byte.
func (w *writer) length(n int, code8, code16, code32 byte) error {
	switch {
	case n <= math.MaxUint8 && code8 != 0:
		w.out = append(w.out, code8, byte(n))
	case n <= math.MaxUint16:
		w.out = binary.BigEndian.AppendUint16(append(w.out, code16), uint16(n))
	case uint64(n) <= math.MaxUint32:
		w.out = binary.BigEndian.AppendUint32(append(w.out, code32), uint32(n))
	default:
		return errTooLong
	}
	return nil
}
