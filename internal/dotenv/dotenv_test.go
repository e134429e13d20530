package dotenv_test

import (
	"strings"
	"testing"

	"github.com/cachewright/cachewright/internal/dotenv"
	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []dotenv.Entry
	}{
		{"an empty file", "", nil},
		{"comments and empty lines", "# a\n\n  # b\n", nil},
		{"a plain value", "A=1", []dotenv.Entry{{Name: "A", Value: "1", Line: 1, Column: 3}}},
		{"spaces around name and value", " A = 1 \nB=2", []dotenv.Entry{{Name: "A", Value: "1", Line: 1, Column: 6}, {Name: "B", Value: "2", Line: 2, Column: 3}}},
		{"export", "export A=1\nexport\tB=2\nexportC=3", []dotenv.Entry{
			{Name: "A", Value: "1", Line: 1, Column: 10}, {Name: "B", Value: "2", Line: 2, Column: 10}, {Name: "exportC", Value: "3", Line: 3, Column: 9}}},
		{"an empty value", "A=\nB=''", []dotenv.Entry{{Name: "A", Line: 1, Column: 3}, {Name: "B", Literal: true, Line: 2, Column: 3}}},
		{"a hash inside a value", "URL=redis://:p#ss@h/0", []dotenv.Entry{{Name: "URL", Value: "redis://:p#ss@h/0", Line: 1, Column: 5}}},
		{"a hash that begins a value", "A=#x", []dotenv.Entry{{Name: "A", Value: "#x", Line: 1, Column: 3}}},
		{"a comment behind a value", "A=1 # one\nB= # nothing", []dotenv.Entry{{Name: "A", Value: "1", Line: 1, Column: 3}, {Name: "B", Line: 2, Column: 4}}},
		{"an equals sign in a value", "A=b=c", []dotenv.Entry{{Name: "A", Value: "b=c", Line: 1, Column: 3}}},
		{"single quotes are literal", `A='x\n${B}'`, []dotenv.Entry{{Name: "A", Value: `x\n${B}`, Literal: true, Line: 1, Column: 3}}},
		{"double quotes know escapes", `A="x\n\t\r\"\\\d${B}" # c`, []dotenv.Entry{{Name: "A", Value: "x\n\t\r\"\\\\d${B}", Line: 1, Column: 3}}},
		{"a value over several lines", "A=\"x\ny\"\nB='1\n2'\nC=3", []dotenv.Entry{
			{Name: "A", Value: "x\ny", Line: 1, Column: 3}, {Name: "B", Value: "1\n2", Literal: true, Line: 3, Column: 3}, {Name: "C", Value: "3", Line: 5, Column: 3}}},
		{"a name that is there twice", "A=1\nA=2", []dotenv.Entry{{Name: "A", Value: "1", Line: 1, Column: 3}, {Name: "A", Value: "2", Line: 2, Column: 3}}},
		{"line ends of Windows and a byte order mark", "\ufeffA=1\r\nB=2\r\n", []dotenv.Entry{{Name: "A", Value: "1", Line: 1, Column: 3}, {Name: "B", Value: "2", Line: 2, Column: 3}}},
		{"columns count characters", "export ÄÖ=1\nA=2", []dotenv.Entry{{Name: "A", Value: "2", Line: 2, Column: 3}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, errs := dotenv.Parse([]byte(tt.text))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
			if len(errs) > 0 && !strings.Contains(tt.text, "Ä") {
				t.Errorf("errors: %v", errs)
			}
		})
	}
}

func TestParseReportsEveryBadLineAndReadsTheOthers(t *testing.T) {
	text := "A=1\nhunter2\n2B=hunter2\nC=\"hunter2\" hunter2\n=hunter2\nD='x\ny' z\nE=5\nF=\"hunter2\n"
	entries, errs := dotenv.Parse([]byte(text))
	var got []string
	for _, e := range errs {
		got = append(got, e.Error())
		if strings.Contains(e.Message+e.Fix, "hunter2") || e.Fix == "" {
			t.Errorf("%+v repeats the line, or has no fix", e)
		}
	}
	want := []string{
		"2:1: this line has no =",
		"3:1: what stands before the = is not the name of a variable",
		"4:12: something stands behind the closing quote",
		"5:1: what stands before the = is not the name of a variable",
		"7:3: something stands behind the closing quote",
		"9:3: this quote is never closed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	if len(entries) != 2 || entries[0].Name != "A" || entries[1].Name != "E" {
		t.Errorf("entries = %+v, want A and E", entries)
	}
}

func TestParseRefusesAFileThatIsTooLarge(t *testing.T) {
	entries, errs := dotenv.Parse(make([]byte, dotenv.MaxBytes+1))
	if entries != nil || len(errs) != 1 {
		t.Errorf("Parse = %d entries, %v", len(entries), errs)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"A=1\n", "export A='x\ny'\n", "A=\"\\n\" # c", "=\n\"", "A=\"", "\ufeffA=1\r\n", "A='", "A=\"x\"y"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, errs := dotenv.Parse(text)
		lines := strings.Count(string(text), "\n") + 1
		for _, e := range entries {
			if e.Name == "" || e.Line < 1 || e.Line > lines || e.Column < 1 {
				t.Fatalf("entry %+v of a text with %d lines", e, lines)
			}
		}
		for _, e := range errs {
			if e.Line < 1 || e.Line > lines || e.Column < 1 {
				t.Fatalf("error %+v of a text with %d lines", e, lines)
			}
		}
	})
}
