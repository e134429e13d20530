// Package template fills variables into text: ${NAME}, ${NAME:-default} and ${NAME:?message}.
//
// Only those forms are special. A dollar sign anywhere else is a dollar sign, because passwords hold
// them, and $${ is a literal ${. A default may hold variables of its own.
package template

import (
	"fmt"
	"strings"
)

// maxDepth bounds the nesting of defaults.
const maxDepth = 20

// Template is a text with variables, parsed. The zero Template is the empty text.
type Template struct {
	segments []segment
}

// segment is literal text, or a variable if name is set.
type segment struct {
	text string

	name     string
	hasElse  bool     // ${name:-otherwise}
	other    Template // the default
	required bool     // ${name:?message}
	message  string
}

// Error is a text that is no template.
type Error struct {
	Offset  int    // of the ${ that is wrong, in bytes
	Message string // what is wrong; nothing of the text is in it, which may be a password
	Fix     string // what to write instead
}

func (e *Error) Error() string { return e.Message }

// UnsetError is a variable without a value where there must be one.
type UnsetError struct {
	Name    string
	Message string // what the template says about it, from ${NAME:?message}; may be empty
	Empty   bool   // the variable is there but empty
}

func (e *UnsetError) Error() string {
	state := "not set"
	if e.Empty {
		state = "empty"
	}
	if e.Message != "" {
		return fmt.Sprintf("%s is %s: %s", e.Name, state, e.Message)
	}
	return fmt.Sprintf("%s is %s", e.Name, state)
}

// Parse reads text. Its errors are of type [*Error].
func Parse(text string) (Template, error) {
	if !strings.Contains(text, "${") {
		return literal(text), nil
	}
	p := parser{text: text}
	t, err := p.parse(0)
	if err != nil {
		return Template{}, err
	}
	return t, nil
}

func literal(text string) Template {
	if text == "" {
		return Template{}
	}
	return Template{segments: []segment{{text: text}}}
}

// IsLiteral says that t has no variables.
func (t Template) IsLiteral() bool {
	for _, s := range t.segments {
		if s.name != "" {
			return false
		}
	}
	return true
}

// IsVariable says that t is one variable and nothing else.
func (t Template) IsVariable() bool { return len(t.segments) == 1 && t.segments[0].name != "" }

// Names returns the variables of t in the order of their first appearance, those in defaults included.
func (t Template) Names() []string {
	var names []string
	seen := map[string]bool{}
	t.visit(func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	})
	return names
}

func (t Template) visit(see func(name string)) {
	for _, s := range t.segments {
		if s.name != "" {
			see(s.name)
			s.other.visit(see)
		}
	}
}

// Expand fills in what lookup answers. An empty variable counts as unset for a default and a message,
// as in the shell. Its errors are of type [*UnsetError].
func (t Template) Expand(lookup func(name string) (value string, ok bool)) (string, error) {
	if len(t.segments) == 1 && t.segments[0].name == "" {
		return t.segments[0].text, nil
	}
	var b strings.Builder
	for _, s := range t.segments {
		text, err := s.expand(lookup)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

func (s segment) expand(lookup func(string) (string, bool)) (string, error) {
	if s.name == "" {
		return s.text, nil
	}
	value, ok := lookup(s.name)
	switch {
	case value != "":
		return value, nil
	case s.hasElse:
		return s.other.Expand(lookup)
	case s.required, !ok:
		return "", &UnsetError{Name: s.name, Message: s.message, Empty: ok}
	}
	return "", nil
}

type parser struct {
	text string
	at   int
}

// parse reads up to the end of the text, or of the default it stands in: depth counts how many
// variables are open.
func (p *parser) parse(depth int) (Template, *Error) {
	var t Template
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			t.segments = append(t.segments, segment{text: b.String()})
			b.Reset()
		}
	}
	for p.at < len(p.text) {
		rest := p.text[p.at:]
		switch {
		case depth > 0 && rest[0] == '}':
			flush()
			return t, nil
		case strings.HasPrefix(rest, "$${"):
			b.WriteString("${")
			p.at += 3
		case strings.HasPrefix(rest, "${"):
			flush()
			s, err := p.variable(depth)
			if err != nil {
				return t, err
			}
			t.segments = append(t.segments, s)
		default:
			b.WriteByte(rest[0])
			p.at++
		}
	}
	flush()
	return t, nil
}

// variable reads one ${...}.
func (p *parser) variable(depth int) (segment, *Error) {
	start := p.at
	fail := func(message, fix string) (segment, *Error) {
		return segment{}, &Error{Offset: start, Message: message, Fix: fix}
	}
	if depth >= maxDepth {
		return fail("defaults are nested too deeply", "use fewer ${...} inside each other")
	}
	p.at += len("${")
	name := p.name()
	rest := p.text[p.at:]
	switch {
	case name == "" && strings.HasPrefix(rest, "}"):
		return fail("${} names no variable", "write ${NAME}, or $${} for the characters themselves")
	case rest == "":
		return fail("${ is never closed", "write ${NAME}, or $${ for the characters themselves")
	case name == "":
		return fail("what follows ${ is not the name of a variable", "write ${NAME}, or $${ for the characters themselves")
	case rest[0] == '}':
		p.at++
		return segment{name: name}, nil
	case strings.HasPrefix(rest, ":-"):
		p.at += len(":-")
		return p.otherwise(name, start, depth)
	case strings.HasPrefix(rest, ":?"):
		p.at += len(":?")
		return p.message(name, start)
	case rest[0] == '-' || rest[0] == '?':
		return fail(fmt.Sprintf("${NAME%c...} is not supported, because it takes an empty variable for a value", rest[0]),
			fmt.Sprintf("write ${NAME:%c...}", rest[0]))
	}
	return fail("after the name in ${ stands something else than }, :- or :?",
		"write ${NAME}, ${NAME:-default} or ${NAME:?message}, or $${ for the characters themselves")
}

func (p *parser) otherwise(name string, start, depth int) (segment, *Error) {
	other, err := p.parse(depth + 1)
	if err != nil {
		return segment{}, err
	}
	if p.at >= len(p.text) {
		return segment{}, &Error{Offset: start, Message: "${NAME:- is never closed", Fix: "write ${NAME:-default}"}
	}
	p.at++
	return segment{name: name, hasElse: true, other: other}, nil
}

func (p *parser) message(name string, start int) (segment, *Error) {
	end := strings.IndexByte(p.text[p.at:], '}')
	if end < 0 {
		return segment{}, &Error{Offset: start, Message: "${NAME:? is never closed", Fix: "write ${NAME:?message}"}
	}
	s := segment{name: name, required: true, message: strings.TrimSpace(p.text[p.at : p.at+end])}
	p.at += end + 1
	return s, nil
}

// name reads a variable's name, which may be none.
func (p *parser) name() string {
	start := p.at
	for p.at < len(p.text) && isNameByte(p.text[p.at], p.at == start) {
		p.at++
	}
	return p.text[start:p.at]
}

func isNameByte(c byte, first bool) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || !first && c >= '0' && c <= '9'
}
