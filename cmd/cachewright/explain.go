package main

import (
	"fmt"
	"strings"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/internal/spell"
	"github.com/spf13/cobra"
)

func (v *invocation) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Explain the code of a problem or finding",
		Long: `Explain prints what a code means, an example, and what to do about it. Without a code it lists them
all.`,
		Example:   `  cachewright explain CW301`,
		Args:      takes("[CODE]"),
		ValidArgs: cachewright.Codes(),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return v.listCodes()
			}
			return v.explain(strings.ToUpper(args[0]))
		},
	}
}

// explainedJSON is the answer of explain.
type explainedJSON struct {
	Code    string `json:"code"`
	Title   string `json:"title"`
	Meaning string `json:"meaning"`
	Example string `json:"example"`
	Fix     string `json:"fix"`
}

func (v *invocation) explain(code string) error {
	e, ok := cachewright.Explain(code)
	if !ok {
		hint := "cachewright explain lists the codes"
		if near, ok := spell.Near(code, cachewright.Codes()); ok {
			hint = fmt.Sprintf("did you mean %s? %s", near, hint)
		}
		return misuse("unknown code %q; %s", code, hint)
	}
	if v.json {
		return v.printJSON(explainedJSON{Code: code, Title: e.Title, Meaning: e.Meaning, Example: e.Example, Fix: e.Fix})
	}
	fmt.Fprintf(v.report, "%s  %s\n\n%s\n", bold(code), e.Title, e.Meaning)
	for _, part := range [][2]string{{"Example", e.Example}, {"Fix", e.Fix}} {
		if part[1] != "" {
			fmt.Fprintf(v.report, "\n%s\n%s\n", bold(part[0]), indented(part[1]))
		}
	}
	return nil
}

func (v *invocation) listCodes() error {
	var rows [][]string
	list := []explainedJSON{}
	for _, code := range cachewright.Codes() {
		e, _ := cachewright.Explain(code)
		rows = append(rows, []string{code, e.Title})
		list = append(list, explainedJSON{Code: code, Title: e.Title, Meaning: e.Meaning, Example: e.Example, Fix: e.Fix})
	}
	if v.json {
		return v.printJSON(list)
	}
	table(v.report, 0, rows)
	return nil
}

// indented moves every line of text to the right.
func indented(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return "    " + strings.Join(lines, "\n    ")
}
