package cachewright

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// typeName describes the values of an option, in Markdown.
func (f *field) typeName() string {
	switch f.kind {
	case kindChoice:
		return "one of `" + strings.Join(f.choices, "`, `") + "`"
	case kindURL:
		return "Redis URL: `redis://[user:password@]host[:port][/database]`, or the same with `rediss://`"
	case kindInt:
		return "whole " + strings.TrimPrefix(f.bounds(), "a ")
	case kindBytes:
		return "size of at least " + strconv.FormatInt(f.min, 10)
	case kindLifetime:
		return "duration of whole seconds"
	case kindDuration:
		return "duration" + f.durations()
	case kindTLS:
		return "version of TLS: `TLSv1.2` or `TLSv1.3`"
	case kindEncoding:
		return "name of an encoding"
	case kindNodes:
		return "list of addresses: `{host: name, port: number}`, `[name, number]` or `name:number`; in one line with commas between them"
	case kindKeepalive, kindGroup:
		return "mapping"
	case kindBool:
		return "`true` or `false`"
	}
	return "text"
}

// durations describes the bounds of a duration, as far as they are narrower than what anybody would write.
func (f *field) durations() string {
	shortest, longest := formatDuration(time.Duration(f.min)), formatDuration(time.Duration(f.max))
	switch {
	case f.max > day:
		return ""
	case f.min == 0:
		return " up to " + longest
	case f.min < int64(time.Millisecond):
		return " above 0, up to " + longest
	}
	return " from " + shortest + " to " + longest
}

// unitName says what the numbers of an option count; empty for an option that is no number.
func (f *field) unitName() string {
	switch f.kind {
	case kindLifetime:
		return "seconds; or with the units of `1w2d3h4m5s`"
	case kindDuration:
		return "seconds, also parts of them; or with the units of `1w2d3h4m5s6ms`"
	case kindBytes:
		return "bytes; or with the units `KiB`, `MiB`, `GiB`, `TiB` of 1024, and `KB`, `MB`, `GB`, `TB` of 1000"
	}
	return f.unit
}

// defaultText says what holds without the option.
func (f *field) defaultText() string {
	if f.unset != "" {
		return f.unset
	}
	return "`" + f.preset + "`"
}

// fact is a line of the reference about an option: a label and Markdown.
type fact struct{ label, text string }

// facts are what the reference tells about an option beyond its sentence.
func (f *field) facts() []fact {
	all := []fact{{"Type", f.typeName()}}
	if unit := f.unitName(); unit != "" {
		all = append(all, fact{"Unit", unit})
	}
	all = append(all, fact{"Default", f.defaultText()})
	if f.special != "" {
		all = append(all, fact{"Special values", f.special})
	}
	if find(cacheFields, f.name) == f { // options of a connection have names in common with those of a cache
		all = append(all, f.backendFacts()...)
	}
	all = append(all, fact{"In Django", f.djangoName()})
	return all
}

// backends are all backends, in the order of the reference.
var backends = []string{BackendRedis, BackendMemory, BackendFile, BackendDummy}

// backendFacts say what an option of a cache does on each backend, those together that do the same.
func (f *field) backendFacts() []fact {
	var all []fact
	for _, backend := range backends {
		text := f.effect(backend)
		i := slices.IndexFunc(all, func(other fact) bool { return other.text == text })
		if i < 0 {
			all = append(all, fact{"On `" + backend + "`", text})
			continue
		}
		all[i].label += ", `" + backend + "`"
	}
	return all
}

// effect says what an option of a cache does on a backend.
func (f *field) effect(backend string) string {
	text, ok := f.effects[backend]
	switch {
	case ok:
		return text
	case !f.means(backend):
		return "no effect"
	case f.backend == "" && backend == BackendDummy:
		return "no effect, nothing is kept"
	}
	return "as described"
}

// djangoName says what the option is in Django's settings.
func (f *field) djangoName() string {
	if f.django == "" {
		return "`" + f.name + "`"
	}
	return f.django
}

// description tells about an option in plain text, for editors that know nothing else.
func (f *field) description() string {
	text := f.doc + " Default: " + f.defaultText() + "."
	if f.special != "" {
		text += " Special values: " + f.special + "."
	}
	return strings.ReplaceAll(text, "`", "")
}

// markdown tells the same and more in Markdown.
func (f *field) markdown() string {
	var b strings.Builder
	b.WriteString(f.doc + "\n")
	for _, fact := range f.facts() {
		b.WriteString("\n- " + fact.label + ": " + fact.text)
	}
	return b.String()
}
