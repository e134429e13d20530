package main

import (
	"bytes"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestArgumentsThatAreJSONAreTyped(t *testing.T) {
	tests := []struct {
		text string
		want any
	}{
		{"5", int64(5)},
		{"-5", int64(-5)},
		{"5.0", 5.0},
		{"5e3", 5000.0},
		{"18446744073709551615", uint64(math.MaxUint64)},
		{`"5"`, "5"},
		{"true", true},
		{"null", nil},
		{"[1, 2.5, [3]]", []any{int64(1), 2.5, []any{int64(3)}}},
		{`{"a": {"b": 1}}`, map[string]any{"a": map[string]any{"b": int64(1)}}},
		{"hello", "hello"},
		{"", ""},
		{"05", "05"},
		{"5 6", "5 6"},
		{"{not: json}", "{not: json}"},
		{"NaN", "NaN"},
	}
	for _, tt := range tests {
		got, err := parseValue(tt.text)
		if err != nil {
			t.Errorf("parseValue(%q): %v", tt.text, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("parseValue(%q) (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestNumbersThatDoNotFitAreRefused(t *testing.T) {
	for _, text := range []string{"18446744073709551616", "-9223372036854775809", "1e999", `[{"a": 1e999}]`} {
		if got, err := parseValue(text); err == nil {
			t.Errorf("parseValue(%q) = %v, want an error", text, got)
		}
	}
}

func TestValuesArePrintedSoThatSetTakesThemAgain(t *testing.T) {
	tests := []struct {
		value any
		want  string
	}{
		{"text", "text\n"},
		{[]byte("raw\x00"), "raw\x00"},
		{int64(5), "5\n"},
		{5.0, "5.0\n"},
		{5.25, "5.25\n"},
		{1e30, "1e+30\n"},
		{math.NaN(), "\"NaN\"\n"},
		{math.Inf(-1), "\"-Inf\"\n"},
		{nil, "null\n"},
		{[]any{1.0, map[string]any{"<a>": 2.0}}, "[1.0,{\"<a>\":2.0}]\n"},
	}
	for _, tt := range tests {
		var b bytes.Buffer
		if err := printValue(&b, tt.value); err != nil {
			t.Errorf("printValue(%v): %v", tt.value, err)
		}
		if got := b.String(); got != tt.want {
			t.Errorf("printValue(%v) wrote %q, want %q", tt.value, got, tt.want)
		}
	}
}

func FuzzPrintedValuesAreReadAsTheSameValue(f *testing.F) {
	for _, seed := range []string{"5", "5.0", "-0.0", `{"a":[1,null,"x"]}`, `"text"`, "1e300", "hello", "18446744073709551615"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := parseValue(text)
		if _, isText := value.(string); err != nil || isText {
			return // text is printed as it is, whatever it looks like
		}
		var b bytes.Buffer
		if err := printValue(&b, value); err != nil {
			t.Fatalf("print %q: %v", text, err)
		}
		again, err := parseValue(b.String())
		if err != nil {
			t.Fatalf("%q was printed as %q: %v", text, b.String(), err)
		}
		if diff := cmp.Diff(value, again); diff != "" {
			t.Errorf("%q was printed as %q (-want +got):\n%s", text, b.String(), diff)
		}
	})
}
