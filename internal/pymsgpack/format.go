package pymsgpack

import "github.com/cachewright/cachewright/internal/pydata"

// The format's codes; a range is named by its first.
const (
	codeFixMap   = 0x80 // to 0x8f
	codeFixArray = 0x90 // to 0x9f
	codeFixStr   = 0xa0 // to 0xbf
	codeNil      = 0xc0
	codeUnused   = 0xc1
	codeFalse    = 0xc2
	codeTrue     = 0xc3
	codeBin8     = 0xc4
	codeBin16    = 0xc5
	codeBin32    = 0xc6
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
	codeStr8     = 0xd9
	codeStr16    = 0xda
	codeStr32    = 0xdb
	codeArray16  = 0xdc
	codeArray32  = 0xdd
	codeMap16    = 0xde
	codeMap32    = 0xdf
	codeNegative = 0xe0 // to 0xff: -32 to -1
)

// kindOf returns the kind of the value that code begins; ok is false for extension types and for the code
// that the format never uses.
func kindOf(code byte) (kind pydata.Kind, ok bool) {
	switch {
	case code < codeFixMap, code >= codeNegative, code >= codeUint8 && code <= codeInt64:
		return pydata.Int, true
	case code < codeFixArray, code >= codeMap16:
		return pydata.Dict, true
	case code < codeFixStr, code >= codeArray16:
		return pydata.List, true
	case code < codeNil, code >= codeStr8:
		return pydata.String, true
	case code == codeNil:
		return pydata.Null, true
	case code == codeFalse, code == codeTrue:
		return pydata.Bool, true
	case code >= codeBin8 && code <= codeBin32:
		return pydata.Bytes, true
	case code == codeFloat32, code == codeFloat64:
		return pydata.Float, true
	}
	return 0, false
}
