package pickle_test

import (
	"bytes"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/pickle"
)

func TestValuesThatPythonCannotHaveAreRefused(t *testing.T) {
	t.Parallel()
	cycle := []any{nil}
	cycle[0] = cycle
	ring := map[string]any{}
	ring["self"] = ring
	deep := any(1)
	for range 1001 {
		deep = pickle.Tuple{deep}
	}
	paris := must(time.LoadLocation("Europe/Paris"))
	tests := []struct {
		name string
		v    any
		want string
	}{
		{"text that is not UTF-8", "\xff", "is a string that is not UTF-8"},
		{"half a surrogate", "\xed\xa0", "is a string that is not UTF-8"},
		{"a key that is not UTF-8", map[string]any{"\xff": 1}, "[key]: is a string that is not UTF-8"},
		{"a typed key that is not UTF-8", map[string]int{"\xff": 1}, "[key]: is a string that is not UTF-8"},
		{"a year before 1", time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC), "in the year 0"},
		{"a year after 9999", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "in the year 10000"},
		{"a zone a day away", time.Date(2024, 1, 1, 0, 0, 0, 0, time.FixedZone("", 86400)), "a day or more away"},
		{"a date that is none", pickle.Date{2023, 2, 29}, "is a Date that is no day"},
		{"the zero date", pickle.Date{}, "is a Date that is no day"},
		{"a time of day that is none", pickle.Clock{Hour: 24}, "is a Clock that is no time"},
		{"a time of day in a zone with summer time", pickle.Clock{Zone: paris}, "offset depends on the date"},
		{"a zone with summer time", paris, "offset depends on the date"},
		{"no zone as a zone", pickle.Naive, "stands for no timezone"},
		{"a timedelta beyond its range", pickle.TimeDelta{Days: 1e9}, "is a TimeDelta with parts beyond"},
		{"a Decimal that is none", pickle.Decimal("1.1.1"), "is a Decimal that is no decimal number"},
		{"an empty Decimal", pickle.Decimal(""), "is a Decimal that is no decimal number"},
		{"a list as a key", pickle.Dict{{[]any{}, 1}}, "[key]: is a []interface {}"},
		{"a list in a tuple as a key", pickle.Dict{{pickle.Tuple{[]any{}}, 1}}, "[key]: is a []interface {}"},
		{"a set in a set", pickle.Set{pickle.Set{}}, "[]: is a pickle.Set"},
		{"a dict in a frozenset", pickle.FrozenSet{map[string]any{}}, "[]: is a map[string]interface {}"},
		{"an object of another class", []any{pickle.Opaque{"shop", "Cart"}}, "[]: is an object of the Python class shop.Cart, which cannot be written"},
		{"a list that contains itself", cycle, "or contains itself"},
		{"a map that contains itself", ring, "or contains itself"},
		{"a deep tuple", deep, "nests deeper than 1000 levels"},
		{"a struct that contains itself", func() *Node { n := &Node{}; n.Next = n; return n }(), "nests deeper than 1000 levels, or contains itself"},
		{"a type that cannot be encoded", make(chan int), "holds a value that cannot be encoded: chan int: is a chan"},
	}
	c := must(pickle.Compile(reflect.TypeFor[any]()))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			data, err := c.Append([]byte("before"), &test.v)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %x, %v; want an error with %q", data, err, test.want)
			}
			if string(data) != "before" {
				t.Errorf("got %q beside an error, want what was given", data)
			}
		})
	}
}

func TestNilsOfTheTypesOfPythonAreEmptyOrNone(t *testing.T) {
	t.Parallel()
	values := []any{
		pickle.Tuple(nil), pickle.Set(nil), pickle.FrozenSet(nil), pickle.ByteArray(nil), pickle.Dict(nil), pickle.OrderedDict(nil),
		[]any(nil), map[string]any(nil), []byte(nil), (*big.Int)(nil), (*time.Location)(nil), (*int)(nil),
	}
	want := []any{
		pickle.Tuple{}, pickle.Set{}, pickle.FrozenSet{}, pickle.ByteArray{}, pickle.Dict{}, pickle.OrderedDict{},
		nil, nil, nil, nil, nil, nil,
	}
	if got := must(pickle.DecodeOrdered(typed(t, values))); !reflect.DeepEqual(got, any(want)) {
		t.Errorf("got %#v, want %#v", got, want)
	}
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	c := must(pickle.Compile(reflect.TypeFor[string]()))
	long := strings.Repeat("x", 1<<17)
	alone := must(c.Append(nil, &long))
	after := must(c.Append([]byte("before"), &long))
	if want := append([]byte("before"), alone...); !bytes.Equal(after, want) {
		t.Error("a pickle depends on what is before it")
	}
}

func TestCodecsWantAPointerToTheirType(t *testing.T) {
	t.Parallel()
	c := must(pickle.Compile(reflect.TypeFor[string]()))
	var s *string
	for _, pointer := range []any{nil, "x", new(int), s} {
		_, encode := c.Append(nil, pointer)
		_, prefix := c.DecodePrefix(nil, pointer)
		for _, err := range []error{encode, prefix, c.Decode(nil, pointer)} {
			if err == nil || !strings.Contains(err.Error(), "pointer") {
				t.Errorf("%T: got %v, want an error that speaks of a pointer", pointer, err)
			}
		}
	}
}

func TestWhatIsPrinted(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]interface{ String() string }{
		"12345678-1234-5678-1234-567812345678": pickle.UUID{0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78},
		"2024-02-09":                           pickle.Date{2024, 2, 9},
		"01:02:03":                             pickle.Clock{Hour: 1, Minute: 2, Second: 3},
		"01:02:03.000004":                      pickle.Clock{Hour: 1, Minute: 2, Second: 3, Microsecond: 4},
		"django.http.response.HttpResponse":    pickle.Opaque{"django.http.response", "HttpResponse"},
	} {
		if got := v.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
