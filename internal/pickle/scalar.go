package pickle

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
)

// boolCoder is for every type whose kind is bool; the same holds for the coders below.
type boolCoder struct{}

func (boolCoder) encode(w *writer, v reflect.Value, _ int) error {
	w.bool(v.Bool())
	return nil
}

func (boolCoder) decode(d *decoder, r ref, v reflect.Value, _ int) error {
	n := &d.nodes[r]
	if n.kind != kindBool {
		return d.mismatch(r, "a bool")
	}
	v.SetBool(n.a != 0)
	return nil
}

type intCoder struct{}

func (intCoder) encode(w *writer, v reflect.Value, _ int) error {
	w.int(v.Int())
	return nil
}

func (intCoder) decode(d *decoder, r ref, v reflect.Value, _ int) error {
	n := &d.nodes[r]
	i, ok := n.a, n.kind == kindInt
	if n.kind == kindFloat {
		f := n.float()
		i, ok = int64(f), f >= -1<<63 && f < 1<<63 && f == math.Trunc(f)
	} else if n.kind != kindInt && n.kind != kindBig {
		return d.mismatch(r, "an int")
	}
	if !ok || v.OverflowInt(i) {
		return misfit(n, v)
	}
	v.SetInt(i)
	return nil
}

type uintCoder struct{}

func (uintCoder) encode(w *writer, v reflect.Value, _ int) error {
	w.uint(v.Uint())
	return nil
}

func (uintCoder) decode(d *decoder, r ref, v reflect.Value, _ int) error {
	n := &d.nodes[r]
	var u uint64
	var ok bool
	switch n.kind {
	case kindInt:
		u, ok = uint64(n.a), n.a >= 0
	case kindBig:
		if text := d.text(n); len(text) == 9 { // a larger one does not fit, a smaller one is a kindInt
			u, ok = uint64(smallInt(text[:8])), text[8] == 0
		}
	case kindFloat:
		f := n.float()
		u, ok = uint64(f), f >= 0 && f < 1<<64 && f == math.Trunc(f)
	default:
		return d.mismatch(r, "an int")
	}
	if !ok || v.OverflowUint(u) {
		return misfit(n, v)
	}
	v.SetUint(u)
	return nil
}

// floatCoder is for both sizes: Python's floats have 64 bits, and a float32 is exactly one of them.
type floatCoder struct{}

func (floatCoder) encode(w *writer, v reflect.Value, _ int) error {
	w.float(v.Float())
	return nil
}

func (floatCoder) decode(d *decoder, r ref, v reflect.Value, _ int) error {
	n := &d.nodes[r]
	var f float64
	switch n.kind {
	case kindFloat:
		f = n.float()
	case kindInt:
		f = float64(n.a)
	case kindBig:
		f, _ = new(big.Float).SetInt(d.big(n)).Float64()
		if math.IsInf(f, 0) {
			return misfit(n, v)
		}
	default:
		return d.mismatch(r, "a float")
	}
	if v.OverflowFloat(f) {
		return misfit(n, v)
	}
	v.SetFloat(f)
	return nil
}

// misfit says that n cannot be kept in v. The number itself stays out of the message: it is data.
func misfit(n *node, v reflect.Value) error {
	if n.kind == kindFloat {
		return fmt.Errorf("the float is no value of %s", v.Type())
	}
	return fmt.Errorf("the int overflows %s", v.Type())
}

type complexCoder struct{}

func (complexCoder) encode(w *writer, v reflect.Value, _ int) error {
	w.complex(v.Complex())
	return nil
}

func (complexCoder) decode(d *decoder, r ref, v reflect.Value, _ int) error {
	n := &d.nodes[r]
	if n.kind != kindComplex {
		return d.mismatch(r, "a complex")
	}
	c := n.complex()
	if v.OverflowComplex(c) {
		return fmt.Errorf("the complex is no value of %s", v.Type())
	}
	v.SetComplex(c)
	return nil
}

type stringCoder struct{}

func (stringCoder) encode(w *writer, v reflect.Value, _ int) error { return w.string(v.String()) }

func (stringCoder) decode(d *decoder, r ref, v reflect.Value, _ int) error {
	s, err := d.textOf(r)
	if err != nil {
		return err
	}
	v.SetString(s)
	return nil
}

// textOf returns the string that r is, or that stands for it where Go has no type for it.
func (d *decoder) textOf(r ref) (string, error) {
	n := &d.nodes[r]
	switch n.kind {
	case kindString, kindDecimal:
		return d.string(r), d.charge(int(n.b - n.a))
	case kindUUID:
		u, err := d.uuid(n)
		return u.String(), err
	}
	return "", d.mismatch(r, "a str")
}

// bytesCoder is for slices of bytes.
type bytesCoder struct{}

func (bytesCoder) encode(w *writer, v reflect.Value, _ int) error {
	if v.IsNil() {
		w.none()
		return nil
	}
	w.bytes(identity{kindBytes, v.Pointer(), v.Len()}, v.Bytes())
	return nil
}

func (bytesCoder) decode(d *decoder, r ref, v reflect.Value, _ int) error {
	if r == refNone {
		return nil
	}
	b, err := d.bytesOf(r)
	if err != nil {
		return err
	}
	v.SetBytes(b)
	return nil
}

// bytesOf returns a copy of the bytes that r is.
func (d *decoder) bytesOf(r ref) ([]byte, error) {
	n := &d.nodes[r]
	if n.kind != kindBytes && n.kind != kindByteArray {
		return nil, d.mismatch(r, "bytes")
	}
	return d.copyBytes(n)
}

// byteArrayCoder is for arrays of bytes. Their bytes have no identity: the array may be a copy.
type byteArrayCoder struct{}

func (byteArrayCoder) encode(w *writer, v reflect.Value, _ int) error {
	w.newBytes(v.Bytes())
	return nil
}

func (byteArrayCoder) decode(d *decoder, r ref, v reflect.Value, _ int) error {
	b, err := d.bytesOf(r)
	if err != nil {
		return err
	}
	if len(b) != v.Len() {
		return fmt.Errorf("found %d bytes, want %d", len(b), v.Len())
	}
	copy(v.Bytes(), b)
	return nil
}
