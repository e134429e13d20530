package cachewright

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	// yamlBlock is a block of YAML in a page, with the comment in front of it that says it is refused.
	yamlBlock = regexp.MustCompile("(?m)(?:^<!-- refused: (CW\\d{3}) -->\n\n?)?^```yaml\n((?s:.*?))^```$")

	// neededVariable is a ${NAME} that has no default.
	neededVariable = regexp.MustCompile(`\$\{(\w+)(?::\?[^}]*)?\}`)
)

// Pages whose YAML other tests check: the examples of errors are wrong on purpose, and the cases are run.
var checkedElsewhere = []string{"docs/errors.md", "docs/cache-models.md"}

// What a page tells people to write into config.yaml is read by Load, or refused for the reason that the page gives.
func TestEveryYAMLBlockOfTheDocsLoads(t *testing.T) {
	checked := 0
	for _, page := range append(glob(t, "docs/*.md"), "README.md") {
		if slices.Contains(checkedElsewhere, filepath.ToSlash(page)) {
			continue
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range yamlBlock.FindAllStringSubmatchIndex(string(text), -1) {
			code, block := "", string(text[m[4]:m[5]])
			if m[2] >= 0 {
				code = string(text[m[2]:m[3]])
			}
			line := 1 + strings.Count(string(text[:m[4]]), "\n")
			checked++
			switch err := loadBlock(t, block); {
			case code == "" && err != nil:
				t.Errorf("%s:%d: this block is refused: %v", page, line, err)
			case code != "" && !slices.Contains(problemCodes(err), code):
				t.Errorf("%s:%d: want this block refused with %s, got: %v", page, line, code, err)
			}
		}
	}
	if checked == 0 {
		t.Error("no block was found: the test passes on nothing")
	}
}

// loadBlock loads and resolves a config.yaml; every variable that it needs has a value.
func loadBlock(t *testing.T, block string) error {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(block), 0o600); err != nil {
		t.Fatal(err)
	}
	environ := []string{"CACHEWRIGHT_ENV=production"}
	for _, m := range neededVariable.FindAllStringSubmatch(block, -1) {
		value := "some-value"
		if strings.Contains(m[1], "URL") {
			value = "redis://localhost:6379/0"
		}
		environ = append(environ, m[1]+"="+value)
	}
	c, err := Load(LoadOptions{Path: dir, Environ: environ, Strict: true})
	if err != nil {
		return err
	}
	_, err = c.Resolve(Env{})
	return err
}
