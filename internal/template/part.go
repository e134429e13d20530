package template

// Part is a piece of a template, for those who write it in another language: literal text, or a
// variable if Name is set.
type Part struct {
	Text string // the literal text; empty for a variable

	Name       string
	HasDefault bool
	Default    Template // what stands for an unset or empty variable, if HasDefault
}

// Parts returns the pieces of t in their order. The empty text has none.
func (t Template) Parts() []Part {
	parts := make([]Part, 0, len(t.segments))
	for _, s := range t.segments {
		parts = append(parts, Part{Text: s.text, Name: s.name, HasDefault: s.hasElse, Default: s.other})
	}
	return parts
}
