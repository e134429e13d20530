package native_test

import (
	"encoding/json"
	"math"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAnyComesBackAsTheNearestOfItsTypes(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("", -7*3600)
	tests := []struct {
		name string
		v    any
		want any
	}{
		{"nil", nil, nil},
		{"true", true, true},
		{"int", 5, int64(5)},
		{"int8", int8(-5), int64(-5)},
		{"int64", int64(math.MinInt64), int64(math.MinInt64)},
		{"uint8", uint8(200), int64(200)},
		{"uint64 within int64", uint64(math.MaxInt64), int64(math.MaxInt64)},
		{"uint64 above int64", uint64(math.MaxInt64 + 1), uint64(math.MaxInt64 + 1)},
		{"float64 that is whole", 3.0, 3.0},
		{"float32", float32(0.5), 0.5},
		{"string", "s", "s"},
		{"empty string", "", ""},
		{"bytes", []byte{1}, []byte{1}},
		{"empty bytes", []byte{}, []byte{}},
		{"time", time.Date(2020, 1, 2, 3, 4, 5, 6, zone), time.Date(2020, 1, 2, 3, 4, 5, 6, zone)},
		{"slice", []any{nil, 1, "a", []any{}}, []any{nil, int64(1), "a", []any{}}},
		{"map", map[string]any{"a": 1, "b": map[string]any{}}, map[string]any{"a": int64(1), "b": map[string]any{}}},
		{"nil slice", []any(nil), nil},
		{"nil map", map[string]any(nil), nil},
		{"nil bytes", []byte(nil), nil},
		{"nil pointer", (*int)(nil), nil},
		{"named string", json.Number("12"), "12"},
		{"named integer", Level(3), int64(3)},
		{"duration", time.Second, int64(1e9)},
		{"integer that writes itself", Colour(255), "#0000ff"},
		{"typed slice", []string{"a"}, []any{"a"}},
		{"array", [2]int{1, 2}, []any{int64(1), int64(2)}},
		{"array of bytes", [2]byte{1, 2}, []byte{1, 2}},
		{"pointer", ptr(7), int64(7)},
		{"pointer to a pointer", ptr(ptr(7)), int64(7)},
		{"pointer to a slice", &[]int{1}, []any{int64(1)}},
		{"pointer to an any", ptr(any(map[string]any{"a": "b"})), map[string]any{"a": "b"}},
		{"struct", Base{"1", "o"}, map[string]any{"ID": "1", "Owner": "o"}},
		{"struct with pointers to things that can be nil", Deep{PS: ptr([]int{1}), PM: ptr(map[string]int{"a": 1})},
			map[string]any{"P": nil, "PP": nil, "PS": []any{int64(1)}, "PM": map[string]any{"a": int64(1)}, "PA": nil, "PN": nil}},
		{"map with integer keys", map[int]string{-1: "a", 10: "b"}, map[string]any{"-1": "a", "10": "b"}},
		{"map with unsigned keys", map[uint8]string{9: "a", 10: "b"}, map[string]any{"9": "a", "10": "b"}},
		{"map with boolean keys", map[bool]int{true: 1, false: 0}, map[string]any{"true": int64(1), "false": int64(0)}},
		{"map with text keys", map[netip.Addr]int{netip.MustParseAddr("::1"): 1}, map[string]any{"::1": int64(1)}},
		{"big integer", big.NewInt(5), "5"},
		{"type that writes msgpack", Multi{1, 2}, []byte{1, 2}},
		{"type that writes binary", binaryOnly{"x"}, []byte("x")},
		{"raw JSON", json.RawMessage("1"), []byte("1")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, through(t, tt.v), byValue); diff != "" {
				t.Errorf("any(%T) differs (-want +got):\n%s", tt.v, diff)
			}
		})
	}
}

func TestAnyRefusesWhatCannotBeEncodedWhenItIsMet(t *testing.T) {
	t.Parallel()
	c := compile[map[string]any](t)
	for range 2 { // the second time from memory
		_, err := c.Append(nil, &map[string]any{"list": []any{User{}}})
		want := "encode map[string]any: [][]: holds a value that cannot be encoded: User.Address.Geo: has only unexported fields"
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
}
