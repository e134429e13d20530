package structs

import "reflect"

// zeroer is what omitzero asks, as in encoding/json.
type zeroer interface{ IsZero() bool }

// omission returns when a field of type t is left out for what its tag says, nil for never.
func omission(t reflect.Type, says tag) func(reflect.Value) bool {
	zero := isZeroOf(t)
	switch {
	case says.omitEmpty && says.omitZero:
		return func(v reflect.Value) bool { return isEmpty(v) || zero(v) }
	case says.omitEmpty:
		return isEmpty
	case says.omitZero:
		return zero
	}
	return nil
}

// isZeroOf returns how values of type t are asked whether they are zero: by their method if they have
// one.
func isZeroOf(t reflect.Type) func(reflect.Value) bool {
	asks := reflect.TypeFor[zeroer]()
	switch {
	case t.Kind() == reflect.Pointer && t.Implements(asks):
		return func(v reflect.Value) bool { return v.IsNil() || v.Interface().(zeroer).IsZero() }
	case t.Kind() != reflect.Interface && reflect.PointerTo(t).Implements(asks):
		return func(v reflect.Value) bool { return v.Addr().Interface().(zeroer).IsZero() }
	}
	return reflect.Value.IsZero
}

// isEmpty reports what omitempty means: false, 0, nil, and whatever has no elements.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
