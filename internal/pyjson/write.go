package pyjson

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/cachewright/cachewright/internal/pydata"
)

// writer implements [pydata.Writer].
type writer struct {
	out []byte
}

var _ pydata.Writer = (*writer)(nil)

func (w *writer) Null() { w.out = append(w.out, "null"...) }

func (w *writer) Bool(b bool) { w.out = strconv.AppendBool(w.out, b) }

func (w *writer) Int(i int64) { w.out = strconv.AppendInt(w.out, i, 10) }

func (w *writer) Uint(u uint64) { w.out = strconv.AppendUint(w.out, u, 10) }

func (w *writer) BigInt(i *big.Int) error {
	w.out = i.Append(w.out, 10)
	return nil
}

func (w *writer) Float(f float64) { w.out = appendFloat(w.out, f) }

func (w *writer) Bytes([]byte) error { return errors.New("is bytes, which JSON does not have") }

// Time writes t as DjangoJSONEncoder does: milliseconds, if there are microseconds at all.
func (w *writer) Time(t time.Time) error {
	digits := ""
	if t.Nanosecond() >= int(time.Microsecond) {
		digits = ".000"
	}
	out, err := pydata.AppendTime(append(w.out, '"'), t, digits)
	if err != nil {
		return err
	}
	w.out = append(out, '"') // nothing in it is to be escaped
	return nil
}

func (w *writer) List(int) error {
	w.out = append(w.out, '[')
	return nil
}

func (w *writer) Dict(int) error {
	w.out = append(w.out, '{')
	return nil
}

func (w *writer) Next(i int) {
	if i > 0 {
		w.out = append(w.out, ", "...)
	}
}

func (w *writer) Key(s string) error {
	if err := w.String(s); err != nil {
		return err
	}
	w.out = append(w.out, ": "...)
	return nil
}

func (w *writer) AnyKey(key any) error {
	text, ok := pydata.KeyText(key, func(f float64) string { return string(appendFloat(nil, f)) })
	if !ok {
		return fmt.Errorf("is a %T, which is no key of JSON in Python", key)
	}
	return w.Key(text)
}

func (w *writer) EndList() { w.out = append(w.out, ']') }

func (w *writer) EndDict() { w.out = append(w.out, '}') }

func (w *writer) String(s string) error {
	var err error
	w.out, err = appendString(w.out, s)
	return err
}

// appendFloat writes f as Python's repr does: the shortest digits that read back as f, with an exponent below
// 1e-4 and from 1e16 on, and otherwise with a point.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	if size := math.Abs(f); f != 0 && (size < 1e-4 || size >= 1e16) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	for _, c := range dst[start:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

const hexDigits = "0123456789abcdef"

// appendString writes s in quotes, as ASCII.
func appendString(dst []byte, s string) ([]byte, error) {
	dst = append(dst, '"')
	plain := 0 // where what needs no escape begins
	for i := 0; i < len(s); {
		if isPlain(s[i]) {
			i++
			continue
		}
		dst = append(dst, s[plain:i]...)
		r, size := decodeRune(s[i:])
		if size == 0 {
			return dst, errors.New("is no valid UTF-8")
		}
		dst = appendEscaped(dst, r)
		i += size
		plain = i
	}
	return append(append(dst, s[plain:]...), '"'), nil
}

// isPlain reports whether c stands for itself in a string.
func isPlain(c byte) bool { return c >= ' ' && c <= '~' && c != '"' && c != '\\' }

// decodeRune returns the first character of s, which may be half a surrogate pair; its size is zero if there
// is none.
func decodeRune(s string) (r rune, size int) {
	r, size = utf8.DecodeRuneInString(s)
	if r != utf8.RuneError || size != 1 {
		return r, size
	}
	if len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 && s[1] <= 0xbf && s[2]&0xc0 == 0x80 {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return 0, 0
}

func appendEscaped(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	case '\f':
		return append(dst, `\f`...)
	case '\b':
		return append(dst, `\b`...)
	}
	if r > 0xffff {
		r -= 0x10000
		return appendHex(appendHex(dst, 0xd800|r>>10), 0xdc00|r&0x3ff)
	}
	return appendHex(dst, r)
}

func appendHex(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
