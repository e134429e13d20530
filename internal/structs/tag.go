package structs

import (
	"reflect"
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
