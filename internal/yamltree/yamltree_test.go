package yamltree_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cachewright/cachewright/internal/yamltree"
)

func parse(t *testing.T, text string) *yamltree.Node {
	t.Helper()
	n, err := yamltree.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// field returns the value of the first entry of that name.
func field(t *testing.T, n *yamltree.Node, name string) *yamltree.Node {
	t.Helper()
	for _, f := range n.Fields() {
		if f.Key.Text() == name {
			return f.Value
		}
	}
	t.Fatalf("no entry %s", name)
	return nil
}

func TestAFileThatSaysNothingHasNoTree(t *testing.T) {
	for _, text := range []string{"", "\n\n", "# only a comment\n", "---\n", "--- \n# c\n", "~\n", "\ufeff"} {
		if n, err := yamltree.Parse([]byte(text)); n != nil || err != nil {
			t.Errorf("Parse(%q) = %v, %v", text, n, err)
		}
	}
}

func TestNodesKnowWhatTheyAre(t *testing.T) {
	n := parse(t, "a: 1\nb: \"1\"\nc: [x, 'y']\nd:\n  e: |\n    t\nf:\ng: null\nh: yes\ni: 2026-01-01\n")
	if n.Kind() != yamltree.Mapping || n.Items() != nil || len(n.Fields()) != 8 {
		t.Fatalf("root: kind %v, %d fields", n.Kind(), len(n.Fields()))
	}
	for _, tt := range []struct {
		name                string
		text, tag           string
		quoted, null, empty bool
		line, column        int
	}{
		{"a", "1", "!!int", false, false, false, 1, 4},
		{"b", "1", "!!str", true, false, false, 2, 4},
		{"f", "", "!!null", false, true, true, 7, 3},
		{"g", "null", "!!null", false, true, false, 8, 4},
		{"h", "yes", "!!str", false, false, false, 9, 4},
		{"i", "2026-01-01", "!!timestamp", false, false, false, 10, 4},
	} {
		v := field(t, n, tt.name)
		if v.Text() != tt.text || v.Tag() != tt.tag || v.Quoted() != tt.quoted || v.IsNull() != tt.null || v.IsEmpty() != tt.empty {
			t.Errorf("%s: text %q, tag %s, quoted %t, null %t, empty %t", tt.name, v.Text(), v.Tag(), v.Quoted(), v.IsNull(), v.IsEmpty())
		}
		if v.Line != tt.line || !tt.empty && v.Column != tt.column {
			t.Errorf("%s stands at %d:%d, want %d:%d", tt.name, v.Line, v.Column, tt.line, tt.column)
		}
		if v.Fields() != nil {
			t.Errorf("%s has fields", tt.name)
		}
	}
	items := field(t, n, "c").Items()
	if len(items) != 2 || items[0].Text() != "x" || !items[1].Quoted() {
		t.Errorf("items = %v", items)
	}
	if e := field(t, field(t, n, "d"), "e"); !e.Quoted() || e.Text() != "t\n" {
		t.Errorf("a block scalar is quoted %t, %q", e.Quoted(), e.Text())
	}
}

func TestAliasesStandWhereTheyAreAndMeanTheirAnchor(t *testing.T) {
	n := parse(t, "a: &x {b: 1}\nc: *x\n")
	c := field(t, n, "c")
	if c.Line != 2 || c.Column != 4 || field(t, c, "b").Text() != "1" {
		t.Errorf("alias at %d:%d", c.Line, c.Column)
	}
}

func TestMergeKeysBringInWhatIsNotThere(t *testing.T) {
	n := parse(t, "p: &p {a: 1, b: 1, z: 1}\nq: &q {b: 2, c: 2}\nr:\n  <<: [*p, *q, 5]\n  a: 0\ns:\n  <<: *p\nt:\n  <<: 3\n")
	for name, want := range map[string]string{"a": "0", "b": "1", "c": "2", "z": "1"} {
		if got := field(t, field(t, n, "r"), name).Text(); got != want {
			t.Errorf("r.%s = %s, want %s", name, got, want)
		}
	}
	if len(field(t, n, "r").Fields()) != 4 || len(field(t, n, "s").Fields()) != 3 || len(field(t, n, "t").Fields()) != 0 {
		t.Error("merged mappings have other numbers of entries")
	}
}

func TestAMappingThatMergesItselfEnds(t *testing.T) {
	n := parse(t, "a: &a\n  <<: *a\n  b: 1\n")
	if fields := field(t, n, "a").Fields(); len(fields) != 1 {
		t.Errorf("%d fields, want 1", len(fields))
	}
}

func TestRepeatedKeysKnowTheFirst(t *testing.T) {
	fields := parse(t, "a: 1\nb: 2\na: 3\na: 4\n").Fields()
	if len(fields) != 4 || fields[0].First != nil || fields[2].First == nil || fields[2].First.Line != 1 || fields[3].First.Line != 1 {
		t.Errorf("fields = %+v", fields)
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, tt := range []struct {
		name, text   string
		line, column int
		message      string
	}{
		{"a tab that indents", "a:\n\tb: 1\n", 2, 1, "tab"},
		{"a tab on a line that goes on", "a:\n  b: 1\n\tc: 2\n", 3, 1, "tab"},
		{"less indentation than the siblings", "a:\n  b: 1\n c: 2\n", 3, 2, "indentation"},
		{"a quote that is not closed", "a: 1\nb: \"x\nc: 2\n", 2, 4, "never closed"},
		{"a second colon in a value", "a: x: y\n", 1, 5, "colon"},
		{"a line without a colon", "a: 1\nnocolon\nb: 1\n", 2, 1, "no colon"},
		{"a name without a space behind its colon", "# c\na:1\n\n# c\nb: 1\n", 2, 1, "no colon"},
		{"an option below one that has a value", "a: 1\n  b: 2\n", 2, 4, "deeper"},
		{"an unknown anchor", "a: *nope\n", 1, 4, "anchor"},
		{"a second document", "a: 1\n---\nb: 2\n", 2, 1, "second YAML document"},
		{"a document after an end mark", "a: 1\n...\nb: 2\n", 2, 1, "second YAML document"},
		{"a list that is not closed", "a: [1, 2\nb: 3\n", 1, 4, "never closed"},
		{"a mapping that is not closed", "a: {x: 1\nb: 3\n", 1, 4, "never closed"},
		{"a bracket that ends the file", "a: [\n", 2, 1, "never closed"},
		{"a character that begins no value", "a: @x\n", 1, 4, "begin"},
		{"a list between options", "a: 1\n- b\n", 2, 1, "list item"},
		{"an option in a list", "- a\nb: 1\n", 2, 1, "list above"},
		{"text behind a closed quote", "a: 'it's'\n", 1, 8, "ended"},
		{"an unknown escape", "a: \"\\q\"\n", 1, 4, "backslash"},
		{"an escape that is cut off", "a: \"\\x0\"\n", 1, 4, "backslash"},
		{"a control character", "a: 1\nb: \x01\n", 2, 4, "control"},
		{"what is no UTF-8", "a: 1\nb: \xff\xfe\n", 2, 4, "UTF-8"},
		{"an anchor without a name", "a: & b\n", 1, 5, "anchor"},
		{"an alias without a name", "a: * b\n", 1, 5, "anchor"},
		{"a comment without a space", "a: \"b\"#c\n", 1, 7, "comment"},
		{"a mapping that ends twice", "{a: 1}}\n", 1, 7, "not valid"},
		{"nesting beyond all reason", strings.Repeat("[", 200), 1, 1, "nested"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := yamltree.Parse([]byte(tt.text))
			bad, ok := errors.AsType[*yamltree.SyntaxError](err)
			if !ok {
				t.Fatalf("error = %v, want a SyntaxError", err)
			}
			if !strings.Contains(bad.Error(), tt.message) || bad.Line != tt.line {
				t.Errorf("error = %v, want %d:%d and %q", bad, tt.line, tt.column, tt.message)
			}
			if bad.Column != tt.column && tt.message != "nested" {
				t.Errorf("error = %v, want column %d", bad, tt.column)
			}
		})
	}
}

func TestAFileThatIsTooLargeIsRefused(t *testing.T) {
	if _, err := yamltree.Parse(make([]byte, yamltree.MaxBytes+1)); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("error = %v", err)
	}
}

func TestForeignPartsOfATreeCostNothing(t *testing.T) {
	// Followed to its end, this tree has 9^9 leaves.
	text := "a0: &a0 [x]\n"
	for i := range 9 {
		alias := "*a" + string(rune('0'+i))
		text += "a" + string(rune('1'+i)) + ": &a" + string(rune('1'+i)) + " [" + strings.Repeat(alias+", ", 9) + alias + "]\n"
	}
	n := parse(t, text+"ours: 1\n")
	if got := field(t, n, "ours").Text(); got != "1" {
		t.Errorf("ours = %q", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a: 1\n", "a: &x {b: *x}\n", "a: &a\n  <<: *a\n", "- a\n- [b, {c: d}]\n", "a: |\n  x\n", "a: \"\\x41\"\n", "? [a]\n: b\n", "a: !t x\n", "\ufeffa: 1\r\n", "---\na\n---\nb\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := yamltree.Parse(text)
		if err != nil {
			if bad, ok := errors.AsType[*yamltree.SyntaxError](err); !ok || bad.Line < 1 || bad.Column < 1 || bad.Message == "" {
				t.Fatalf("error %#v", err)
			}
			return
		}
		if n != nil {
			walk(n, 6)
		}
	})
}

func walk(n *yamltree.Node, depth int) {
	if depth == 0 {
		return
	}
	for _, f := range n.Fields() {
		walk(f.Value, depth-1)
	}
	for _, item := range n.Items() {
		walk(item, depth-1)
	}
}
