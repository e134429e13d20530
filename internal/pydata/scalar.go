package pydata

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"time"

	"github.com/cachewright/cachewright/internal/structs"
)

// boolCoder is for every type whose kind is bool; the same holds for the coders below.
type boolCoder struct{}

func (boolCoder) write(w Writer, v reflect.Value, _ int) error {
	w.Bool(v.Bool())
	return nil
}

func (boolCoder) read(r Reader, v reflect.Value, _ int) error {
	b, err := r.Bool()
	v.SetBool(b)
	return err
}

type intCoder struct{}

func (intCoder) write(w Writer, v reflect.Value, _ int) error {
	w.Int(v.Int())
	return nil
}

func (intCoder) read(r Reader, v reflect.Value, _ int) error {
	n, err := r.Number()
	if err != nil {
		return err
	}
	i, ok := n.int64()
	if !ok || v.OverflowInt(i) {
		return misfit(n, v)
	}
	v.SetInt(i)
	return nil
}

type uintCoder struct{}

func (uintCoder) write(w Writer, v reflect.Value, _ int) error {
	w.Uint(v.Uint())
	return nil
}

func (uintCoder) read(r Reader, v reflect.Value, _ int) error {
	n, err := r.Number()
	if err != nil {
		return err
	}
	u, ok := n.uint64()
	if !ok || v.OverflowUint(u) {
		return misfit(n, v)
	}
	v.SetUint(u)
	return nil
}

// floatCoder is for both sizes: Python's floats have 64 bits, and a float32 is exactly one of them.
type floatCoder struct{}

func (floatCoder) write(w Writer, v reflect.Value, _ int) error {
	w.Float(v.Float())
	return nil
}

func (floatCoder) read(r Reader, v reflect.Value, _ int) error {
	n, err := r.Number()
	if err != nil {
		return err
	}
	f, ok := n.float64()
	if !ok || v.OverflowFloat(f) {
		return misfit(n, v)
	}
	v.SetFloat(f)
	return nil
}

// misfit says that n cannot be kept in v. The number itself stays out of the message: it is data.
func misfit(n Number, v reflect.Value) error {
	if n.Kind == Float {
		return fmt.Errorf("the float is no value of %s", v.Type())
	}
	return fmt.Errorf("the int overflows %s", v.Type())
}

// bigCoder is for big.Int alone.
type bigCoder struct{}

func (bigCoder) write(w Writer, v reflect.Value, _ int) error {
	return w.BigInt(v.Addr().Interface().(*big.Int))
}

func (bigCoder) read(r Reader, v reflect.Value, _ int) error {
	n, err := r.Number()
	if err != nil {
		return err
	}
	into := v.Addr().Interface().(*big.Int)
	if n.Kind == Int && n.Big != nil {
		into.Set(n.Big)
		return nil
	}
	i, ok := n.int64()
	if !ok {
		return misfit(n, v)
	}
	into.SetInt64(i)
	return nil
}

type stringCoder struct{}

func (stringCoder) write(w Writer, v reflect.Value, _ int) error { return w.String(v.String()) }

func (stringCoder) read(r Reader, v reflect.Value, _ int) error {
	s, err := r.String()
	v.SetString(string(s))
	return err
}

// jsonNumberCoder is for json.Number: a number that is kept as its text.
type jsonNumberCoder struct{}

func (jsonNumberCoder) write(w Writer, v reflect.Value, _ int) error {
	return writeNumber(w, json.Number(v.String()))
}

func (jsonNumberCoder) read(r Reader, v reflect.Value, _ int) error {
	n, err := r.Number()
	switch {
	case err != nil:
		return err
	case n.Kind == Float:
		v.SetString(strconv.FormatFloat(n.Float, 'g', -1, 64))
	default:
		v.SetString(fmt.Sprint(n.any()))
	}
	return nil
}

// writeNumber writes a number that is text as the int or float that it is.
func writeNumber(w Writer, n json.Number) error {
	text := n.String()
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		w.Int(i)
		return nil
	}
	if i, ok := new(big.Int).SetString(text, 10); ok {
		return w.BigInt(i)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return fmt.Errorf("the text of a json.Number is no number")
	}
	w.Float(f)
	return nil
}

// bytesCoder is for slices of bytes.
type bytesCoder struct{}

func (bytesCoder) write(w Writer, v reflect.Value, _ int) error {
	if v.IsNil() {
		w.Null()
		return nil
	}
	return w.Bytes(v.Bytes())
}

func (bytesCoder) read(r Reader, v reflect.Value, _ int) error {
	if isNull, err := r.Null(); isNull || err != nil {
		v.SetZero()
		return err
	}
	b, err := r.Bytes()
	if err != nil {
		return err
	}
	v.SetBytes(append([]byte{}, b...))
	return nil
}

// byteArrayCoder is for arrays of bytes.
type byteArrayCoder struct{}

func (byteArrayCoder) write(w Writer, v reflect.Value, _ int) error { return w.Bytes(v.Bytes()) }

func (byteArrayCoder) read(r Reader, v reflect.Value, _ int) error {
	b, err := r.Bytes()
	if err != nil {
		return err
	}
	if len(b) != v.Len() {
		return fmt.Errorf("found %d bytes, want %d", len(b), v.Len())
	}
	copy(v.Bytes(), b)
	return nil
}

// timeCoder is for time.Time alone; a type made from it has none of its methods and is refused.
type timeCoder struct{}

func (timeCoder) write(w Writer, v reflect.Value, _ int) error {
	return w.Time(*v.Addr().Interface().(*time.Time))
}

func (timeCoder) read(r Reader, v reflect.Value, _ int) error {
	t, err := r.Time()
	*v.Addr().Interface().(*time.Time) = t
	return err
}

// durationCoder is for time.Duration alone.
type durationCoder struct{}

func (durationCoder) write(w Writer, v reflect.Value, _ int) error {
	return w.String(formatDuration(time.Duration(v.Int())))
}

func (durationCoder) read(r Reader, v reflect.Value, _ int) error {
	s, err := r.String()
	if err != nil {
		return err
	}
	d, err := parseDuration(string(s))
	v.SetInt(int64(d))
	return err
}

// pointerCoder writes None or what the pointer points to.
type pointerCoder struct {
	typ  reflect.Type // what it points to
	elem coder
}

func (c *pointerCoder) write(w Writer, v reflect.Value, depth int) error {
	if v.IsNil() {
		w.Null()
		return nil
	}
	if depth >= maxWriteDepth { // it may point to itself
		return errTooDeep
	}
	return c.elem.write(w, v.Elem(), depth+1)
}

func (c *pointerCoder) read(r Reader, v reflect.Value, depth int) error {
	if isNull, err := r.Null(); isNull || err != nil {
		v.SetZero()
		return err
	}
	if depth >= structs.MaxDepth { // a type may be a pointer to itself
		return structs.ErrTooDeep
	}
	p := reflect.New(c.typ)
	if err := c.elem.read(r, p.Elem(), depth+1); err != nil {
		return err
	}
	v.Set(p)
	return nil
}
