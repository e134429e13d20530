package django

import (
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"time"
)

// isCounter reports whether values of t are ints in Python. A time.Duration is a timedelta.
func isCounter(t reflect.Type) bool {
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64 && t != reflect.TypeFor[time.Duration]()
}

// appendInt appends the decimal digits of the int that v is, points to or holds, if it is one.
func appendInt(dst []byte, v reflect.Value) ([]byte, bool) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return dst, false
		}
		if n, ok := v.Interface().(*big.Int); ok {
			return n.Append(dst, 10), true
		}
		v = v.Elem()
	}
	switch {
	case !v.IsValid() || !isCounter(v.Type()):
		return dst, false
	case v.CanInt():
		return strconv.AppendInt(dst, v.Int(), 10), true
	}
	return strconv.AppendUint(dst, v.Uint(), 10), true
}

// maxDigits is the longest number that Python's int converts (sys.get_int_max_str_digits).
const maxDigits = 4300

// pythonInt returns the plain decimal digits of what Python's int reads from data: a sign, white space
// around it, underscores between digits and leading zeros are all fine there.
func pythonInt(data []byte) (digits string, ok bool) {
	for len(data) > 0 && isSpace(data[0]) {
		data = data[1:]
	}
	for len(data) > 0 && isSpace(data[len(data)-1]) {
		data = data[:len(data)-1]
	}
	negative := len(data) > 0 && data[0] == '-'
	if negative || len(data) > 0 && data[0] == '+' {
		data = data[1:]
	}
	if len(data) == 0 || data[len(data)-1] == '_' {
		return "", false
	}
	out := make([]byte, 0, 24)
	if negative {
		out = append(out, '-')
	}
	count := 0
	for i, c := range data {
		switch {
		case c >= '0' && c <= '9':
			out = append(out, c)
			count++
		case c != '_' || i == 0 || data[i-1] == '_':
			return "", false
		}
	}
	return string(out), count <= maxDigits
}

// isSpace reports what Python's int takes for white space in bytes.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// decodeInt sets what into points to from an int.
func (e *encoding) decodeInt(digits string, into any) error {
	v := reflect.ValueOf(into).Elem()
	switch {
	case e.counter && v.CanInt():
		n, err := strconv.ParseInt(digits, 10, e.typ.Bits())
		if err != nil {
			return e.misfit()
		}
		v.SetInt(n)
		return nil
	case e.counter:
		n, err := strconv.ParseUint(digits, 10, e.typ.Bits())
		if err != nil {
			return e.misfit()
		}
		v.SetUint(n)
		return nil
	}
	n := anyInt(digits)
	switch {
	case v.Kind() == reflect.Interface:
		v.Set(reflect.ValueOf(n))
		return nil
	case e.typ == reflect.TypeFor[*big.Int]():
		whole, _ := new(big.Int).SetString(digits, 10)
		v.Set(reflect.ValueOf(whole))
		return nil
	}
	return e.decodeOther(n, into)
}

func (e *encoding) misfit() error { return fmt.Errorf("decode %s: the int overflows it", e.typ) }

// anyInt returns an int as an any holds it.
func anyInt(digits string) any {
	if n, err := strconv.ParseInt(digits, 10, 64); err == nil {
		return n
	}
	n, _ := new(big.Int).SetString(digits, 10) // digits are nothing else
	return n
}

// decodeOther has the serializer decide what an int is to a type that is none, a float64 for example.
func (e *encoding) decodeOther(n, into any) error {
	dynamic, err := e.codec.compileValues(reflect.TypeFor[any]())
	if err != nil {
		return err
	}
	data, err := dynamic.Append(nil, &n)
	if err != nil {
		return fmt.Errorf("decode %s: %w", e.typ, err)
	}
	return e.values.Decode(data, into)
}
