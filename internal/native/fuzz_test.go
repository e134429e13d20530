package native_test

import (
	"bytes"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cachewright/cachewright/internal/native"
)

// fuzzTypes are the targets that any data is decoded into.
func fuzzTypes() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[any](), reflect.TypeFor[Scalars](), reflect.TypeFor[Everything](), reflect.TypeFor[Tree](),
		reflect.TypeFor[*Node](), reflect.TypeFor[Deep](), reflect.TypeFor[Self](), reflect.TypeFor[Event](),
		reflect.TypeFor[Inlined](), reflect.TypeFor[Tagged](), reflect.TypeFor[Stamps](), reflect.TypeFor[Price](),
		reflect.TypeFor[map[string]any](), reflect.TypeFor[map[netip.Addr]*big.Int](), reflect.TypeFor[map[int8]map[bool]float32](),
		reflect.TypeFor[Slices](), reflect.TypeFor[Maps](), reflect.TypeFor[Pointers](), reflect.TypeFor[Arrays](),
		reflect.TypeFor[[]time.Time](), reflect.TypeFor[map[Colour][]uint16](), reflect.TypeFor[struct{}](),
		reflect.TypeFor[page](), reflect.TypeFor[title](),
	}
}

// FuzzDecode decodes any bytes into many types, lent and given. What decodes has to encode, and from then on encoding
// and decoding change nothing.
func FuzzDecode(f *testing.F) {
	for _, g := range goldenValues() {
		c := must(native.Compile(reflect.TypeOf(g.ptr).Elem()))
		f.Add(must(c.Append(nil, g.ptr)))
	}
	f.Add(bytes.Repeat([]byte{0x91}, 1001))
	f.Add([]byte{0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0})
	f.Add([]byte{0xdf, 0, 0, 0, 1, 0xa0, 0xc7, 1, 1, 1})
	codecs := map[reflect.Type]*native.Codec{}
	for _, t := range fuzzTypes() {
		codecs[t] = must(native.Compile(t))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		given := bytes.Clone(data)
		for typ, c := range codecs {
			v := reflect.New(typ)
			err, taken := c.Decode(data, v.Interface()), reflect.New(typ)
			if takeErr := c.Take(data, taken.Interface()); fmt.Sprint(takeErr) != fmt.Sprint(err) {
				t.Fatalf("%v: Take: %v, Decode: %v", typ, takeErr, err)
			}
			if err != nil {
				if !v.Elem().IsZero() || !taken.Elem().IsZero() {
					t.Fatalf("%v: not zero after an error", typ)
				}
				continue
			}
			first, err := c.Append(nil, v.Interface())
			if err != nil {
				t.Fatalf("%v: decoded, but does not encode: %v", typ, err)
			}
			if same := must(c.Append(nil, taken.Interface())); !bytes.Equal(first, same) {
				t.Fatalf("%v: what Take and Decode read is encoded differently:\n%x\n%x", typ, same, first)
			}
			again := reflect.New(typ)
			if err := c.Decode(first, again.Interface()); err != nil {
				t.Fatalf("%v: encoded, but does not decode: %v", typ, err)
			}
			if second := must(c.Append(nil, again.Interface())); !bytes.Equal(first, second) {
				t.Fatalf("%v: encodings differ:\n%x\n%x", typ, first, second)
			}
		}
		if !bytes.Equal(given, data) {
			t.Fatal("Decode changed its input")
		}
	})
}

// Catalogue has every kind of field that rapid can make up by itself.
type Catalogue struct {
	Scalars   Scalars
	Ptr       *Scalars
	PtrPtr    **string
	Slice     []string
	Slices    [][]int32
	Bytes     []byte
	Array     [3]uint16
	ByteArray [16]byte
	Map       map[string]int
	IntMap    map[int64][]byte
	BoolMap   map[bool]*float64
	PtrSlice  *[]*int
	Embedded
	*EmbeddedPtr
	Omit     []int  `cache:"o,omitempty"`
	OmitZero string `cache:",omitzero"`
	Colours  map[Colour]Level
}

type (
	Embedded    struct{ E1, E2 string }
	EmbeddedPtr struct{ P1, P2 *int }
)

func TestRandomValuesComeBack(t *testing.T) {
	t.Parallel()
	c := compile[Catalogue](t)
	gen := rapid.Make[Catalogue]()
	rapid.Check(t, func(t *rapid.T) {
		want := gen.Draw(t, "value")
		if len(want.Omit) == 0 {
			want.Omit = nil // what omitempty says
		}
		data, err := c.Append(nil, &want)
		if err != nil {
			t.Fatal(err)
		}
		var got Catalogue
		if err := c.Decode(data, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, byValue); diff != "" {
			t.Fatalf("value changed (-want +got):\n%s", diff)
		}
	})
}

func TestRandomAnysComeBack(t *testing.T) {
	t.Parallel()
	c := compile[any](t)
	leaf := rapid.OneOf(
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int64().AsAny(), rapid.Uint64Min(1<<63).AsAny(),
		rapid.Float64().AsAny(), rapid.String().AsAny(), rapid.SliceOf(rapid.Byte()).AsAny(),
		rapid.Custom(func(t *rapid.T) any {
			return time.Unix(rapid.Int64Range(-1<<40, 1<<40).Draw(t, "s"), rapid.Int64Range(0, 999999999).Draw(t, "ns")).UTC()
		}),
	)
	value := leaf
	for range 3 {
		value = rapid.OneOf(leaf, rapid.SliceOfN(value, 0, 5).AsAny(), rapid.MapOfN(rapid.String(), value, 0, 5).AsAny())
	}
	rapid.Check(t, func(t *rapid.T) {
		want := value.Draw(t, "value")
		data, err := c.Append(nil, &want)
		if err != nil {
			t.Fatal(err)
		}
		var got any
		if err := c.Decode(data, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, byValue); diff != "" {
			t.Fatalf("value changed (-want +got):\n%s", diff)
		}
	})
}

func TestOneCodecServesManyGoroutines(t *testing.T) {
	t.Parallel()
	c := compile[map[string]any](t)
	for i := range 8 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			for n := range 50 {
				data, err := c.Append(nil, &map[string]any{"n": Base{ID: strconv.Itoa(n)}, "l": []string{"a"}})
				if err != nil {
					t.Fatal(err)
				}
				var got map[string]any
				if err := c.Decode(data, &got); err != nil {
					t.Fatal(err)
				}
				want := map[string]any{"n": map[string]any{"ID": strconv.Itoa(n), "Owner": ""}, "l": []any{"a"}}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}
