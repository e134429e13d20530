package template_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cachewright/cachewright/internal/template"
	"github.com/google/go-cmp/cmp"
)

// variables of the tests.
var variables = map[string]string{"HOST": "h1", "EMPTY": "", "DOLLAR": "a${HOST}$b"}

func lookup(name string) (string, bool) {
	value, ok := variables[name]
	return value, ok
}

func TestExpand(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"text without variables stays", "plain", "plain"},
		{"the empty text stays", "", ""},
		{"a variable is filled in", "${HOST}", "h1"},
		{"a variable between text", "redis://${HOST}:6379/0", "redis://h1:6379/0"},
		{"an empty variable is empty", "a${EMPTY}b", "ab"},
		{"a default for an unset variable", "${NOPE:-x}", "x"},
		{"a default for an empty variable", "${EMPTY:-x}", "x"},
		{"no default for a set variable", "${HOST:-x}", "h1"},
		{"an empty default", "${NOPE:-}", ""},
		{"a default with a variable", "${NOPE:-${HOST:-x}}", "h1"},
		{"a default with text around a variable", "${NOPE:-a${HOST}b}", "ah1b"},
		{"a message for a set variable is not needed", "${HOST:?set it}", "h1"},
		{"a dollar is a dollar", "pa$word$", "pa$word$"},
		{"two dollars are two", "pa$$word", "pa$$word"},
		{"a name without braces is text", "$HOST", "$HOST"},
		{"a command is text", "$(id)", "$(id)"},
		{"an escaped brace", "$${HOST}", "${HOST}"},
		{"an escaped brace in a default", "${NOPE:-$${x}", "${x"},
		{"braces alone are text", "{a} }", "{a} }"},
		{"what a variable holds is not expanded again", "${DOLLAR}", "a${HOST}$b"},
		{"letters, digits and underscores name a variable", "${_A1:-ok}", "ok"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parsed, err := template.Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := parsed.Expand(lookup); err != nil || got != tt.want {
				t.Errorf("Expand = %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestExpandReportsVariablesWithoutValue(t *testing.T) {
	for _, tt := range []struct {
		text string
		want template.UnsetError
	}{
		{"a${NOPE}", template.UnsetError{Name: "NOPE"}},
		{"${A:-${B}}", template.UnsetError{Name: "B"}},
		{"${NOPE:?ask Ann}", template.UnsetError{Name: "NOPE", Message: "ask Ann"}},
		{"${EMPTY:? ask Ann }", template.UnsetError{Name: "EMPTY", Message: "ask Ann", Empty: true}},
	} {
		parsed, err := template.Parse(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = parsed.Expand(lookup)
		unset, ok := errors.AsType[*template.UnsetError](err)
		if !ok {
			t.Errorf("%s: error = %v, want an UnsetError", tt.text, err)
			continue
		}
		if diff := cmp.Diff(tt.want, *unset); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
		if !strings.Contains(err.Error(), tt.want.Name) {
			t.Errorf("%s: %q does not name the variable", tt.text, err)
		}
	}
}

func TestParseRefusesWhatIsNoVariable(t *testing.T) {
	for text, want := range map[string]string{
		"${}":                                "names no variable",
		"${":                                 "never closed",
		"a${HOST":                            "never closed",
		"${NOPE:-x":                          "never closed",
		"${NOPE:?x":                          "never closed",
		"${1A}":                              "not the name",
		"${A-x}":                             "not supported",
		"${A?x}":                             "not supported",
		"${A:+x}":                            "else than",
		"${hunter2 }":                        "else than",
		strings.Repeat("${A:-", 30) + "x":    "too deeply",
		"${A:-${B}":                          "never closed",
		"p${hunter2/x}":                      "else than",
		"redis://:p${hunter2@localhost:6379": "else than",
	} {
		_, err := template.Parse(text)
		bad, ok := errors.AsType[*template.Error](err)
		if !ok || !strings.Contains(bad.Error(), want) || bad.Fix == "" {
			t.Errorf("Parse(%q): error = %v, want one about %q with a fix", text, err, want)
			continue
		}
		if strings.Contains(bad.Message+bad.Fix, "hunter2") {
			t.Errorf("Parse(%q) repeats the text: %v", text, bad)
		}
	}
}

func TestQuestionsAboutATemplate(t *testing.T) {
	for _, tt := range []struct {
		text              string
		literal, variable bool
		names             []string
	}{
		{"", true, false, nil},
		{"text", true, false, nil},
		{"$${A}", true, false, nil},
		{"${A}", false, true, []string{"A"}},
		{"${A:-${B:-${A}}}", false, true, []string{"A", "B"}},
		{"${A}${B}${A}", false, false, []string{"A", "B"}},
		{"x${A}", false, false, []string{"A"}},
	} {
		parsed, err := template.Parse(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		if parsed.IsLiteral() != tt.literal || parsed.IsVariable() != tt.variable || !cmp.Equal(parsed.Names(), tt.names) {
			t.Errorf("%q: literal %t, variable %t, names %v; want %t, %t, %v", tt.text,
				parsed.IsLiteral(), parsed.IsVariable(), parsed.Names(), tt.literal, tt.variable, tt.names)
		}
	}
}

func TestPartsAreTheTemplateInPieces(t *testing.T) {
	parsed, err := template.Parse("redis://${HOST:-local}/${DB:?which}")
	if err != nil {
		t.Fatal(err)
	}
	parts := parsed.Parts()
	if len(parts) != 4 || parts[0].Text != "redis://" || !parts[1].HasDefault || parts[1].Default.Parts()[0].Text != "local" ||
		parts[2].Text != "/" || !parts[3].Required || parts[3].Message != "which" {
		t.Errorf("Parts = %+v", parts)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "a", "${A}", "${A:-${B:-x}}", "${A:?m}", "$${", "${", "${A:-", "$", "}{", "${A:-$${}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := template.Parse(text)
		if err != nil {
			return
		}
		got, err := parsed.Expand(func(string) (string, bool) { return "v", true })
		if err != nil {
			t.Fatalf("Expand(%q) with all variables set: %v", text, err)
		}
		if !strings.Contains(text, "${") && got != text {
			t.Fatalf("Expand(%q) = %q, and there is nothing to expand", text, got)
		}
		if parsed.IsLiteral() != (len(parsed.Names()) == 0) {
			t.Fatalf("%q: IsLiteral = %t, Names = %v", text, parsed.IsLiteral(), parsed.Names())
		}
	})
}
