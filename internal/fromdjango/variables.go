package fromdjango

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// maxVariables is how many variables are followed: each costs a run of the settings.
const maxVariables = 64

// foreign are the beginnings of variables that Python and the system look up for themselves.
var foreign = []string{"PATH", "PYTHON", "HOME", "LANG", "LC_", "TZ", "TMP", "TEMP", "DJANGO_SETTINGS_MODULE", "VIRTUAL_ENV", "PWD"}

// Run runs the settings module file, a path that counts from p.Dir, and returns its settings.
//
// To find out what they take from environment variables, it runs the module again for each variable that
// it looks up, with another value in that variable: what then changes came from there. A module must
// therefore be as free of other effects as Django expects. Errors of the module itself are of type
// [*ModuleError].
func (p Python) Run(ctx context.Context, file string) (*Settings, error) {
	base, err := p.observe(ctx, file)
	if err != nil {
		return nil, err
	}
	found := map[string][]piece{}
	for i, name := range followed(base.asked) {
		if err := p.follow(ctx, file, base.settings, i, name, found); err != nil {
			return nil, err
		}
	}
	base.settings.visit("", func(path string, v *value) { v.source = templateOf(v.text, found[path]) })
	return &Settings{root: base.settings, environ: p.Environ}, nil
}

// followed are the variables among asked that may matter.
func followed(asked []string) []string {
	ours := slices.DeleteFunc(slices.Clone(asked), func(name string) bool {
		return !isVariable(name) || slices.ContainsFunc(foreign, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	})
	return ours[:min(len(ours), maxVariables)]
}

// isVariable says that name can stand in ${name}.
func isVariable(name string) bool {
	for i, r := range name {
		if r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return name != ""
}

// piece is the part of a text that a variable makes.
type piece struct {
	start, end int    // in the text
	name       string // of the variable
	isSet      bool   // it has a value now; otherwise the part is what stands in for it
	order      int    // of the variable
}

// follow notes in found what the variable name makes of the settings in base.
func (p Python) follow(ctx context.Context, file string, base *value, order int, name string, found map[string][]piece) error {
	current := p.get(name)
	for _, m := range marksFor(current, order) {
		changed, err := p.observe(ctx, file, name+"="+m.text)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			continue // the module wants another kind of value
		}
		texts := map[string]string{}
		changed.settings.visit("", func(path string, v *value) { texts[path] = v.text })
		base.visit("", func(path string, v *value) {
			if at, ok := m.difference(v.text, texts[path]); ok {
				at.name, at.isSet, at.order = name, current != "", order
				found[path] = append(found[path], at)
			}
		})
		return nil
	}
	return nil
}

// get returns the value of a variable.
func (p Python) get(name string) string {
	found := ""
	for _, entry := range p.Environ {
		if text, ok := strings.CutPrefix(entry, name+"="); ok {
			found = text
		}
	}
	return found
}

// mark is a value that nothing else has.
type mark struct {
	text        string
	credentials string // the part of a URL that stays if its host is replaced; empty for what is no URL
}

// marksFor are the marks to try in place of current: of its kind first.
func marksFor(current string, order int) []mark {
	number := mark{text: fmt.Sprint(61_000 + order)}
	word := mark{text: fmt.Sprintf("cachewright-mark-%d-", order)}
	if strings.Trim(current, "0123456789") == "" && current != "" {
		return []mark{number, word}
	}
	if scheme, _, ok := strings.Cut(current, "://"); ok {
		credentials := fmt.Sprintf("cachewright:mark-%d-", order)
		return []mark{{fmt.Sprintf("%s://%s@cachewright.invalid:1/0", scheme, credentials), credentials}}
	}
	return []mark{word, number}
}

// difference returns the part of base in whose place changed has the mark.
func (m mark) difference(base, changed string) (piece, bool) {
	if base == changed {
		return piece{}, false
	}
	before, after, ok := strings.Cut(changed, m.text)
	switch {
	case ok && len(before)+len(after) <= len(base) && strings.HasPrefix(base, before) && strings.HasSuffix(base, after):
		return piece{start: len(before), end: len(base) - len(after)}, true
	case m.credentials != "" && strings.Contains(changed, m.credentials):
		// The URL went in, and what came out has another host: the master that Sentinels name. There
		// the whole URL means the same.
		return piece{start: 0, end: len(base)}, true
	}
	return piece{}, false
}

// templateOf writes text with its pieces as references to their variables. Without pieces it is empty.
func templateOf(text string, pieces []piece) string {
	pieces = slices.DeleteFunc(pieces, func(p piece) bool {
		return !p.isSet && strings.Contains(text[p.start:p.end], "}") // it would end the reference
	})
	if len(pieces) == 0 {
		return ""
	}
	slices.SortStableFunc(pieces, func(a, b piece) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), cmp.Compare(a.order, b.order))
	})
	var b strings.Builder
	end := 0
	for i := 0; i < len(pieces); i++ {
		p := pieces[i]
		if p.start < end {
			continue
		}
		b.WriteString(literal(text[end:p.start]))
		same := i
		for same+1 < len(pieces) && pieces[same+1].start == p.start && pieces[same+1].end == p.end {
			same++
		}
		b.WriteString(reference(text[p.start:p.end], pieces[i:same+1]))
		i, end = same, p.end
	}
	return b.String() + literal(text[end:])
}

// reference is ${NAME} for a variable that is set, and otherwise ${NAME:-text}, or one variable inside the
// other where each stands in for the one before.
func reference(text string, chain []piece) string {
	p := chain[0]
	switch {
	case p.isSet:
		return "${" + p.name + "}"
	case len(chain) > 1:
		return "${" + p.name + ":-" + reference(text, chain[1:]) + "}"
	}
	return "${" + p.name + ":-" + literal(text) + "}"
}

// literal is text as it stands in a template.
func literal(text string) string { return strings.ReplaceAll(text, "${", "$${") }
