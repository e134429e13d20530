package native_test

import (
	"encoding"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/cachewright/cachewright/internal/native"
)

type (
	Sealed  struct{ x int }
	Address struct{ Geo Sealed }
	User    struct {
		Name    string
		Address Address
	}
	Skipped struct {
		A int `json:"-"`
	}
	Stamp      time.Time
	OnlyWrites struct{ A int }
	OnlyReads  struct{ A int }
	WritesJSON struct{ A int }
	Packs      struct{ A int }
	FullLater  struct{ s string }
	HiddenTime struct {
		time.Time
		layout string
	}
	EmbedsSealed struct {
		Sealed
		A int
	}
	EmbedsDeep struct {
		Outer
		A int
	}
	Outer        struct{ Sealed }
	embedded     struct{ A int }
	EmbedsHidden struct{ *embedded }
	EmbedsLabel  struct {
		*embedded `json:"label"`
		B         int
	}
	writer      struct{ s string }
	EmbedsQuiet struct {
		writer
		A int
	}
	Cancelled struct {
		left
		right2
	}
	right2 struct{ L, Both int }
	Bad    struct {
		Next *Bad
		C    chan int
	}
	TextKey struct{ A, B int }
)

func (OnlyWrites) MarshalText() ([]byte, error)     { return nil, nil }
func (*OnlyReads) UnmarshalBinary([]byte) error     { return nil }
func (WritesJSON) MarshalJSON() ([]byte, error)     { return nil, nil }
func (*Packs) EncodeMsgpack(*msgpack.Encoder) error { return nil }
func (FullLater) MarshalBinary() ([]byte, error)    { return nil, nil }
func (f FullLater) MarshalText() ([]byte, error)    { return []byte(f.s), nil }
func (f *FullLater) UnmarshalText(b []byte) error   { f.s = string(b); return nil }
func (w writer) MarshalText() ([]byte, error)       { return []byte(w.s), nil }
func (w *writer) UnmarshalText(b []byte) error      { w.s = string(b); return nil }

func TestCompileRefusesWhatWouldNotComeBack(t *testing.T) {
	t.Parallel()
	const unexported = "has only unexported fields; export one, or give the type MarshalBinary and UnmarshalBinary"
	tests := []struct {
		name string
		typ  reflect.Type
		want string
	}{
		{"only unexported fields", reflect.TypeFor[Sealed](), "Sealed: " + unexported},
		{"only unexported fields, deep inside", reflect.TypeFor[User](), "User.Address.Geo: " + unexported},
		{"behind a pointer", reflect.TypeFor[*User](), "*github.com/cachewright/cachewright/internal/native_test.User.Address.Geo: " + unexported},
		{"in a slice", reflect.TypeFor[struct{ L [][]Sealed }](), ".L[][]: " + unexported},
		{"in an array", reflect.TypeFor[[3]Sealed](), "Sealed[]: " + unexported},
		{"in the values of a map", reflect.TypeFor[map[string]Sealed](), "Sealed[]: " + unexported},
		{"embedded", reflect.TypeFor[EmbedsSealed](), "EmbedsSealed.Sealed: " + unexported},
		{"embedded in an embedded struct", reflect.TypeFor[EmbedsDeep](), "EmbedsDeep.Outer.Sealed: " + unexported},
		{"a mutex", reflect.TypeFor[struct{ M sync.Mutex }](), ".M: "},
		{"a type made from time.Time", reflect.TypeFor[Stamp](), "Stamp: " + unexported},
		{"all fields skipped", reflect.TypeFor[Skipped](), "Skipped: has nothing to encode: every field is unexported, skipped by its tag, or shares its name with another"},
		{"all fields in conflict", reflect.TypeFor[Cancelled](), "Cancelled: has nothing to encode"},
		{"a channel", reflect.TypeFor[Bad](), "Bad.C: is a chan, which cannot be encoded"},
		{"a function", reflect.TypeFor[func()](), "func(): is a func, which cannot be encoded"},
		{"a complex number", reflect.TypeFor[complex128](), "complex128: is a complex128, which cannot be encoded"},
		{"uintptr", reflect.TypeFor[uintptr](), "uintptr: is a uintptr, which cannot be encoded"},
		{"an interface with methods", reflect.TypeFor[io.Reader](), "Reader: is an interface with methods"},
		{"an interface of a method of ours", reflect.TypeFor[encoding.TextMarshaler](), "TextMarshaler: is an interface with methods"},
		{"an error", reflect.TypeFor[struct{ Err error }](), ".Err: is an interface with methods"},
		{"text that is only written", reflect.TypeFor[OnlyWrites](), "OnlyWrites: has MarshalText but no UnmarshalText, so it could not be read back"},
		{"binary that is only read", reflect.TypeFor[OnlyReads](), "OnlyReads: has UnmarshalBinary but no MarshalBinary, so what it reads would never be written"},
		{"JSON that is only written", reflect.TypeFor[WritesJSON](), "WritesJSON: has MarshalJSON but no UnmarshalJSON"},
		{"msgpack that is only written", reflect.TypeFor[Packs](), "Packs: has EncodeMsgpack but no DecodeMsgpack"},
		{"methods that may be an embedded field's, and unexported fields", reflect.TypeFor[HiddenTime](), "HiddenTime: may owe its methods to the embedded Time and has unexported fields"},
		{"an embedded pointer to an unexported struct", reflect.TypeFor[EmbedsHidden](), "EmbedsHidden.embedded.A: is reached by an embedded pointer to an unexported struct"},
		{"the same with a name", reflect.TypeFor[EmbedsLabel](), "EmbedsLabel.embedded: is reached by an embedded pointer to an unexported struct"},
		{"an embedded unexported type that writes itself", reflect.TypeFor[EmbedsQuiet](), "EmbedsQuiet.writer: is embedded, unexported and writes itself"},
		{"a map with float keys", reflect.TypeFor[map[float64]int](), "[key]: is no string, integer or boolean"},
		{"a map with struct keys", reflect.TypeFor[map[TextKey]int](), "[key]: is no string, integer or boolean"},
		{"a map with pointer keys", reflect.TypeFor[map[*FullLater]int](), "[key]: is no string, integer or boolean"},
		{"a map with any keys", reflect.TypeFor[map[any]int](), "[key]: is no string, integer or boolean"},
		{"no type", nil, "a nil type cannot be encoded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := native.Compile(tt.typ)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Compile(%v) = %v, %v; want an error with %q", tt.typ, c, err, tt.want)
			}
		})
	}
}

func TestCompileTakesTheFirstCompletePair(t *testing.T) {
	t.Parallel()
	if got, want := through(t, FullLater{"x"}), (FullLater{"x"}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := decode[any](t, encode(t, FullLater{"x"})), any("x"); got != want {
		t.Errorf("written as %v, want the text %v", got, want)
	}
}

type Generic[A, B any] struct {
	A A
	B B
}

func TestIdentityNamesTypes(t *testing.T) {
	t.Parallel()
	const here = "github.com/cachewright/cachewright/internal/native_test."
	tests := []struct {
		typ  reflect.Type
		want string
	}{
		{reflect.TypeFor[int](), "int"},
		{reflect.TypeFor[any](), "any"},
		{reflect.TypeFor[error](), "error"},
		{reflect.TypeFor[[]byte](), "[]uint8"},
		{reflect.TypeFor[User](), here + "User"},
		{reflect.TypeFor[[]*User](), "[]*" + here + "User"},
		{reflect.TypeFor[map[string][2]time.Time](), "map[string][2]time.Time"},
		{reflect.TypeFor[Generic[User, []time.Time]](), here + "Generic[" + here + "User,[]time.Time]"},
		{reflect.TypeFor[struct {
			User
			N int `json:"n"`
		}](), "struct{" + here + `User; N int "json:\"n\""}`},
		{reflect.TypeFor[chan int](), "chan int"},
		{reflect.TypeFor[interface{ Close() error }](), "interface { Close() error }"},
	}
	for _, tt := range tests {
		if got := native.Identity(tt.typ); got != tt.want {
			t.Errorf("Identity(%v) = %q, want %q", tt.typ, got, tt.want)
		}
	}
}

func TestPointerFreeFindsWhatACopyShares(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typ  reflect.Type
		want bool
	}{
		{reflect.TypeFor[int](), true},
		{reflect.TypeFor[Scalars](), true},
		{reflect.TypeFor[Event](), true},
		{reflect.TypeFor[[4]Stamps](), true},
		{reflect.TypeFor[[0]*int](), true},
		{reflect.TypeFor[struct{}](), true},
		{reflect.TypeFor[[4]*int](), false},
		{reflect.TypeFor[*int](), false},
		{reflect.TypeFor[[]int](), false},
		{reflect.TypeFor[map[int]int](), false},
		{reflect.TypeFor[any](), false},
		{reflect.TypeFor[func()](), false},
		{reflect.TypeFor[chan int](), false},
		{reflect.TypeFor[struct{ p *int }](), false},
		{reflect.TypeFor[Node](), false},
	}
	for _, tt := range tests {
		if got := native.PointerFree(tt.typ); got != tt.want {
			t.Errorf("PointerFree(%v) = %v, want %v", tt.typ, got, tt.want)
		}
	}
}
