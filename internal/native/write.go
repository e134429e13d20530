package native

import (
	"encoding/binary"
	"math"
)

// checkLen reports whether n elements or bytes have room in a length field.
func checkLen(n int) error {
	if uint64(n) > math.MaxUint32 {
		return errTooLong
	}
	return nil
}

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, codeTrue)
	}
	return append(dst, codeFalse)
}

func appendInt(dst []byte, i int64) []byte {
	switch {
	case i >= 0:
		return appendUint(dst, uint64(i))
	case i >= -32:
		return append(dst, byte(i))
	case i >= math.MinInt8:
		return append(dst, codeInt8, byte(i))
	case i >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(dst, codeInt16), uint16(i))
	case i >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(dst, codeInt32), uint32(i))
	}
	return binary.BigEndian.AppendUint64(append(dst, codeInt64), uint64(i))
}

func appendUint(dst []byte, u uint64) []byte {
	switch {
	case u < codeFixMap:
		return append(dst, byte(u))
	case u <= math.MaxUint8:
		return append(dst, codeUint8, byte(u))
	case u <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, codeUint16), uint16(u))
	case u <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, codeUint32), uint32(u))
	}
	return binary.BigEndian.AppendUint64(append(dst, codeUint64), u)
}

func appendFloat32(dst []byte, f float32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, codeFloat32), math.Float32bits(f))
}

func appendFloat64(dst []byte, f float64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, codeFloat64), math.Float64bits(f))
}

func appendString[T string | []byte](dst []byte, s T) ([]byte, error) {
	if len(s) < 32 {
		return append(append(dst, codeFixStr|byte(len(s))), s...), nil
	}
	if err := checkLen(len(s)); err != nil {
		return dst, err
	}
	return append(appendLen(dst, len(s), codeStr8, codeStr16, codeStr32), s...), nil
}

func appendBytes(dst, b []byte) ([]byte, error) {
	if err := checkLen(len(b)); err != nil {
		return dst, err
	}
	return append(appendLen(dst, len(b), codeBin8, codeBin16, codeBin32), b...), nil
}

// appendArrayLen begins an array of n values, which are to follow.
func appendArrayLen(dst []byte, n int) ([]byte, error) {
	if n < 16 {
		return append(dst, codeFixArray|byte(n)), nil
	}
	return appendLen(dst, n, 0, codeArray16, codeArray32), checkLen(n)
}

// appendMapLen begins a map of n pairs, which are to follow: key, value, key, value.
func appendMapLen(dst []byte, n int) ([]byte, error) {
	if n < 16 {
		return append(dst, codeFixMap|byte(n)), nil
	}
	return appendLen(dst, n, 0, codeMap16, codeMap32), checkLen(n)
}

// appendLen appends a length in the smallest form there is; code8 is 0 if there is none of one byte.
func appendLen(dst []byte, n int, code8, code16, code32 byte) []byte {
	switch {
	case n <= math.MaxUint8 && code8 != 0:
		return append(dst, code8, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, code16), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, code32), uint32(n))
}
