package pyjson

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cachewright/cachewright/internal/pydata"
)

var (
	errShort   = errors.New("the data ends too early")
	errNumber  = errors.New("found a number that JSON does not know")
	errEscape  = errors.New("found a str with a broken escape")
	errControl = errors.New("found a str with a control character that is not escaped")
	errUTF8    = errors.New("is no valid UTF-8")
)

// maxDigits is the longest int that Python converts (sys.get_int_max_str_digits).
const maxDigits = 4300

// reader implements [pydata.Reader].
//
// It moves a position, not the slice: a slice that moves is a pointer that the garbage collector wants to hear of.
type reader struct {
	data    []byte
	at      int    // what is before it has been read
	scratch []byte // the last string that had escapes
}

var _ pydata.Reader = (*reader)(nil)

// space skips white space.
func (r *reader) space() {
	for r.at < len(r.data) && (r.data[r.at] == ' ' || r.data[r.at] == '\n' || r.data[r.at] == '\r' || r.data[r.at] == '\t') {
		r.at++
	}
}

// end reports whether all data is read.
func (r *reader) end() error {
	r.space()
	if left := len(r.data) - r.at; left > 0 {
		return fmt.Errorf("%d bytes follow the value", left)
	}
	return nil
}

// Kind tells ints and floats apart only as numbers: both are Int here.
func (r *reader) Kind() (pydata.Kind, error) {
	r.space()
	if r.at == len(r.data) {
		return 0, errShort
	}
	switch c := r.data[r.at]; c {
	case 'n':
		return pydata.Null, nil
	case 't', 'f':
		return pydata.Bool, nil
	case '"':
		return pydata.String, nil
	case '[':
		return pydata.List, nil
	case '{':
		return pydata.Dict, nil
	case 'N', 'I':
		return pydata.Float, nil
	default:
		if c == '-' || c >= '0' && c <= '9' {
			return pydata.Int, nil
		}
	}
	return 0, errors.New("found no value")
}

// want reports an error unless the next value is of the kind.
func (r *reader) want(kind pydata.Kind, name string) error {
	found, err := r.Kind()
	if err == nil && found != kind {
		err = pydata.Mismatch(found, name)
	}
	return err
}

// literal reads text if it is next.
func (r *reader) literal(text string) bool {
	rest := r.data[r.at:]
	if len(rest) < len(text) || string(rest[:len(text)]) != text {
		return false
	}
	r.at += len(text)
	return true
}

func (r *reader) Null() (bool, error) {
	kind, err := r.Kind()
	if err != nil || kind != pydata.Null {
		return false, err
	}
	if !r.literal("null") {
		return false, errors.New("found no value")
	}
	return true, nil
}

func (r *reader) Bool() (bool, error) {
	if err := r.want(pydata.Bool, "a bool"); err != nil {
		return false, err
	}
	switch {
	case r.literal("true"):
		return true, nil
	case r.literal("false"):
		return false, nil
	}
	return false, errors.New("found no value")
}

// constants are the floats that JSON proper does not have.
var constants = [...]struct {
	text  string
	value float64
}{{"NaN", math.NaN()}, {"Infinity", math.Inf(1)}, {"-Infinity", math.Inf(-1)}}

func (r *reader) Number() (pydata.Number, error) {
	kind, err := r.Kind()
	switch {
	case err != nil:
		return pydata.Number{}, err
	case kind != pydata.Int && kind != pydata.Float:
		return pydata.Number{}, pydata.Mismatch(kind, "a number")
	}
	text, isFloat := r.numeral()
	switch {
	case len(text) == 0:
		return r.constant()
	case isFloat:
		// A number beyond the range is infinite, as in Python.
		f, _ := strconv.ParseFloat(string(text), 64)
		return pydata.Number{Kind: pydata.Float, Float: f}, nil
	}
	return parseInt(text)
}

// constant reads one of the floats that JSON proper does not have.
func (r *reader) constant() (pydata.Number, error) {
	for _, c := range constants {
		if r.literal(c.text) {
			return pydata.Number{Kind: pydata.Float, Float: c.value}, nil
		}
	}
	return pydata.Number{}, errNumber
}

// numeral reads the text of a number, which is empty if there is none.
func (r *reader) numeral() (text []byte, isFloat bool) {
	d := r.data[r.at:]
	i := 0
	if i < len(d) && d[i] == '-' {
		i++
	}
	start := i
	i = digits(d, i)
	switch {
	case i == start:
		return nil, false
	case d[start] == '0':
		i = start + 1 // nothing follows a leading zero
	}
	if end := digits(d, i+1); i < len(d) && d[i] == '.' && end > i+1 {
		i, isFloat = end, true
	}
	if i < len(d) && (d[i] == 'e' || d[i] == 'E') {
		from := i + 1
		if from < len(d) && (d[from] == '+' || d[from] == '-') {
			from++
		}
		if end := digits(d, from); end > from {
			i, isFloat = end, true
		}
	}
	r.at += i
	return d[:i], isFloat
}

// digits returns where the digits end that begin at i.
func digits(d []byte, i int) int {
	for i < len(d) && d[i] >= '0' && d[i] <= '9' {
		i++
	}
	return i
}

func parseInt(text []byte) (pydata.Number, error) {
	if i, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		return pydata.Number{Kind: pydata.Int, Int: i}, nil
	}
	if len(text) > maxDigits {
		return pydata.Number{}, errors.New("found an int with more digits than Python converts")
	}
	i, ok := new(big.Int).SetString(string(text), 10)
	if !ok {
		return pydata.Number{}, errNumber
	}
	return pydata.Number{Kind: pydata.Int, Big: i}, nil
}

func (r *reader) Bytes() ([]byte, error) {
	kind, err := r.Kind()
	if err != nil {
		return nil, err
	}
	return nil, pydata.Mismatch(kind, "bytes")
}

func (r *reader) Time() (time.Time, error) {
	text, err := r.String()
	if err != nil {
		return time.Time{}, err
	}
	return pydata.ParseTime(string(text))
}

// String reads a string. Without escapes it is a part of the data.
func (r *reader) String() ([]byte, error) {
	if err := r.want(pydata.String, "a str"); err != nil {
		return nil, err
	}
	rest := r.data[r.at:]
	for i := 1; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '"':
			s := rest[1:i]
			r.at += i + 1
			if !utf8.Valid(s) {
				return nil, errUTF8
			}
			return s, nil
		case c == '\\':
			return r.escaped(rest, i)
		case c < ' ':
			return nil, errControl
		}
	}
	return nil, errShort
}

// escaped reads the string at the front of what is left, whose first escape is at i, into scratch.
func (r *reader) escaped(left []byte, i int) ([]byte, error) {
	if !utf8.Valid(left[1:i]) {
		return nil, errUTF8
	}
	out := append(r.scratch[:0], left[1:i]...)
	rest := left[i:]
	for len(rest) > 0 {
		c := rest[0]
		switch {
		case c == '"':
			r.scratch, r.at = out, len(r.data)-len(rest)+1
			return out, nil
		case c == '\\':
			var err error
			if out, rest, err = unescape(out, rest); err != nil {
				return nil, err
			}
			continue
		case c < ' ':
			return nil, errControl
		case c < utf8.RuneSelf:
			out, rest = append(out, c), rest[1:]
			continue
		}
		char, size := utf8.DecodeRune(rest)
		if char == utf8.RuneError && size == 1 {
			return nil, errUTF8
		}
		out, rest = append(out, rest[:size]...), rest[size:]
	}
	return nil, errShort
}

// unescape appends what the escape at the front of data stands for.
func unescape(out, data []byte) (_, rest []byte, err error) {
	if len(data) < 2 {
		return nil, nil, errShort
	}
	switch c := data[1]; c {
	case '"', '\\', '/':
		return append(out, c), data[2:], nil
	case 'b':
		return append(out, '\b'), data[2:], nil
	case 'f':
		return append(out, '\f'), data[2:], nil
	case 'n':
		return append(out, '\n'), data[2:], nil
	case 'r':
		return append(out, '\r'), data[2:], nil
	case 't':
		return append(out, '\t'), data[2:], nil
	}
	unit, ok := hexEscape(data)
	if !ok {
		return nil, nil, errEscape
	}
	data = data[6:]
	if low, ok := hexEscape(data); ok {
		if pair := utf16.DecodeRune(unit, low); pair != utf8.RuneError {
			return utf8.AppendRune(out, pair), data[6:], nil
		}
	}
	if utf16.IsSurrogate(unit) {
		return append(out, 0xed, 0x80|byte(unit>>6&0x3f), 0x80|byte(unit&0x3f)), data, nil
	}
	return utf8.AppendRune(out, unit), data, nil
}

// hexEscape returns the number of the \uXXXX at the front of data.
func hexEscape(data []byte) (unit rune, ok bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	for _, c := range data[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		unit = unit<<4 | rune(c)
	}
	return unit, true
}

func (r *reader) List() (int, error) {
	if err := r.want(pydata.List, "a list"); err != nil {
		return 0, err
	}
	r.at++
	return -1, nil
}

func (r *reader) More(i, _ int) (bool, error) { return r.next(i, ']') }

func (r *reader) Dict() (int, error) {
	if err := r.want(pydata.Dict, "a dict"); err != nil {
		return 0, err
	}
	r.at++
	return -1, nil
}

func (r *reader) Key(i, _ int) ([]byte, bool, error) {
	more, err := r.next(i, '}')
	if err != nil || !more {
		return nil, false, err
	}
	key, err := r.String()
	if err != nil {
		return nil, false, err
	}
	r.space()
	if !r.literal(":") {
		return nil, false, errors.New("found no colon behind a key")
	}
	return key, true, nil
}

// next reads the comma before the i-th part of a list or dict, or its end.
func (r *reader) next(i int, end byte) (more bool, err error) {
	r.space()
	switch {
	case r.at == len(r.data):
		return false, errShort
	case r.data[r.at] == end:
		r.at++
		return false, nil
	case i == 0:
		return true, nil
	case r.data[r.at] != ',':
		return false, errors.New("found neither a comma nor the end of the list or dict")
	}
	r.at++
	r.space()
	if r.at < len(r.data) && r.data[r.at] == end {
		return false, errors.New("found a comma before the end of the list or dict")
	}
	return true, nil
}
