package native

import "github.com/cachewright/cachewright/internal/structs"

// skip returns what follows the value that data begins with, which depth arrays and maps enclose.
func skip(data []byte, depth int) (rest []byte, err error) {
	children, rest, err := skipHead(data)
	if err != nil || children == 0 {
		return rest, err
	}
	if depth >= structs.MaxDepth {
		return nil, structs.ErrTooDeep
	}
	for range children {
		if rest, err = skip(rest, depth+1); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// skipHead skips a value but for the values that it contains, and returns their number.
func skipHead(data []byte) (children int, rest []byte, err error) {
	if len(data) == 0 {
		return 0, nil, errShort
	}
	switch kindOf(data[0]) {
	case kindNil, kindBool:
		return 0, data[1:], nil
	case kindInt, kindFloat:
		_, rest, err = readNumber(data)
	case kindString:
		_, rest, err = readString(data)
	case kindBytes:
		_, rest, err = readBytes(data)
	case kindArray:
		return readArrayLen(data)
	case kindMap:
		children, rest, err = readMapLen(data)
		return 2 * children, rest, err
	case kindExtension:
		rest, err = skipExtension(data)
	default:
		err = mismatch(data[0], "a value")
	}
	return 0, rest, err
}

func skipExtension(data []byte) (rest []byte, err error) {
	n := 0
	if code := data[0]; code >= codeFixExt1 {
		n, rest = 1<<(code-codeFixExt1), data[1:]
	} else if n, rest, err = readLen(data, codeExt8, codeExt16, codeExt32, "an extension"); err != nil {
		return nil, err
	}
	_, rest, err = take(rest, n)
	if err == nil {
		_, rest, err = take(rest, 1) // the extension's type, which the length does not count
	}
	return rest, err
}
