package pyjson_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/internal/pickle"
	"github.com/cachewright/cachewright/internal/pyjson"
	"github.com/cachewright/cachewright/internal/structs"
)

func compile[T any](t testing.TB) *pyjson.Codec {
	t.Helper()
	c, err := pyjson.Compile(reflect.TypeFor[T]())
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

// texts are values of an any, as json.dumps writes them and json.loads reads them.
var texts = []struct {
	value any
	text  string
}{
	{nil, `null`},
	{true, `true`},
	{false, `false`},
	{int64(0), `0`},
	{int64(math.MinInt64), `-9223372036854775808`},
	{bigInt("9223372036854775808"), `9223372036854775808`},
	{bigInt("-100000000000000000000"), `-100000000000000000000`},
	{0.0, `0.0`},
	{math.Copysign(0, -1), `-0.0`},
	{5.0, `5.0`},
	{0.1, `0.1`},
	{-2.5, `-2.5`},
	{0.0001, `0.0001`},
	{0.00001, `1e-05`},
	{0.000123, `0.000123`},
	{9999999999999998.0, `9999999999999998.0`},
	{1e16, `1e+16`},
	{1.2345678901234568e+17, `1.2345678901234568e+17`},
	{5e-324, `5e-324`},
	{math.MaxFloat64, `1.7976931348623157e+308`},
	{math.NaN(), `NaN`},
	{math.Inf(1), `Infinity`},
	{math.Inf(-1), `-Infinity`},
	{"", `""`},
	{"a b", `"a b"`},
	{"\"\\/\b\f\n\r\t", `"\"\\/\b\f\n\r\t"`},
	{"\x00\x1f\x7f", `"\u0000\u001f\u007f"`},
	{"<>&'", `"<>&'"`},
	{"heló", `"hel\u00f3"`},
	{"\u2028\ufeff\uffff", `"\u2028\ufeff\uffff"`},
	{"🦊", `"\ud83e\udd8a"`},
	{"\U0010ffff", `"\udbff\udfff"`},
	{"a\xed\xa0\x80b", `"a\ud800b"`},
	{"\xed\xbf\xbf", `"\udfff"`},
	{[]any{}, `[]`},
	{[]any{int64(1), "a", 2.5, nil, true}, `[1, "a", 2.5, null, true]`},
	{[]any{[]any{}, []any{[]any{int64(1)}}}, `[[], [[1]]]`},
	{map[string]any{}, `{}`},
	{map[string]any{"b": int64(1), "a": map[string]any{"é": nil}}, `{"a": {"\u00e9": null}, "b": 1}`},
}

func TestTextIsThatOfPython(t *testing.T) {
	c := compile[any](t)
	for _, test := range texts {
		got, err := c.Append([]byte("before "), &test.value)
		if string(got) != "before "+test.text || err != nil {
			t.Errorf("Append(%v) = %s, %v; want %s", test.value, got, err, test.text)
		}
		var read any
		if err := c.Decode([]byte(test.text), &read); err != nil || !cmp.Equal(read, test.value, byNumber) {
			t.Errorf("Decode(%s) = %#v, %v; want %#v", test.text, read, err, test.value)
		}
	}
}

func TestTextOfOthersIsRead(t *testing.T) {
	c := compile[any](t)
	for _, test := range []struct {
		text string
		want any
	}{
		{" \t\r\n1 \n", int64(1)},
		{`[1,2 , 3]`, []any{int64(1), int64(2), int64(3)}},
		{"{ \"a\" :\n1 }", map[string]any{"a": int64(1)}},
		{`{"a": 1, "a": 2}`, map[string]any{"a": int64(2)}},
		{`-0`, int64(0)},
		{`1E5`, 1e5},
		{`1e+05`, 1e5},
		{`1.50`, 1.5},
		{`1e999`, math.Inf(1)},
		{`-1e999`, math.Inf(-1)},
		{`1e-999`, 0.0},
		{`"héllo 🦊"`, "héllo 🦊"},
		{`"\/\u0041\u00E9\uD83E\uDD8A"`, "/Aé🦊"},
		{`"\ud83e!"`, "\xed\xa0\xbe!"},
		{`"\ud83e\u0041"`, "\xed\xa0\xbeA"},
		{`"\ud83e\ud83e\udd8a"`, "\xed\xa0\xbe🦊"},
		{`"é\n"`, "é\n"},
		{"\"\x7f\"", "\x7f"},
	} {
		var got any
		if err := c.Decode([]byte(test.text), &got); err != nil || !cmp.Equal(got, test.want, byNumber) {
			t.Errorf("Decode(%s) = %#v, %v; want %#v", test.text, got, err, test.want)
		}
	}
}

func TestWhatIsNoJSONIsAnError(t *testing.T) {
	c, typed := compile[any](t), compile[everything](t)
	for _, text := range []string{
		"", " ", "nul", "nulll", "None", "True", "tru", "fals", "NaNs", "Infinit", "-Infinit", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "01", "-01",
		"0x10", "1_000", "1 2", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", `{"a"`, `{"a":`, `{"a" 1}`, `{"a":1`, `{"a":1,}`, `{,}`, `{1:2}`, `{a:1}`,
		`{"a":1 "b":2}`, `"`, `"a`, `"\`, `"\x"`, `"\u12"`, `"\u12g4"`, `"\u+123"`, "\"\n\"", "\"a\\n\n\"", "\"\xff\"", "\"\\n\xff\"", "\"\xed\xa0\x80\"", "\ufeff1",
		"'a'", "// 1", "\x80\x04N.", strings.Repeat("9", 4301), `["` + strings.Repeat(" ", 3),
	} {
		got := any("before")
		if err := c.Decode([]byte(text), &got); err == nil || got != nil {
			t.Errorf("Decode(%q) = %v, %v; want an error and nothing", text, got, err)
		}
		if err := typed.Decode([]byte(`{"skipped": `+text+"}"), &everything{}); err == nil && text != "" && text != "1 2" {
			t.Errorf("skipping %q is no error", text)
		}
	}
}

// everything has a field of each kind.
type everything struct {
	Bool     bool            `json:"bool"`
	Int      int8            `json:"int"`
	Uint     uint16          `json:"uint"`
	Float32  float32         `json:"float32"`
	Float    float64         `json:"float"`
	String   string          `json:"string"`
	Pointer  *string         `json:"pointer"`
	Slice    []int           `json:"slice"`
	Array    [2]string       `json:"array"`
	Map      map[string]int  `json:"map"`
	ByInt    map[int8]string `json:"by_int"`
	ByBool   map[bool]uint   `json:"by_bool"`
	Any      any             `json:"any"`
	Big      *big.Int        `json:"big"`
	Time     time.Time       `json:"time"`
	Duration time.Duration   `json:"duration"`
	Empty    string          `json:"empty,omitempty"`
	Nested   struct{ A, B int }
	hidden   int
}

func full() everything {
	text := "p"
	e := everything{
		Bool: true, Int: -8, Uint: 16, Float32: 0.5, Float: 1e16, String: "é", Pointer: &text, Slice: []int{1, 2}, Array: [2]string{"x", "y"},
		Map: map[string]int{"b": 2, "a": 1}, ByInt: map[int8]string{10: "ten", -1: "minus"}, ByBool: map[bool]uint{true: 1, false: 0},
		Any: map[string]any{"n": int64(1)}, Big: bigInt("100000000000000000000"), Time: time.Date(2024, 1, 2, 3, 4, 5, 678e6, time.UTC),
		Duration: 25*time.Hour + 2*time.Microsecond,
	}
	e.Nested.A = 7
	return e
}

const fullText = `{"bool": true, "int": -8, "uint": 16, "float32": 0.5, "float": 1e+16, "string": "\u00e9", "pointer": "p", "slice": [1, 2], ` +
	`"array": ["x", "y"], "map": {"a": 1, "b": 2}, "by_int": {"-1": "minus", "10": "ten"}, "by_bool": {"false": 0, "true": 1}, "any": {"n": 1}, ` +
	`"big": 100000000000000000000, "time": "2024-01-02T03:04:05.678Z", "duration": "P1DT01H00M00.000002S", "Nested": {"A": 7, "B": 0}}`

func TestStructsAreDicts(t *testing.T) {
	c := compile[everything](t)
	value := full()
	got, err := c.Append(nil, &value)
	if diff := cmp.Diff(fullText, string(got)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	var read everything
	err = c.Decode([]byte(fullText), &read)
	if diff := cmp.Diff(value, read, cmp.AllowUnexported(everything{}), byNumber); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestReadingReplacesTheWhole(t *testing.T) {
	c := compile[everything](t)
	value := full()
	if err := c.Decode([]byte(`{"slice": [1, 2, 3], "slice": [4], "unknown": {"a": [1, "x\n", 2.5, null, true]}, "int": 5.0}`), &value); err != nil {
		t.Fatal(err)
	}
	want := everything{Slice: []int{4}, Int: 5}
	if diff := cmp.Diff(want, value, cmp.AllowUnexported(everything{}), byNumber); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := c.Decode([]byte(`{"slice": null, "map": null, "pointer": null, "any": null, "big": null}`), &value); err != nil || value.Slice != nil {
		t.Errorf("None: %v, %+v", err, value)
	}
	if err := c.Decode([]byte(`{"bool": true, "int": "x"}`), &value); err == nil || value.Bool {
		t.Errorf("after an error: %v, %+v", err, value)
	}
}

func TestErrorsNameThePlace(t *testing.T) {
	c := compile[everything](t)
	for text, want := range map[string]string{
		`{"bool": 1}`:                        "Bool: found an int, want a bool",
		`{"int": 128}`:                       "Int: the int overflows int8",
		`{"int": 1.5}`:                       "Int: the float is no value of int8",
		`{"int": true}`:                      "Int: found a bool, want a number",
		`{"uint": -1}`:                       "Uint: the int overflows uint16",
		`{"float32": 1e300}`:                 "Float32: the float is no value of float32",
		`{"string": null}`:                   "String: found None, want a str; a pointer takes None too",
		`{"slice": [1, "x"]}`:                "Slice[]: found a str, want a number",
		`{"slice": {}}`:                      "Slice: found a dict, want a list",
		`{"array": ["x"]}`:                   "Array: the list has not the 2 elements that are wanted",
		`{"array": ["x", "y", "z"]}`:         "Array: the list has not the 2 elements that are wanted",
		`{"map": [1]}`:                       "Map: found a list, want a dict",
		`{"by_int": {"x": ""}}`:              "ByInt[key]: found a str that is no int8",
		`{"by_bool": {"yes": 1}}`:            "ByBool[key]: found a str that is neither true nor false",
		`{"big": 1.5}`:                       "Big: the float is no value of big.Int",
		`{"time": "yesterday"}`:              "Time: found a str that is no date and time of ISO 8601",
		`{"duration": 5}`:                    "Duration: found an int, want a str",
		`{"Nested": {"A": ` + "1e400" + `}}`: "Nested.A: the float is no value of int",
		`[]`:                                 "found a list, want a dict",
		`{} {}`:                              "2 bytes follow the value",
	} {
		err := c.Decode([]byte(text), &everything{})
		if err == nil || err.Error() != "decode pyjson_test.everything: "+want {
			t.Errorf("Decode(%s): %v, want %s", text, err, want)
		}
	}
}

type (
	colour   int
	wordy    struct{ text string }
	jsonish  struct{ data string }
	binaryly struct{ b byte }
)

// shout is a key whose text is another's too. Only types that are no string, integer or boolean are asked.
type shout struct{ string }

func (s shout) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(s.string)), nil }
func (s *shout) UnmarshalText(text []byte) error {
	s.string = string(text)
	return nil
}

func (c colour) MarshalText() ([]byte, error) { return []byte("colour"), nil }
func (c *colour) UnmarshalText(text []byte) error {
	*c = colour(len(text))
	return nil
}

func (w *wordy) MarshalText() ([]byte, error) {
	if w.text == "" {
		return nil, errors.New("no words")
	}
	return []byte(w.text), nil
}

func (w *wordy) UnmarshalText(text []byte) error {
	w.text = string(text)
	return nil
}

func (j jsonish) MarshalJSON() ([]byte, error) { return []byte(j.data), nil }
func (j *jsonish) UnmarshalJSON(data []byte) error {
	j.data = string(data)
	return nil
}

func (binaryly) MarshalBinary() ([]byte, error)     { return nil, nil }
func (*binaryly) UnmarshalBinary(data []byte) error { return nil }

func TestTypesThatWriteThemselves(t *testing.T) {
	type all struct {
		Colour colour
		Words  []wordy
		JSON   jsonish
		ByWord map[colour]int
	}
	c := compile[all](t)
	value := all{5, []wordy{{"é"}}, jsonish{`{"b":1.0,"a":[1,12345678901234567890,"<"]}`}, map[colour]int{3: 1}}
	got, err := c.Append(nil, &value)
	const want = `{"Colour": "colour", "Words": ["\u00e9"], "JSON": {"a": [1, 12345678901234567890, "<"], "b": 1.0}, "ByWord": {"3": 1}}`
	if string(got) != want || err != nil {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	var read all
	if err := c.Decode(got, &read); err != nil {
		t.Fatal(err)
	}
	if read.Colour != 6 || read.Words[0].text != "é" || read.ByWord[3] != 1 {
		t.Errorf("read %+v", read)
	}
	for _, broken := range []all{{Words: []wordy{{}}}, {Words: []wordy{{"x"}}, JSON: jsonish{"{"}}, {Words: []wordy{{"x"}}, JSON: jsonish{"1 2"}}} {
		if out, err := c.Append([]byte("x"), &broken); err == nil || string(out) != "x" {
			t.Errorf("Append(%+v) = %q, %v", broken, out, err)
		}
	}
}

func TestPythonsOwnTypes(t *testing.T) {
	c := compile[any](t)
	for _, test := range []struct {
		value any
		text  string
	}{
		{pickle.Tuple(nil), `[]`},
		{pickle.Tuple{int64(1), "a"}, `[1, "a"]`},
		{pickle.Dict{{Key: "z", Value: int64(1)}, {Key: int64(2), Value: nil}, {Key: true, Value: nil}, {Key: nil, Value: nil}, {Key: 1e16, Value: nil}},
			`{"z": 1, "2": null, "true": null, "null": null, "1e+16": null}`},
		{pickle.OrderedDict(nil), `{}`},
		{pickle.Decimal("1.10"), `"1.10"`},
		{pickle.UUID{0x12, 15: 0xff}, `"12000000-0000-0000-0000-0000000000ff"`},
		{pickle.Date{Year: 2024, Month: 2, Day: 29}, `"2024-02-29"`},
		{pickle.Clock{Hour: 23, Minute: 59, Second: 58, Microsecond: 1}, `"23:59:58.000"`},
		{pickle.Clock{Hour: 1}, `"01:00:00"`},
		{pickle.TimeDelta{Days: -1, Seconds: 86399}, `"-P0DT00H00M01S"`},
		{pickle.TimeDelta{Days: 400000, Seconds: 3600, Microseconds: 5}, `"P400000DT01H00M00.000005S"`},
		{-time.Second, `"-P0DT00H00M01S"`},
		{time.Duration(math.MinInt64), `"-P106751DT23H47M16.854775808S"`},
		{time.Date(2024, 1, 2, 3, 4, 5, 678901234, time.FixedZone("", 19800)), `"2024-01-02T03:04:05.678+05:30"`},
		{time.Date(2024, 1, 2, 3, 4, 5, 999000, time.UTC), `"2024-01-02T03:04:05.000Z"`},
		{time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC), `"2024-01-02T03:04:05Z"`},
		{time.Date(2024, 1, 2, 3, 4, 5, 1000, pickle.Naive), `"2024-01-02T03:04:05.000"`},
		{time.Date(1880, 1, 1, 0, 0, 0, 0, time.FixedZone("LMT", 3208)), `"1880-01-01T00:00:00+00:53:28"`},
	} {
		got, err := c.Append(nil, &test.value)
		if string(got) != test.text || err != nil {
			t.Errorf("Append(%v) = %s, %v; want %s", test.value, got, err, test.text)
		}
		if value := reflect.ValueOf(test.value); strings.Contains(test.text, ".") || value.Kind() == reflect.Slice {
			continue // cut to milliseconds, or a dict whose keys have become text
		}
		typed, err := pyjson.Compile(reflect.TypeOf(test.value))
		if err != nil {
			t.Fatal(err)
		}
		back := reflect.New(reflect.TypeOf(test.value))
		if err := typed.Decode(got, back.Interface()); err != nil || !cmp.Equal(back.Elem().Interface(), test.value) {
			t.Errorf("%s comes back as %v, %v", got, back.Elem(), err)
		}
	}
	var ordered pickle.Dict
	err := compile[pickle.Dict](t).Decode([]byte(`{"z": 1, "a": 2, "z": [3]}`), &ordered)
	want := pickle.Dict{{Key: "z", Value: []any{int64(3)}}, {Key: "a", Value: int64(2)}}
	if diff := cmp.Diff(want, ordered); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestValuesThatPythonRefusesAreRefused(t *testing.T) {
	c := compile[any](t)
	loop := []any{nil}
	loop[0] = loop
	type ring struct{ Next *ring }
	circle := &ring{}
	circle.Next = circle
	for name, value := range map[string]any{
		"bytes":                 []byte("x"),
		"bytes in a list":       []any{[]byte("x")},
		"bytes in a struct":     struct{ B []byte }{},
		"a bytearray":           pickle.ByteArray("x"),
		"a set":                 pickle.Set{},
		"a frozenset":           pickle.FrozenSet{},
		"an object":             pickle.Opaque{Module: "m", Name: "n"},
		"a complex":             complex(1, 2),
		"a channel":             make(chan int),
		"invalid UTF-8":         "a\xff",
		"a cut character":       "\xed\xa0",
		"an invalid key":        map[string]any{"\xff": 1},
		"a year without end":    time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
		"no year at all":        pickle.Date{},
		"a day that is none":    pickle.Date{Year: 2023, Month: 2, Day: 29},
		"an hour that is none":  pickle.Clock{Hour: 24},
		"a time with a zone":    pickle.Clock{Zone: time.UTC},
		"a broken timedelta":    pickle.TimeDelta{Seconds: -1},
		"a key that is a list":  pickle.Dict{{Key: []any{}}},
		"a list in itself":      loop,
		"a struct in itself":    circle,
		"two keys of one text":  map[shout]int{{"a"}: 1, {"A"}: 2},
		"a map by struct":       map[struct{ A int }]int{},
		"only a binary form":    struct{ B binaryly }{},
		"an interface":          struct{ N interface{ Read() } }{},
		"a json.Number of none": json.Number("x"),
	} {
		got, err := c.Append([]byte("x"), &value)
		if err == nil || string(got) != "x" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestTypesAreRefusedWithTheirPath(t *testing.T) {
	type inner struct{ Data []byte }
	type outer struct {
		Name  string
		Inner []map[string]inner
	}
	for typ, want := range map[reflect.Type]string{
		reflect.TypeFor[outer]():                  "outer.Inner[][].Data: is bytes, which JSON does not have",
		reflect.TypeFor[[4]byte]():                "is bytes",
		reflect.TypeFor[chan int]():               "is a chan",
		reflect.TypeFor[map[float64]int]():        "[key]: is no string, integer or boolean",
		reflect.TypeFor[interface{ Foo() }]():     "is an interface with methods",
		reflect.TypeFor[struct{ a int }]():        "has only unexported fields",
		reflect.TypeFor[struct{ S pickle.Set }](): "is a set",
		nil: "a nil type",
	} {
		if _, err := pyjson.Compile(typ); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Compile(%v): %v, want %q", typ, err, want)
		}
	}
}

func TestDepthIsBounded(t *testing.T) {
	c := compile[any](t)
	type tree struct{ T []tree }
	for _, text := range []string{strings.Repeat("[", 1_000_000), strings.Repeat(`{"a":`, 1_000_000)} {
		var v any
		if err := c.Decode([]byte(text), &v); !errors.Is(err, structs.ErrTooDeep) {
			t.Errorf("into any: %v", err)
		}
		if err := compile[tree](t).Decode([]byte(`{"skipped": `+text), new(tree)); !errors.Is(err, structs.ErrTooDeep) {
			t.Errorf("skipped: %v", err)
		}
	}
	if err := compile[tree](t).Decode([]byte(strings.Repeat(`{"T":[`, 1000)), new(tree)); !errors.Is(err, structs.ErrTooDeep) {
		t.Errorf("into a struct: %v", err)
	}
	deepest := strings.Repeat("[", 1000) + strings.Repeat("]", 1000)
	var v any
	if err := c.Decode([]byte(deepest), &v); err != nil {
		t.Errorf("1000 levels: %v", err)
	}
	if _, err := c.Append(nil, &v); err == nil {
		t.Error("1000 levels are written, more than Python reads")
	}
	v = v.([]any)[0]
	for range 499 {
		v = v.([]any)[0]
	}
	if got, err := c.Append(nil, &v); err != nil || len(got) != 1000 {
		t.Errorf("500 levels: %d bytes, %v", len(got), err)
	}
}

func TestArgumentsMustBePointersToTheType(t *testing.T) {
	c := compile[int](t)
	for _, from := range []any{1, nil, new(string), (*int)(nil)} {
		if _, err := c.Append(nil, from); err == nil {
			t.Errorf("Append takes a %T", from)
		}
		if err := c.Decode([]byte("1"), from); err == nil {
			t.Errorf("Decode takes a %T", from)
		}
	}
}
