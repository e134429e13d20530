// Package dotenv reads .env files: NAME=value lines that stand in for environment variables.
//
//	NAME=value              # up to the end of the line, or to a # after a space
//	export NAME=value
//	NAME='as it is'         # no variables, no escapes, may go over several lines
//	NAME="text\n${OTHER}"   # escapes and variables, may go over several lines
//
// A # inside a value begins no comment: passwords hold them. Values are templates (package template),
// except those in single quotes; filling them in is left to the reader, who knows the variables.
package dotenv

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxBytes bounds a file.
const MaxBytes = 1 << 20

// Entry is one variable.
type Entry struct {
	Name    string
	Value   string
	Literal bool // in single quotes: ${...} in it is text
	Line    int
	Column  int // of the value, in characters
}

// Error is a line that is no assignment. It never holds a value.
type Error struct {
	Line, Column int
	Message      string
	Fix          string
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message) }

// Parse reads src. It reports every line that it cannot read, and returns the entries of the others in
// their order; of a name that is there twice, both.
func Parse(src []byte) ([]Entry, []*Error) {
	if len(src) > MaxBytes {
		return nil, []*Error{{Line: 1, Column: 1, Message: fmt.Sprintf("the file is larger than %d KiB", MaxBytes>>10), Fix: "remove what is no variable"}}
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	p := parser{text: strings.ReplaceAll(string(src), "\r\n", "\n"), line: 1}
	for p.text != "" {
		if entry, ok := p.next(); ok {
			p.entries = append(p.entries, entry)
		}
	}
	return p.entries, p.errors
}

type parser struct {
	text    string // what is left, from the beginning of a line
	line    int    // of that beginning
	entries []Entry
	errors  []*Error
}

// next reads one line, or several if a quoted value goes on.
func (p *parser) next() (Entry, bool) {
	line, _, _ := strings.Cut(p.text, "\n")
	rest := strings.TrimLeft(line, " \t")
	if rest == "" || rest[0] == '#' {
		p.skip(len(line))
		return Entry{}, false
	}
	if after, ok := strings.CutPrefix(rest, "export"); ok && after != "" && (after[0] == ' ' || after[0] == '\t') {
		rest = strings.TrimLeft(after, " \t")
	}
	name, value, ok := strings.Cut(rest, "=")
	name = strings.TrimRight(name, " \t")
	column := p.column(line, rest)
	switch {
	case !ok:
		return p.fail(line, column, "this line has no =", "write NAME=value, or begin the line with # if it is a comment")
	case !isName(name):
		return p.fail(line, column, "what stands before the = is not the name of a variable",
			"a name is made of letters, digits and _, and does not begin with a digit")
	}
	spaced := value != strings.TrimLeft(value, " \t")
	value = strings.TrimLeft(value, " \t")
	entry := Entry{Name: name, Line: p.line, Column: p.column(line, value)}
	if value != "" && (value[0] == '"' || value[0] == '\'') {
		return p.quoted(entry, line, len(line)-len(value))
	}
	entry.Value = plain(value, spaced)
	p.skip(len(line))
	return entry, true
}

// plain returns an unquoted value without the comment behind it. Spaced says that a space stands before
// the value.
func plain(value string, spaced bool) string {
	for i := range len(value) {
		if value[i] == '#' && (i == 0 && spaced || i > 0 && (value[i-1] == ' ' || value[i-1] == '\t')) {
			value = value[:i]
			break
		}
	}
	return strings.TrimRight(value, " \t")
}

// quoted reads the value that opens with a quote at offset of line.
func (p *parser) quoted(entry Entry, line string, offset int) (Entry, bool) {
	quote := p.text[offset]
	entry.Literal = quote == '\''
	var b strings.Builder
	for i := offset + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == quote:
			return p.close(entry, b.String(), i+1)
		case c == '\\' && quote == '"' && i+1 < len(p.text):
			i++
			b.WriteString(unescape(p.text[i]))
		default:
			b.WriteByte(c)
		}
	}
	return p.fail(line, entry.Column, "this quote is never closed", "close it, or remove it")
}

// unescape returns what a backslash and c stand for in double quotes. A backslash before any other
// character stays: Windows paths and patterns hold them.
func unescape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case '"', '\\':
		return string(c)
	}
	return `\` + string(c)
}

// close ends a quoted value: behind the quote may stand a comment only.
func (p *parser) close(entry Entry, value string, end int) (Entry, bool) {
	tail, _, _ := strings.Cut(p.text[end:], "\n")
	if rest := strings.TrimLeft(tail, " \t"); rest != "" && rest[0] != '#' {
		last := strings.Count(p.text[:end], "\n")
		p.errors = append(p.errors, &Error{Line: p.line + last, Column: p.column(p.text[:end], ""),
			Message: "something stands behind the closing quote", Fix: `remove it, or write \" for a quote inside double quotes`})
		p.skip(end + len(tail))
		return Entry{}, false
	}
	p.skip(end + len(tail))
	entry.Value = value
	return entry, true
}

func (p *parser) fail(line string, column int, message, fix string) (Entry, bool) {
	p.errors = append(p.errors, &Error{Line: p.line, Column: column, Message: message, Fix: fix})
	p.skip(len(line))
	return Entry{}, false
}

// skip goes behind the line break that follows n bytes.
func (p *parser) skip(n int) {
	p.line += strings.Count(p.text[:n], "\n")
	p.text = p.text[n:]
	if p.text != "" {
		p.text = p.text[1:]
		p.line++
	}
}

// column returns where rest, a tail of line, begins.
func (p *parser) column(line, rest string) int {
	head := line[:len(line)-len(rest)]
	if i := strings.LastIndexByte(head, '\n'); i >= 0 {
		head = head[i+1:]
	}
	return utf8.RuneCountInString(head) + 1
}

func isName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}
