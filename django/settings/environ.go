package settings

import (
	"strings"

	"github.com/cachewright/cachewright/internal/template"
)

type (
	// environ is the value of an environment variable that must be set.
	environ string

	// fallback is the value of an environment variable, or something else if it is unset or empty.
	fallback struct {
		name  string
		other expression
	}

	// sum is text in pieces.
	sum []expression

	// socketOption is a number that the operating system gives to a TCP option.
	socketOption string

	// besideModule is a path from the folder of the module.
	besideModule string

	// class is a class that the module defines, by the name that Django finds it under.
	class struct {
		path       string
		definition definition
	}

	// sentinelManager is the object of redis-py that asks Sentinels.
	sentinelManager struct {
		nodes  list
		kwargs dict // of the connections to them; may be empty
	}

	// sentinelURL is a Redis URL whose host gives way to the name of a master that Sentinels know.
	sentinelURL struct {
		url     expression
		service string
	}
)

func (v environ) write(b *strings.Builder, level int) error {
	b.WriteString("os.environ[")
	err := text(v).write(b, level)
	b.WriteByte(']')
	return err
}

// write uses "or" rather than a default of get, because an empty variable counts as unset.
func (v fallback) write(b *strings.Builder, level int) error {
	b.WriteString("os.environ.get(")
	if err := text(v.name).write(b, level); err != nil {
		return err
	}
	b.WriteString(") or ")
	return v.other.write(b, level)
}

func (v sum) write(b *strings.Builder, level int) error {
	for i, e := range v {
		if i > 0 {
			b.WriteString(" + ")
		}
		_, choice := e.(fallback) // binds weaker than a plus
		if choice {
			b.WriteByte('(')
		}
		if err := e.write(b, level); err != nil {
			return err
		}
		if choice {
			b.WriteByte(')')
		}
	}
	return nil
}

// idleOption is the one option that has another name on macOS.
const idleOption socketOption = "TCP_KEEPIDLE"

func (v socketOption) write(b *strings.Builder, _ int) error {
	name := "socket." + string(v)
	if v == idleOption {
		name = `(socket.TCP_KEEPIDLE if hasattr(socket, "TCP_KEEPIDLE") else socket.TCP_KEEPALIVE)`
	}
	b.WriteString(name)
	return nil
}

// write makes the path absolute, because a Django server changes its working directory.
func (v besideModule) write(b *strings.Builder, level int) error {
	b.WriteString("os.path.abspath(os.path.join(os.path.dirname(__file__), ")
	err := text(v).write(b, level)
	b.WriteString("))")
	return err
}

func (v sentinelURL) write(b *strings.Builder, level int) error {
	b.WriteString("_sentinel_url(")
	if err := v.url.write(b, level); err != nil {
		return err
	}
	b.WriteString(", ")
	err := text(v.service).write(b, level)
	b.WriteByte(')')
	return err
}

func (v class) write(b *strings.Builder, level int) error { return text(v.path).write(b, level) }

func (v sentinelManager) write(b *strings.Builder, level int) error {
	inner := strings.Repeat(indentation, level+1)
	b.WriteString("Sentinel(\n" + inner)
	if err := v.nodes.write(b, level+1); err != nil {
		return err
	}
	b.WriteString(",\n")
	if len(v.kwargs) > 0 {
		b.WriteString(inner + "sentinel_kwargs=")
		if err := v.kwargs.write(b, level+1); err != nil {
			return err
		}
		b.WriteString(",\n")
	}
	b.WriteString(strings.Repeat(indentation, level) + ")")
	return nil
}

// ofTemplate returns the Python that fills t in as the configuration does.
func ofTemplate(t template.Template) expression {
	var pieces sum
	for _, p := range t.Parts() {
		switch {
		case p.HasDefault:
			pieces = append(pieces, fallback{p.Name, ofTemplate(p.Default)})
		case p.Name != "":
			pieces = append(pieces, environ(p.Name))
		default:
			pieces = append(pieces, text(p.Text))
		}
	}
	switch len(pieces) {
	case 0:
		return text("")
	case 1:
		return pieces[0]
	}
	return pieces
}

// literalText is what t says by itself, if no variable is set.
func literalText(t template.Template) string {
	var b strings.Builder
	for _, p := range t.Parts() {
		b.WriteString(p.Text)
		b.WriteString(literalText(p.Default))
	}
	return b.String()
}
