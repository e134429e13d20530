package pickle_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/internal/pickle"
)

// Types of the tests. Their names are part of messages that the tests compare.
type (
	Scalars struct {
		B    bool
		I    int
		I8   int8
		I64  int64
		U8   uint8
		U64  uint64
		F32  float32
		F64  float64
		C    complex64
		S    string
		Blob []byte
		Sum  [4]byte
	}
	Node struct {
		Value int
		Next  *Node
	}
	Base    struct{ ID, Owner string }
	Inlined struct {
		Base
		*Extra
		Owner string // goes before Base.Owner
	}
	Extra  struct{ E1, E2 int }
	Tagged struct {
		A int    `cache:"a" json:"notused"`
		B int    `json:"b,omitempty"`
		C int    `json:"-"`
		D string `json:",omitzero"`
	}
	Python struct {
		Tuple     pickle.Tuple
		Set       pickle.Set
		Frozen    pickle.FrozenSet
		Array     pickle.ByteArray
		Dict      pickle.Dict
		Ordered   pickle.OrderedDict
		Date      pickle.Date
		Clock     pickle.Clock
		Delta     pickle.TimeDelta
		Decimal   pickle.Decimal
		UUID      pickle.UUID
		Zone      *time.Location
		Duration  time.Duration
		At        time.Time
		Big       big.Int
		BigPtr    *big.Int
		Raw       json.RawMessage
		Any       any
		List      []any
		Map       map[string]any
		Foreign   Foreign
		Addresses map[netip.Addr]string
	}
	Foreign struct {
		ID     uuidOfOthers
		Amount moneyOfOthers
		Addr   netip.Addr
		Binary binaryOnly
		JSON   jsonOnly
		Names  names
	}
	Containers struct {
		Ints    []int
		Strings map[string]string
		ByInt   map[int8]bool
		ByUint  map[uint16]string
		ByBool  map[bool]float64
		Arrays  [2][]string
		Ptr     *int
		PtrPtr  **int
		Empty   struct{}
		Nested  map[string][]map[string]int
	}
	binaryOnly struct{ s string }
	jsonOnly   struct{ n int }
	names      []string
	Loop       *Loop
	Unpaired   struct{}
)

func (b binaryOnly) MarshalBinary() ([]byte, error) { return []byte(b.s), nil }
func (b *binaryOnly) UnmarshalBinary(data []byte) error {
	b.s = string(data)
	return nil
}

func (j jsonOnly) MarshalJSON() ([]byte, error)  { return json.Marshal(j.n) }
func (j *jsonOnly) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &j.n) }

func (n names) MarshalText() ([]byte, error) { return []byte(strings.Join(n, ",")), nil }
func (n *names) UnmarshalText(b []byte) error {
	*n = strings.Split(string(b), ",")
	return nil
}

func (Unpaired) MarshalText() ([]byte, error) { return nil, nil }

// Types as the usual modules have them, by name.
type (
	UUID    [16]byte
	Decimal struct{ cents int64 }

	uuidOfOthers  = UUID
	moneyOfOthers = Decimal
)

func (d Decimal) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%02d", d.cents/100, d.cents%100), nil
}

func (d *Decimal) UnmarshalText(b []byte) error {
	f, err := strconv.ParseFloat(string(b), 64)
	d.cents = int64(math.Round(f * 100))
	return err
}

// roundTrip returns what v becomes on its way through a pickle.
func roundTrip[V any](t *testing.T, v V) V {
	t.Helper()
	c := must(pickle.Compile(reflect.TypeFor[V]()))
	data, err := c.Append(nil, &v)
	if err != nil {
		t.Fatal(err)
	}
	var got V
	if err := c.Decode(data, &got); err != nil {
		t.Fatalf("%v\n%x", err, data)
	}
	return got
}

var unexported = cmp.AllowUnexported(Decimal{}, binaryOnly{}, jsonOnly{}, netip.Addr{})

func same[V any](v V) func(*testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		got := roundTrip(t, v)
		options := cmp.Options{sameValue, unexported, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })}
		if diff := cmp.Diff(v, got, options); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestTypedValuesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	five := 5
	pointer := &five
	tests := map[string]func(*testing.T){
		"zero scalars": same(Scalars{}),
		"full scalars": same(Scalars{true, math.MinInt64, -128, math.MaxInt64, 255, math.MaxUint64, math.MaxFloat32,
			math.MaxFloat64, complex(1, -2), "ü", []byte{0, 255}, [4]byte{1, 2, 3, 4}}),
		"empty bytes are not nil":       same(Scalars{Blob: []byte{}}),
		"a list of nodes":               same(Node{1, &Node{2, &Node{3, nil}}}),
		"embedded structs":              same(Inlined{Base: Base{ID: "i"}, Extra: &Extra{1, 2}, Owner: "o"}),
		"nil embedded structs":          same(Inlined{Owner: "o"}),
		"tags":                          same(Tagged{A: 1, B: 2, D: "d"}),
		"omitted fields":                same(Tagged{}),
		"nil containers":                same(Containers{}),
		"empty containers":              same(Containers{Ints: []int{}, Strings: map[string]string{}, Nested: map[string][]map[string]int{"a": {}}}),
		"a struct of nothing":           same(struct{}{}),
		"a recursive pointer, nil":      same(Loop(nil)),
		"a time without monotonic part": same(time.Date(2024, 1, 2, 3, 4, 5, 6000, time.FixedZone("CET", 3600))),
		"a naive time":                  same(time.Date(2024, 1, 2, 3, 4, 5, 6000, pickle.Naive)),
		"full containers": same(Containers{
			Ints: []int{1, -1}, Strings: map[string]string{"b": "2", "a": "1"}, ByInt: map[int8]bool{-1: true, 1: false},
			ByUint: map[uint16]string{65535: "x", 2: "y"}, ByBool: map[bool]float64{true: 1, false: 0}, Arrays: [2][]string{{"a"}, {}},
			Ptr: &five, PtrPtr: &pointer, Nested: map[string][]map[string]int{"a": {{"b": 1}, nil}},
		}),
		"the types of Python": same(Python{
			Tuple: pickle.Tuple{int64(1), "a"}, Set: pickle.Set{int64(1)}, Frozen: pickle.FrozenSet{"f"}, Array: pickle.ByteArray("ab"),
			Dict: pickle.Dict{{"a", int64(1)}, {int64(2), nil}}, Ordered: pickle.OrderedDict{{"z", int64(1)}, {"a", int64(2)}},
			Date: pickle.Date{2024, 2, 29}, Clock: pickle.Clock{1, 2, 3, 4, time.UTC}, Delta: pickle.TimeDelta{1, 2, 3},
			Decimal: "1.10", UUID: pickle.UUID{1, 15: 16}, Zone: time.FixedZone("IST", 19800), Duration: -time.Second,
			At: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Big: *new(big.Int).Lsh(big.NewInt(1), 100), BigPtr: big.NewInt(-7), Raw: json.RawMessage(`{}`),
			Any: map[string]any{"a": []any{int64(1), nil, true, 1.5, "s"}}, List: []any{"x"}, Map: map[string]any{"k": "v"},
			Foreign:   Foreign{UUID{9}, Decimal{1234}, netip.MustParseAddr("::1"), binaryOnly{"bin"}, jsonOnly{4}, names{"a", "b"}},
			Addresses: map[netip.Addr]string{netip.MustParseAddr("10.0.0.1"): "b", netip.MustParseAddr("10.0.0.0"): "a"},
		}),
	}
	for name, test := range tests {
		t.Run(name, test)
	}
}

// typed returns the pickle that a codec of v's own type writes.
func typed(t *testing.T, v any) []byte {
	t.Helper()
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	data, err := must(pickle.Compile(p.Type().Elem())).Append(nil, p.Interface())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestTypedContainersAreWrittenLikeThoseOfAny carries what the comparisons with Python say of values in
// an any over to typed ones.
func TestTypedContainersAreWrittenLikeThoseOfAny(t *testing.T) {
	t.Parallel()
	c := must(pickle.Compile(reflect.TypeFor[any]()))
	for _, n := range []int{0, 1, 2, 999, 1000, 1001, 2000, 2001} {
		var (
			ints, structs       = make([]int, n), make([]Base, n)
			dict                = map[uint16]string{}
			anyInts, anyStructs = make([]any, n), make([]any, n)
			anyDict             = make(pickle.Dict, n)
			elem                = Base{ID: "same", Owner: strings.Repeat("o", 80)}
		)
		for i := range n {
			ints[i], anyInts[i] = i, i
			structs[i], anyStructs[i] = elem, pickle.Dict{{"ID", elem.ID}, {"Owner", elem.Owner}}
			dict[uint16(i)], anyDict[i] = strconv.Itoa(i), pickle.Item{Key: i, Value: strconv.Itoa(i)}
		}
		for _, pair := range [][2]any{{ints, anyInts}, {structs, anyStructs}, {dict, anyDict}} {
			if got, want := typed(t, pair[0]), must(c.Append(nil, &pair[1])); !bytes.Equal(got, want) {
				t.Errorf("%T of %d elements is written differently from an any", pair[0], n)
			}
		}
	}
}

func TestGoTypesBecomeTheTypesOfPython(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		v    any
		want any
	}{
		{"a struct is a dict in the order of its fields", Tagged{A: 1, B: 2, D: "d"}, pickle.Dict{{"a", int64(1)}, {"b", int64(2)}, {"D", "d"}}},
		{"omitted fields are not there", Tagged{}, pickle.Dict{{"a", int64(0)}}},
		{"a map is a dict in the order of its keys", map[string]int8{"b": 2, "a": 1}, pickle.Dict{{"a", int64(1)}, {"b", int64(2)}}},
		{"integer keys stay integers", map[uint8]string{2: "b", 1: "a"}, pickle.Dict{{int64(1), "a"}, {int64(2), "b"}}},
		{"keys that write themselves are text", map[netip.Addr]int{netip.MustParseAddr("::1"): 1}, pickle.Dict{{"::1", int64(1)}}},
		{"nil is None", []*int{nil}, []any{nil}},
		{"a nil slice is None", []string(nil), nil},
		{"a uint64 is an int of any size", uint64(math.MaxUint64), new(big.Int).SetUint64(math.MaxUint64)},
		{"a float32 is a float", float32(0.5), 0.5},
		{"an array of bytes is bytes", [2]byte{1, 2}, []byte{1, 2}},
		{"a duration is a timedelta, cut to microseconds", 1500 * time.Nanosecond, time.Microsecond},
		{"a negative duration is cut towards zero", -1500 * time.Nanosecond, -time.Microsecond},
		{"a time is cut to microseconds", time.Date(2024, 1, 1, 0, 0, 0, 1999, time.UTC), time.Date(2024, 1, 1, 0, 0, 0, 1000, time.UTC)},
		{"a type named UUID is a UUID", UUID{1}, pickle.UUID{1}},
		{"a type named Decimal is a Decimal", Decimal{150}, pickle.Decimal("1.50")},
		{"what writes itself as text is a str", names{"a", "b"}, "a,b"},
		{"what writes itself as bytes is bytes", binaryOnly{"x"}, []byte("x")},
		{"what writes itself as JSON is a str", jsonOnly{3}, "3"},
		{"a struct in an any is a dict", []any{Base{"i", "o"}, int32(3), time.Second}, []any{pickle.Dict{{"ID", "i"}, {"Owner", "o"}}, int64(3), time.Second}},
	}
	c := must(pickle.Compile(reflect.TypeFor[any]()))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			data := typed(t, test.v)
			if diff := cmp.Diff(test.want, must(pickle.DecodeOrdered(data)), sameValue); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if same := must(c.Append(nil, &test.want)); !bytes.Equal(data, same) {
				t.Errorf("got  %x\nwant %x", data, same)
			}
		})
	}
}

// read decodes the pickle of v into a W.
func read[W any](v any) func(t *testing.T) (any, error) {
	return func(t *testing.T) (any, error) {
		t.Helper()
		data, err := must(pickle.Compile(reflect.TypeFor[any]())).Append(nil, &v)
		if err != nil {
			t.Fatal(err)
		}
		var w W
		err = must(pickle.Compile(reflect.TypeFor[W]())).Decode(data, &w)
		return w, err
	}
}

func TestTypedValuesTakeWhatFits(t *testing.T) {
	t.Parallel()
	id := pickle.UUID{0x12, 0x34, 15: 0xff}
	tests := []struct {
		name string
		read func(*testing.T) (any, error)
		want any
	}{
		{"an integral float for an int", read[int8](5.0), int8(5)},
		{"an integral float for a uint", read[uint8](5.0), uint8(5)},
		{"an int for a float", read[float64](5), 5.0},
		{"a large int for a float", read[float64](new(big.Int).Lsh(big.NewInt(1), 70)), math.Ldexp(1, 70)},
		{"a tuple for a slice", read[[]int](pickle.Tuple{1, 2}), []int{1, 2}},
		{"a set for a slice", read[[]int](pickle.Set{1, 2}), []int{1, 2}},
		{"a frozenset for an array", read[[1]string](pickle.FrozenSet{"a"}), [1]string{"a"}},
		{"a bytearray for bytes", read[[]byte](pickle.ByteArray("ab")), []byte("ab")},
		{"an OrderedDict for a map", read[map[string]int](pickle.OrderedDict{{"a", 1}}), map[string]int{"a": 1}},
		{"an OrderedDict for a Dict", read[pickle.Dict](pickle.OrderedDict{{"a", 1}}), pickle.Dict{{"a", int64(1)}}},
		{"an OrderedDict for a struct", read[Base](pickle.OrderedDict{{"Owner", "o"}, {"ID", "i"}}), Base{"i", "o"}},
		{"a Decimal for a string", read[string](pickle.Decimal("1.10")), "1.10"},
		{"a UUID for a string", read[string](id), "12340000-0000-0000-0000-0000000000ff"},
		{"a Decimal for text", read[names](pickle.Decimal("1.5")), names{"1.5"}},
		{"an int for a Decimal", read[Decimal](7), Decimal{700}},
		{"a str for a Decimal", read[Decimal]("1.25"), Decimal{125}},
		{"None for a pointer", read[*int](nil), (*int)(nil)},
		{"None for a slice that writes itself", read[names](nil), names(nil)},
		{"None for a map", read[map[string]int](nil), map[string]int(nil)},
		{"None for bytes", read[[]byte](nil), []byte(nil)},
		{"None for an any", read[any](nil), nil},
		{"None for a location", read[*time.Location](nil), (*time.Location)(nil)},
		{"a short timedelta for a TimeDelta", read[pickle.TimeDelta](time.Hour), pickle.TimeDelta{0, 3600, 0}},
		{"unknown keys of a dict", read[Base](pickle.Dict{{1, 2}, {"x", []any{1}}, {"Owner", "o"}}), Base{Owner: "o"}},
		{"keys that come twice, the last", read[Node](pickle.Dict{{"Next", pickle.Dict{{"Value", 1}}}, {"Value", 2}, {"Next", pickle.Dict{}}}), Node{2, &Node{}}},
		{"keys that come twice, None last", read[Node](pickle.Dict{{"Next", pickle.Dict{}}, {"Value", 1}, {"Next", nil}}), Node{1, nil}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.read(t)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, unexported); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTypedValuesRefuseWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		read func(*testing.T) (any, error)
		want string
	}{
		{"an int that overflows", read[int8](128), "the int overflows int8"},
		{"a negative uint", read[uint](-1), "the int overflows uint"},
		{"a long int", read[int64](new(big.Int).Lsh(big.NewInt(1), 64)), "the int overflows int64"},
		{"a long uint", read[uint64](new(big.Int).Lsh(big.NewInt(1), 64)), "the int overflows uint64"},
		{"a negative long uint", read[uint64](new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 63))), "the int overflows uint64"},
		{"an int beyond floats", read[float64](new(big.Int).Lsh(big.NewInt(1), 2000)), "the int overflows float64"},
		{"a broken float", read[int](1.5), "the float is no value of int"},
		{"a float beyond float32", read[float32](1e300), "the float is no value of float32"},
		{"a bool for an int", read[int](true), "found a bool, want an int"},
		{"an int for a bool", read[bool](1), "found an int, want a bool"},
		{"bytes for a string", read[string]([]byte("x")), "found bytes, want a str"},
		{"a str for bytes", read[[]byte]("x"), "found a str, want bytes"},
		{"None for a string", read[string](nil), "found None, want a str; a pointer takes None too"},
		{"a list for a struct", read[Base]([]any{}), "found a list, want a dict"},
		{"a dict for a slice", read[[]int](pickle.Dict{}), "found a dict, want a list"},
		{"a date for a time", read[time.Time](pickle.Date{2024, 1, 1}), "found a date, want a datetime"},
		{"a long timedelta for a duration", read[time.Duration](pickle.TimeDelta{999999, 0, 0}), "the timedelta is longer"},
		{"a tuple for a set", read[pickle.Set](pickle.Tuple{}), "found a tuple, want a set"},
		{"too few elements", read[[2]int]([]any{1}), "found 1 elements, want 2"},
		{"too many bytes", read[[2]byte]([]byte("abc")), "found 3 bytes, want 2"},
		{"a field", read[Node](pickle.Dict{{"Next", pickle.Dict{{"Value", "x"}}}}), "Next.Value: found a str, want an int"},
		{"an element", read[[]int]([]any{1, "x"}), "[]: found a str, want an int"},
		{"a key", read[map[int]int](pickle.Dict{{"x", 1}}), "[key]: found a str, want an int"},
		{"text that is not understood", read[Decimal]("x"), "UnmarshalText: "},
		{"a str for a UUID", read[pickle.UUID]("x"), "found a str, want a UUID"},
		{"a UUID for a time of day", read[pickle.Clock](pickle.UUID{}), "found a UUID, want a time"},
		{"a complex beyond complex64", read[complex64](complex(1e300, 0)), "the complex is no value of complex64"},
		{"a pointer to itself", read[Loop](1), "nests deeper than 1000 levels"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.read(t)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, %v; want an error with %q", got, err, test.want)
			}
			if !reflect.ValueOf(got).IsZero() {
				t.Errorf("got %v beside an error, want the zero value", got)
			}
		})
	}
}

func TestTypesThatCouldNotComeBackAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typ  reflect.Type
		want string
	}{
		{nil, "a nil type cannot be encoded"},
		{reflect.TypeFor[chan int](), "is a chan"},
		{reflect.TypeFor[struct{ F func() }](), "F: is a func"},
		{reflect.TypeFor[map[string]*struct{ E error }](), "E: is an interface with methods"},
		{reflect.TypeFor[map[[2]int]int](), "[key]: is no string"},
		{reflect.TypeFor[[]struct{ hidden int }](), "has only unexported fields"},
		{reflect.TypeFor[Unpaired](), "has MarshalText but no UnmarshalText"},
		{reflect.TypeFor[[1]uintptr](), "[]: is a uintptr"},
		{reflect.TypeFor[struct {
			A int `json:"\xff"`
		}](), "has a name that is not UTF-8"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.typ), func(t *testing.T) {
			t.Parallel()
			_, err := pickle.Compile(test.typ)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestOneCodecServesManyGoroutines(t *testing.T) {
	t.Parallel()
	c := must(pickle.Compile(reflect.TypeFor[map[string]any]()))
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
