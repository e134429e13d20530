package cases

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const pageFile = "../../docs/cache-models.md"

const preface = `<!-- Made from internal/cases by go test ./internal/cases -update. Do not edit. -->

# Cache models

The configuration model of cachewright comes from django-cfg's cache models. This page goes through the
configurations of their documentation: what to write in YAML and in Go, the plan that it comes to, the
Django settings that ` + "`cachewright django`" + ` makes of it, and where that is not what django-cfg says or does. Every case
is resolved, rendered and, unless it says otherwise, opened and used by a test.

A plan names each cache with its backend and where the values live, the rule that chose the backend, and
the origin of each value. ` + "`CW...`" + ` are findings: ` + "`cachewright explain CW301`" + ` tells more about one. The header
of the settings, which names their sources, is left out. In the notes "the page" is django-cfg's.
`

// The page is made of the cases, so that it cannot say what is not so.
func TestPage(t *testing.T) {
	var b strings.Builder
	b.WriteString(preface)
	all := scenarios(t)
	b.WriteByte('\n')
	for _, s := range all {
		fmt.Fprintf(&b, "- [%s](#%s)\n", s.title(), anchor(s.title()))
	}
	source := functions(t)
	for _, s := range all {
		s.section(t, &b, source)
	}
	if *update {
		if err := os.MkdirAll(filepath.Dir(pageFile), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(pageFile, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	page, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(page), b.String()); diff != "" {
		t.Errorf("docs/cache-models.md is not what the cases say; go test -update writes it (-page +cases):\n%s", diff)
	}
}

// section writes one case.
func (s *scenario) section(t *testing.T, b *strings.Builder, source map[string]string) {
	t.Helper()
	fmt.Fprintf(b, "\n## %s\n\n%s\n", s.title(), s.introduction())
	for _, f := range s.configuration() {
		block(b, "`"+f.Name+"`", "yaml", string(f.Data))
	}
	if environ := s.file("environ"); environ != "" {
		block(b, "Environment", "sh", environ)
	}
	form, ok := source[functionName(forms[s.name])]
	if !ok {
		t.Fatalf("%s: no function in forms_test.go", s.name)
	}
	block(b, "Go", "go", form)
	for _, environment := range s.environments() {
		in := ""
		if environment != "" {
			in = " in " + environment
		}
		block(b, "Plan"+in, "text", s.file(output("plan", environment, "txt")))
		if reason := s.file(output("settings", environment, "error")); reason != "" {
			block(b, "There are no Django settings"+in, "text", reason)
			continue
		}
		block(b, "Django settings"+in, "python", withoutHeader(s.file(output("settings", environment, "py"))))
	}
	if notes := strings.TrimSpace(s.file("notes.md")); notes != "" {
		fmt.Fprintf(b, "\n**Notes.** %s\n", notes)
	}
}

func block(b *strings.Builder, title, language, text string) {
	fmt.Fprintf(b, "\n%s:\n\n```%s\n%s\n```\n", title, language, strings.TrimSpace(text))
}

// anchor is the name that a heading has in a link.
func anchor(title string) string {
	title = strings.ToLower(strings.ReplaceAll(title, " ", "-"))
	return strings.Map(func(r rune) rune {
		if r == '-' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, title)
}

// withoutHeader cuts the comment at the beginning of a module off.
func withoutHeader(module string) string {
	for strings.HasPrefix(module, "#") {
		_, module, _ = strings.Cut(module, "\n")
	}
	return module
}

// functions returns the Go of every function in forms_test.go as the page shows it: the whole function if
// it depends on the environment, otherwise what makes the configuration.
func functions(t *testing.T) map[string]string {
	t.Helper()
	const path = "forms_test.go"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, path, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	source := make(map[string]string)
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		from, to := f.Pos(), f.End()
		if len(f.Type.Params.List[0].Names) == 0 {
			from, to = f.Body.Lbrace+1, f.Body.Rbrace
		}
		lines := string(text[fset.Position(from).Offset:fset.Position(to).Offset])
		if from != f.Pos() {
			lines = strings.ReplaceAll(lines, "\n\t", "\n")
			lines = strings.Replace(lines, "\nreturn ", "\nconfig := ", 1)
		}
		source[f.Name.Name] = lines
	}
	return source
}

// functionName is the name of a function without its package.
func functionName(f any) string {
	name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	return name[strings.LastIndexByte(name, '.')+1:]
}
