package template

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParts(t *testing.T) {
	tests := []struct {
		name, text string
		want       []Part
	}{
		{"the empty text has no parts", "", nil},
		{"text without variables is one part", "redis://localhost", []Part{{Text: "redis://localhost"}}},
		{"variables stand between text", "redis://:${PW}@h", []Part{{Text: "redis://:"}, {Name: "PW"}, {Text: "@h"}}},
		{"an escaped dollar is text", "a$${b}", []Part{{Text: "a${b}"}}},
		{"a message is no default", "${A:?set it}", []Part{{Name: "A"}}},
		{"an empty default is one", "${A:-}", []Part{{Name: "A", HasDefault: true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			parsed, err := Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, parsed.Parts(), cmpopts.EquateEmpty(), cmp.AllowUnexported(Template{}, segment{})); diff != "" {
				t.Errorf("Parts of %q (-want +got):\n%s", tt.text, diff)
			}
		})
	}
}

func TestPartsOfADefault(t *testing.T) {
	parsed, err := Parse("${A:-x${B}}")
	if err != nil {
		t.Fatal(err)
	}
	inner := parsed.Parts()[0].Default.Parts()
	if diff := cmp.Diff([]Part{{Text: "x"}, {Name: "B"}}, inner, cmp.AllowUnexported(Template{}, segment{})); diff != "" {
		t.Errorf("Parts of the default (-want +got):\n%s", diff)
	}
}
