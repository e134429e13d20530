package native

import "errors"

// The format's codes; a range is named by its first.
//
// Package msgpack has them as variables, which a switch cannot use. Its Encoder and Decoder serve here
// only the types that ask for them: they wrap numbers that are too large, skip without a limit of depth
// and copy the name of every field.
const (
	codeFixMap   = 0x80 // to 0x8f
	codeFixArray = 0x90 // to 0x9f
	codeFixStr   = 0xa0 // to 0xbf
	codeNil      = 0xc0
	codeFalse    = 0xc2
	codeTrue     = 0xc3
	codeBin8     = 0xc4
	codeBin16    = 0xc5
	codeBin32    = 0xc6
	codeExt8     = 0xc7
	codeExt16    = 0xc8
	codeExt32    = 0xc9
	codeFloat32  = 0xca
	codeFloat64  = 0xcb
	codeUint8    = 0xcc
	codeUint16   = 0xcd
	codeUint32   = 0xce
	codeUint64   = 0xcf
	codeInt8     = 0xd0
	codeInt16    = 0xd1
	codeInt32    = 0xd2
	codeInt64    = 0xd3
	codeFixExt1  = 0xd4
	codeFixExt2  = 0xd5
	codeFixExt4  = 0xd6
	codeFixExt8  = 0xd7
	codeFixExt16 = 0xd8
	codeStr8     = 0xd9
	codeStr16    = 0xda
	codeStr32    = 0xdb
	codeArray16  = 0xdc
	codeArray32  = 0xdd
	codeMap16    = 0xde
	codeMap32    = 0xdf
	codeNegative = 0xe0 // to 0xff: -32 to -1
)

var (
	errShort   = errors.New("the data ends too early")
	errTooLong = errors.New("has more than 2^32-1 elements or bytes, which MessagePack has no room for")
)

// kind is what a value is, as far as its first byte tells.
type kind byte

const (
	kindInvalid kind = iota // 0xc1, which the format never uses
	kindNil
	kindBool
	kindInt
	kindFloat
	kindString
	kindBytes
	kindArray
	kindMap
	kindExtension
)

// kindOf returns the kind of the value that code begins.
func kindOf(code byte) kind {
	switch {
	case code < codeFixMap, code >= codeNegative, code >= codeUint8 && code <= codeInt64:
		return kindInt
	case code < codeFixArray, code >= codeMap16:
		return kindMap
	case code < codeFixStr, code >= codeArray16:
		return kindArray
	case code < codeNil, code >= codeStr8:
		return kindString
	case code == codeNil:
		return kindNil
	case code == codeFalse, code == codeTrue:
		return kindBool
	case code >= codeBin8 && code <= codeBin32:
		return kindBytes
	case code == codeFloat32, code == codeFloat64:
		return kindFloat
	case code >= codeExt8:
		return kindExtension // Ext8 to Ext32, FixExt1 to FixExt16
	}
	return kindInvalid
}

// String returns the kind as messages name it.
func (k kind) String() string {
	switch k {
	case kindNil:
		return "nil"
	case kindBool:
		return "a boolean"
	case kindInt:
		return "an integer"
	case kindFloat:
		return "a float"
	case kindString:
		return "a string"
	case kindBytes:
		return "bytes"
	case kindArray:
		return "an array"
	case kindMap:
		return "a map"
	case kindExtension:
		return "an extension"
	}
	return "the unused code 0xc1"
}
