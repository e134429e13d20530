package cachewright

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var variableLine = regexp.MustCompile(`^[A-Z][A-Z0-9_]*=`)

// explained loads and resolves the example of an explanation.
func explained(t *testing.T, e Explanation) (codes []string) {
	t.Helper()
	c := configCase{dir: t.TempDir()}
	var yaml []string
	for line := range strings.SplitSeq(e.Example, "\n") {
		if variableLine.MatchString(line) {
			c.environ = append(c.environ, line)
			continue
		}
		yaml = append(yaml, line)
	}
	if len(yaml) > 0 {
		if err := os.WriteFile(filepath.Join(c.dir, "config.yaml"), []byte(strings.Join(yaml, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if strings.HasPrefix(e.Example, configVariable) {
		_, err := Load(LoadOptions{Environ: c.environ})
		return problemCodes(err)
	}
	plan, err := c.resolve()
	if err != nil {
		return problemCodes(err)
	}
	for _, f := range plan.Findings {
		codes = append(codes, f.Code)
	}
	return codes
}

func problemCodes(err error) (codes []string) {
	problems, _ := errors.AsType[Problems](err)
	for _, p := range problems {
		codes = append(codes, p.Code)
	}
	return codes
}

func TestEveryExampleHasTheProblemThatItExplains(t *testing.T) {
	for _, group := range [][]Explanation{readingCodes, valueCodes, contradictionCodes, findingCodes} {
		for _, e := range group {
			if e.Example == "" {
				continue
			}
			t.Run(e.Code, func(t *testing.T) {
				codes := explained(t, e)
				isFinding := strings.HasPrefix(e.Code, "CW3")
				if !slices.Contains(codes, e.Code) || !isFinding && len(codes) != 1 {
					t.Errorf("the example has %v", codes)
				}
			})
		}
	}
}

func TestExplanationsAreCompleteAndInOrder(t *testing.T) {
	codes := Codes()
	if !slices.IsSorted(codes) || len(slices.Compact(slices.Clone(codes))) != len(codes) {
		t.Errorf("codes are not sorted or not unique: %v", codes)
	}
	for _, code := range codes {
		e, ok := Explain(code)
		if !ok || e.Title == "" || !strings.HasSuffix(e.Meaning, ".") || !strings.HasSuffix(e.Fix, ".") {
			t.Errorf("%s is incomplete: %+v", code, e)
		}
	}
	if _, ok := Explain("CW999"); ok {
		t.Error("CW999 has an explanation")
	}
}

func TestEveryCodeInTheSourceIsExplained(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	commands, err := filepath.Glob("cmd/cachewright/*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, commands...)
	used := map[string]bool{}
	code := regexp.MustCompile(`"(CW\d{3})"`)
	for _, file := range files {
		if strings.HasPrefix(file, "explain") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range code.FindAllStringSubmatch(string(text), -1) {
			used[match[1]] = true
			if _, ok := Explain(match[1]); !ok && !strings.HasSuffix(file, "_test.go") {
				t.Errorf("%s uses %s, which has no explanation", file, match[1])
			}
		}
	}
	for _, e := range slices.Concat(readingCodes, valueCodes, contradictionCodes, findingCodes) {
		if !used[e.Code] {
			t.Errorf("%s is explained and never used", e.Code)
		}
	}
}
