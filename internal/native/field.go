package native

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// tag is what a struct tag says about a field.
type tag struct {
	name                string // "" if the tag names none
	skip                bool
	omitEmpty, omitZero bool
}

// tagOf reads the cache tag of f, or else its json tag. Options of other codecs mean nothing here.
func tagOf(f reflect.StructField) tag {
	written, ok := f.Tag.Lookup("cache")
	if !ok {
		written = f.Tag.Get("json")
	}
	if written == "-" {
		return tag{skip: true}
	}
	name, options, _ := strings.Cut(written, ",")
	t := tag{name: name}
	for option := range strings.SplitSeq(options, ",") {
		t.omitEmpty = t.omitEmpty || option == "omitempty"
		t.omitZero = t.omitZero || option == "omitzero"
	}
	return t
}

// candidate is a field that will be written unless another one of its name comes first.
type candidate struct {
	tag
	named bool   // the name is the tag's
	index []int  // the way to the field, through embedded structs
	path  string // the same for messages
	typ   reflect.Type
}

// level is an embedded struct whose fields are to be collected; the outermost struct is one too.
type level struct {
	typ    reflect.Type
	index  []int
	path   string
	sealed bool // reached by an embedded pointer that decoding could not set
}

// fieldsOf returns the fields of struct type t that are written, in the order of their declaration.
//
// The rules for embedded structs are those of Go and encoding/json: fields of an embedded struct
// belong to the outer one; of several fields of one name the least nested counts, among those the one
// whose name comes from a tag, and if that leaves more than one, none of them.
func fieldsOf(t reflect.Type, path string) ([]candidate, error) {
	var all []candidate
	seen := map[reflect.Type]bool{}
	for next := []level{{typ: t, path: path}}; len(next) > 0; {
		current := next
		next = nil
		for _, l := range current {
			seen[l.typ] = true
		}
		for _, l := range current {
			fields, embedded, err := collect(l)
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
	return dominant(all), nil
}

// collect returns the fields of one struct and the structs that it embeds.
func collect(l level) (fields []candidate, embedded []level, err error) {
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
			if writesItself(target) {
				return nil, nil, refuse(path, "is embedded, unexported and writes itself, which needs an exported name")
			}
		}
		if f.Anonymous && t.name == "" && target.Kind() == reflect.Struct && !writesItself(target) {
			if f.IsExported() && hollow(target) {
				return nil, nil, refuse(path, onlyUnexported)
			}
			sealed := l.sealed || !f.IsExported() && f.Type != target
			embedded = append(embedded, level{typ: target, index: index, path: path, sealed: sealed})
			continue
		}
		if l.sealed || !f.IsExported() && f.Type != target {
			return nil, nil, refuse(path, "is reached by an embedded pointer to an unexported struct, which decoding cannot set; embed the struct itself or export its type")
		}
		c := candidate{tag: t, named: t.name != "", index: index, path: path, typ: f.Type}
		if !c.named {
			c.name = f.Name
		}
		fields = append(fields, c)
	}
	return fields, embedded, nil
}

const onlyUnexported = "has only unexported fields; export one, or give the type MarshalBinary and UnmarshalBinary"

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
func dominant(all []candidate) []candidate {
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(strings.Compare(a.name, b.name), a.rank(b))
	})
	var kept []candidate
	for i := 0; i < len(all); {
		end := i + 1
		for end < len(all) && all[end].name == all[i].name {
			end++
		}
		if end == i+1 || all[i].rank(all[i+1]) != 0 {
			kept = append(kept, all[i])
		}
		i = end
	}
	slices.SortFunc(kept, func(a, b candidate) int { return slices.Compare(a.index, b.index) })
	return kept
}

// rank orders fields of one name; 0 means that neither goes before the other.
func (c candidate) rank(other candidate) int {
	if d := cmp.Compare(len(c.index), len(other.index)); d != 0 || c.named == other.named {
		return d
	}
	if c.named {
		return -1
	}
	return 1
}

// compileStruct returns the coder of a struct type that does not write itself.
func (c *compiler) compileStruct(t reflect.Type, path string) (coder, error) {
	s := &structCoder{}
	c.known[t] = s
	if t.NumField() == 0 {
		return s, nil
	}
	fields, err := fieldsOf(t, path)
	if err != nil {
		return nil, err
	}
	if len(fields) == 0 {
		return nil, refuse(path, nothingToEncode(t))
	}
	s.fields, s.byName = make([]field, len(fields)), make(map[string]int, len(fields))
	for i, f := range fields {
		if s.fields[i], err = c.compileField(f, path); err != nil {
			return nil, err
		}
		s.byName[f.name] = i
		s.variable = s.variable || s.fields[i].omit != nil || len(f.index) > 1
	}
	return s, nil
}

func nothingToEncode(t reflect.Type) string {
	if hollow(t) {
		return onlyUnexported
	}
	return "has nothing to encode: every field is unexported, skipped by its tag, or shares its name with another"
}

// compileField returns a field of the struct at path.
func (c *compiler) compileField(from candidate, path string) (field, error) {
	k, err := c.compile(from.typ, from.path)
	if err != nil {
		return field{}, err
	}
	header, err := appendString(nil, from.name)
	return field{
		name:   from.name,
		step:   strings.TrimPrefix(from.path, path),
		header: header,
		index:  from.index,
		coder:  k,
		omit:   omission(from.typ, from.tag),
	}, err
}
