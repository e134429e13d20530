package lint

import (
	"go/ast"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxLines keeps a file one concept: what does not fit is two.
const maxLines = 500

func TestFilesStayShort(t *testing.T) {
	for _, p := range sources(t) {
		for path := range p.files {
			text, err := os.ReadFile("../../" + path)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(text), "\n"); n > maxLines {
				t.Errorf("%s has %d lines, the limit is %d: a file is a concept, this one is two", path, n, maxLines)
			}
		}
	}
}

func TestNoPackageIsADrawer(t *testing.T) {
	for _, p := range sources(t) {
		for _, part := range strings.Split(p.dir, "/") {
			if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "misc", "shared"}, part) {
				t.Errorf("%s: name the package after its job; a drawer collects what nobody thought about", p.dir)
			}
		}
	}
}

func TestEveryExportedNameIsDocumented(t *testing.T) {
	for _, p := range sources(t) {
		for path, file := range p.files {
			if isTest(path) || file.Name.Name == "main" {
				continue
			}
			for _, decl := range file.Decls {
				for _, missing := range undocumented(decl) {
					t.Errorf("%s: exported %s has no comment; comments are the contract", path, missing)
				}
			}
		}
	}
}

// undocumented returns the exported names of decl that nothing explains. A const or var in a commented
// group is explained by the group; methods of unexported types and of interfaces need no comment here.
func undocumented(decl ast.Decl) []string {
	var names []string
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Name.IsExported() && (d.Recv == nil || exportedReceiver(d.Recv)) && !obvious(d) {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && d.Doc == nil && s.Doc == nil {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if n.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names
}

// obvious are methods whose contract is that of a well-known interface.
func obvious(d *ast.FuncDecl) bool {
	return d.Recv != nil && slices.Contains([]string{"Error", "Unwrap", "String", "GoString", "Format", "LogValue",
		"MarshalJSON", "MarshalText", "MarshalYAML", "UnmarshalText", "Close", "As", "Is"}, d.Name.Name)
}

func exportedReceiver(recv *ast.FieldList) bool {
	typ := recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return false
		}
	}
}

// readers of the process environment: the composition root and what stands above it. The one package
// that must speak to a library through an environment variable says why in its own comment.
var environmentReaders = []string{"", "cmd/cachewright", "internal/rueidisqueue"}

func TestOnlyTheRootReadsTheEnvironment(t *testing.T) {
	for _, p := range sources(t) {
		if slices.Contains(environmentReaders, p.dir) || strings.HasPrefix(p.dir, "examples/") {
			continue
		}
		for path, file := range p.files {
			if isTest(path) {
				continue
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if pkg, ok := call.X.(*ast.Ident); ok && pkg.Name == "os" &&
					slices.Contains([]string{"Getenv", "LookupEnv", "Environ", "Setenv", "ExpandEnv"}, call.Sel.Name) {
					t.Errorf("%s uses os.%s: the environment is an argument of Resolve, so that nothing below depends on it unseen", path, call.Sel.Name)
				}
				return true
			})
		}
	}
}

func TestNoInit(t *testing.T) {
	for _, p := range sources(t) {
		if p.dir == "internal/rueidisqueue" {
			continue // it exists to run before another package's init
		}
		for path, file := range p.files {
			for _, decl := range file.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == "init" && f.Recv == nil {
					t.Errorf("%s has an init function: work that nobody asked for at a time nobody chose", path)
				}
			}
		}
	}
}

func TestEveryStoreRunsTheSuite(t *testing.T) {
	for _, p := range sources(t) {
		if !strings.HasPrefix(p.dir, "store/") || p.dir == "store/storetest" {
			continue
		}
		if !p.calls("storetest", "Run") && !p.calls("storetest", "RunEmpty") {
			t.Errorf("%s calls neither storetest.Run nor storetest.RunEmpty: the suite is what a store is", p.dir)
		}
	}
}

// calls reports whether a file of s, or a test of it, calls a function of another package.
func (s source) calls(pkg, function string) bool {
	found := false
	for _, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				sel, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || sel.Sel.Name != function {
					return true
				}
				id, ok := sel.X.(*ast.Ident)
				found = found || ok && id.Name == pkg
			}
			return !found
		})
	}
	return found
}

// started matches the line of a program's comment that starts it.
var started = regexp.MustCompile(`(?m)^\s+(?:\w+=\S+ )*go (?:-C \S+ )?run \S+|^\s+go -C \S+ run`)

func TestEveryExampleStartsInOneLineAndIsTested(t *testing.T) {
	for _, p := range sources(t) {
		if !strings.HasPrefix(p.dir, "examples/") {
			continue
		}
		if !started.MatchString(p.packageDoc()) {
			t.Errorf("%s: its comment has no line that starts it, as \tgo run ./%s", p.dir, p.dir)
		}
		if !slices.ContainsFunc(slices.Collect(maps.Keys(p.files)), isTest) {
			t.Errorf("%s has no test: an example that nobody runs stops working unseen", p.dir)
		}
	}
}
