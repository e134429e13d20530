package cases

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/cachewright/cachewright"
)

// shown are the options that a plan's text always names; it adds what was written.
var shown = []string{"key_prefix", "version", "timeout", "max_connections"}

// describe writes a plan as a text to read: what runs, why, and where each value comes from.
func describe(p *cachewright.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "environment %s%s\n", p.Environment, origin(p.EnvironmentOrigin))
	for _, c := range p.Caches {
		fmt.Fprintf(&b, "\n%s: %s, %s\n", c.Alias, c.Backend, c.Location)
		fmt.Fprintf(&b, "  rule %d: %s%s\n", c.Rule, c.Reason, origin(c.ReasonOrigin))
		for _, name := range options(c) {
			v := c.Values[name]
			fmt.Fprintf(&b, "  %s: %s%s\n", name, value(v.Value), origin(v.Origin))
		}
	}
	for _, f := range p.Findings {
		fmt.Fprintf(&b, "\n%s: %s%s\n", f.Code, f.Message, origin(f.Origin))
		if f.Fix != "" {
			fmt.Fprintf(&b, "  fix: %s\n", f.Fix)
		}
	}
	return b.String()
}

func origin(where string) string {
	if where == "" {
		return ""
	}
	return "   (" + where + ")"
}

// options are the names of the options to show, in the order of shown and then by name.
func options(c cachewright.CachePlan) []string {
	var names, more []string
	for _, name := range shown {
		if _, ok := c.Values[name]; ok {
			names = append(names, name)
		}
	}
	for name, v := range c.Values {
		if v.Written && !slices.Contains(shown, name) {
			more = append(more, name)
		}
	}
	slices.Sort(more)
	return append(names, more...)
}

func value(v any) string {
	if v == nil {
		return "never"
	}
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
