package cachewright

import (
	"regexp"
	"slices"
	"strings"

	"github.com/cachewright/cachewright/internal/dotenv"
	"github.com/cachewright/cachewright/internal/template"
	"github.com/cachewright/cachewright/internal/yamltree"
)

// Variables with a meaning of their own.
const (
	configVariable = "CACHEWRIGHT_CONFIG" // the file or folder to load
	cacheVariables = "CACHE_"             // CACHE_<ALIAS>__<OPTION>
	levels         = "__"                 // between the parts of such a name
)

// assignment is the part of a line in .env that cannot be secret. What does not look like the name of a
// variable may be a piece of a value.
var assignment = regexp.MustCompile(`^\s*(?:export\s+)?[A-Z_][A-Z0-9_]*\s*=`)

// variable is a variable of the process environment or of .env.
type variable struct {
	value   string
	literal bool // ${...} in it is text
	place   place
}

// variables are the process environment over .env.
type variables struct {
	process  map[string]variable
	dotenv   map[string]variable
	repeated []place // names that .env has again
}

// newVariables reads environ, in the form of os.Environ. Of a name that is there twice, the last counts.
func newVariables(environ []string) *variables {
	v := &variables{process: map[string]variable{}, dotenv: map[string]variable{}}
	src := &source{layer: layerProcess}
	for _, pair := range environ {
		name, value, ok := strings.Cut(pair, "=")
		if ok && name != "" {
			v.process[name] = variable{value: value, literal: true, place: place{source: src, variable: name}}
		}
	}
	return v
}

// addDotenv reads the text of a .env file and reports the lines that it cannot read.
func (v *variables) addDotenv(j *journal, src *source, text []byte) {
	entries, errs := dotenv.Parse(text)
	for _, e := range errs {
		problem := j.add(place{source: src, line: e.Line, column: e.Column}, "", 1, &fault{code: "CW007", message: e.Message, hint: e.Fix})
		problem.Excerpt, problem.Mark = masked, 0
		if name := assignment.FindString(src.line(e.Line)); name != "" {
			problem.Excerpt = name + masked
		}
	}
	for _, e := range entries {
		at := place{source: src, line: e.Line, column: e.Column, variable: e.Name}
		if _, again := v.dotenv[e.Name]; again {
			v.repeated = append(v.repeated, at)
		}
		v.dotenv[e.Name] = variable{value: e.Value, literal: e.Literal, place: at}
	}
}

// get returns a variable by name.
func (v *variables) get(name string) (variable, bool) {
	if found, ok := v.process[name]; ok {
		return found, true
	}
	found, ok := v.dotenv[name]
	return found, ok
}

// lookup returns the value of a variable with the variables in it filled in, for templates. A variable
// of .env that leads to itself has no value.
func (v *variables) lookup(name string) (string, bool) { return v.expand(name, nil) }

func (v *variables) expand(name string, open []string) (string, bool) {
	found, ok := v.get(name)
	if !ok || slices.Contains(open, name) {
		return "", false
	}
	if found.literal {
		return found.value, true
	}
	t, err := template.Parse(found.value)
	if err != nil {
		return found.value, true
	}
	value, err := t.Expand(func(inner string) (string, bool) { return v.expand(inner, append(open, name)) })
	return value, err == nil
}

// names returns the names of all variables in their order.
func (v *variables) names() []string {
	var all []string
	for name := range v.process {
		all = append(all, name)
	}
	for name := range v.dotenv {
		all = append(all, name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// settings returns the options that variables set. It reports variables that carry our form of name
// and mean no option, and leaves all others alone.
func (v *variables) settings(j *journal) []*setting {
	r := &variableReader{journal: j}
	for _, name := range v.names() {
		for _, from := range []map[string]variable{v.dotenv, v.process} {
			if found, ok := from[name]; ok {
				r.read(name, found)
			}
		}
	}
	return r.settings
}

type variableReader struct {
	*journal
	settings []*setting
}

func (r *variableReader) read(name string, v variable) {
	for i := range projectFields {
		row := &projectFields[i]
		if row.env == name && name != "ENVIRONMENT" && name != "DEBUG" && (v.value != "" || row.kind == kindURL) {
			r.set(row, []string{row.name}, v)
			return
		}
	}
	rest, ok := strings.CutPrefix(name, cacheVariables)
	if !ok || !strings.Contains(rest, levels) {
		return
	}
	parts := strings.Split(rest, levels)
	alias := strings.ToLower(parts[0])
	if !aliasName.MatchString(alias) || parts[0] != strings.ToUpper(parts[0]) {
		return // CACHE___X and the like are somebody else's
	}
	r.option(cacheFields, []string{cachePrefix + alias}, parts[1:], v)
}

// option follows the parts of a name down the table.
func (r *variableReader) option(fields []field, path, parts []string, v variable) {
	name := strings.ToLower(parts[0])
	row := find(fields, name)
	switch {
	case row == nil:
		r.unknown(name, fields, path, parts, v)
	case len(parts) > 1 && row.kind != kindGroup:
		r.addVariable(v, row, faultf("CW014", "remove what follows "+name, "%s has no options of its own", name))
	case len(parts) > 1:
		r.option(row.fields, append(slices.Clone(path), name), parts[1:], v)
	default:
		r.set(row, append(slices.Clone(path), name), v)
	}
}

func (r *variableReader) unknown(name string, fields []field, path, parts []string, v variable) {
	bad := unknown(name, fields, "of "+path[len(path)-1])
	if bad.code == "CW010" {
		bad.code, bad.message = "CW014", "unknown option "+name+" of "+path[len(path)-1]
	}
	problem := r.addVariable(v, find(fields, bad.value), bad)
	if bad.value != "" {
		head := strings.TrimSuffix(v.place.variable, strings.Join(parts, levels))
		meant := append([]string{strings.ToUpper(bad.value)}, parts[1:]...)
		problem.Fix = head + strings.Join(meant, levels) + "=" + shellWord(showText(find(fields, bad.value), scalar{text: v.value}))
	}
}

func (r *variableReader) set(row *field, path []string, v variable) {
	s := &setting{path: path, field: row, place: v.place, text: v.value, literal: v.literal}
	switch row.kind {
	case kindGroup:
		r.inlineGroup(s)
		return
	case kindNodes, kindKeepalive:
		s.node = r.structured(s)
		if s.node == nil {
			break
		}
	}
	r.settings = append(r.settings, s)
}

// structured reads a list or a mapping that is written in a variable in YAML's (or JSON's) short form.
func (r *variableReader) structured(s *setting) *yamltree.Node {
	n, err := yamltree.Parse([]byte(s.text))
	if err != nil || n == nil || n.Kind() == yamltree.Scalar {
		return nil
	}
	return n
}

// inlineGroup reads a whole mapping of options out of one variable.
func (r *variableReader) inlineGroup(s *setting) {
	n := r.structured(s)
	if n == nil || n.Kind() != yamltree.Mapping {
		r.addSetting(s, faultf("CW109", "write "+s.place.variable+"__<OPTION>=value for each option", "is not a mapping in braces").fixed(s.field.example))
		return
	}
	for _, f := range n.Fields() {
		row := find(s.field.fields, f.Key.Text())
		if row == nil {
			bad := unknown(f.Key.Text(), s.field.fields, "of "+s.field.name)
			bad.message += ": " + oneLine(f.Key.Text())
			r.addVariable(variable{value: s.text, place: s.place}, nil, bad)
			continue
		}
		leaf := &setting{path: append(slices.Clone(s.path), row.name), field: row, place: s.place, text: f.Value.Text(), literal: s.literal, inline: true}
		if f.Value.Kind() != yamltree.Scalar {
			leaf.node = f.Value
		}
		r.settings = append(r.settings, leaf)
	}
}
