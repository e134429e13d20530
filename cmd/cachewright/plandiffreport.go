package main

import (
	"fmt"
	"strings"

	"github.com/cachewright/cachewright"
)

// nothing stands for the value of an option on the side where it means nothing.
const nothing = "-"

// printComparison prints two plans side by side for people. What is the same on both sides is named,
// not repeated.
func (v *invocation) printComparison(c comparison) {
	fmt.Fprintf(v.report, "%s %s · %s\n\n", bold("cachewright"), version(), v.tilde(c.left.Dir))
	table(v.report, optionIndent, c.projectRows())
	fmt.Fprintln(v.report)
	for _, cache := range c.caches {
		v.printComparedCache(c, cache)
	}
	v.printComparedFindings(c)
	v.printDifference(c)
}

// projectRows say what is compared with what.
func (c comparison) projectRows() [][]string {
	files := func(p *cachewright.Plan) string {
		if len(p.Files) == 0 {
			return "no config.yaml"
		}
		return strings.Join(p.Files, ", ")
	}
	rows := [][]string{
		{dim("environment"), bold(c.left.Environment), bold(c.right.Environment)},
		{dim("named by"), c.left.EnvironmentOrigin, c.right.EnvironmentOrigin},
		{dim("files"), files(c.left), files(c.right)},
	}
	for _, option := range c.project() {
		rows = append(rows, []string{option.name, showOption(option.left.Value), showOption(option.right.Value)})
	}
	return rows
}

func (v *invocation) printComparedCache(c comparison, cache comparedCache) {
	switch cache.change {
	case cacheSame:
		fmt.Fprintf(v.report, "= %s   %s, the same\n\n", bold(cache.alias), cache.left.Backend)
		return
	case cacheRemoved:
		fmt.Fprintf(v.report, "%s %s   %s, only in %s\n", bad("-"), bold(cache.alias), cache.left.Backend, c.left.Environment)
	case cacheAdded:
		fmt.Fprintf(v.report, "%s %s   %s, only in %s\n", good("+"), bold(cache.alias), cache.right.Backend, c.right.Environment)
	case cacheChanged:
		fmt.Fprintf(v.report, "%s %s\n", warn("~"), bold(cache.alias))
	}
	var why [][]string
	if cache.change != cacheAdded {
		why = append(why, whyRow(c.left.Environment, cache.left))
	}
	if cache.change != cacheRemoved {
		why = append(why, whyRow(c.right.Environment, cache.right))
	}
	table(v.report, optionIndent, why)
	fmt.Fprintln(v.report)
	if cache.change == cacheChanged {
		table(v.report, optionIndent, c.valueRows(cache.values))
		fmt.Fprintln(v.report)
	}
}

// whyRow says why a cache is what it is in one environment.
func whyRow(environment string, c cachewright.CachePlan) []string {
	return []string{dim(environment), c.Backend, fmt.Sprintf("rule %d: %s", c.Rule, c.Reason), dim(written(c.ReasonOrigin))}
}

// valueRows are the values that differ, each beside its origin.
func (c comparison) valueRows(values []comparedValue) [][]string {
	rows := [][]string{{dim("option"), dim(c.left.Environment), dim("from"), dim(c.right.Environment), dim("from")}}
	for _, value := range values {
		rows = append(rows, append([]string{value.name}, append(side(value.left), side(value.right)...)...))
		if value.secret {
			rows = append(rows, []string{dim("  differs in what *** hides")})
		}
	}
	return rows
}

// side is one side of a value that differs: the value and its origin.
func side(value *cachewright.Value) []string {
	if value == nil {
		return []string{dim(nothing), ""}
	}
	return []string{showOption(value.Value), dim(value.Origin)}
}

func (v *invocation) printComparedFindings(c comparison) {
	if len(c.removed)+len(c.added) == 0 {
		return
	}
	fmt.Fprintln(v.report, "Findings")
	for _, side := range []struct {
		mark     string
		findings []cachewright.Finding
	}{{bad("-"), c.removed}, {good("+"), c.added}} {
		for _, f := range side.findings {
			fmt.Fprintln(v.report, findingStops.line(fmt.Sprintf("%s %s  %s", side.mark, f.Code, f.Message), dim(f.Origin)))
		}
	}
	fmt.Fprintln(v.report)
}

// printDifference prints the last line: the answer of the whole comparison.
func (v *invocation) printDifference(c comparison) {
	if c.same() {
		fmt.Fprintf(v.report, "%s   %s in %s and %s\n", good("the same"), count(len(c.caches), "cache"), c.left.Environment, c.right.Environment)
		return
	}
	fmt.Fprintf(v.report, "%s   %s: %d changed, %d added, %d removed; findings: %d added, %d removed\n", warn("different"),
		count(len(c.caches), "cache"), c.count(cacheChanged), c.count(cacheAdded), c.count(cacheRemoved), len(c.added), len(c.removed))
}

// planDiffJSON is the answer of plan --diff. Left is the current environment, right the one that --diff
// names.
type planDiffJSON struct {
	Same    bool                         `json:"same"`
	Left    diffSideJSON                 `json:"left"`
	Right   diffSideJSON                 `json:"right"`
	Project map[string]projectOptionJSON `json:"project"` // the options of the project that differ
	Caches  map[string]comparedCacheJSON `json:"caches"`
}

type diffSideJSON struct {
	Environment string   `json:"environment"`
	Files       []string `json:"files"`
}

type projectOptionJSON struct {
	Left  any `json:"left"`
	Right any `json:"right"`
}

type comparedCacheJSON struct {
	Change  string                       `json:"change"` // same, changed, added or removed
	Left    *cacheJSON                   `json:"left"`   // null for an added cache
	Right   *cacheJSON                   `json:"right"`  // null for a removed one
	Values  map[string]comparedValueJSON `json:"values"` // those that differ
	Removed []findingJSON                `json:"findings_removed"`
	Added   []findingJSON                `json:"findings_added"`
}

// comparedValueJSON is an option that differs. A side is null if the option means nothing there.
type comparedValueJSON struct {
	Left   *valueJSON `json:"left"`
	Right  *valueJSON `json:"right"`
	Secret bool       `json:"only_secret_differs"` // both sides look the same, what *** hides is different
}

// json is the report of a comparison.
func (c comparison) json() planDiffJSON {
	report := planDiffJSON{
		Same: c.same(), Left: diffSideJSONOf(c.left), Right: diffSideJSONOf(c.right),
		Project: map[string]projectOptionJSON{}, Caches: make(map[string]comparedCacheJSON, len(c.caches)),
	}
	for _, option := range c.project() {
		report.Project[option.name] = projectOptionJSON{Left: option.left.Value, Right: option.right.Value}
	}
	for _, cache := range c.caches {
		one := comparedCacheJSON{
			Change: cache.change, Values: make(map[string]comparedValueJSON, len(cache.values)),
			Removed: findingsJSON(c.removed, cache.alias), Added: findingsJSON(c.added, cache.alias),
		}
		if cache.change != cacheAdded {
			left := cacheJSONOf(cache.left)
			one.Left = &left
		}
		if cache.change != cacheRemoved {
			right := cacheJSONOf(cache.right)
			one.Right = &right
		}
		for _, value := range cache.values {
			one.Values[value.name] = comparedValueJSON{
				Left: sideJSON(value.left), Right: sideJSON(value.right), Secret: value.secret,
			}
		}
		report.Caches[cache.alias] = one
	}
	return report
}

func diffSideJSONOf(p *cachewright.Plan) diffSideJSON {
	return diffSideJSON{Environment: p.Environment, Files: append([]string{}, p.Files...)}
}

func sideJSON(value *cachewright.Value) *valueJSON {
	if value == nil {
		return nil
	}
	json := valueJSONOf(*value)
	return &json
}
