package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cachewright/cachewright"
)

// lineLength is where comments are broken.
const lineLength = 100

// python returns the settings as a module.
func (m module) python(p *cachewright.Plan, o Options) ([]byte, error) {
	var n needs
	n.see(m.settings)
	var b strings.Builder
	writeHeader(&b, p, o, n, m.warnings)
	n.write(&b)
	for _, s := range m.settings {
		b.WriteString("\n" + string(s.key.(text)) + " = ")
		if err := s.value.write(&b, 0); err != nil {
			return nil, s.locate(err)
		}
		b.WriteByte('\n')
	}
	return []byte(b.String()), nil
}

// writeHeader says where the module comes from and what to know about it. How the environment was found is
// no part of that: whoever chooses the same one gets the same module.
func writeHeader(b *strings.Builder, p *cachewright.Plan, o Options, n needs, warnings []Warning) {
	by := strings.TrimSpace("cachewright " + o.Version)
	comment(b, "", fmt.Sprintf("Cache settings for Django, written by %s. Do not edit: change the source and write it again.", by))
	b.WriteString("#\n")
	comment(b, "source:      ", sources(p))
	comment(b, "environment: ", p.Environment)
	if o.Command != "" {
		comment(b, "command:     ", o.Command)
	}
	if len(n.variables) > 0 {
		names := slices.Compact(slices.Sorted(slices.Values(n.variables)))
		comment(b, "variables:   ", strings.Join(names, ", ")+" (looked up when Django starts)")
	}
	for _, w := range warnings {
		b.WriteString("#\n")
		comment(b, "warning:     ", w.String())
	}
}

// sources names the files that p was read from, but for .env: it is no file to share, and elsewhere the
// same variables come from somewhere else.
func sources(p *cachewright.Plan) string {
	files := slices.DeleteFunc(slices.Clone(p.Files), func(name string) bool { return name == ".env" })
	return cmp.Or(strings.Join(files, ", "), "no file")
}

// comment writes words as comment lines below a label. Whatever words holds, it stays comment.
func comment(b *strings.Builder, label, words string) {
	line := "# " + label
	indent := "# " + strings.Repeat(" ", len(label))
	empty := true
	for _, word := range strings.Fields(escape(words, noQuote)) {
		if !empty && len(line)+1+len(word) > lineLength {
			b.WriteString(line + "\n")
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	b.WriteString(strings.TrimRight(line, " ") + "\n")
}
