package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// source is one folder of Go files.
type source struct {
	dir   string // relative to the module, with slashes; empty for the root
	fset  *token.FileSet
	files map[string]*ast.File // by path relative to the module
}

// sources returns every Go file of the module, parsed. Modules of their own (bench) are left out.
func sources(t *testing.T) []source {
	t.Helper()
	all, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 5 {
		t.Fatalf("found %d packages: the rules would pass on nothing", len(all))
	}
	return slices.Clone(all)
}

// parsed parses once what every rule reads.
var parsed = sync.OnceValues(parse)

func parse() ([]source, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	byDir := make(map[string]*source)
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && rel != "." || rel != "." && hasModule(path) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(rel))
		if dir == "." {
			dir = ""
		}
		s := byDir[dir]
		if s == nil {
			s = &source{dir: dir, fset: token.NewFileSet(), files: make(map[string]*ast.File)}
			byDir[dir] = s
		}
		file, err := parser.ParseFile(s.fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		s.files[filepath.ToSlash(rel)] = file
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make([]source, 0, len(byDir))
	for _, s := range byDir {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b source) int { return strings.Compare(a.dir, b.dir) })
	return all, nil
}

func hasModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// imports returns what the package imports, with or without its tests.
func (s source) imports(tests bool) []string {
	var paths []string
	for path, file := range s.files {
		if strings.HasSuffix(path, "_test.go") && !tests {
			continue
		}
		for _, spec := range file.Imports {
			if imp, err := strconv.Unquote(spec.Path.Value); err == nil && !slices.Contains(paths, imp) {
				paths = append(paths, imp)
			}
		}
	}
	slices.Sort(paths)
	return paths
}

func isTest(path string) bool { return strings.HasSuffix(path, "_test.go") }
