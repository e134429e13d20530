package cachewright

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cachewright/cachewright/internal/redisurl"
	"github.com/cachewright/cachewright/internal/spell"
	"github.com/cachewright/cachewright/internal/yamltree"
)

// document reads one YAML file into settings. It reports what is no option of ours but looks like one,
// and leaves the rest alone.
type document struct {
	*journal
	source   *source
	strict   bool
	settings []*setting
	findings []Finding
}

// readDocument returns the settings of a YAML file, and what is odd about entries that are none.
func readDocument(j *journal, src *source, text []byte, strict bool) ([]*setting, []Finding) {
	d := &document{journal: j, source: src, strict: strict}
	root, err := yamltree.Parse(text)
	if err != nil {
		d.syntax(err)
		return nil, nil
	}
	if root == nil {
		return nil, nil
	}
	if root.Kind() != yamltree.Mapping {
		d.add(d.at(root), "", width(root), faultf("CW004", "write options as `name: value`, as redis_url: redis://localhost:6379/0",
			"the file is %s, not options", kindName(root)))
		return nil, nil
	}
	for _, f := range root.Fields() {
		d.top(f)
	}
	return d.settings, d.findings
}

func (d *document) syntax(err error) {
	syntax, ok := errors.AsType[*yamltree.SyntaxError](err)
	if !ok {
		syntax = &yamltree.SyntaxError{Line: 1, Column: 1, Message: "the file is not valid YAML"}
	}
	d.add(place{source: d.source, line: syntax.Line, column: syntax.Column}, "", 1,
		&fault{code: "CW003", message: syntax.Message, hint: syntax.Fix})
}

func (d *document) at(n *yamltree.Node) place {
	return place{source: d.source, line: n.Line, column: n.Column}
}

// width is how many characters of its line a node covers: up to the end of the line for what is no
// plain scalar, which add then clips.
func width(n *yamltree.Node) int {
	if n.Kind() != yamltree.Scalar {
		return 1
	}
	w := utf8.RuneCountInString(n.Text())
	if n.Quoted() {
		w += 2
	}
	return w
}

func kindName(n *yamltree.Node) string {
	switch n.Kind() {
	case yamltree.Mapping:
		return "a mapping"
	case yamltree.List:
		return "a list"
	}
	return "a single value"
}

// top reads one entry of the file.
func (d *document) top(f yamltree.Field) {
	if f.Key.Kind() != yamltree.Scalar {
		return
	}
	name := f.Key.Text()
	row := find(projectFields, name)
	isCache := strings.HasPrefix(name, cachePrefix) && f.Value.Kind() == yamltree.Mapping
	switch {
	case row != nil:
		if !d.duplicate(f, name) {
			d.leaf(row, []string{name}, f)
		}
	case isCache:
		if !d.duplicate(f, name) {
			d.cache(name, f)
		}
	case strings.HasPrefix(name, cachePrefix) && f.Value.IsNull():
		d.emptyCache(name, f)
	case name == cachePrefix+aliasDefault || name == cachePrefix+aliasSessions,
		strings.HasPrefix(name, cachePrefix) && serverURL.MatchString(f.Value.Text()): // others may be an application's own
		d.notMapping(name, f)
	default:
		d.foreign(name, f)
	}
}

// duplicate reports an entry that its mapping has twice.
func (d *document) duplicate(f yamltree.Field, option string) bool {
	if f.First == nil {
		return false
	}
	d.add(d.at(f.Key), option, width(f.Key), faultf("CW005", "remove one of them",
		"is written twice: first in line %d", f.First.Line))
	return true
}

// aliasName is what can be part of a variable's name: CACHE_<ALIAS>__<OPTION>.
var aliasName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

func badAlias(alias string) *fault {
	return faultf("CW013", "use lower-case letters, digits and single underscores, beginning with a letter",
		"%s cannot name a cache", oneLine(alias))
}

func (d *document) cache(name string, f yamltree.Field) {
	alias := strings.TrimPrefix(name, cachePrefix)
	if !aliasName.MatchString(alias) {
		d.add(d.at(f.Key), name, width(f.Key), badAlias(alias))
		return
	}
	d.settings = append(d.settings, &setting{path: []string{name}, place: d.at(f.Key)})
	d.group(cacheFields, []string{name}, f.Value)
}

// emptyCache reads a cache without options: one that has all its options commented out is still a
// cache, and an explicit null takes back what lower layers say.
func (d *document) emptyCache(name string, f yamltree.Field) {
	alias := strings.TrimPrefix(name, cachePrefix)
	if !aliasName.MatchString(alias) || d.duplicate(f, name) {
		return
	}
	d.settings = append(d.settings, &setting{path: []string{name}, place: d.at(f.Key), reset: !f.Value.IsEmpty()})
}

func (d *document) notMapping(name string, f yamltree.Field) {
	bad := faultf("CW109", "put its options on lines of their own below it", "is %s, and a cache is a mapping of options", kindName(f.Value))
	problem := d.add(d.at(f.Value), name, width(f.Value), bad)
	if strings.Contains(f.Value.Text(), "://") {
		problem.Fix = name + ": {redis_url: redis://host:6379/0}"
	}
}

// foreign looks at an entry that is none of ours: an application's own, unless it is a slip of a name
// of ours.
func (d *document) foreign(name string, f yamltree.Field) {
	if near, ok := nearTopLevel(name, f.Value); ok {
		row := find(projectFields, near)
		bad := faultf("CW011", "did you mean "+near+"?", "unknown option, close to %s", near)
		problem := d.add(d.at(f.Key), name, width(f.Key), bad, name)
		problem.Fix = near + ":"
		if row != nil && f.Value.Kind() == yamltree.Scalar {
			problem.Fix += " " + showScalar(row, f.Value)
		}
		return
	}
	d.nested(name, f)
	if d.strict {
		d.add(d.at(f.Key), name, width(f.Key), faultf("CW012", "remove it, or load without Strict to leave it to the application",
			"unknown option at the top of the file; options are %s, and %s<alias> for a cache", strings.Join(names(projectFields), ", "), cachePrefix))
	}
}

// nested finds caches below one entry, as Django's CACHES has them. They may be an application's own, so
// that this is no error.
func (d *document) nested(name string, f yamltree.Field) {
	if !slices.Contains([]string{"cache", "caches"}, strings.ToLower(name)) || f.Value.Kind() != yamltree.Mapping {
		return
	}
	for _, c := range f.Value.Fields() {
		for _, option := range c.Value.Fields() {
			if find(cacheFields, strings.ToLower(option.Key.Text())) == nil && option.Key.Text() != "LOCATION" {
				continue
			}
			d.findings = append(d.findings, Finding{Code: "CW326", Level: levelWarning, Origin: d.at(c.Key).origin(),
				Message: oneLine(name) + " is not read: a cache is an entry of its own at the top of the file",
				Fix:     cachePrefix + printable(c.Key.Text()) + ":"})
			return
		}
	}
}

// nearTopLevel returns the name of ours that name is a slip of. Every word of it must be close to its
// counterpart, so that an application's own project_home is not taken for project_name.
func nearTopLevel(name string, value *yamltree.Node) (string, bool) {
	ours := append(names(projectFields), cachePrefix+aliasDefault, cachePrefix+aliasSessions)
	if near, ok := spell.Near(name, ours); ok && nearByWords(name, near) {
		isCache := strings.HasPrefix(near, cachePrefix)
		if !isCache || value.Kind() == yamltree.Mapping || value.IsEmpty() {
			return near, true
		}
	}
	folded := strings.ReplaceAll(strings.ToLower(name), "-", "_")
	word, alias, found := strings.Cut(folded, "_")
	if !found || value.Kind() != yamltree.Mapping || !aliasName.MatchString(alias) || spell.Distance(word, "cache") > 1 {
		return "", false
	}
	for _, f := range value.Fields() {
		if find(cacheFields, f.Key.Text()) != nil {
			return cachePrefix + alias, true
		}
	}
	return "", false
}

func nearByWords(name, ours string) bool {
	fold := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == '_' || r == '-' })
	}
	a, b := fold(name), fold(ours)
	if len(a) != len(b) {
		return spell.Distance(strings.Join(a, ""), strings.Join(b, "")) <= 1
	}
	for i := range a {
		if spell.Distance(a[i], b[i]) > max(1, len(b[i])/4) {
			return false
		}
	}
	return true
}

// group reads the entries of a mapping of options.
func (d *document) group(fields []field, path []string, n *yamltree.Node) {
	for _, f := range n.Fields() {
		name := f.Key.Text()
		here := append(slices.Clone(path), name)
		if f.Key.Kind() != yamltree.Scalar {
			d.add(d.at(f.Key), dotted(path), 1, faultf("CW109", "write options as `name: value`", "has an entry whose name is %s", kindName(f.Key)))
			continue
		}
		row := find(fields, name)
		if row == nil {
			d.unknown(name, fields, path, f)
			continue
		}
		if d.duplicate(f, dotted(here)) {
			continue
		}
		d.leaf(row, here, f)
	}
}

func (d *document) unknown(name string, fields []field, path []string, f yamltree.Field) {
	bad := unknown(name, fields, "of "+path[len(path)-1])
	row := find(fields, bad.value)
	var allowed []string
	if row.isPublic() {
		allowed = append(allowed, name)
	}
	problem := d.add(d.at(f.Key), dotted(append(slices.Clone(path), name)), width(f.Key), bad, allowed...)
	if row == nil {
		return
	}
	problem.Fix = row.name + ":"
	if f.Value.Kind() == yamltree.Scalar && f.Value.Text() != "" {
		problem.Fix += " " + showScalar(row, f.Value)
	}
}

// showScalar writes a scalar for a fix line, or what the option takes instead.
func showScalar(row *field, n *yamltree.Node) string {
	in := scalar{text: n.Text(), quoted: n.Quoted(), tag: n.Tag()}
	if in.quoted {
		in.tag = ""
	}
	text := showText(row, in)
	if in.quoted && text == in.text {
		return strconv.Quote(text)
	}
	return text
}

// showText writes a value for a fix line: as it is if the option takes it, and otherwise what was meant,
// or an example. It shows nothing that may be secret.
func showText(row *field, in scalar) string {
	isTemplate := strings.Contains(in.text, "${")
	hasLogin := strings.Contains(in.text, "@") && (row.kind == kindURL || strings.Contains(in.text, "://"))
	switch {
	case in.text == "", row.secret, hasLogin, strings.Contains(in.text, "\n"):
		return row.example
	case isTemplate && row.kind != kindGroup && row.kind != kindKeepalive:
		return in.text
	case row.kind == kindURL && redisurl.Redact(in.text) != in.text:
		return row.example
	case row.kind == kindNodes:
		if _, bad := parseNodeList(in.text); bad != nil {
			return row.example
		}
		return in.text
	}
	if _, bad := row.read(in); bad != nil {
		return cmp.Or(bad.value, row.example)
	}
	return in.text
}

// leaf reads the value of an option.
func (d *document) leaf(row *field, path []string, f yamltree.Field) {
	n := f.Value
	s := &setting{path: path, field: row, place: d.at(n)}
	switch {
	case n.IsEmpty():
		// The parser places what is not there at the end of the key.
		s.place = d.at(f.Key)
		if row.kind == kindGroup {
			return
		}
		d.addSetting(s, row.empty())
		return
	case n.IsNull() && row.endless:
		d.add(s.place, dotted(path), width(n), faultf("CW102", "write a duration, as "+row.example+"; without the line it is "+cmp.Or(row.preset, row.unset),
			"null would be a wait without an end"))
		return
	case n.IsNull() && row.kind != kindLifetime:
		s.reset = true
	case row.kind == kindGroup:
		if n.Kind() == yamltree.Mapping {
			d.group(row.fields, path, n)
			return
		}
		d.add(s.place, dotted(path), width(n), faultf("CW109", "put its options on lines of their own below it", "is %s, not %s", kindName(n), row.shape()))
		return
	case n.Kind() == yamltree.Scalar:
		s.text, s.quoted, s.tag = n.Text(), n.Quoted(), n.Tag()
		if s.quoted {
			s.tag = ""
		}
	case row.kind == kindNodes || row.kind == kindKeepalive:
		s.node = n
	default:
		d.add(s.place, dotted(path), 1, faultf("CW109", "write one value, as "+row.example, "is %s, not %s", kindName(n), row.shape()))
		return
	}
	d.settings = append(d.settings, s)
}
