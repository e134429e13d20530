// Package structs has the rules by which codecs see Go types, so that a value has the same fields in
// every serializer: which fields of a struct are written and under which names, which types write
// themselves, and how errors name the place in a value that they speak of.
//
// # Fields
//
// A struct is written as its exported fields. The field's name is that of its cache tag, else of its
// json tag, else its Go name; the tag options omitempty and omitzero and the name "-" mean what they
// mean to encoding/json, and so does embedding, with one difference: an embedded type that writes
// itself is a field of its own name.
//
// # Types that write themselves
//
// What counts is up to the codec, which lists the pairs of methods that it knows as [Methods]. Both
// methods of a pair are needed. Structs that may owe them to an embedded field and have other fields
// too are written field by field, so that the other fields are not lost.
package structs

import (
	"fmt"
	"reflect"
)

// Refuse says why the type at path cannot be encoded.
func Refuse(path, reason string) error {
	return fmt.Errorf("%s: %s", path, reason)
}

// RefuseKind says that no value of the kind of t, which is at path, can be encoded and read back.
func RefuseKind(path string, t reflect.Type) error {
	if t.Kind() == reflect.Interface {
		return Refuse(path, "is an interface with methods, whose values could not be read back; use any or a concrete type")
	}
	return Refuse(path, "is a "+t.Kind().String()+", which cannot be encoded")
}
