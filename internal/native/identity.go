package native

import (
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Identity names t so that two types have one name only if they are the same type: package path and
// name for a named type ("example.com/shop.User"), with its type arguments if it is generic
// ("example.com/shop.Page[example.com/shop.User]"), and the same recursively for what is built from
// them ("map[string][]*example.com/shop.User").
//
// The name does not depend on the build or on the machine. It does not tell apart types that are
// declared inside functions under one name in one package, nor types of two programs' main packages.
func Identity(t reflect.Type) string {
	if t.Name() != "" {
		return named(t)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + Identity(t.Elem())
	case reflect.Slice:
		return "[]" + Identity(t.Elem())
	case reflect.Array:
		return "[" + strconv.Itoa(t.Len()) + "]" + Identity(t.Elem())
	case reflect.Map:
		return "map[" + Identity(t.Key()) + "]" + Identity(t.Elem())
	case reflect.Struct:
		return structIdentity(t)
	case reflect.Interface:
		if t.NumMethod() == 0 {
			return "any"
		}
	}
	return t.String() // channels, functions, interfaces with methods: never encoded, named for messages
}

func named(t reflect.Type) string {
	if t.PkgPath() == "" {
		return t.Name()
	}
	return t.PkgPath() + "." + t.Name()
}

// structIdentity names a struct type without a name by its fields and their tags, because both decide
// how it is written.
func structIdentity(t reflect.Type) string {
	var b strings.Builder
	b.WriteString("struct{")
	for i := range t.NumField() {
		f := t.Field(i)
		if i > 0 {
			b.WriteString("; ")
		}
		if !f.Anonymous {
			b.WriteString(f.Name + " ")
		}
		b.WriteString(Identity(f.Type))
		if f.Tag != "" {
			b.WriteString(" " + strconv.Quote(string(f.Tag)))
		}
	}
	b.WriteString("}")
	return b.String()
}

// PointerFree reports whether a plain copy of a value of type t shares nothing with the original that
// either could change: there is no pointer, slice, map, interface, channel or function anywhere in it.
// Strings and time.Time are fine, because nobody can change what they refer to.
//
// It says nothing about what an encoding keeps: a copy of a value that never was encoded still has its
// unexported and skipped fields, which a decoded one has not.
func PointerFree(t reflect.Type) bool {
	if t == reflect.TypeFor[time.Time]() {
		return true
	}
	switch t.Kind() {
	case reflect.Array:
		return t.Len() == 0 || PointerFree(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !PointerFree(t.Field(i).Type) {
				return false
			}
		}
		return true
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface, reflect.Chan, reflect.Func,
		reflect.UnsafePointer:
		return false
	}
	return true
}
