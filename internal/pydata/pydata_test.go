package pydata_test

import (
	"encoding/json"
	"errors"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/internal/pickle"
	"github.com/cachewright/cachewright/internal/pydata"
	"github.com/cachewright/cachewright/internal/pyjson"
	"github.com/cachewright/cachewright/internal/pymsgpack"
)

// codec is what both formats have.
type codec interface {
	Append(dst []byte, from any) ([]byte, error)
	Decode(data []byte, into any) error
}

// formats compile a type for each format.
var formats = map[string]func(reflect.Type) (codec, error){
	"JSON":    func(t reflect.Type) (codec, error) { return pyjson.Compile(t) },
	"msgpack": func(t reflect.Type) (codec, error) { return pymsgpack.Compile(t) },
}

// roundTrip sends v through every format and back.
func roundTrip(t *testing.T, v any, opts ...cmp.Option) {
	t.Helper()
	for name, compile := range formats {
		from := reflect.New(reflect.TypeOf(v))
		from.Elem().Set(reflect.ValueOf(v))
		c, err := compile(from.Type().Elem())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		data, err := c.Append(nil, from.Interface())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		into := reflect.New(reflect.TypeOf(v))
		err = c.Decode(data, into.Interface())
		if diff := cmp.Diff(v, into.Elem().Interface(), opts...); diff != "" || err != nil {
			t.Errorf("%s: %q: %v (-want +got):\n%s", name, data, err, diff)
		}
	}
}

// flags is a type without fields to write that writes itself as text, and may be nil.
type flags []string

func (f flags) MarshalText() ([]byte, error) {
	if f[0] == "broken" {
		return nil, errors.New("broken")
	}
	return []byte(strings.Join(f, "|")), nil
}

func (f *flags) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New("no flags")
	}
	*f = strings.Split(string(text), "|")
	return nil
}

// document is a type that is JSON by itself, and may be nil.
type document map[string]json.Number

func (d document) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]json.Number(d)) }
func (d *document) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, (*map[string]json.Number)(d))
}

type base struct {
	ID  int `json:"id"`
	Own string
}

type Side struct{ Left, Right *int }

type branch struct {
	base
	*Side
	Own      string         `json:",omitempty"`
	Zero     time.Time      `json:"zero,omitzero"`
	Children []branch       `json:"children"`
	Parent   *branch        `json:"parent"`
	Deep     **string       `json:"deep"`
	ByUint   map[uint8]bool `json:"by_uint"`
	ByAddr   map[netip.Addr]netip.Prefix
	Flags    flags
	More     []flags
	Doc      document
	Number   json.Number
	Text     pickle.Decimal
	Array    [2][]string
}

func TestTypesComeBack(t *testing.T) {
	one, text := 1, "deep"
	pointer := &text
	unexported := cmp.AllowUnexported(branch{})
	addresses := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	prefixes := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	roundTrip(t, branch{
		base: base{ID: 7}, Side: &Side{Left: &one}, Own: "own", Zero: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
		Children: []branch{{Number: "1"}, {Number: "-2.5", Children: []branch{}}}, Parent: &branch{Number: "1234567890"}, Deep: &pointer,
		ByUint: map[uint8]bool{0: true, 255: false}, ByAddr: map[netip.Addr]netip.Prefix{netip.MustParseAddr("::1"): netip.MustParsePrefix("10.0.0.0/8")},
		Flags: flags{"a", "b"}, More: []flags{nil, {"c"}}, Doc: document{"n": "1.5"}, Number: "7", Text: "1.10", Array: [2][]string{nil, {}},
	}, unexported, addresses, prefixes)
	roundTrip(t, struct{}{})
	roundTrip(t, map[string]any{"a": []any{int64(1), 2.5, "x", nil, true, map[string]any{}}})
	roundTrip(t, []*int{nil, &one})
	roundTrip(t, map[bool]int8{true: -1})
	roundTrip(t, flags(nil))
	roundTrip(t, document(nil))
	roundTrip(t, map[string]int(nil))
	roundTrip(t, pickle.Tuple{"a", []any{}})
	roundTrip(t, []uint64{math.MaxUint64})
}

func TestFieldsAreOmittedAsTheirTagsSay(t *testing.T) {
	for name, compile := range formats {
		c, err := compile(reflect.TypeFor[branch]())
		if err != nil {
			t.Fatal(err)
		}
		data, err := c.Append(nil, &branch{Number: "1"})
		if err != nil {
			t.Fatal(err)
		}
		for field, want := range map[string]bool{"id": true, "Left": false, "Own": false, "zero": false, "children": true} {
			if got := strings.Contains(string(data), field); got != want {
				t.Errorf("%s: %s is there: %v", name, field, got)
			}
		}
		var plain map[string]any
		if c, err = compile(reflect.TypeFor[map[string]any]()); err != nil {
			t.Fatal(err)
		}
		if err := c.Decode(data, &plain); err != nil || len(plain) != 12 {
			t.Errorf("%s: %d fields, %v", name, len(plain), err)
		}
	}
}

func TestFailuresOfATypesOwnMethodsNameThem(t *testing.T) {
	for name, compile := range formats {
		c, err := compile(reflect.TypeFor[struct{ F flags }]())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Append(nil, &struct{ F flags }{flags{"broken"}}); err == nil || !strings.Contains(err.Error(), "F: MarshalText: broken") {
			t.Errorf("%s: %v", name, err)
		}
		empty := `{"F": ""}`
		if name == "msgpack" {
			empty = "\x81\xa1F\xa0"
		}
		if err := c.Decode([]byte(empty), &struct{ F flags }{}); err == nil || !strings.Contains(err.Error(), "F: UnmarshalText: no flags") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// packed is bytes by itself.
type packed struct{ text string }

func (p packed) MarshalBinary() ([]byte, error) { return []byte(p.text), nil }
func (p *packed) UnmarshalBinary(data []byte) error {
	if len(data) == 0 {
		return errors.New("nothing")
	}
	p.text = string(data)
	return nil
}

func TestTypesOfBytesNeedAFormatWithBytes(t *testing.T) {
	if _, err := formats["JSON"](reflect.TypeFor[packed]()); err == nil {
		t.Error("JSON takes a type of bytes")
	}
	c, err := formats["msgpack"](reflect.TypeFor[[]packed]())
	if err != nil {
		t.Fatal(err)
	}
	data, err := c.Append(nil, &[]packed{{"\xff"}})
	if string(data) != "\x91\xc4\x01\xff" || err != nil {
		t.Errorf("%x, %v", data, err)
	}
	var got []packed
	if err := c.Decode(data, &got); err != nil || got[0].text != "\xff" {
		t.Errorf("%v, %v", got, err)
	}
	if err := c.Decode([]byte("\x91\xc4\x00"), &got); err == nil || !strings.Contains(err.Error(), "[]: UnmarshalBinary: nothing") {
		t.Errorf("%v", err)
	}
}

func TestTimesAreReadInTheFormsOfPython(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2024-01-02T03:04:05":                 time.Date(2024, 1, 2, 3, 4, 5, 0, pickle.Naive),
		"2024-01-02 03:04:05.678901":          time.Date(2024, 1, 2, 3, 4, 5, 678901e3, pickle.Naive),
		"2024-01-02T03:04:05.678Z":            time.Date(2024, 1, 2, 3, 4, 5, 678e6, time.UTC),
		"2024-01-02T03:04:05+00:00":           time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC),
		"2024-01-02T03:04:05.000001-11:30":    time.Date(2024, 1, 2, 3, 4, 5, 1000, time.FixedZone("", -41400)),
		"1880-01-01T00:00:00+00:53:28":        time.Date(1880, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3208)),
		"2024-02-29":                          time.Date(2024, 2, 29, 0, 0, 0, 0, pickle.Naive),
		"2024-01-02T03:04:05.123456789+00:00": time.Date(2024, 1, 2, 3, 4, 5, 123456789, time.UTC),
	} {
		got, err := pydata.ParseTime(text)
		_, offset := got.Zone()
		_, wanted := want.Zone()
		if err != nil || !got.Equal(want) || offset != wanted || (got.Location() == pickle.Naive) != (want.Location() == pickle.Naive) {
			t.Errorf("%s = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "2024", "2023-02-29", "2024-01-02T25:00:00", "2024-01-02T03:04", "now"} {
		if got, err := pydata.ParseTime(text); err == nil {
			t.Errorf("%q = %v", text, got)
		}
	}
}

func TestDurationsAreReadInTheFormOfDjango(t *testing.T) {
	c, err := pyjson.Compile(reflect.TypeFor[time.Duration]())
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]time.Duration{
		"P0DT00H00M00S": 0, "P1DT02H03M04.000005S": 26*time.Hour + 3*time.Minute + 4*time.Second + 5*time.Microsecond, "-P0DT00H00M01S": -time.Second,
		"PT5M": 5 * time.Minute, "P2D": 48 * time.Hour, "PT0.5S": time.Second / 2, "PT0.0000000019S": 1, "PT36H": 36 * time.Hour,
		"-P106751DT23H47M16.854775808S": math.MinInt64, "P106751DT23H47M16.854775807S": math.MaxInt64,
	} {
		var got time.Duration
		if err := c.Decode([]byte(`"`+text+`"`), &got); err != nil || got != want {
			t.Errorf("%s = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "P", "PT", "P1", "1D", "P1DT", "P1D2", "PT1", "PTS", "PT1.S", "PT1.xS", "P1.5D", "PT1.5H", "PT1S2M", "--P1D", "P-1D", "P+1D",
		"P106751DT23H47M16.854775808S", "-P106751DT23H47M16.854775809S", "P106753D", "P99999999999D", "PT9999999999999999999S"} {
		var got time.Duration
		if err := c.Decode([]byte(`"`+text+`"`), &got); err == nil {
			t.Errorf("%q = %v, want an error", text, got)
		}
	}
}
