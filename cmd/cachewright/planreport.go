package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/cachewright/cachewright"
)

// optionIndent is how far the table of options is indented.
const optionIndent = 4

// printPlan prints a plan for people: the caches, each with all its options and their origins.
func (v *invocation) printPlan(p *cachewright.Plan) {
	v.printTitle(p)
	cards := newCard(v.report, p)
	for _, c := range p.Caches {
		cards.head("·", c, "")
		cards.body(c)
		cards.redisRows(c, nil)
		fmt.Fprintln(v.report)
		v.printOptions(c)
		fmt.Fprintln(v.report)
	}
	v.printFindings(p.Findings)
	fmt.Fprintf(v.report, "%s   %s planned, %s, nothing opened\n", good("ok"), count(len(p.Caches), "cache"), countFindings(p.Findings))
}

// printOptions prints the options of one cache, what was written first. A value that lost against the
// effective one stands below it.
func (v *invocation) printOptions(c cachewright.CachePlan) {
	names := slices.SortedFunc(maps.Keys(c.Values), func(a, b string) int {
		if wa, wb := c.Values[a].Written, c.Values[b].Written; wa != wb {
			if wa {
				return -1
			}
			return 1
		}
		if a < b {
			return -1
		}
		return 1
	})
	rows := [][]string{{dim("option"), dim("value"), dim("from")}}
	for _, name := range names {
		value := c.Values[name]
		rows = append(rows, []string{name, showOption(value.Value), value.Origin})
		for _, lost := range value.Overrode {
			rows = append(rows, []string{dim("  instead of"), dim(showOption(lost.Value)), dim(lost.Origin)})
		}
	}
	table(v.report, optionIndent, rows)
}

// showOption is the value of an option in one line, as YAML writes it.
func showOption(value any) string {
	switch value := value.(type) {
	case nil:
		return "never"
	case string:
		if value == "" {
			return `""`
		}
		return value
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
