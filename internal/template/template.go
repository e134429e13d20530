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
	parts []Part
}

// Part is a piece of a template: literal text, or a variable if it has a name.
type Part struct {
	Text string // literal, as it will stand there; empty for a variable

	Name       string
	HasDefault bool     // ${NAME:-default}
	Default    Template // of ${NAME:-default}
	Required   bool     // ${NAME:?message}
	Message    string   // of ${NAME:?message}
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
	return Template{parts: []Part{{Text: text}}}
}

// Parts returns the pieces of t in their order. Callers must not change them.
func (t Template) Parts() []Part { return t.parts }

// IsLiteral says that t has no variables.
func (t Template) IsLiteral() bool {
	for _, s := range t.parts {
		if s.Name != "" {
			return false
		}
	}
	return true
}

// IsVariable says that t is one variable and nothing else.
func (t Template) IsVariable() bool { return len(t.parts) == 1 && t.parts[0].Name != "" }

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
	for _, s := range t.parts {
		if s.Name != "" {
			see(s.Name)
			s.Default.visit(see)
		}
	}
}

// Expand fills in what lookup answers. An empty variable counts as unset for a default and a message,
// as in the shell. Its errors are of type [*UnsetError].
func (t Template) Expand(lookup func(name string) (value string, ok bool)) (string, error) {
	if len(t.parts) == 1 && t.parts[0].Name == "" {
		return t.parts[0].Text, nil
	}
	var b strings.Builder
	for _, s := range t.parts {
		text, err := s.expand(lookup)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

func (p Part) expand(lookup func(string) (string, bool)) (string, error) {
	if p.Name == "" {
		return p.Text, nil
	}
	value, ok := lookup(p.Name)
	switch {
	case value != "":
		return value, nil
	case p.HasDefault:
		return p.Default.Expand(lookup)
	case p.Required, !ok:
		return "", &UnsetError{Name: p.Name, Message: p.Message, Empty: ok}
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
			t.parts = append(t.parts, Part{Text: b.String()})
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
			t.parts = append(t.parts, s)
		default:
			b.WriteByte(rest[0])
			p.at++
		}
	}
	flush()
	return t, nil
}

// variable reads one ${...}.
func (p *parser) variable(depth int) (Part, *Error) {
	start := p.at
	fail := func(message, fix string) (Part, *Error) {
		return Part{}, &Error{Offset: start, Message: message, Fix: fix}
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
		return Part{Name: name}, nil
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

func (p *parser) otherwise(name string, start, depth int) (Part, *Error) {
	other, err := p.parse(depth + 1)
	if err != nil {
		return Part{}, err
	}
	if p.at >= len(p.text) {
		return Part{}, &Error{Offset: start, Message: "${NAME:- is never closed", Fix: "write ${NAME:-default}"}
	}
	p.at++
	return Part{Name: name, HasDefault: true, Default: other}, nil
}

func (p *parser) message(name string, start int) (Part, *Error) {
	end := strings.IndexByte(p.text[p.at:], '}')
	if end < 0 {
		return Part{}, &Error{Offset: start, Message: "${NAME:? is never closed", Fix: "write ${NAME:?message}"}
	}
	s := Part{Name: name, Required: true, Message: strings.TrimSpace(p.text[p.at : p.at+end])}
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
