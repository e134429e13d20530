package cachewright_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The README's Go is cut from an example that runs, so that it cannot drift.
func TestReadmeSnippetRuns(t *testing.T) {
	source := between(t, "example_readme_test.go", "\t// snippet\n", "\t// end\n")
	var want strings.Builder
	for line := range strings.Lines(source) {
		want.WriteString(strings.TrimPrefix(line, "\t"))
	}
	if diff := cmp.Diff(want.String(), between(t, "README.md", "```go\n", "```\n")); diff != "" {
		t.Errorf("README.md differs from example_readme_test.go (-example +README):\n%s", diff)
	}
}

func between(t *testing.T, file, begin, end string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), begin)
	if !ok {
		t.Fatalf("%s: no %q", file, begin)
	}
	part, _, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatalf("%s: no %q", file, end)
	}
	return part
}
