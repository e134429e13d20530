package lint

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A comment of an exported name is a contract: somebody must be able to write the thing anew from it. A test
// cannot judge that, but it can ask for the words without which the answer to a usual question is missing.

// spec is one declaration of a public package, with its comment.
type spec struct {
	where string // package and name, for messages
	doc   string
	types ast.Expr // of a type
	value bool     // of a variable
}

// published returns what the packages that users can import declare under exported names.
func (s source) published() map[string]spec {
	all := map[string]spec{}
	for file, f := range s.files {
		if isTest(file) || f.Name.Name == "main" {
			continue
		}
		for _, decl := range f.Decls {
			group, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, sp := range group.Specs {
				switch sp := sp.(type) {
				case *ast.TypeSpec:
					all[sp.Name.Name] = spec{where: f.Name.Name + "." + sp.Name.Name, doc: text(group.Doc, sp.Doc, sp.Comment), types: sp.Type}
				case *ast.ValueSpec:
					for _, n := range sp.Names {
						all[n.Name] = spec{where: f.Name.Name + "." + n.Name, doc: text(group.Doc, sp.Doc, sp.Comment), value: group.Tok.String() == "var"}
					}
				}
			}
		}
	}
	for name := range all {
		if !ast.IsExported(name) {
			delete(all, name)
		}
	}
	return all
}

func text(comments ...*ast.CommentGroup) string {
	var all []string
	for _, c := range comments {
		all = append(all, c.Text())
	}
	return strings.Join(all, "\n")
}

// public are the packages that users can import.
func public(t *testing.T) []source {
	return slices.DeleteFunc(sources(t), func(s source) bool {
		return strings.HasPrefix(s.dir, "internal/") || strings.HasPrefix(s.dir, "examples/") || strings.HasPrefix(s.dir, "cmd/")
	})
}

// packageDoc is the comment of the package.
func (s source) packageDoc() string {
	var all []string
	for file, f := range s.files {
		if !isTest(file) {
			all = append(all, f.Doc.Text())
		}
	}
	return strings.Join(all, "\n")
}

// methods returns the methods of the types of s, by type.
func (s source) methods() map[string][]*ast.FuncDecl {
	all := map[string][]*ast.FuncDecl{}
	for file, f := range s.files {
		if isTest(file) {
			continue
		}
		for _, decl := range f.Decls {
			if m, ok := decl.(*ast.FuncDecl); ok && m.Recv != nil && m.Name.IsExported() {
				all[receiver(m.Recv)] = append(all[receiver(m.Recv)], m)
			}
		}
	}
	return all
}

// receiver is the name of the type that a method belongs to.
func receiver(recv *ast.FieldList) string {
	var name string
	ast.Inspect(recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return name == ""
	})
	return name
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	for _, p := range sources(t) {
		if doc := strings.TrimSpace(p.packageDoc()); !strings.HasPrefix(doc, "Package ") && !strings.HasPrefix(doc, "Command ") {
			t.Errorf("%s has no package comment: it is the first thing that a reader meets", name(p.dir))
		}
	}
}

func TestErrorValuesSayWhenTheyAreReturned(t *testing.T) {
	for _, p := range public(t) {
		for name, s := range p.published() {
			if s.value && strings.HasPrefix(name, "Err") && !strings.Contains(s.doc, name+" is returned") {
				t.Errorf("%s: begin its comment with %q: callers branch on it", s.where, name+" is returned ...")
			}
		}
	}
}

var concurrency = regexp.MustCompile(`concurrent|goroutine`)

func TestTypesThatWorkSayWhoMayUseThemAtOnce(t *testing.T) {
	for _, p := range public(t) {
		published, methods := p.published(), p.methods()
		for name, s := range published {
			works := slices.ContainsFunc(methods[name], takesContext)
			if works && !concurrency.MatchString(s.doc) && !concurrency.MatchString(p.packageDoc()) {
				t.Errorf("%s has methods that take a context, and neither it nor its package says whether they may run concurrently", s.where)
			}
		}
	}
}

func takesContext(m *ast.FuncDecl) bool {
	for _, p := range m.Type.Params.List {
		if sel, ok := p.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Context" {
			return true
		}
	}
	return false
}

var closing = regexp.MustCompile(`\b[Cc]los(e|es|ed|ing)\b`)

func TestWhatMustBeClosedSaysSo(t *testing.T) {
	for _, p := range public(t) {
		methods := p.methods()
		for name, s := range p.published() {
			i := slices.IndexFunc(methods[name], func(m *ast.FuncDecl) bool { return m.Name.Name == "Close" })
			if i >= 0 && !closing.MatchString(s.doc) && !closing.MatchString(methods[name][i].Doc.Text()) {
				t.Errorf("%s has a Close, and no comment says who calls it and what it does", s.where)
			}
		}
	}
}

var zero = regexp.MustCompile(`(?i)\bzero\b|\bnil\b|\bempty\b|default|without|\bneeds?\b|\brequired\b|\b0\b`)

// Every field that somebody sets answers for itself, and one whose zero value could mean anything says what it means.
func TestEveryOptionFieldSaysWhatItsZeroMeans(t *testing.T) {
	for _, p := range public(t) {
		for name, s := range p.published() {
			st, ok := s.types.(*ast.StructType)
			if !ok || !strings.HasSuffix(name, "Options") && !strings.HasSuffix(name, "Hooks") {
				continue
			}
			for _, f := range st.Fields.List {
				doc := text(f.Doc, f.Comment)
				for _, n := range f.Names {
					switch {
					case !n.IsExported():
					case strings.TrimSpace(doc) == "":
						t.Errorf("%s.%s has no comment: what is it, in which unit, and what holds without it?", s.where, n.Name)
					case isQuantity(f.Type) && !zero.MatchString(doc) && !zero.MatchString(s.doc):
						t.Errorf("%s.%s does not say what zero means", s.where, n.Name)
					}
				}
			}
		}
	}
}

// isQuantity is a duration or a number.
func isQuantity(typ ast.Expr) bool {
	switch t := typ.(type) {
	case *ast.SelectorExpr:
		return t.Sel.Name == "Duration"
	case *ast.Ident:
		return slices.Contains([]string{"int", "int64", "float64"}, t.Name)
	}
	return false
}

// borrowed are interfaces whose methods are somebody else's contract.
var borrowed = []string{"storetest.T"}

func TestEveryMethodOfAnInterfaceIsAContract(t *testing.T) {
	for _, p := range public(t) {
		for _, s := range p.published() {
			it, ok := s.types.(*ast.InterfaceType)
			if !ok || slices.Contains(borrowed, s.where) {
				continue
			}
			for _, m := range it.Methods.List {
				if len(m.Names) > 0 && strings.TrimSpace(text(m.Doc, m.Comment)) == "" {
					t.Errorf("%s.%s has no comment: whoever implements it has only that", s.where, m.Names[0].Name)
				}
			}
		}
	}
}
