package cachewright

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cachewright/cachewright/internal/redisurl"
	"github.com/cachewright/cachewright/internal/yamltree"
)

// The layers of a configuration, the weakest first. Their order is that of problems too.
const (
	layerBase        = iota + 1 // config.yaml
	layerEnvironment            // config.<environment>.yaml
	layerDotenv                 // .env
	layerProcess                // the process environment
	layerGo                     // a Config made or changed in Go
)

// source is one file, or the process environment.
type source struct {
	layer int
	name  string   // of the file, relative to the folder of the configuration; empty for the process
	dir   string   // that relative paths in it count from
	lines []string // of the file
}

func newSource(layer int, name, dir string, text []byte) *source {
	lines := strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return &source{layer: layer, name: name, dir: dir, lines: lines}
}

// line returns a line, counted from 1.
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}

// place is where something is written.
type place struct {
	source       *source
	line, column int
	variable     string // of the environment or .env; empty in YAML
}

// origin names the place for a plan: "config.yaml:3:12", ".env:7", "env REDIS_URL".
func (p place) origin() string {
	switch {
	case p.source == nil:
		return ""
	case p.source.name == "":
		return "env " + p.variable
	case p.variable != "":
		return p.source.name + ":" + strconv.Itoa(p.line)
	}
	return p.source.name + ":" + strconv.Itoa(p.line) + ":" + strconv.Itoa(p.column)
}

// setting is one option as one layer writes it.
type setting struct {
	path  []string // "cache_default", "timeout"
	field *field
	place place

	text    string         // a scalar as it is written, before variables are filled in
	quoted  bool           // it is text, whatever it looks like
	tag     string         // what YAML takes the scalar for; empty outside of YAML
	literal bool           // ${...} in it is text
	node    *yamltree.Node // a list or a mapping; nil for a scalar
	reset   bool           // null: what lower layers say is forgotten
	inline  bool           // it stands inside a mapping in a variable
}

// dotted joins a path as messages and plans show it.
func dotted(path []string) string { return strings.Join(path, ".") }

// option names the setting as its source does.
func (s *setting) option() string { return optionAt(s.place, s.path) }

func optionAt(p place, path []string) string {
	if p.variable != "" {
		return p.variable
	}
	return dotted(path)
}

// written returns the source text of a setting; for a variable a reference to it.
func (s *setting) written() string {
	if s.place.variable != "" {
		return "${" + s.place.variable + "}"
	}
	return s.text
}

// journal collects the problems of a load, with their excerpts.
type journal struct {
	problems Problems
}

// add reports a fault of option at p. Width is how many characters it covers; zero is that of the
// place's own text. Allowed are names of options that are not known and whose values may be shown.
func (j *journal) add(p place, option string, width int, bad *fault, allowed ...string) *Problem {
	problem := &Problem{Code: bad.code, Option: printable(option), Message: bad.message, Hint: bad.hint}
	if p.source != nil {
		problem.layer = p.source.layer
		problem.File, problem.Line, problem.Column = p.source.name, p.line, p.column
		if p.source.name == "" {
			problem.Line, problem.Column = 0, 0
		}
		if p.variable == "" && p.line > 0 {
			line := p.source.line(p.line)
			problem.Excerpt = redact(line, allowed...)
			problem.Mark, problem.Width = mark(line, problem.Excerpt, p.column, width)
			problem.Excerpt = printable(problem.Excerpt)
		}
	}
	j.problems = append(j.problems, problem)
	return problem
}

// printable replaces what a terminal would not print, or would obey. A tab becomes one space, so that
// the mark stands under what it means.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, redisurl.HideUsers(text))
}

// addSetting reports a fault of a setting's value, and the line that would mend it.
func (j *journal) addSetting(s *setting, bad *fault) {
	width := utf8.RuneCountInString(s.text)
	if s.quoted {
		width += 2
	}
	problem := j.add(s.place, s.option(), width, bad)
	if s.place.variable != "" {
		problem.quoteVariable(s.place.variable, s.text, s.inline || s.field.secret || s.field.kind == kindGroup)
		problem.Mark = len(s.place.variable) + 2
		problem.Width = max(1, utf8.RuneCountInString(problem.Excerpt)-len(s.place.variable)-1)
	}
	if s.inline {
		problem.Message = s.path[len(s.path)-1] + ": " + problem.Message
		return
	}
	if bad.value == "" {
		return
	}
	if s.place.variable != "" {
		problem.Fix = s.place.variable + "=" + shellWord(bad.value)
		return
	}
	problem.Fix = s.path[len(s.path)-1] + ": " + bad.value
}

// addVariable reports a fault of a variable's name. Meant is the option that it may be a slip of, or nil.
func (j *journal) addVariable(v variable, meant *field, bad *fault) *Problem {
	problem := j.add(v.place, v.place.variable, 0, bad)
	problem.quoteVariable(v.place.variable, v.value, !meant.isPublic())
	problem.Mark, problem.Width = 1, len(v.place.variable)
	return problem
}

// quoteVariable shows a variable as the excerpt.
func (p *Problem) quoteVariable(name, value string, secret bool) {
	p.Excerpt = printable(redactVariable(name, value, secret))
}

// shellWord quotes a value for a shell or .env where it needs it.
func shellWord(value string) string {
	value = strings.Trim(value, `"`)
	if strings.ContainsAny(value, " #$&|;<>(){}[]*?'\"") {
		return "'" + value + "'"
	}
	return value
}

// layers are the settings of all layers under their dotted paths, the weakest first.
type layers struct {
	settings map[string][]*setting
	caches   map[string]place // the aliases that are configured, and where first
}

// merge stacks settings, which come in the order of their layers.
func merge(settings []*setting) layers {
	slices.SortStableFunc(settings, func(a, b *setting) int { return cmp.Compare(a.place.source.layer, b.place.source.layer) })
	l := layers{settings: map[string][]*setting{}, caches: map[string]place{}}
	for _, s := range settings {
		path := dotted(s.path)
		if alias, ok := strings.CutPrefix(s.path[0], cachePrefix); ok {
			if _, known := l.caches[alias]; !known {
				l.caches[alias] = s.place
			}
			if s.reset && len(s.path) == 1 {
				delete(l.caches, alias)
			}
		}
		if s.reset {
			l.forget(path)
			continue
		}
		if s.field != nil && s.field.kind != kindGroup {
			l.settings[path] = append(l.settings[path], s)
		}
	}
	return l
}

// forget removes an option, or all options below it.
func (l layers) forget(path string) {
	for other := range l.settings {
		if other == path || strings.HasPrefix(other, path+".") {
			delete(l.settings, other)
		}
	}
}

// paths returns the paths of all settings in their order.
func (l layers) paths() []string {
	all := make([]string, 0, len(l.settings))
	for path := range l.settings {
		all = append(all, path)
	}
	slices.Sort(all)
	return all
}
