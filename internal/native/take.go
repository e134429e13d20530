package native

import (
	"reflect"
	"unsafe"
)

// takerOf returns root, or what does the same for data that it may keep.
func takerOf(root coder) coder {
	switch root.(type) {
	case bytesCoder:
		return bytesTaker{}
	case stringCoder:
		return stringTaker{}
	}
	return root
}

// bytesTaker is a bytesCoder of data that it may keep.
type bytesTaker struct{ bytesCoder }

func (c bytesTaker) decode(data []byte, v reflect.Value, depth int) ([]byte, error) {
	b, rest, err := readBytes(data)
	if err != nil { // it may be nil
		return c.bytesCoder.decode(data, v, depth)
	}
	v.SetBytes(b)
	return rest, nil
}

// stringTaker is a stringCoder of data that it may keep, and that nobody changes any more.
type stringTaker struct{ stringCoder }

func (stringTaker) decode(data []byte, v reflect.Value, _ int) ([]byte, error) {
	s, rest, err := readString(data)
	if err != nil {
		return nil, err
	}
	v.SetString(unsafe.String(unsafe.SliceData(s), len(s)))
	return rest, nil
}
