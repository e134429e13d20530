package native

import (
	"encoding/binary"
	"fmt"
	"math"
)

// mismatch says that the value that code begins is not what was wanted.
func mismatch(code byte, want string) error {
	return fmt.Errorf("found %s, want %s", kindOf(code), want)
}

// readNil reports whether data begins with nil, and if so what follows.
func readNil(data []byte) (rest []byte, isNil bool) {
	if len(data) > 0 && data[0] == codeNil {
		return data[1:], true
	}
	return data, false
}

func readBool(data []byte) (b bool, rest []byte, err error) {
	if len(data) == 0 {
		return false, nil, errShort
	}
	switch data[0] {
	case codeFalse, codeTrue:
		return data[0] == codeTrue, data[1:], nil
	}
	return false, nil, mismatch(data[0], "a boolean")
}

// number is any number of the format, not yet asked into a Go type.
type number struct {
	form numberForm
	bits uint64 // of a uint64, int64 or float64, as form says
}

type numberForm byte

const (
	unsigned numberForm = iota
	negative            // an int64 below zero; what is not negative is unsigned
	floating
)

// int returns the number as an int64; ok is false if it is not exactly one.
func (n number) int() (i int64, ok bool) {
	switch n.form {
	case unsigned:
		return int64(n.bits), n.bits <= math.MaxInt64
	case negative:
		return int64(n.bits), true
	}
	f := math.Float64frombits(n.bits)
	if f < -1<<63 || f >= 1<<63 || f != math.Trunc(f) {
		return 0, false
	}
	return int64(f), true
}

// uint returns the number as a uint64; ok is false if it is not exactly one.
func (n number) uint() (u uint64, ok bool) {
	switch n.form {
	case unsigned:
		return n.bits, true
	case negative:
		return 0, false
	}
	f := math.Float64frombits(n.bits)
	if f < 0 || f >= 1<<64 || f != math.Trunc(f) {
		return 0, false
	}
	return uint64(f), true
}

// float returns the number as a float64; an integer beyond 2^53 is rounded.
func (n number) float() float64 {
	switch n.form {
	case unsigned:
		return float64(n.bits)
	case negative:
		return float64(int64(n.bits))
	}
	return math.Float64frombits(n.bits)
}

func readNumber(data []byte) (n number, rest []byte, err error) {
	if len(data) == 0 {
		return number{}, nil, errShort
	}
	code := data[0]
	switch {
	case code < codeFixMap:
		return number{bits: uint64(code)}, data[1:], nil
	case code >= codeNegative:
		return signed(int64(int8(code))), data[1:], nil
	case code < codeFloat32 || code > codeInt64:
		return number{}, nil, mismatch(code, "a number")
	}
	body, rest, err := take(data[1:], 1<<(code&3)) // the codes are laid out so
	if err != nil {
		return number{}, nil, err
	}
	return parseNumber(code, body), rest, nil
}

func parseNumber(code byte, body []byte) number {
	switch code {
	case codeFloat32:
		f := math.Float32frombits(binary.BigEndian.Uint32(body))
		return number{form: floating, bits: math.Float64bits(float64(f))}
	case codeFloat64:
		return number{form: floating, bits: binary.BigEndian.Uint64(body)}
	case codeUint8:
		return number{bits: uint64(body[0])}
	case codeUint16:
		return number{bits: uint64(binary.BigEndian.Uint16(body))}
	case codeUint32:
		return number{bits: uint64(binary.BigEndian.Uint32(body))}
	case codeUint64:
		return number{bits: binary.BigEndian.Uint64(body)}
	case codeInt8:
		return signed(int64(int8(body[0])))
	case codeInt16:
		return signed(int64(int16(binary.BigEndian.Uint16(body))))
	case codeInt32:
		return signed(int64(int32(binary.BigEndian.Uint32(body))))
	}
	return signed(int64(binary.BigEndian.Uint64(body)))
}

func signed(i int64) number {
	if i < 0 {
		return number{form: negative, bits: uint64(i)}
	}
	return number{bits: uint64(i)}
}

// readString returns the string that data begins with; it is a part of data.
func readString(data []byte) (s, rest []byte, err error) {
	if len(data) == 0 {
		return nil, nil, errShort
	}
	if code := data[0]; code >= codeFixStr && code < codeNil {
		return take(data[1:], int(code&0x1f))
	}
	n, rest, err := readLen(data, codeStr8, codeStr16, codeStr32, "a string")
	if err != nil {
		return nil, nil, err
	}
	return take(rest, n)
}

// readBytes returns the bytes that data begins with; they are a part of data.
func readBytes(data []byte) (b, rest []byte, err error) {
	n, rest, err := readLen(data, codeBin8, codeBin16, codeBin32, "bytes")
	if err != nil {
		return nil, nil, err
	}
	return take(rest, n)
}

// readArrayLen returns the number of values that follow. There are at least as many bytes.
func readArrayLen(data []byte) (n int, rest []byte, err error) {
	if len(data) > 0 && data[0]&0xf0 == codeFixArray {
		return fits(int(data[0]&0x0f), 1, data[1:])
	}
	n, rest, err = readLen(data, 0, codeArray16, codeArray32, "an array")
	if err != nil {
		return 0, nil, err
	}
	return fits(n, 1, rest)
}

// readMapLen returns the number of pairs that follow. There are at least twice as many bytes.
func readMapLen(data []byte) (n int, rest []byte, err error) {
	if len(data) > 0 && data[0]&0xf0 == codeFixMap {
		return fits(int(data[0]&0x0f), 2, data[1:])
	}
	n, rest, err = readLen(data, 0, codeMap16, codeMap32, "a map")
	if err != nil {
		return 0, nil, err
	}
	return fits(n, 2, rest)
}

// fits refuses lengths that the rest of the data cannot hold, before anybody allocates for them.
func fits(n, size int, rest []byte) (int, []byte, error) {
	if n > len(rest)/size {
		return 0, nil, errShort
	}
	return n, rest, nil
}

// readLen reads a length that has a code of its own; code8 is 0 if there is none of one byte.
func readLen(data []byte, code8, code16, code32 byte, want string) (n int, rest []byte, err error) {
	if len(data) == 0 {
		return 0, nil, errShort
	}
	switch code := data[0]; {
	case code == code8 && code8 != 0:
		return readUint(data[1:], 1)
	case code == code16:
		return readUint(data[1:], 2)
	case code == code32:
		return readUint(data[1:], 4)
	default:
		return 0, nil, mismatch(code, want)
	}
}

// readUint reads a bare length of width bytes. One that no int holds is more than the data has.
func readUint(data []byte, width int) (n int, rest []byte, err error) {
	body, rest, err := take(data, width)
	if err != nil {
		return 0, nil, err
	}
	var u uint64
	for _, b := range body {
		u = u<<8 | uint64(b)
	}
	if u > math.MaxInt {
		return 0, nil, errShort
	}
	return int(u), rest, nil
}

// take splits off the first n bytes.
func take(data []byte, n int) (head, rest []byte, err error) {
	if n > len(data) {
		return nil, nil, errShort
	}
	return data[:n:n], data[n:], nil
}
