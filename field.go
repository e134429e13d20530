package cachewright

import (
	"slices"
	"strings"

	"github.com/cachewright/cachewright/internal/spell"
)

// kind says how the value of an option is read and checked.
type kind int

const (
	kindText      kind = iota
	kindURL            // redis:// or rediss://
	kindChoice         // one of field.choices
	kindBool           // true or false
	kindInt            // a whole number within field.min and field.max
	kindBytes          // a number of bytes, or "64MiB"
	kindLifetime       // whole seconds or "5m"; 0 is DoNotKeep, never and null are Forever
	kindDuration       // seconds or "500ms"
	kindTLS            // a version of TLS: "1.2" or 771
	kindEncoding       // a name of UTF-8
	kindNodes          // a list of addresses
	kindKeepalive      // the three numbers of TCP keep-alive
	kindGroup          // a mapping of field.fields
)

// field is one option: the row of a table that drives decoding, the names of environment variables,
// suggestions, defaults, checks, the schema for editors and the reference.
type field struct {
	name    string // in YAML
	goName  string // of the struct field; empty if the option fills none, see only
	kind    kind
	min     int64    // of a number; of a duration in nanoseconds
	max     int64    // zero means no bound but the type's
	choices []string // of kindChoice, the default first; of kindText the usual values
	preset  string   // the default as YAML writes it; empty for none, or one that depends
	secret  bool     // the value is never shown
	path    bool     // a relative one counts from the folder of the file it is written in
	env     string   // the variable of a project option; those of caches follow from their names
	zero    string   // what is wrong with a zero, where other systems mean something by it
	only    string   // why no value is taken but the preset, which changes nothing
	endless bool     // null is no end to redis-py, which waits here have not: it is refused
	pending string   // why the option is refused although it is one; empty if it works
	backend string   // the only backends that it means something to, comma separated; empty for all
	fields  []field  // of kindGroup

	// What the reference tells, in Markdown without line breaks.
	doc     string            // what it does, in a sentence
	example string            // a value to paste
	unit    string            // of kindInt: what it counts
	unset   string            // what holds without it, where preset does not say it
	special string            // values with a meaning of their own, in a clause
	effects map[string]string // what it does on a backend, where that needs saying
	django  string            // what it is in Django's settings, or none and why; empty for the same name
}

// means reports whether the option means something to a backend.
func (f *field) means(backend string) bool {
	for b := range strings.SplitSeq(f.backend, ",") {
		if b == backend || b == "" {
			return true
		}
	}
	return false
}

// find returns the row called name.
func find(fields []field, name string) *field {
	for i := range fields {
		if fields[i].name == name {
			return &fields[i]
		}
	}
	return nil
}

// isPublic says that the value of an option may be shown. Nil stands for an option that is not known.
func (f *field) isPublic() bool {
	return f != nil && !f.secret && f.kind != kindURL && f.kind != kindGroup
}

// names returns the names of fields in their order.
func names(fields []field) []string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.name
	}
	return all
}

// unknown says what is wrong with an option that no row of fields knows. Where tells the place it
// stands in: "in a cache".
func unknown(name string, fields []field, where string) *fault {
	if slices.ContainsFunc(foreignNames, func(f foreignName) bool { return f.name == name && find(fields, f.ours) != nil }) {
		i := slices.IndexFunc(foreignNames, func(f foreignName) bool { return f.name == name && find(fields, f.ours) != nil })
		f := foreignNames[i]
		return faultf("CW016", "write "+f.ours+f.note, "%s is %s", oneLine(name), f.whose).fixed(f.ours)
	}
	for _, r := range refusedNames {
		if r.name == name {
			return faultf("CW017", r.instead, "%s is refused: %s", name, r.reason)
		}
	}
	if near, ok := spell.Near(name, names(fields)); ok {
		return faultf("CW010", "did you mean "+near+"?", "unknown option %s", where).fixed(near)
	}
	return faultf("CW010", "options are "+strings.Join(names(fields), ", "), "unknown option %s", where)
}

// foreignName is an option's name in another system.
type foreignName struct {
	name, ours string
	whose      string
	note       string
}

// refusedName is an option of redis-py that makes no sense here.
type refusedName struct {
	name, reason, instead string
}
