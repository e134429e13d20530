package storetest

import (
	"slices"
	"testing"
)

func TestEveryRuleOfAnEmptyStoreBites(t *testing.T) {
	got := failures(t, emptyRules(), "")
	for _, want := range []string{
		"Set takes a value and forgets it",
		"Add is always told true",
		"Touch and Delete find nothing",
		"GetMany finds nothing for each key",
		"Incr finds nothing",
		"Swap succeeds on absence only",
		"Scan and TTL find nothing",
		"View finds nothing",
		"Object finds nothing",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("a store that keeps its values passes %q", want)
		}
	}
	for _, c := range []struct {
		flaw flaw
		rule string
	}{
		{"Set takes any lifetime", "lifetimes that are none are refused"},
		{"Add takes any lifetime", "lifetimes that are none are refused"},
		{"Touch takes any lifetime", "lifetimes that are none are refused"},
		{"SetMany takes any lifetime", "lifetimes that are none are refused"},
		{"Swap takes any lifetime", "lifetimes that are none are refused"},
		{"contexts are ignored", "a context that is done ends every call"},
		{"a closed store goes on", "every method but Close answers ErrClosed after Close"},
		{"a second Close fails", "a second Close does nothing"},
	} {
		if got := failures(t, emptyRules(), c.flaw); !slices.Contains(got, c.rule) {
			t.Errorf("flaw %q: the rules do not notice it, want a failure of %q", c.flaw, c.rule)
		}
	}
}
