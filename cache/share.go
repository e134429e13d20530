package cache

import (
	"reflect"
	"unsafe"

	"github.com/cachewright/cachewright/internal/native"
)

// Shared says that whoever reads a value through the handle promises not to change what it points to: the
// elements of its slices and maps, the targets of its pointers. On a store in this process (package
// store/memory) all readers of an entry are then handed the same decoded value, and a hit costs no
// decoding. What is stored stays apart from what was handed to Set all the same.
//
// It is not needed for types without pointers, slices and maps (strings are fine), which are shared
// anyway, nor for types with a method Clone() V, of which every reader gets a clone. It changes nothing
// for stores elsewhere, for GetMany, and for a V that is an interface.
func Shared() ViewOption { return ViewOption{shared: true} }

// cloner is what a type implements whose values are kept decoded and cloned for every reader. Clone
// must not change its receiver; readers call it at the same time.
type cloner[V any] interface{ Clone() V }

// share decides whether a decoded V is kept beside the bytes, and how readers get it.
func (f *form[V]) share(promised bool) {
	t := reflect.TypeFor[V]()
	switch {
	case t.Kind() == reflect.Interface:
		// Another handle's value would pass for one of this handle's.
	case promised || native.PointerFree(t):
		f.shares = true
	case t.Implements(reflect.TypeFor[cloner[V]]()):
		f.shares, f.clones = true, true
	}
}

// kept is a decoded value beside its bytes. It does not change.
type kept[V any] struct {
	v     V
	young int64 // until then the value is fresh and not aging, without a look at its bytes
}

// isYoung reports whether k is a hit as it is.
func (k *kept[V]) isYoung(b *Base) bool { return k.young == endless || !b.reached(k.young) }

// lend returns the value of k to a reader.
func (f *form[V]) lend(k *kept[V]) V {
	if !f.clones {
		return k.v
	}
	if v, ok := any(&k.v).(cloner[V]); ok { // *V has the methods of V, and needs no memory to become an interface
		return v.Clone()
	}
	return f.clone(k.v) // V is a pointer itself
}

// clone returns a clone of v, or v if it is a nil pointer: nobody has promised that Clone works on it.
func (f *form[V]) clone(v V) V {
	if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && r.IsNil() {
		return v
	}
	return any(v).(cloner[V]).Clone()
}

// keep returns what to keep of v, which was decoded from value with s and is handed to a reader at the same
// time.
func (f *form[V]) keep(v V, s sight, value []byte) *kept[V] {
	if f.clones {
		v = f.clone(v)
	}
	k := &kept[V]{v: v, young: s.youngUntil()}
	if text, ok := any(&k.v).(*string); ok {
		*text = within(value, *text)
	}
	return k
}

// within returns text as a part of value if value, which never changes, ends with it: as the record of a
// string does that is not compressed. So a kept string takes no memory beside its record.
func within(value []byte, text string) string {
	if len(text) > len(value) {
		return text
	}
	tail := value[len(value)-len(text):]
	if string(tail) != text {
		return text
	}
	return unsafe.String(unsafe.SliceData(tail), len(tail))
}
