package structs

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// Field is one field of a struct that is written.
type Field struct {
	// Name is what the field is called where it is written.
	Name string

	// Path is the way to the field for messages, beginning with the path that [Methods.Fields] got.
	Path string

	// Type is the field's Go type.
	Type reflect.Type

	// Omit reports whether the field is left out because of its value; nil means that it never is.
	// It wants an addressable value.
	Omit func(reflect.Value) bool

	index []int // the way to it, through embedded structs
	named bool  // the name is the tag's
}

// Find returns the field in v, an addressable value of the struct; ok is false if an embedded pointer
// on the way is nil.
func (f *Field) Find(v reflect.Value) (fv reflect.Value, ok bool) {
	if len(f.index) == 1 {
		return v.Field(f.index[0]), true
	}
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return reflect.Value{}, false
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v, true
}

// Reach returns the field in v, an addressable value of the struct, and makes the embedded structs on
// the way.
func (f *Field) Reach(v reflect.Value) reflect.Value {
	if len(f.index) == 1 {
		return v.Field(f.index[0])
	}
	for _, i := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v
}

// Variable reports whether values of the struct may lack the field: it is omitted when empty, or
// belongs to an embedded struct, which may be a nil pointer.
func (f *Field) Variable() bool { return f.Omit != nil || len(f.index) > 1 }

// Fields returns the fields of struct type t that are written, in the order of their declaration. path
// is where t stands, for messages.
//
// The rules for embedded structs are those of Go and encoding/json: fields of an embedded struct
// belong to the outer one; of several fields of one name the least nested counts, among those the one
// whose name comes from a tag, and if that leaves more than one, none of them. A struct whose fields
// would all be lost is an error, which begins with its path; struct{} has no fields and is none.
func (m Methods) Fields(t reflect.Type, path string) ([]Field, error) {
	if t.NumField() == 0 {
		return nil, nil
	}
	var all []Field
	seen := map[reflect.Type]bool{}
	for next := []level{{typ: t, path: path}}; len(next) > 0; {
		current := next
		next = nil
		for _, l := range current {
			seen[l.typ] = true
		}
		for _, l := range current {
			fields, embedded, err := m.collect(l)
			if err != nil {
				return nil, err
			}
			all = append(all, fields...)
			for _, e := range embedded {
				if !seen[e.typ] {
					next = append(next, e)
				}
			}
		}
	}
	kept := dominant(all)
	if len(kept) == 0 {
		return nil, Refuse(path, nothingToEncode(t))
	}
	return kept, nil
}

// level is an embedded struct whose fields are to be collected; the outermost struct is one too.
type level struct {
	typ    reflect.Type
	index  []int
	path   string
	sealed bool // reached by an embedded pointer that decoding could not set
}

// collect returns the fields of one struct and the structs that it embeds.
func (m Methods) collect(l level) (fields []Field, embedded []level, err error) {
	for i := range l.typ.NumField() {
		f := l.typ.Field(i)
		t := tagOf(f)
		if t.skip || !f.IsExported() && !f.Anonymous {
			continue
		}
		index, path := append(slices.Clip(l.index), i), l.path+"."+f.Name
		target := f.Type
		if f.Anonymous && target.Kind() == reflect.Pointer {
			target = target.Elem()
		}
		if !f.IsExported() {
			if target.Kind() != reflect.Struct {
				continue
			}
			if m.Any(target) {
				return nil, nil, Refuse(path, "is embedded, unexported and writes itself, which needs an exported name")
			}
		}
		if f.Anonymous && t.name == "" && target.Kind() == reflect.Struct && !m.Any(target) {
			if f.IsExported() && hollow(target) {
				return nil, nil, Refuse(path, onlyUnexported)
			}
			sealed := l.sealed || !f.IsExported() && f.Type != target
			embedded = append(embedded, level{typ: target, index: index, path: path, sealed: sealed})
			continue
		}
		if l.sealed || !f.IsExported() && f.Type != target {
			return nil, nil, Refuse(path, "is reached by an embedded pointer to an unexported struct, which decoding cannot set; embed the struct itself or export its type")
		}
		fields = append(fields, Field{
			Name: cmp.Or(t.name, f.Name), Path: path, Type: f.Type, Omit: omission(f.Type, t),
			index: index, named: t.name != "",
		})
	}
	return fields, embedded, nil
}

const onlyUnexported = "has only unexported fields; export one, or give the type MarshalBinary and UnmarshalBinary"

func nothingToEncode(t reflect.Type) string {
	if hollow(t) {
		return onlyUnexported
	}
	return "has nothing to encode: every field is unexported, skipped by its tag, or shares its name with another"
}

// hollow reports whether struct type t has fields, but only unexported ones.
func hollow(t reflect.Type) bool {
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() || f.Anonymous {
			return false
		}
	}
	return t.NumField() > 0
}

// dominant returns the one field of every name that counts, if there is one.
func dominant(all []Field) []Field {
	slices.SortStableFunc(all, func(a, b Field) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), a.rank(b))
	})
	var kept []Field
	for i := 0; i < len(all); {
		end := i + 1
		for end < len(all) && all[end].Name == all[i].Name {
			end++
		}
		if end == i+1 || all[i].rank(all[i+1]) != 0 {
			kept = append(kept, all[i])
		}
		i = end
	}
	slices.SortFunc(kept, func(a, b Field) int { return slices.Compare(a.index, b.index) })
	return kept
}

// rank orders fields of one name; 0 means that neither goes before the other.
func (f Field) rank(other Field) int {
	if d := cmp.Compare(len(f.index), len(other.index)); d != 0 || f.named == other.named {
		return d
	}
	if f.named {
		return -1
	}
	return 1
}
