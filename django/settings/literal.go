package settings

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// expression is what a setting is set to: data, or Python that yields it when Django starts.
//
// The kinds are none, boolean, integer, float, text, tuple, list and dict, which are data, and
// environ, fallback, sum, socketOption, besideModule, class, sentinelManager and sentinelURL, which are not.
type expression interface {
	// write appends the expression as Python. Collections over several lines are indented below level.
	write(b *strings.Builder, level int) error
}

type (
	none    struct{}
	boolean bool
	integer int64
	float   float64
	text    string
	tuple   []expression
	list    []expression
	dict    []entry
)

// entry is one key of a dict with its value.
type entry struct {
	key   expression
	value expression
}

// item is an entry under a name.
func item(name string, value expression) entry { return entry{text(name), value} }

// errUTF8 is returned for text that Python could not hold as it is.
var errUTF8 = errors.New("the text is not valid UTF-8")

const indentation = "    "

func (none) write(b *strings.Builder, _ int) error {
	b.WriteString("None")
	return nil
}

func (v boolean) write(b *strings.Builder, _ int) error {
	if v {
		b.WriteString("True")
	} else {
		b.WriteString("False")
	}
	return nil
}

func (v integer) write(b *strings.Builder, _ int) error {
	b.WriteString(strconv.FormatInt(int64(v), 10))
	return nil
}

func (v float) write(b *strings.Builder, _ int) error {
	b.WriteString(v.decimal())
	return nil
}

// decimal is the shortest decimal number that reads back as v. It has a point, so that it stays a float.
func (v float) decimal() string {
	s := strconv.FormatFloat(float64(v), 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func (v text) write(b *strings.Builder, _ int) error {
	if !utf8.ValidString(string(v)) {
		return errUTF8
	}
	b.WriteByte('"')
	b.WriteString(escape(string(v), '"'))
	b.WriteByte('"')
	return nil
}

// noQuote is for escape where no quotes are around the text.
const noQuote = -1

// escape returns s in printable ASCII, as it stands in a Python literal between quotes.
func escape(s string, quote rune) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == quote || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r >= ' ' && r <= '~':
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// write keeps a tuple on one line. That of one element needs its comma.
func (v tuple) write(b *strings.Builder, level int) error {
	b.WriteByte('(')
	for i, e := range v {
		if i > 0 {
			b.WriteString(", ")
		}
		if err := e.write(b, level); err != nil {
			return err
		}
	}
	if len(v) == 1 {
		b.WriteByte(',')
	}
	b.WriteByte(')')
	return nil
}

func (v list) write(b *strings.Builder, level int) error {
	if len(v) == 0 {
		b.WriteString("[]")
		return nil
	}
	b.WriteString("[\n")
	for _, e := range v {
		b.WriteString(strings.Repeat(indentation, level+1))
		if err := e.write(b, level+1); err != nil {
			return err
		}
		b.WriteString(",\n")
	}
	b.WriteString(strings.Repeat(indentation, level) + "]")
	return nil
}

func (v dict) write(b *strings.Builder, level int) error {
	if len(v) == 0 {
		b.WriteString("{}")
		return nil
	}
	b.WriteString("{\n")
	for _, e := range v {
		b.WriteString(strings.Repeat(indentation, level+1))
		if err := e.key.write(b, level+1); err != nil {
			return err
		}
		b.WriteString(": ")
		if err := e.value.write(b, level+1); err != nil {
			return e.locate(err)
		}
		b.WriteString(",\n")
	}
	b.WriteString(strings.Repeat(indentation, level) + "}")
	return nil
}

// locate says in err where in the settings it happened.
func (e entry) locate(err error) error {
	if name, ok := e.key.(text); ok {
		return fmt.Errorf("%s: %w", name, err)
	}
	return err
}
