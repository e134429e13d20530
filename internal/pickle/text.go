package pickle

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDigits is how many digits Python reads into an int. Reading takes quadratic time.
const maxDigits = 4300

// stepText runs the opcodes of protocol 0 whose argument is a line of text.
func (m *machine) stepText(op byte) error {
	from, to, err := m.line()
	if err != nil {
		return err
	}
	line := string(m.data[from:to])
	switch op {
	case opInt:
		return m.pushDigits(line)
	case opLong:
		return m.pushDigits(strings.TrimSuffix(line, "L"))
	case opFloat:
		return m.pushDigitsFloat(line)
	case opString:
		return m.pushQuoted(line)
	case opUnicode:
		return m.pushEscaped(line)
	}
	index, err := strconv.ParseUint(line, 10, 31)
	if err != nil {
		return errors.New("the memo index is no number")
	}
	if op == opGet {
		return m.get(int(index))
	}
	return m.put(int(index))
}

// line returns where the next line begins and ends, without its newline.
func (m *machine) line() (from, to int, err error) {
	n := bytes.IndexByte(m.data[m.pos:], '\n')
	if n < 0 {
		return 0, 0, errShort
	}
	from = m.pos
	m.pos += n + 1
	return from, from + n, nil
}

// pushDigits pushes an int, or one of the bools that protocol 0 writes like an int.
func (m *machine) pushDigits(digits string) error {
	switch digits {
	case "00":
		m.push(refFalse)
		return nil
	case "01":
		m.push(refTrue)
		return nil
	}
	if i, err := strconv.ParseInt(digits, 10, 64); err == nil {
		m.push(m.add(node{kind: kindInt, a: i}))
		return nil
	}
	if len(digits) > maxDigits {
		return fmt.Errorf("has an int of more than %d digits, which Python refuses too", maxDigits)
	}
	x, ok := new(big.Int).SetString(digits, 10)
	if !ok {
		return errors.New("has an int that is no number")
	}
	m.pushOwn(kindBig, littleEndian(x))
	return nil
}

func (m *machine) pushDigitsFloat(digits string) error {
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || strings.ContainsAny(digits, "xX_") {
		return errors.New("has a float that is no number")
	}
	m.push(m.add(node{kind: kindFloat, a: int64(math.Float64bits(f))}))
	return nil
}

// pushOwn pushes text that is not in the data.
func (m *machine) pushOwn(k kind, text []byte) {
	from := len(m.buffer)
	m.buffer = append(m.buffer, text...)
	m.push(m.add(node{kind: k, own: true, a: int64(from), b: int64(len(m.buffer))}))
}

// pushEscaped pushes a str in Python's encoding raw-unicode-escape: a character is a byte or one of
// \uXXXX and \UXXXXXXXX.
func (m *machine) pushEscaped(line string) error {
	text := make([]byte, 0, len(line))
	for len(line) > 0 {
		width := 0
		if strings.HasPrefix(line, `\u`) {
			width = 4
		} else if strings.HasPrefix(line, `\U`) {
			width = 8
		}
		if width == 0 {
			n := 1
			if line[0] == '\\' && len(line) > 1 {
				n = 2 // a backslash takes what follows with it, be it another backslash
			}
			for i := range n {
				text = utf8.AppendRune(text, rune(line[i]))
			}
			line = line[n:]
			continue
		}
		if len(line) < 2+width {
			return errEscape
		}
		r, err := strconv.ParseUint(line[2:2+width], 16, 32)
		if err != nil || r > utf8.MaxRune {
			return errEscape
		}
		text = appendRune(text, rune(r))
		line = line[2+width:]
	}
	m.pushOwn(kindString, text)
	return nil
}

var errEscape = errors.New("the pickle has a str with a broken escape")

// appendRune is utf8.AppendRune, but keeps surrogates.
func appendRune(text []byte, r rune) []byte {
	if r >= 0xd800 && r <= 0xdfff {
		return append(text, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
	}
	return utf8.AppendRune(text, r)
}

// pushQuoted pushes a string of Python 2, which was written as its repr.
func (m *machine) pushQuoted(line string) error {
	n := len(line)
	if n < 2 || line[0] != line[n-1] || line[0] != '\'' && line[0] != '"' {
		return errors.New("the pickle has a string without its quotes")
	}
	text, err := unquote(line[1 : n-1])
	if err != nil {
		return err
	}
	if !ascii(text) {
		return errNoASCII
	}
	m.pushOwn(kindString, text)
	return nil
}

// unquote undoes the escapes of a string literal of Python 2. An escape that means nothing stands for
// itself.
func unquote(s string) ([]byte, error) {
	text := make([]byte, 0, len(s))
	for len(s) > 0 {
		if s[0] != '\\' || len(s) == 1 {
			text = append(text, s[0])
			s = s[1:]
			continue
		}
		c := s[1]
		s = s[2:]
		if simple := strings.IndexByte(`\'"abfnrtv`, c); simple >= 0 {
			text = append(text, "\\'\"\a\b\f\n\r\t\v"[simple])
			continue
		}
		switch {
		case c == 'x':
			if len(s) < 2 {
				return nil, errEscape
			}
			b, err := hex.DecodeString(s[:2])
			if err != nil {
				return nil, errEscape
			}
			text, s = append(text, b...), s[2:]
		case c >= '0' && c <= '7':
			digits := 0
			for digits < min(2, len(s)) && s[digits] >= '0' && s[digits] <= '7' {
				digits++
			}
			octal, _ := strconv.ParseUint(string(c)+s[:digits], 8, 16) // octal digits, nothing else
			text, s = append(text, byte(octal)), s[digits:]
		default:
			text = append(text, '\\', c)
		}
	}
	return text, nil
}
