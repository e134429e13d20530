package pymsgpack_test

import (
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/internal/pickle"
	"github.com/cachewright/cachewright/internal/pymsgpack"
	"github.com/cachewright/cachewright/internal/structs"
)

func compile[T any](t testing.TB) *pymsgpack.Codec {
	t.Helper()
	c, err := pymsgpack.Compile(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// byNumber compares big numbers by their value and NaN with itself.
var byNumber = cmp.Options{
	cmp.Comparer(func(a, b *big.Int) bool { return a == b || a != nil && b != nil && a.Cmp(b) == 0 }),
	cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b }),
}

func bigInt(text string) *big.Int {
	n, _ := new(big.Int).SetString(text, 10)
	return n
}

// encodings are values of an any, as msgpack.dumps writes them and msgpack.loads reads them.
var encodings = []struct {
	value any
	hex   string
}{
	{nil, "c0"},
	{false, "c2"},
	{true, "c3"},
	{int64(0), "00"},
	{int64(127), "7f"},
	{int64(128), "cc80"},
	{int64(255), "ccff"},
	{int64(256), "cd0100"},
	{int64(65535), "cdffff"},
	{int64(65536), "ce00010000"},
	{int64(1 << 32), "cf0000000100000000"},
	{bigInt("18446744073709551615"), "cfffffffffffffffff"},
	{int64(-1), "ff"},
	{int64(-32), "e0"},
	{int64(-33), "d0df"},
	{int64(-128), "d080"},
	{int64(-129), "d1ff7f"},
	{int64(-32769), "d2ffff7fff"},
	{int64(math.MinInt64), "d38000000000000000"},
	{1.5, "cb3ff8000000000000"},
	{math.Copysign(0, -1), "cb8000000000000000"},
	{math.NaN(), "cb7ff8000000000000"},
	{math.Inf(-1), "cbfff0000000000000"},
	{"", "a0"},
	{"heló", "a568656cc3b3"},
	{strings.Repeat("x", 31), "bf" + strings.Repeat("78", 31)},
	{strings.Repeat("x", 32), "d920" + strings.Repeat("78", 32)},
	{strings.Repeat("x", 256), "da0100" + strings.Repeat("78", 256)},
	{strings.Repeat("x", 65536), "db00010000" + strings.Repeat("78", 65536)},
	{[]byte{}, "c400"},
	{[]byte("12"), "c4023132"},
	{make([]byte, 256), "c50100" + strings.Repeat("00", 256)},
	{make([]byte, 65536), "c600010000" + strings.Repeat("00", 65536)},
	{[]any{}, "90"},
	{[]any{int64(1), "a", nil}, "9301a161c0"},
	{repeated(16), "dc0010" + strings.Repeat("c0", 16)},
	{repeated(65536), "dd00010000" + strings.Repeat("c0", 65536)},
	{map[string]any{}, "80"},
	{map[string]any{"b": int64(1), "a": []any{}}, "82a16190a16201"},
}

func repeated(n int) []any { return make([]any, n) }

func TestBytesAreThoseOfPython(t *testing.T) {
	c := compile[any](t)
	for _, test := range encodings {
		got, err := c.Append([]byte("x"), &test.value)
		if hex.EncodeToString(got) != "78"+test.hex || err != nil {
			t.Errorf("Append(%.60v) = %.60x, %v; want %.60s", test.value, got, err, test.hex)
		}
		data, err := hex.DecodeString(test.hex)
		if err != nil {
			t.Fatal(err)
		}
		var read any
		if err := c.Decode(data, &read); err != nil || !cmp.Equal(read, test.value, byNumber) {
			t.Errorf("Decode(%.60s) = %.60v, %v; want %.60v", test.hex, read, err, test.value)
		}
	}
}

func TestOtherFormsAreRead(t *testing.T) {
	c := compile[any](t)
	for data, want := range map[string]any{
		"\xca\x3f\xc0\x00\x00":                 1.5, // a float of 32 bits
		"\xcf\x00\x00\x00\x00\x00\x00\x00\x05": int64(5),
		"\xd1\x00\x05":                         int64(5),
		"\xd9\x01a":                            "a",
		"\xdc\x00\x01\xc0":                     []any{nil},
		"\xde\x00\x01\xa1a\xc0":                map[string]any{"a": nil},
		"\xdf\x00\x00\x00\x01\xa1a\xc0":        map[string]any{"a": nil},
		"\x82\xa1a\x01\xa1a\x02":               map[string]any{"a": int64(2)},
	} {
		var got any
		if err := c.Decode([]byte(data), &got); err != nil || !cmp.Equal(got, want) {
			t.Errorf("Decode(%x) = %v, %v; want %v", data, got, err, want)
		}
	}
}

func TestBrokenBytesAreAnError(t *testing.T) {
	c := compile[any](t)
	for name, data := range map[string]string{
		"nothing":                    "",
		"the unused code":            "\xc1",
		"a timestamp":                "\xd6\xff\x00\x00\x00\x00",
		"an extension":               "\xc7\x00\x01",
		"bytes behind the value":     "\xc0\xc0",
		"a cut int":                  "\xcd\x01",
		"a cut float":                "\xcb\x00",
		"a cut text":                 "\xa5abc",
		"a cut length":               "\xda\x01",
		"a length beyond the data":   "\xdb\xff\xff\xff\xffa",
		"cut bytes":                  "\xc4\x05a",
		"a list beyond the data":     "\xdd\xff\xff\xff\xff\xc0",
		"a dict beyond the data":     "\xdf\x00\x00\x00\x01\xa0",
		"a cut list":                 "\x92\xc0",
		"text that is no UTF-8":      "\xa1\xff",
		"half a surrogate pair":      "\xa3\xed\xa0\x80",
		"a key that is an int":       "\x81\x01\xa3one",
		"a key that is bytes":        "\x81\xc4\x01a\xc0",
		"a value that is missing":    "\x81\xa1a",
		"a broken value in a list":   "\x91\xc1",
		"more depth than is allowed": strings.Repeat("\x91", 1001) + "\xc0",
	} {
		got := any("before")
		if err := c.Decode([]byte(data), &got); err == nil || got != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if err := compile[struct{ Known int }](t).Decode(append([]byte("\x81\xa1s"), data...), new(struct{ Known int })); err == nil && name != "bytes behind the value" {
			t.Errorf("%s, skipped: no error", name)
		}
	}
}

type record struct {
	ID      uint64         `json:"id"`
	Ratio   float32        `json:"ratio"`
	Data    []byte         `json:"data"`
	Sum     [4]byte        `json:"sum"`
	Parts   [][]byte       `json:"parts"`
	At      time.Time      `json:"at"`
	For     time.Duration  `json:"for"`
	ByID    map[int]string `json:"by_id"`
	Next    *record        `json:"next,omitempty"`
	Total   *big.Int       `json:"total"`
	Decimal pickle.Decimal `json:"decimal"`
}

func TestTypedValuesComeBack(t *testing.T) {
	c := compile[record](t)
	want := record{
		ID: math.MaxUint64, Ratio: 0.1, Data: []byte{}, Sum: [4]byte{1, 2, 3, 4}, Parts: [][]byte{nil, []byte("x")},
		At: time.Date(2024, 1, 2, 3, 4, 5, 678901234, time.FixedZone("", 3600)), For: -time.Nanosecond, ByID: map[int]string{-5: "a"},
		Next: &record{ID: 1, At: time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), Total: big.NewInt(-1)}, Total: bigInt("18446744073709551615"), Decimal: "1.10",
	}
	data, err := c.Append(nil, &want)
	if err != nil {
		t.Fatal(err)
	}
	var got record
	err = c.Decode(data, &got)
	if diff := cmp.Diff(want, got, byNumber); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	var plain map[string]any
	if err := compile[map[string]any](t).Decode(data, &plain); err != nil || plain["at"] != "2024-01-02T03:04:05.678901234+01:00" ||
		plain["for"] != "-P0DT00H00M00.000000001S" || plain["ratio"] != float64(float32(0.1)) {
		t.Errorf("%v, %v", plain, err)
	}
}

func TestValuesThatPythonDoesNotReadAreRefused(t *testing.T) {
	c := compile[any](t)
	for name, value := range map[string]any{
		"an int beyond 64 bits":   []any{bigInt("18446744073709551616")},
		"one below":               bigInt("-9223372036854775809"),
		"invalid UTF-8":           "\xff",
		"half a surrogate pair":   "\xed\xa0\x80",
		"a key of invalid UTF-8":  map[string]any{"\xff": 1},
		"a key that is no str":    pickle.Dict{{Key: int64(1), Value: nil}},
		"a set":                   pickle.Set{},
		"a year beyond Python's":  time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		"a struct of nothing":     struct{ a int }{1},
		"an array of wrong types": [1]chan int{},
	} {
		if got, err := c.Append([]byte("x"), &value); err == nil || string(got) != "x" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestWrongKindsAreErrors(t *testing.T) {
	for _, test := range []struct {
		codec *pymsgpack.Codec
		into  any
		data  string
		want  string
	}{
		{compile[[]byte](t), new([]byte), "\xa1a", "found a str, want bytes"},
		{compile[string](t), new(string), "\xc4\x01a", "found bytes, want a str"},
		{compile[bool](t), new(bool), "\x01", "found an int, want a bool"},
		{compile[int8](t), new(int8), "\xcc\x80", "the int overflows int8"},
		{compile[int](t), new(int), "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "the int overflows int"},
		{compile[float64](t), new(float64), "\xc3", "found a bool, want a number"},
		{compile[[2]byte](t), new([2]byte), "\xc4\x01a", "found 1 bytes, want 2"},
		{compile[[]int](t), new([]int), "\x80", "found a dict, want a list"},
		{compile[map[string]int](t), new(map[string]int), "\x90", "found a list, want a dict"},
		{compile[time.Time](t), new(time.Time), "\x01", "found an int, want a str"},
	} {
		if err := test.codec.Decode([]byte(test.data), test.into); err == nil || !strings.HasSuffix(err.Error(), test.want) {
			t.Errorf("Decode(%x): %v, want %s", test.data, err, test.want)
		}
	}
}

func TestDepthIsBounded(t *testing.T) {
	var v any
	for range 501 {
		v = []any{v}
	}
	if _, err := compile[any](t).Append(nil, &v); err == nil {
		t.Error("501 levels are written, more than Python's msgpack writes")
	}
	data := []byte(strings.Repeat("\x81\xa1a", 1_000_000))
	if err := compile[any](t).Decode(data, &v); !errors.Is(err, structs.ErrTooDeep) {
		t.Errorf("a million levels: %v", err)
	}
}

// A length costs nothing before its bytes are there: 4 GiB of text, bytes, a list and a dict.
func TestLengthsAllocateNothingBeforeTheirBytesAreThere(t *testing.T) {
	type wide struct{ A, B, C, D, E, F, G, H []int64 }
	for _, data := range []string{
		"\xdb\xff\xff\xff\xff", "\xc6\xff\xff\xff\xff", "\xdd\xff\xff\xff\xff", "\xdf\xff\xff\xff\xff",
		"\x91\xdd\xff\xff\xff\xffx", "\x81\xa1A\xdd\xff\xff\xff\xffx", "\xdd\x00\x00\x00\x10\x80",
	} {
		for name, decode := range map[string]func() error{
			"any":    func() error { var v any; return compile[any](t).Decode([]byte(data), &v) },
			"struct": func() error { var v []wide; return compile[[]wide](t).Decode([]byte(data), &v) },
			"dict":   func() error { var v map[string][]wide; return compile[map[string][]wide](t).Decode([]byte(data), &v) },
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if decode() == nil {
				t.Errorf("%s: %q: no error", name, data)
			}
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
				t.Errorf("%s: %q: allocated %d bytes", name, data, used)
			}
		}
	}
}
