package fromdjango

import (
	"fmt"
	"regexp"
	"strings"
)

// document is a configuration on its way into YAML.
type document struct {
	notes   []string
	caches  []*cache
	secrets *secrets
}

// cache is one cache of a document.
type cache struct {
	alias    string
	leftOut  string // why the cache is not there; empty if it is
	notes    []string
	options  []option
	pool     []option // connection_pool_kwargs
	sentinel []option // sentinel_kwargs in them

	secrets *secrets
}

// option is a line of YAML.
type option struct {
	name string
	text string // as YAML writes it
}

func (d *document) note(notes ...string) { d.notes = append(d.notes, notes...) }

// note says something about the cache.
func (c *cache) note(format string, args ...any) {
	c.notes = append(c.notes, fmt.Sprintf(format, args...))
}

// none says that something of the settings has no equivalent.
func (c *cache) none(what, why string) {
	c.note("%s has no equivalent%s", printable(what), why)
}

// allNotes are those of the project and of its caches.
func (d *document) allNotes() []string {
	all := d.notes
	for _, c := range d.caches {
		for _, n := range c.everyNote() {
			all = append(all, fmt.Sprintf("cache %s: %s", printable(c.alias), n))
		}
	}
	return all
}

func (c *cache) everyNote() []string {
	if c.leftOut != "" {
		return []string{"left out: " + c.leftOut}
	}
	return c.notes
}

// render returns the document as YAML.
func (d *document) render(source string) []byte {
	var b strings.Builder
	comment(&b, "", "The caches of "+printable(source)+", written by cachewright from-django. "+
		"Read the comments, then look at the plan: cachewright plan.")
	for _, v := range d.secrets.variables {
		b.WriteString("#\n")
		comment(&b, "", fmt.Sprintf("Set %s to the %s, in the environment or in a .env file that is not under version control.", v.Name, v.Is))
	}
	for _, n := range d.notes {
		b.WriteString("#\n")
		comment(&b, "", sentence(n))
	}
	for _, c := range d.caches {
		b.WriteByte('\n')
		c.render(&b)
	}
	return []byte(b.String())
}

func (c *cache) render(b *strings.Builder) {
	if c.leftOut != "" {
		comment(b, "", fmt.Sprintf("The cache %s is left out: %s.", printable(c.alias), c.leftOut))
		return
	}
	fmt.Fprintf(b, "cache_%s:\n", c.alias)
	for _, n := range c.notes {
		comment(b, "  ", sentence(n))
	}
	write(b, "  ", c.options)
	if len(c.pool)+len(c.sentinel) == 0 {
		return
	}
	b.WriteString("  connection_pool_kwargs:\n")
	write(b, "    ", c.pool)
	if len(c.sentinel) > 0 {
		b.WriteString("    sentinel_kwargs:\n")
		write(b, "      ", c.sentinel)
	}
}

func write(b *strings.Builder, indent string, options []option) {
	for _, o := range options {
		b.WriteString(indent + o.name + ": " + o.text + "\n")
	}
}

// sentence is a note with a capital letter and a full stop, unless it begins with the name of an option.
func sentence(note string) string {
	word, _, _ := strings.Cut(note, " ")
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" {
		return note + "."
	}
	return strings.ToUpper(note[:1]) + note[1:] + "."
}

// lineLength is where comments are broken.
const lineLength = 100

// comment writes text as comment lines.
func comment(b *strings.Builder, indent, text string) {
	line := indent + "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > lineLength && line != indent+"#" {
			b.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}

// plainText is text that YAML takes for text without quotes, wherever it stands.
var plainText = regexp.MustCompile(`^[a-zA-Z/.$]([a-zA-Z0-9_/.:@%${}-]*[a-zA-Z0-9_/.@%${}-])?$`)

// quoted is a text as a scalar of YAML. What is no reference to a variable must be escaped before.
func quoted(text string) string {
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n", "never", ".nan", ".inf":
		return fmt.Sprintf("%q", text)
	}
	if plainText.MatchString(text) {
		return text
	}
	return fmt.Sprintf("%q", text)
}
