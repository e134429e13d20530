package cachewright

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"github.com/cachewright/cachewright/internal/redisurl"
	"github.com/cachewright/cachewright/internal/template"
	"github.com/cachewright/cachewright/store/redis"
)

// decoder turns merged settings into a Config.
type decoder struct {
	*journal
	variables *variables
	written   *provenance
}

// decode fills c with the strongest setting of every option. The others are checked as far as they can
// be without variables, because another environment may need them.
func (d *decoder) decode(c *Config, l layers) {
	c.Caches = map[string]CacheConfig{}
	for alias, at := range l.caches {
		c.Caches[alias] = CacheConfig{}
		d.written.caches[alias] = at
	}
	for _, path := range l.paths() {
		stack := l.settings[path]
		for _, shadowed := range stack[:len(stack)-1] {
			d.checkShadowed(shadowed)
		}
		d.apply(c, stack)
	}
}

func (d *decoder) apply(c *Config, stack []*setting) {
	s := stack[len(stack)-1]
	value, text, bad := d.value(s)
	if bad != nil {
		d.addSetting(s, bad)
		return
	}
	if s.field.goName == "" {
		return // the one value that it takes changes nothing
	}
	put(c, s.path, value)
	w := written{origin: s.place.origin(), place: s.place, option: s.option(), source: s.written(), decoded: value, text: text}
	for i := len(stack) - 2; i >= 0; i-- {
		w.overrode = append(w.overrode, d.overridden(stack[i]))
	}
	d.written.values[dotted(s.path)] = w
}

// overridden returns a value that another one replaced, as the plan shows it.
func (d *decoder) overridden(s *setting) Value {
	v := Value{Origin: s.place.origin(), Written: true, Source: NewSecret(s.written())}
	if value, _, bad := d.value(s); bad == nil {
		v.Value = s.field.plain(value)
	} else {
		v.Value = s.unreadable()
	}
	return v
}

// unreadable shows the text of a setting that has no value, because a variable in it has none.
func (s *setting) unreadable() string {
	t, err := template.Parse(s.text)
	switch {
	case err == nil && t.IsVariable():
		return "${" + t.Names()[0] + "}"
	case s.field.secret:
		return masked
	case s.field.kind == kindURL:
		return redisurl.Redact(s.text)
	}
	return s.text
}

// checkShadowed reports a value that no environment could use.
func (d *decoder) checkShadowed(s *setting) {
	if s.place.variable != "" || strings.Contains(s.text, "${") || s.node != nil || s.text == "" {
		return
	}
	if _, _, bad := d.value(s); bad != nil {
		d.addSetting(s, bad)
	}
}

// value fills in the variables of a setting and gives it its type. Text is the text after that.
func (d *decoder) value(s *setting) (value any, text string, _ *fault) {
	if s.node != nil {
		return d.structure(s)
	}
	in := scalar{text: s.text, quoted: s.quoted, tag: s.tag}
	if !s.literal {
		t, bad := parseTemplate(s.text)
		if bad != nil {
			return nil, "", bad
		}
		if !t.IsLiteral() {
			in.quoted = s.quoted && !t.IsVariable()
			in.tag = ""
		}
		if in.text, bad = d.fill(t); bad != nil {
			return nil, "", bad
		}
		if in.text == "" && !t.IsLiteral() && s.field.kind != kindText {
			return nil, "", s.field.emptyVariable(t)
		}
	}
	if s.field.kind == kindNodes {
		if in.tag == "!!bool" || in.tag == "!!int" || in.tag == "!!float" {
			return nil, "", badNode("%s is not the name of a host", oneLine(in.text))
		}
		value, bad := parseNodeList(in.text)
		return value, in.text, bad
	}
	value, bad := s.field.read(in)
	if bad != nil {
		return nil, "", bad
	}
	if path, ok := value.(string); ok && s.field.path && !filepath.IsAbs(path) {
		value = filepath.Join(s.place.source.base(d.written.dir), path)
	}
	return value, in.text, nil
}

// base is the folder that relative paths in the source count from.
func (s *source) base(dir string) string {
	if s.dir != "" {
		return s.dir
	}
	return dir
}

func parseTemplate(text string) (template.Template, *fault) {
	t, err := template.Parse(text)
	if err == nil {
		return t, nil
	}
	bad := &fault{code: "CW020", message: "the variable in it cannot be read"}
	if e, ok := errors.AsType[*template.Error](err); ok {
		bad.message, bad.hint = e.Message, e.Fix
	}
	return t, bad
}

// fill expands a template.
func (d *decoder) fill(t template.Template) (string, *fault) {
	text, err := t.Expand(d.variables.lookup)
	if err == nil {
		return text, nil
	}
	bad := &fault{code: "CW021", message: "a variable in it has no value"}
	if e, ok := errors.AsType[*template.UnsetError](err); ok {
		bad.message = "variable " + e.Error()
		bad.hint = "set it"
		if e.Message == "" {
			bad.hint += ", or write ${" + e.Name + ":-default} for a value without it"
		}
	}
	return "", bad
}

// emptyVariable says which variable left the option without a value.
func (f *field) emptyVariable(t template.Template) *fault {
	bad := f.empty()
	bad.message = "the value is empty, because " + strings.Join(t.Names(), " and ") + " is"
	bad.value = ""
	return bad
}

// put puts a value into the field that path names.
func put(c *Config, path []string, value any) {
	alias, isCache := strings.CutPrefix(path[0], cachePrefix)
	if !isCache {
		assign(fieldOf(reflect.ValueOf(c).Elem(), projectFields, path), value)
		return
	}
	cache := c.Caches[alias]
	assign(fieldOf(reflect.ValueOf(&cache).Elem(), cacheFields, path[1:]), value)
	c.Caches[alias] = cache
}

// fieldOf returns the struct field that path names below v.
func fieldOf(v reflect.Value, fields []field, path []string) reflect.Value {
	row := find(fields, path[0])
	v = v.FieldByName(row.goName)
	if len(path) == 1 {
		return v
	}
	return fieldOf(v, row.fields, path[1:])
}

// assign sets v, which may be a pointer, to a value of a kind of its own.
func assign(v reflect.Value, value any) {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	v.Set(reflect.ValueOf(value).Convert(v.Type()))
}

// plain returns a value as a plan shows it: seconds for durations, nil for never, secrets masked.
func (f *field) plain(value any) any {
	switch v := value.(type) {
	case time.Duration:
		return plainDuration(v)
	case []redis.Node:
		return plainNodes(v)
	case redis.KeepaliveOptions:
		return plainKeepalive(v)
	case string:
		switch {
		case v == "":
			return v
		case f.secret:
			return masked
		case f.kind == kindURL:
			return redisurl.Redact(v)
		}
	}
	return value
}

// plainDuration returns whole seconds as an integer, parts of them as a fraction, never as nil.
func plainDuration(d time.Duration) any {
	switch {
	case d == Forever:
		return nil
	case d == DoNotKeep:
		return int64(0)
	case d%time.Second == 0:
		return int64(d / time.Second)
	}
	return d.Seconds()
}
