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

var errShort = errors.New("the data ends too early")

// reader implements [pydata.Reader].
//
// It moves a position, not the slice: a slice that moves is a pointer that the garbage collector wants to hear of.
type reader struct {
	data []byte
	at   int // what is before it has been read
}

var _ pydata.Reader = (*reader)(nil)

// end reports whether all data is read.
func (r *reader) end() error {
	if r.left() > 0 {
		return fmt.Errorf("%d bytes follow the value", r.left())
	}
	return nil
}

// left is how many bytes are not read yet.
func (r *reader) left() int { return len(r.data) - r.at }

func (r *reader) Kind() (pydata.Kind, error) {
	if r.left() == 0 {
		return 0, errShort
	}
	kind, ok := kindOf(r.data[r.at])
	switch {
	case ok:
		return kind, nil
	case r.data[r.at] == codeUnused:
		return 0, errors.New("found the code 0xc1, which MessagePack does not use")
	}
	return 0, errors.New("found an extension type, which Django does not write")
}

// want reports an error unless the next value is of the kind.
func (r *reader) want(kind pydata.Kind, name string) error {
	found, err := r.Kind()
	if err == nil && found != kind {
		err = pydata.Mismatch(found, name)
	}
	return err
}

// take reads n bytes.
func (r *reader) take(n int) ([]byte, error) {
	if n > r.left() {
		return nil, errShort
	}
	from := r.at
	r.at += n
	return r.data[from:r.at:r.at], nil
}

func (r *reader) Null() (bool, error) {
	kind, err := r.Kind()
	if err != nil || kind != pydata.Null {
		return false, err
	}
	r.at++
	return true, nil
}

func (r *reader) Bool() (bool, error) {
	if err := r.want(pydata.Bool, "a bool"); err != nil {
		return false, err
	}
	b := r.data[r.at] == codeTrue
	r.at++
	return b, nil
}

func (r *reader) Number() (pydata.Number, error) {
	kind, err := r.Kind()
	switch {
	case err != nil:
		return pydata.Number{}, err
	case kind != pydata.Int && kind != pydata.Float:
		return pydata.Number{}, pydata.Mismatch(kind, "a number")
	}
	code := r.data[r.at]
	r.at++
	if code < codeFixMap || code >= codeNegative {
		return pydata.Number{Kind: pydata.Int, Int: int64(int8(code))}, nil
	}
	body, err := r.take(1 << (code & 3)) // the codes are laid out so
	if err != nil {
		return pydata.Number{}, err
	}
	return parseNumber(code, body), nil
}

func parseNumber(code byte, body []byte) pydata.Number {
	be := binary.BigEndian
	switch code {
	case codeFloat32:
		return pydata.Number{Kind: pydata.Float, Float: float64(math.Float32frombits(be.Uint32(body)))}
	case codeFloat64:
		return pydata.Number{Kind: pydata.Float, Float: math.Float64frombits(be.Uint64(body))}
	}
	n := pydata.Number{Kind: pydata.Int}
	switch code {
	case codeUint8:
		n.Int = int64(body[0])
	case codeUint16:
		n.Int = int64(be.Uint16(body))
	case codeUint32:
		n.Int = int64(be.Uint32(body))
	case codeUint64:
		if u := be.Uint64(body); u <= math.MaxInt64 {
			n.Int = int64(u)
		} else {
			n.Big = new(big.Int).SetUint64(u)
		}
	case codeInt8:
		n.Int = int64(int8(body[0]))
	case codeInt16:
		n.Int = int64(int16(be.Uint16(body)))
	case codeInt32:
		n.Int = int64(int32(be.Uint32(body)))
	default:
		n.Int = int64(be.Uint64(body))
	}
	return n
}

// String reads text, which is a part of the data.
func (r *reader) String() ([]byte, error) {
	if err := r.want(pydata.String, "a str"); err != nil {
		return nil, err
	}
	n, err := r.length(codeFixStr, 0x1f, codeStr8, codeStr16, codeStr32)
	if err != nil {
		return nil, err
	}
	s, err := r.take(n)
	if err == nil && !utf8.Valid(s) {
		err = errUTF8
	}
	return s, err
}

// Bytes reads bytes, which are a part of the data.
func (r *reader) Bytes() ([]byte, error) {
	if err := r.want(pydata.Bytes, "bytes"); err != nil {
		return nil, err
	}
	n, err := r.length(0, 0, codeBin8, codeBin16, codeBin32)
	if err != nil {
		return nil, err
	}
	return r.take(n)
}

func (r *reader) Time() (time.Time, error) {
	text, err := r.String()
	if err != nil {
		return time.Time{}, err
	}
	return pydata.ParseTime(string(text))
}

// List reads the length of a list. There are at least as many bytes.
func (r *reader) List() (int, error) {
	if err := r.want(pydata.List, "a list"); err != nil {
		return 0, err
	}
	n, err := r.length(codeFixArray, 0x0f, 0, codeArray16, codeArray32)
	if err == nil && n > r.left() {
		err = errShort
	}
	return n, err
}

func (r *reader) More(i, n int) (bool, error) { return i < n, nil }

// Dict reads the length of a dict. There are at least twice as many bytes.
func (r *reader) Dict() (int, error) {
	if err := r.want(pydata.Dict, "a dict"); err != nil {
		return 0, err
	}
	n, err := r.length(codeFixMap, 0x0f, 0, codeMap16, codeMap32)
	if err == nil && n > r.left()/2 {
		err = errShort
	}
	return n, err
}

func (r *reader) Key(i, n int) ([]byte, bool, error) {
	if i >= n {
		return nil, false, nil
	}
	key, err := r.String()
	if err != nil {
		return nil, false, fmt.Errorf("key: %w", err)
	}
	return key, true, nil
}

// length reads the length of the value at the front: in the bits of mask if the code begins the range fix,
// else behind one of the codes. A code of zero does not exist. One that no int holds is more than the data has.
func (r *reader) length(fix, mask, code8, code16, code32 byte) (int, error) {
	code := r.data[r.at]
	r.at++
	if mask != 0 && code&^mask == fix {
		return int(code & mask), nil
	}
	width := 4
	switch code {
	case code8:
		width = 1
	case code16:
		width = 2
	}
	body, err := r.take(width)
	if err != nil {
		return 0, err
	}
	var u uint64
	for _, b := range body {
		u = u<<8 | uint64(b)
	}
	if u > math.MaxInt32 && u > uint64(r.left()) {
		return 0, errShort
	}
	return int(u), nil
}
