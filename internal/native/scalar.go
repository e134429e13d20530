package native

import (
	"fmt"
	"reflect"
)

// boolCoder is for every type whose kind is bool; the same holds for the coders below.
type boolCoder struct{}

func (boolCoder) encode(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendBool(dst, v.Bool()), nil
}

func (boolCoder) decode(data []byte, v reflect.Value, _ int) ([]byte, error) {
	b, rest, err := readBool(data)
	if err != nil {
		return nil, err
	}
	v.SetBool(b)
	return rest, nil
}

type intCoder struct{}

func (intCoder) encode(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendInt(dst, v.Int()), nil
}

func (intCoder) decode(data []byte, v reflect.Value, _ int) ([]byte, error) {
	n, rest, err := readNumber(data)
	if err != nil {
		return nil, err
	}
	i, ok := n.int()
	if !ok || v.OverflowInt(i) {
		return nil, misfit(n, v)
	}
	v.SetInt(i)
	return rest, nil
}

type uintCoder struct{}

func (uintCoder) encode(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendUint(dst, v.Uint()), nil
}

func (uintCoder) decode(data []byte, v reflect.Value, _ int) ([]byte, error) {
	n, rest, err := readNumber(data)
	if err != nil {
		return nil, err
	}
	u, ok := n.uint()
	if !ok || v.OverflowUint(u) {
		return nil, misfit(n, v)
	}
	v.SetUint(u)
	return rest, nil
}

type float32Coder struct{}

func (float32Coder) encode(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendFloat32(dst, float32(v.Float())), nil
}

func (float32Coder) decode(data []byte, v reflect.Value, _ int) ([]byte, error) {
	n, rest, err := readNumber(data)
	if err != nil {
		return nil, err
	}
	f := n.float()
	if v.OverflowFloat(f) {
		return nil, misfit(n, v)
	}
	v.SetFloat(f)
	return rest, nil
}

type float64Coder struct{}

func (float64Coder) encode(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendFloat64(dst, v.Float()), nil
}

func (float64Coder) decode(data []byte, v reflect.Value, _ int) ([]byte, error) {
	n, rest, err := readNumber(data)
	if err != nil {
		return nil, err
	}
	v.SetFloat(n.float())
	return rest, nil
}

// misfit says that n cannot be kept in v. The number itself stays out of the message: it is data.
func misfit(n number, v reflect.Value) error {
	if n.form == floating {
		return fmt.Errorf("the float is no value of %s", v.Type())
	}
	return fmt.Errorf("the integer overflows %s", v.Type())
}

type stringCoder struct{}

func (stringCoder) encode(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendString(dst, v.String())
}

func (stringCoder) decode(data []byte, v reflect.Value, _ int) ([]byte, error) {
	s, rest, err := readString(data)
	if err != nil {
		return nil, err
	}
	v.SetString(string(s))
	return rest, nil
}

// bytesCoder is for slices of bytes.
type bytesCoder struct{}

func (bytesCoder) encode(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	if v.IsNil() {
		return append(dst, codeNil), nil
	}
	return appendBytes(dst, v.Bytes())
}

func (bytesCoder) decode(data []byte, v reflect.Value, _ int) ([]byte, error) {
	if rest, isNil := readNil(data); isNil {
		v.SetZero()
		return rest, nil
	}
	b, rest, err := readBytes(data)
	if err != nil {
		return nil, err
	}
	v.SetBytes(append([]byte{}, b...))
	return rest, nil
}

// byteArrayCoder is for arrays of bytes.
type byteArrayCoder struct{}

func (byteArrayCoder) encode(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendBytes(dst, v.Bytes())
}

func (byteArrayCoder) decode(data []byte, v reflect.Value, _ int) ([]byte, error) {
	b, rest, err := readBytes(data)
	if err != nil {
		return nil, err
	}
	if len(b) != v.Len() {
		return nil, fmt.Errorf("found %d bytes, want %d", len(b), v.Len())
	}
	copy(v.Bytes(), b)
	return rest, nil
}
