package structs

import (
	"cmp"
	"reflect"
	"strings"
)

// KeyOrder returns the order in which map keys of type t are written, so that equal maps have equal
// bytes; nil if t is no string, integer or boolean.
func KeyOrder(t reflect.Type) func(a, b reflect.Value) int {
	switch t.Kind() {
	case reflect.String:
		return compareStrings
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return compareInts
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return compareUints
	case reflect.Bool:
		return compareBools
	}
	return nil
}

func compareStrings(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) }
func compareInts(a, b reflect.Value) int    { return cmp.Compare(a.Int(), b.Int()) }
func compareUints(a, b reflect.Value) int   { return cmp.Compare(a.Uint(), b.Uint()) }

func compareBools(a, b reflect.Value) int {
	switch {
	case a.Bool() == b.Bool():
		return 0
	case b.Bool():
		return -1
	}
	return 1
}
