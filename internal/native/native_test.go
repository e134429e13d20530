package native_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/cachewright/cachewright/internal/native"
)

// Types of the tests. Their names are part of messages that the tests compare.
type (
	Scalars struct {
		B   bool
		I   int
		I8  int8
		I16 int16
		I32 int32
		I64 int64
		U   uint
		U8  uint8
		U16 uint16
		U32 uint32
		U64 uint64
		F32 float32
		F64 float64
		S   string
		D   time.Duration
	}
	Node struct {
		Value int
		Next  *Node
	}
	Tree struct {
		Name     string
		Children []Tree
		ByName   map[string]*Tree
	}
	Base    struct{ ID, Owner string }
	lower   struct{ Shown, Hidden2 int }
	Inlined struct {
		Base
		*Ptr
		lower
		Owner string // goes before Base.Owner
	}
	Ptr    struct{ P1, P2 int }
	Tagged struct {
		A int    `cache:"a" json:"notused"`
		B int    `json:"b,omitempty"`
		C int    `json:"-"`
		D int    `cache:"-" json:"d"`
		E string `json:",omitzero"`
		F int    `json:"-,"`
		G int    `cache:",omitempty" json:"g"`
		h int
	}
	Level  int
	Colour int
	Event  struct {
		time.Time
		Name string
	}
	Price struct {
		Decimal
		Currency string
	}
	Decimal struct{ unscaled int64 }
	Stamps  struct{ Created, Updated time.Time }
	Deep    struct {
		P  *int
		PP **int
		PS *[]int
		PM *map[string]int
		PA *any
		PN *Node
	}
	Self struct {
		M Multi
		B binaryOnly
		J jsonOnly
		P *Multi
		L map[string]Multi
	}
	Multi      struct{ a, b int }
	binaryOnly struct{ s string }
	jsonOnly   struct{ s string }
	Headers    map[string]int
	Everything struct {
		Strings []string
		Floats  map[float32str]float32
		Any     any
		Arrays  [2][3]int16
		Bytes   [4]byte
		Named   []Level
		Nested  map[int8]map[bool][]uint64
		Empty   struct{}
		None    [0]int
		Raw     json.RawMessage
		Blob    []byte
	}
	float32str string
)

func (c Colour) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "#%06x", int(c)), nil }
func (c *Colour) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "#%06x", (*int)(c))
	return err
}

func (d Decimal) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%d", d.unscaled), nil }
func (d *Decimal) UnmarshalText(b []byte) error {
	_, err := fmt.Sscanf(string(b), "%d", &d.unscaled)
	return err
}

func (m *Multi) EncodeMsgpack(e *msgpack.Encoder) error { return e.EncodeMulti(m.a, m.b) }
func (m *Multi) DecodeMsgpack(d *msgpack.Decoder) error { return d.DecodeMulti(&m.a, &m.b) }

func (b binaryOnly) MarshalBinary() ([]byte, error) { return []byte(b.s), nil }
func (b *binaryOnly) UnmarshalBinary(data []byte) error {
	b.s = string(data)
	return nil
}

func (j jsonOnly) MarshalJSON() ([]byte, error)  { return json.Marshal(j.s) }
func (j *jsonOnly) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &j.s) }

func (h Headers) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%d", len(h)), nil }
func (h *Headers) UnmarshalText(b []byte) error {
	*h = Headers{"text": len(b)}
	return nil
}

func ptr[T any](v T) *T { return &v }

// compile returns the codec of T, which must have one.
func compile[T any](t testing.TB) *native.Codec {
	t.Helper()
	c, err := native.Compile(reflect.TypeFor[T]())
	if err != nil {
		t.Fatalf("Compile: %v", err)
	}
	return c
}

// encode returns the bytes of v.
func encode[T any](t testing.TB, v T) []byte {
	t.Helper()
	data, err := compile[T](t).Append(nil, &v)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	return data
}

// decode returns the value of data.
func decode[T any](t testing.TB, data []byte) T {
	t.Helper()
	var v T
	if err := compile[T](t).Decode(data, &v); err != nil {
		t.Fatalf("Decode(%x): %v", data, err)
	}
	return v
}

// through sends v through bytes and back. The bytes are then overwritten, so that a result that shares
// memory with them cannot pass.
func through[T any](t testing.TB, v T) T {
	t.Helper()
	data := encode(t, v)
	if again := encode(t, v); !bytes.Equal(data, again) {
		t.Errorf("two encodings of one value differ:\n%x\n%x", data, again)
	}
	got := decode[T](t, data)
	for i := range data {
		data[i] = 0xc1
	}
	return got
}

var byValue = cmp.Options{
	cmp.Exporter(func(reflect.Type) bool { return true }),
	cmp.Comparer(func(a, b *big.Int) bool { return a == b || a != nil && b != nil && a.Cmp(b) == 0 }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b time.Time) bool {
		_, za := a.Zone()
		_, zb := b.Zone()
		return a.Equal(b) && za == zb
	}),
	cmpopts.EquateNaNs(),
}

func TestValuesComeBack(t *testing.T) {
	t.Parallel()
	kathmandu := time.FixedZone("+0545", 5*3600+45*60)
	tests := []struct {
		name string
		run  func(t *testing.T)
	}{
		{"zero scalars", same(Scalars{})},
		{"largest scalars", same(Scalars{
			true, math.MaxInt, math.MaxInt8, math.MaxInt16, math.MaxInt32, math.MaxInt64, math.MaxUint, math.MaxUint8,
			math.MaxUint16, math.MaxUint32, math.MaxUint64, math.MaxFloat32, math.MaxFloat64, strings.Repeat("ü", 40000), math.MaxInt64,
		})},
		{"smallest scalars", same(Scalars{
			I: math.MinInt, I8: math.MinInt8, I16: math.MinInt16, I32: math.MinInt32, I64: math.MinInt64,
			F32: math.SmallestNonzeroFloat32, F64: math.Inf(-1), D: -1,
		})},
		{"every width of an integer", same([]int64{
			0, 127, 128, 255, 256, 65535, 65536, 1 << 32, math.MaxInt64, -1, -32, -33, -128, -129, -32768, -32769, -1 << 31, -1<<31 - 1,
		})},
		{"not a number", same(math.NaN())},
		{"infinite float32", same(float32(math.Inf(1)))},
		{"top-level int", same(42)},
		{"top-level string", same("x")},
		{"string that is not valid UTF-8", same("\xff\x00")},
		{"strings at the borders of the length forms", same([]string{
			"", strings.Repeat("a", 31), strings.Repeat("a", 32), strings.Repeat("a", 255), strings.Repeat("a", 256), strings.Repeat("a", 65536),
		})},
		{"nil pointer at the top", same((*Scalars)(nil))},
		{"pointer at the top", same(&Scalars{I: 1})},
		{"nil slice", same([]int(nil))},
		{"empty slice", same([]int{})},
		{"slice longer than a 16-bit length", same(make([]bool, 70000))},
		{"nil map", same(map[string]int(nil))},
		{"empty map", same(map[string]int{})},
		{"nil bytes", same([]byte(nil))},
		{"empty bytes", same([]byte{})},
		{"bytes", same(bytes.Repeat([]byte{1, 2}, 200))},
		{"nil pointers to things that can be nil", same(Deep{})},
		{"pointers to nil things", same(Deep{P: ptr(0), PP: ptr[*int](nil), PS: ptr([]int(nil)), PM: ptr(map[string]int(nil)), PA: ptr[any](nil)})},
		{"pointers to empty things", same(Deep{PP: ptr(ptr(1)), PS: ptr([]int{}), PM: ptr(map[string]int{}), PA: ptr[any](int64(1)), PN: &Node{}})},
		{"recursive struct", same(Node{1, &Node{2, &Node{3, nil}}})},
		{"recursive through slice and map", same(Tree{"r", []Tree{{Name: "c"}}, map[string]*Tree{"x": {Name: "d"}, "nil": nil}})},
		{"embedded structs", same(Inlined{Base{"1", ""}, &Ptr{3, 4}, lower{5, 6}, "out"})},
		{"embedded nil pointer", same(Inlined{Base: Base{ID: "1"}})},
		{"embedded time beside a field", same(Event{time.Unix(1, 2).UTC(), "launch"})},
		{"embedded decimal beside a field", same(Price{Decimal{199}, "EUR"})},
		{"time with nanoseconds in UTC", same(time.Date(2024, 2, 29, 1, 2, 3, 987654321, time.UTC))},
		{"time in a zone of 45 minutes", same(time.Date(1969, 1, 1, 0, 0, 0, 1, kathmandu))},
		{"time west of UTC", same(time.Date(9999, 1, 1, 0, 0, 0, 999999999, time.FixedZone("", -3*3600)))},
		{"zero times", same(Stamps{})},
		{"types that write themselves", same(Self{Multi{1, -2}, binaryOnly{"b"}, jsonOnly{"j"}, &Multi{3, 4}, map[string]Multi{"k": {5, 6}}})},
		{"map with text methods, nil", same(Headers(nil))},
		{"big integer", same(new(big.Int).Exp(big.NewInt(10), big.NewInt(50), nil))},
		{"big integer by value", same(struct{ N *big.Int }{big.NewInt(-5)})},
		{"addresses", same([]netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fe80::1%eth0"), {}})},
		{"prefix", same(netip.MustParsePrefix("10.0.0.0/8"))},
		{"URL", same(*must(url.Parse("https://user:pw@example.com/a%2Fb?q=1#f")))},
		{"raw JSON", same(json.RawMessage(`{"a": 1}`))},
		{"nil raw JSON", same(json.RawMessage(nil))},
		{"array of bytes", same([16]byte{1, 2, 3, 255})},
		{"pointer to an array of bytes", same(&[3]byte{1, 2, 3})},
		{"named bytes that write themselves", same([]Shade{1, 2})},
		{"array of bytes that write themselves", same([2]Shade{1, 2})},
		{"empty struct", same(struct{}{})},
		{"empty structs", same([]struct{}{{}, {}})},
		{"set", same(map[string]struct{}{"a": {}, "b": {}})},
		{"map of named strings", same(map[float32str]int{"a": 1, "": 2})},
		{"map of integers", same(map[int16]string{-5: "a", 300: "b"})},
		{"map of unsigned integers", same(map[uint64]string{math.MaxUint64: "a", 0: "b"})},
		{"map of booleans", same(map[bool]int{true: 1, false: 0})},
		{"map of addresses", same(map[netip.Addr]int{netip.MustParseAddr("::1"): 1, netip.MustParseAddr("127.0.0.1"): 2})},
		{"map of an integer with text methods", same(map[Colour]Colour{1: 2, 0xffffff: 3})},
		{"map longer than a 16-bit length", same(manyKeys(70000))},
		{"everything nested", same(Everything{
			Strings: []string{"a", ""}, Floats: map[float32str]float32{"pi": 3.14}, Any: []any{int64(1), "a", nil},
			Arrays: [2][3]int16{{1, 2, 3}, {4, 5, 6}}, Bytes: [4]byte{9, 8, 7, 6}, Named: []Level{1, 2},
			Nested: map[int8]map[bool][]uint64{-1: {true: {1, 2}, false: nil}, 2: nil}, Raw: json.RawMessage("[1]"), Blob: []byte("b"),
		})},
		{"unnamed struct", same(struct {
			A int `json:"x"`
		}{1})},
		{"pointer type with a name", same(NodePointer(&Node{Value: 1}))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t)
		})
	}
}

type NodePointer *Node

// Shade is a byte that writes itself, so that slices of it are no byte strings.
type Shade byte

func (s Shade) MarshalText() ([]byte, error) { return []byte{'s', byte(s)}, nil }
func (s *Shade) UnmarshalText(b []byte) error {
	*s = Shade(b[1])
	return nil
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func manyKeys(n int) map[int]bool {
	m := make(map[int]bool, n)
	for i := range n {
		m[i] = i%3 == 0
	}
	return m
}

// same is a test that v comes back as it was.
func same[T any](v T) func(*testing.T) {
	return func(t *testing.T) {
		if diff := cmp.Diff(v, through(t, v), byValue); diff != "" {
			t.Errorf("value changed (-want +got):\n%s", diff)
		}
	}
}

func TestLocalTimesStayLocalAndLoseTheMonotonicClock(t *testing.T) {
	t.Parallel()
	now := time.Now()
	got := through(t, now)
	if want := now.Round(0); got != want {
		t.Errorf("got %#v, want %#v", got, want)
	}
	if got := through(t, now.UTC()); got.Location() != time.UTC {
		t.Errorf("a time in UTC came back in %v", got.Location())
	}
}

func TestFieldsFollowTheirTags(t *testing.T) {
	t.Parallel()
	full := Tagged{A: 1, B: 2, C: 3, D: 4, E: "5", F: 6, G: 7, h: 8}
	tests := []struct {
		name string
		v    any
		want map[string]any
	}{
		{"a cache tag goes before a json tag, a dash skips, an unexported field is ignored", full,
			map[string]any{"a": int64(1), "b": int64(2), "E": "5", "-": int64(6), "G": int64(7)}},
		{"omitempty and omitzero leave zero values out", Tagged{},
			map[string]any{"a": int64(0), "-": int64(0)}},
		{"the outer field hides the embedded one", Inlined{Base: Base{"1", "in"}, Owner: "out"},
			map[string]any{"ID": "1", "Owner": "out", "Shown": int64(0), "Hidden2": int64(0)}},
		{"an embedded type that writes itself is a field", Price{Decimal{199}, "EUR"},
			map[string]any{"Decimal": "199", "Currency": "EUR"}},
		{"an embedded struct with a name in its tag is a field", struct {
			Base `json:"base"`
		}{Base{"1", "2"}}, map[string]any{"base": map[string]any{"ID": "1", "Owner": "2"}}},
		{"of two equal names at one depth both go", struct {
			left
			right
		}{left{1, 2}, right{3, 4}}, map[string]any{"L": int64(1), "R": int64(3)}},
		{"of two equal names at one depth the tagged one stays", struct {
			left
			Marked
		}{left{1, 2}, Marked{5}}, map[string]any{"L": int64(1), "Both": int64(5)}},
		{"a type embedded twice at one depth goes", struct {
			viaA
			viaB
			N int
		}{N: 1}, map[string]any{"N": int64(1)}},
		{"a type that embeds itself ends", Loop{N: 1, Loop: &Loop{N: 2}}, map[string]any{"N": int64(1)}},
		{"an embedded unexported type that is no struct is ignored", struct {
			float32str
			N int
		}{"x", 1}, map[string]any{"N": int64(1)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := through[any](t, tt.v)
			if diff := cmp.Diff(any(tt.want), got); diff != "" {
				t.Errorf("fields differ (-want +got):\n%s", diff)
			}
		})
	}
}

type (
	left   struct{ L, Both int }
	right  struct{ R, Both int }
	Marked struct {
		M int `json:"Both"`
	}
	Loop struct {
		N int
		*Loop
	}
	viaA struct{ Base }
	viaB struct{ Base }
)

// Omits has a field for every way of being left out.
type Omits struct {
	B bool           `json:",omitempty"`
	I int            `json:",omitempty"`
	S string         `json:",omitempty"`
	L []int          `json:",omitempty"`
	M map[string]int `json:",omitempty"`
	A [0]int         `json:",omitempty"`
	P *int           `json:",omitempty"`
	X any            `json:",omitempty"`
	T time.Time      `json:",omitempty"` // never: a struct is not empty
	Z time.Time      `json:",omitzero"`
	Q *Zeroer        `json:",omitzero"`
	W Zeroer         `json:",omitzero"`
	N Base           `json:",omitzero"`
	E []int          `json:",omitempty,omitzero"`
	K any            `json:",omitzero"`
	V int
	U int
}

// Zeroer says for itself when it is zero.
type Zeroer struct{ N int }

func (z Zeroer) IsZero() bool { return z.N == 7 }

func TestOmissionsAreThoseOfEncodingJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		v    Omits
	}{
		{"zero", Omits{}},
		{"empty but not nil", Omits{L: []int{}, M: map[string]int{}, E: []int{}}},
		{"zero by their own word", Omits{Q: &Zeroer{7}, W: Zeroer{7}}},
		{"full", Omits{B: true, I: 1, S: "s", L: []int{1}, M: map[string]int{"a": 1}, P: ptr(0), X: 0, Z: time.Unix(0, 0), Q: &Zeroer{}, W: Zeroer{1}, N: Base{ID: "1"}, E: []int{1}, K: 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := map[string]any{}
			if err := json.Unmarshal(must(json.Marshal(tt.v)), &want); err != nil {
				t.Fatal(err)
			}
			got := decode[map[string]any](t, encode(t, tt.v))
			if diff := cmp.Diff(sortedKeys(want), sortedKeys(got)); diff != "" {
				t.Errorf("written fields differ (-encoding/json +native):\n%s", diff)
			}
		})
	}
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
