// Package yamltree reads a YAML file into a tree whose every node knows its line and column.
//
// It decides nothing about types and names: what a scalar means, whether a key is known or written
// twice, is the business of the reader. That reader may leave parts of the tree alone that belong to
// somebody else: aliases and merge keys are followed only where it looks.
package yamltree

import (
	"bytes"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// Limits of a file. A configuration is far below them; what is above them is a mistake or an attack.
const (
	MaxBytes = 1 << 20
	MaxDepth = 100
)

// Kind is the shape of a node.
type Kind int

// The kinds of nodes.
const (
	Scalar Kind = iota
	Mapping
	List
)

// Node is a node of the tree. Aliases are followed: a Node is what an alias stands for, at the place
// where the alias stands.
type Node struct {
	// Line and Column say where the node begins, counted from 1, columns in characters.
	Line, Column int

	y *yaml.Node
}

// Field is an entry of a mapping.
type Field struct {
	Key   *Node
	Value *Node

	// First is the key that said the same earlier in this mapping; nil for the first. The earlier
	// entry is a Field of its own.
	First *Node
}

// Parse reads the one document of src. It returns nil for a file that says nothing: empty, or only
// comments. Its errors are of type [*SyntaxError].
func Parse(src []byte) (*Node, error) {
	if len(src) > MaxBytes {
		return nil, &SyntaxError{Line: 1, Column: 1, Message: fmt.Sprintf("the file is larger than %d KiB", MaxBytes>>10),
			Fix: "keep the configuration of the caches in a file of its own"}
	}
	var documents []yaml.Node
	limits := loaderlimits.New(loaderlimits.DepthValue(MaxDepth), loaderlimits.AliasNone())
	err := yaml.Load(src, &documents, yaml.WithV4Defaults(), yaml.WithAllDocuments(), yaml.WithPlugin(limits))
	if err != nil {
		return nil, translate(err, src)
	}
	switch len(documents) {
	case 0:
		return nil, nil
	case 1:
		return root(&documents[0]), nil
	}
	line := secondDocument(src, &documents[1])
	return nil, &SyntaxError{Line: line, Column: 1, Message: "a second YAML document begins here, and only one is read",
		Fix: "keep one document in the file: remove the line --- and what belongs to the other one"}
}

func root(y *yaml.Node) *Node {
	if y.Kind == yaml.DocumentNode {
		if len(y.Content) == 0 {
			return nil
		}
		y = y.Content[0]
	}
	n := newNode(y)
	if n.IsNull() {
		return nil
	}
	return n
}

// newNode follows aliases, keeping the place of the first. The parser knows no alias before its anchor
// has begun, so that following them ends.
func newNode(y *yaml.Node) *Node {
	n := &Node{Line: y.Line, Column: y.Column}
	for y.Kind == yaml.AliasNode && y.Alias != nil {
		y = y.Alias
	}
	n.y = y
	return n
}

// Kind returns the shape of n.
func (n *Node) Kind() Kind {
	switch n.y.Kind {
	case yaml.MappingNode:
		return Mapping
	case yaml.SequenceNode:
		return List
	}
	return Scalar
}

// Text returns a scalar as the parser unescaped it; empty for other kinds.
func (n *Node) Text() string { return n.y.Value }

// Quoted says that a scalar stands in quotes or is a block scalar, so that it is text whatever it
// looks like.
func (n *Node) Quoted() bool {
	return n.y.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// IsNull says that n is null, whether written (null, ~) or by writing nothing.
func (n *Node) IsNull() bool { return n.Kind() == Scalar && n.y.ShortTag() == "!!null" }

// IsEmpty says that nothing is written where a value could stand.
func (n *Node) IsEmpty() bool { return n.IsNull() && n.y.Value == "" }

// Tag returns the tag of n as YAML's short form, "!!int" or "!!str": for a plain scalar what YAML takes
// it for.
func (n *Node) Tag() string { return n.y.ShortTag() }

// Items returns the items of a list; nil for other kinds.
func (n *Node) Items() []*Node {
	if n.Kind() != List {
		return nil
	}
	items := make([]*Node, 0, len(n.y.Content))
	for _, y := range n.y.Content {
		items = append(items, newNode(y))
	}
	return items
}

// Fields returns the entries of a mapping in the order in which they are written; nil for other kinds.
// Entries that a merge key (<<) brings in follow, less those that the mapping itself has.
func (n *Node) Fields() []Field {
	if n.Kind() != Mapping {
		return nil
	}
	return fields(n.y, map[*yaml.Node]bool{})
}

// fields collects the entries of y. Visited holds the mappings on the way here, because a mapping may
// merge itself.
func fields(y *yaml.Node, visited map[*yaml.Node]bool) []Field {
	if visited[y] {
		return nil
	}
	visited[y] = true
	defer delete(visited, y)

	var own []Field
	var merged []*yaml.Node
	first := map[string]*Node{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i], y.Content[i+1]
		if key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" {
			merged = append(merged, sources(value)...)
			continue
		}
		f := Field{Key: newNode(key), Value: newNode(value)}
		if f.Key.Kind() == Scalar {
			f.First = first[f.Key.Text()]
			if f.First == nil {
				first[f.Key.Text()] = f.Key
			}
		}
		own = append(own, f)
	}
	for _, source := range merged {
		for _, f := range fields(source, visited) {
			if f.Key.Kind() != Scalar || f.First != nil || first[f.Key.Text()] != nil {
				continue
			}
			first[f.Key.Text()] = f.Key
			own = append(own, f)
		}
	}
	return own
}

// sources returns the mappings that a merge key names: one, or a list of them. YAML lets the earlier
// ones win. What is no mapping brings nothing in.
func sources(value *yaml.Node) []*yaml.Node {
	value = newNode(value).y
	switch value.Kind {
	case yaml.MappingNode:
		return []*yaml.Node{value}
	case yaml.SequenceNode:
		var all []*yaml.Node
		for _, item := range value.Content {
			if item = newNode(item).y; item.Kind == yaml.MappingNode {
				all = append(all, item)
			}
		}
		return all
	}
	return nil
}

// secondDocument returns the line of the marker above the second document, or of the document itself.
func secondDocument(src []byte, second *yaml.Node) int {
	lines := bytes.Split(src, []byte("\n"))
	for i := min(second.Line, len(lines)) - 1; i >= 0; i-- {
		if bytes.HasPrefix(lines[i], []byte("---")) || bytes.HasPrefix(lines[i], []byte("...")) {
			return i + 1
		}
	}
	return max(second.Line, 1)
}

// SyntaxError is a file that is no YAML.
type SyntaxError struct {
	Line, Column int    // where the mistake is, or where what is unfinished begins
	Message      string // what is wrong; nothing of the file's text is in it
	Fix          string // what to do; empty where nothing general can be said
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message)
}

// asLoadError finds the parser's own error. A list of them unwraps to its first entry only.
func asLoadError(err error) (*yaml.LoadError, bool) {
	var all *yaml.LoadErrors
	if errors.As(err, &all) && len(all.Errors) > 0 {
		return all.Errors[0], true
	}
	var one *yaml.LoadError
	ok := errors.As(err, &one)
	return one, ok
}
