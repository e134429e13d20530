package pickle_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/pickle"
)

// spec describes a value of Python in JSON, for the tests and for the driver in testdata/driver.py. The
// captured values in testdata are described in the same way.
type spec struct {
	T string `json:"t"`
	V any    `json:"v,omitempty"`

	// ID, if not 0, names a container: two specs of one ID are one object.
	ID int `json:"id,omitempty"`
}

// UnmarshalJSON reads a spec and the specs in it.
func (s *spec) UnmarshalJSON(data []byte) error {
	var raw struct {
		T  string          `json:"t"`
		V  json.RawMessage `json:"v"`
		ID int             `json:"id"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	s.T, s.ID = raw.T, raw.ID
	switch s.T {
	case "list", "tuple", "set", "frozenset":
		var elems []spec
		s.V = &elems
	case "dict", "ordereddict":
		var items [][2]spec
		s.V = &items
	}
	if len(raw.V) == 0 {
		return nil
	}
	if s.V != nil {
		if err := json.Unmarshal(raw.V, s.V); err != nil {
			return err
		}
		switch v := s.V.(type) {
		case *[]spec:
			s.V = *v
		case *[][2]spec:
			s.V = *v
		}
		return nil
	}
	return json.Unmarshal(raw.V, &s.V)
}

// maker makes Go values of specs.
type maker struct {
	t    testing.TB
	made map[int]any // by ID
}

// value returns the Go value that s describes, with every dict as a Dict.
func (m *maker) value(s spec) any {
	if s.ID != 0 {
		if x, ok := m.made[s.ID]; ok {
			return x
		}
	}
	x := m.make(s)
	if s.ID != 0 {
		m.made[s.ID] = x
	}
	return x
}

func (m *maker) make(s spec) any {
	m.t.Helper()
	switch s.T {
	case "none":
		return nil
	case "bool":
		return s.V.(bool)
	case "int":
		x, ok := new(big.Int).SetString(s.V.(string), 10)
		if !ok {
			m.t.Fatalf("int %v", s.V)
		}
		if x.IsInt64() {
			return x.Int64()
		}
		return x
	case "float":
		return m.float(s.V)
	case "complex":
		parts := s.V.([]any)
		return complex(m.float(parts[0]), m.float(parts[1]))
	case "str":
		return text(s.V)
	case "str-surrogate":
		return string(m.hex(s.V))
	case "bytes":
		return m.hex(s.V)
	case "bytearray":
		return pickle.ByteArray(m.hex(s.V))
	case "list":
		return m.list(s.V)
	case "tuple":
		return pickle.Tuple(m.list(s.V))
	case "set":
		return pickle.Set(m.list(s.V))
	case "frozenset":
		return pickle.FrozenSet(m.list(s.V))
	case "dict":
		return pickle.Dict(m.items(s.V))
	case "ordereddict":
		return pickle.OrderedDict(m.items(s.V))
	}
	return m.makeTime(s)
}

func (m *maker) makeTime(s spec) any {
	m.t.Helper()
	switch s.T {
	case "datetime":
		return m.dateTime(text(s.V))
	case "date":
		t := must(time.Parse(time.DateOnly, text(s.V)))
		return pickle.Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}
	case "time":
		t := m.dateTime("2000-01-01T" + text(s.V))
		c := pickle.Clock{Hour: t.Hour(), Minute: t.Minute(), Second: t.Second(), Microsecond: t.Nanosecond() / 1000}
		if t.Location() != pickle.Naive {
			c.Zone = t.Location()
		}
		return c
	case "timedelta":
		var n [3]int
		for i, x := range s.V.([]any) {
			n[i] = int(number(x))
		}
		delta := pickle.TimeDelta{Days: n[0], Seconds: n[1], Microseconds: n[2]}
		if d, ok := delta.Duration(); ok {
			return d
		}
		return delta
	case "timezone":
		return m.zone(int(number(s.V)))
	case "decimal":
		return pickle.Decimal(text(s.V))
	case "uuid":
		var u pickle.UUID
		copy(u[:], m.hex(strings.ReplaceAll(text(s.V), "-", "")))
		return u
	}
	m.t.Fatalf("no such type: %q", s.T)
	return nil
}

// dateTime reads Python's isoformat.
func (m *maker) dateTime(s string) time.Time {
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z07:00:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			_, offset := t.Zone()
			return t.In(m.zone(offset))
		}
	}
	return must(time.ParseInLocation("2006-01-02T15:04:05", s, pickle.Naive))
}

// zone returns the one location of that offset, because the driver has one timezone object for it.
func (m *maker) zone(offset int) *time.Location {
	if offset == 0 {
		return time.UTC
	}
	id := -1e6 - offset
	if l, ok := m.made[id]; ok {
		return l.(*time.Location)
	}
	l := time.FixedZone("", offset)
	m.made[id] = l
	return l
}

func (m *maker) list(v any) []any {
	elems, _ := v.([]spec)
	list := make([]any, len(elems))
	for i, e := range elems {
		list[i] = m.value(e)
	}
	return list
}

func (m *maker) items(v any) []pickle.Item {
	pairs, _ := v.([][2]spec)
	items := make([]pickle.Item, len(pairs))
	for i, p := range pairs {
		items[i] = pickle.Item{Key: m.value(p[0]), Value: m.value(p[1])}
	}
	return items
}

func (m *maker) hex(v any) []byte { return must(hex.DecodeString(text(v))) }

func (m *maker) float(v any) float64 { return must(strconv.ParseFloat(text(v), 64)) }

// text returns v, a string that may have been left out of the JSON because it is empty.
func text(v any) string {
	s, _ := v.(string)
	return s
}

func number(v any) float64 {
	switch v := v.(type) {
	case int:
		return float64(v)
	case float64:
		return v
	case nil:
		return 0
	}
	panic(fmt.Sprintf("%T is no number", v))
}

func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// plain returns x with every Dict of string keys as a map, as an any has it.
func plain(x any) any {
	switch x := x.(type) {
	case []any:
		return plainList(x)
	case pickle.Tuple:
		return pickle.Tuple(plainList(x))
	case pickle.Set:
		return pickle.Set(plainList(x))
	case pickle.FrozenSet:
		return pickle.FrozenSet(plainList(x))
	case pickle.OrderedDict:
		return pickle.OrderedDict(plainItems(x))
	case pickle.Dict:
		m := map[string]any{}
		for _, item := range x {
			key, ok := item.Key.(string)
			if !ok {
				return pickle.Dict(plainItems(x))
			}
			m[key] = plain(item.Value)
		}
		return m
	}
	return x
}

func plainList(list []any) []any {
	out := make([]any, len(list))
	for i, x := range list {
		out[i] = plain(x)
	}
	return out
}

func plainItems(items []pickle.Item) []pickle.Item {
	out := make([]pickle.Item, len(items))
	for i, item := range items {
		out[i] = pickle.Item{Key: plain(item.Key), Value: plain(item.Value)}
	}
	return out
}

// sameFloat is equality of floats that tells -0 from 0 and takes NaN for itself.
func sameFloat(a, b float64) bool {
	return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b
}
