package django_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/django"
)

// tagged is a Python value as data, the language in which this side and the Python side of the tests, and
// the fixtures, speak of values: {"t": "int", "v": "5"}.
type tagged struct {
	Type  string `json:"t"`
	Value any    `json:"v,omitempty"` // a bool, string, []string, []int64, []tagged or [][2]tagged, as Type says
}

// UnmarshalJSON reads the value as what the type says it is.
func (x *tagged) UnmarshalJSON(data []byte) error {
	var raw struct {
		Type  string          `json:"t"`
		Value json.RawMessage `json:"v"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	x.Type = raw.Type
	switch x.Type {
	case "none", "cycle":
		return nil
	case "bool":
		return readAs[bool](raw.Value, &x.Value)
	case "complex":
		return readAs[[]string](raw.Value, &x.Value)
	case "timedelta":
		return readAs[[]int64](raw.Value, &x.Value)
	case "list", "tuple", "set", "frozenset":
		return readAs[[]tagged](raw.Value, &x.Value)
	case "dict", "ordereddict":
		return readAs[[][2]tagged](raw.Value, &x.Value)
	}
	return readAs[string](raw.Value, &x.Value)
}

func readAs[T any](data []byte, into *any) error {
	var v T
	err := json.Unmarshal(data, &v)
	*into = v
	return err
}

// tag returns the Python value that v stands for.
func tag(v any) tagged {
	switch v := v.(type) {
	case nil:
		return tagged{Type: "none"}
	case bool:
		return tagged{"bool", v}
	case int, int64, uint64, *big.Int:
		return tagged{"int", fmt.Sprint(v)}
	case float64:
		return tagged{"float", pythonFloat(v)}
	case complex128:
		return tagged{"complex", []string{pythonFloat(real(v)), pythonFloat(imag(v))}}
	case string:
		return tagged{"str-surrogate", hex.EncodeToString([]byte(v))}
	case []byte:
		return tagged{"bytes", hex.EncodeToString(v)}
	case django.ByteArray:
		return tagged{"bytearray", hex.EncodeToString(v)}
	case []any:
		return tagged{"list", tags(v)}
	case django.Tuple:
		return tagged{"tuple", tags(v)}
	case django.Set:
		return tagged{"set", tags(v)}
	case django.FrozenSet:
		return tagged{"frozenset", tags(v)}
	case map[string]any:
		var d django.Dict
		for _, key := range slices.Sorted(maps.Keys(v)) {
			d = append(d, django.Item{Key: key, Value: v[key]})
		}
		return tag(d)
	case django.Dict:
		return tagged{"dict", pairs(v)}
	case django.OrderedDict:
		return tagged{"ordereddict", pairs(django.Dict(v))}
	case time.Time:
		layout := "2006-01-02T15:04:05.999999-07:00"
		if v.Location() == django.Naive {
			layout = "2006-01-02T15:04:05.999999"
		}
		return tagged{"datetime", v.Format(layout)}
	case time.Duration:
		return tagged{"timedelta", deltaParts(v)}
	case django.TimeDelta:
		return tagged{"timedelta", []int64{int64(v.Days), int64(v.Seconds), int64(v.Microseconds)}}
	case django.Date:
		return tagged{"date", v.String()}
	case django.Clock:
		return tagged{"time", v.String()}
	case django.Decimal:
		return tagged{"decimal", string(v)}
	case django.UUID:
		return tagged{"uuid", v.String()}
	case response:
		return tagged{"response", string(v)}
	}
	return tagged{"other", fmt.Sprintf("%T %v", v, v)}
}

func tags(s []any) []tagged {
	out := []tagged{}
	for _, v := range s {
		out = append(out, tag(v))
	}
	return out
}

func pairs(d django.Dict) [][2]tagged {
	out := [][2]tagged{}
	for _, item := range d {
		out = append(out, [2]tagged{tag(item.Key), tag(item.Value)})
	}
	return out
}

func deltaParts(d time.Duration) []int64 {
	micros := d.Microseconds()
	const day = 86400_000_000
	days := micros / day
	if micros%day < 0 {
		days--
	}
	micros -= days * day
	return []int64{days, micros / 1e6, micros % 1e6}
}

// pythonFloat is a text of f that Python's float reads.
func pythonFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// text returns one text for equal values: dicts and sets in an order of their own, floats by their bits.
func (x tagged) text() string {
	switch v := x.Value.(type) {
	case nil:
		return x.Type
	case []tagged:
		items := texts(v)
		if x.Type == "set" || x.Type == "frozenset" {
			slices.Sort(items)
		}
		return x.Type + "[" + strings.Join(items, ", ") + "]"
	case [][2]tagged:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = item[0].text() + ": " + item[1].text()
		}
		if x.Type == "dict" {
			slices.Sort(items)
		}
		return x.Type + "{" + strings.Join(items, ", ") + "}"
	case []string:
		return x.Type + " " + floatBits(v[0]) + " " + floatBits(v[1])
	case string:
		switch x.Type {
		case "float":
			return "float " + floatBits(v)
		case "str":
			return "str " + hex.EncodeToString([]byte(v))
		case "str-surrogate":
			return "str " + v
		}
	}
	return fmt.Sprint(x.Type, " ", x.Value)
}

// floatBits tells floats apart as they are apart in memory; there is one NaN.
func floatBits(text string) string {
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		panic(err)
	case math.IsNaN(f):
		return "nan"
	}
	return strconv.FormatUint(math.Float64bits(f), 16)
}

func texts(items []tagged) []string {
	var out []string
	for _, item := range items {
		out = append(out, item.text())
	}
	return out
}

// value returns the Go value of x, in the types that an any holds; ok is false if Go has none.
func (x tagged) value(t testing.TB) (v any, ok bool) {
	t.Helper()
	switch v := x.Value.(type) {
	case bool:
		return v, true
	case []int64:
		delta := django.TimeDelta{Days: int(v[0]), Seconds: int(v[1]), Microseconds: int(v[2])}
		if d, ok := delta.Duration(); ok {
			return d, true
		}
		return delta, true
	case []tagged:
		return x.sequence(t, v)
	case [][2]tagged:
		return x.dict(t, v)
	case string:
		return x.scalar(t, v)
	}
	return nil, x.Type == "none"
}

func (x tagged) scalar(t testing.TB, s string) (any, bool) {
	t.Helper()
	unhex := func() []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	switch x.Type {
	case "int":
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, true
		}
		n, _ := new(big.Int).SetString(s, 10)
		return n, true
	case "float":
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil
	case "str":
		return s, true
	case "str-surrogate":
		return string(unhex()), true
	case "bytes":
		return unhex(), true
	case "bytearray":
		return django.ByteArray(unhex()), true
	case "decimal":
		return django.Decimal(s), true
	case "uuid":
		b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
		return django.UUID(b), err == nil
	case "date":
		d, err := time.Parse(time.DateOnly, s)
		return django.Date{Year: d.Year(), Month: d.Month(), Day: d.Day()}, err == nil
	case "time":
		c, err := time.Parse(time.TimeOnly, s)
		return django.Clock{Hour: c.Hour(), Minute: c.Minute(), Second: c.Second(), Microsecond: c.Nanosecond() / 1000}, err == nil
	case "datetime":
		if at, err := time.Parse(time.RFC3339, s); err == nil {
			return at, true
		}
		at, err := time.ParseInLocation("2006-01-02T15:04:05", s, django.Naive)
		return at, err == nil
	}
	t.Fatalf("unknown tag %q", x.Type)
	return nil, false
}

func (x tagged) sequence(t testing.TB, items []tagged) (any, bool) {
	t.Helper()
	values := make([]any, 0, len(items))
	for _, item := range items {
		v, ok := item.value(t)
		if !ok {
			return nil, false
		}
		values = append(values, v)
	}
	switch x.Type {
	case "tuple":
		return django.Tuple(values), true
	case "set":
		return django.Set(values), true
	case "frozenset":
		return django.FrozenSet(values), true
	}
	return values, true
}

func (x tagged) dict(t testing.TB, items [][2]tagged) (any, bool) {
	t.Helper()
	d := django.Dict{}
	for _, item := range items {
		key, okKey := item[0].value(t)
		v, okValue := item[1].value(t)
		if !okKey || !okValue {
			return nil, false
		}
		d = append(d, django.Item{Key: key, Value: v})
	}
	if x.Type == "ordereddict" {
		return django.OrderedDict(d), true
	}
	return d, true
}
