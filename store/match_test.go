package store_test

import (
	"strings"
	"testing"

	"github.com/cachewright/cachewright/store"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true},
		{"", "a", false},
		{"a", "a", true},
		{"a", "", false},
		{"a", "ab", false},
		{"ab", "a", false},
		{"A", "a", false},

		{"*", "", true},
		{"*", "anything/with:all*kinds", true},
		{"**", "", true},
		{"a*", "a", true},
		{"a*", "abc", true},
		{"a*", "ba", false},
		{"*a", "ba", true},
		{"*a", "ab", false},
		{"a*c", "abc", true},
		{"a*c", "abcb", false},
		{"a*b*c", "aXbYbZc", true},
		{"a*b*c", "acb", false},
		{"*aab", "aaaab", true},
		{"a**b", "ab", true},

		{"?", "", false},
		{"?", "a", true},
		{"?", "ab", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"?", "\xff", true},
		{"?", "ä", false}, // two bytes
		{"??", "ä", true},

		{"[abc]", "b", true},
		{"[abc]", "d", false},
		{"[abc]", "", false},
		{"[abc]", "ab", false},
		{"[a-c]", "b", true},
		{"[a-c]", "d", false},
		{"[c-a]", "b", true},
		{"[a-cx]", "x", true},
		{"[^a]", "b", true},
		{"[^a]", "a", false},
		{"[^a-c]", "b", false},
		{"[a^]", "^", true},
		{"[-a]", "-", true},
		{"[a-]", "-", false}, // a range from a to the bracket, in a set that is not closed
		{"[a-]", "^", true},
		{`[\]]`, "]", true},
		{`[\-a]`, "-", true},
		{`[\^]`, "^", true},
		{`[\\]`, `\`, true},
		{"[]a", "a", false},
		{"[]", "]", false},
		{"[^]", "a", true},
		{"x[abc]z*", "xbz", true},
		{"[*]", "*", true},
		{"[*]", "a", false},

		// A set that is not closed ends with the pattern.
		{"[ab", "a", true},
		{"[ab", "c", false},
		{"[^ab", "c", true},
		{"[a-", "-", true},
		{"[", "a", false},

		{`\*`, "*", true},
		{`\*`, "a", false},
		{`\a`, "a", true},
		{`\\`, `\`, true},
		{`\[a]`, "[a]", true},
		{`\`, `\`, true}, // nothing follows: it stands for itself
		{`a\`, `a\`, true},
		{"a\x00*", "a\x00b", true},
	} {
		if got := store.Match(c.pattern, c.s); got != c.want {
			t.Errorf("Match(%q, %q) = %v, want %v", c.pattern, c.s, got, c.want)
		}
	}
}

// TestMatchIsNotExponential would not end in a matcher that tries every way to share s among stars.
func TestMatchIsNotExponential(t *testing.T) {
	if store.Match(strings.Repeat("*a", 1000)+"b", strings.Repeat("a", 3000)) {
		t.Error("a pattern that ends with b matches a string of a")
	}
}

// FuzzMatch compares Match with the plainest matcher there is.
func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{
		{"*", ""}, {"a*b?c", "aXXbYc"}, {"[^a-c]*", "xyz"}, {`[\]-a]\`, "]"}, {"[a", "a"}, {"*a*b*", "ab"}, {"[^", "a"}, {"[a-\\]", "b"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		// The plain matcher is exponential.
		if len(pattern) > 16 || len(s) > 16 {
			return
		}
		if got, want := store.Match(pattern, s), matches(pattern, s); got != want {
			t.Errorf("Match(%q, %q) = %v, want %v", pattern, s, got, want)
		}
	})
}

// matches is the definition of Match, element by element.
func matches(pattern, s string) bool {
	if pattern == "" {
		return s == ""
	}
	if pattern[0] == '*' {
		return matches(pattern[1:], s) || s != "" && matches(pattern, s[1:])
	}
	if s == "" {
		return false
	}
	switch {
	case pattern[0] == '?':
		return matches(pattern[1:], s[1:])
	case pattern[0] == '[':
		rest, ok := inSet(pattern[1:], s[0])
		return ok && matches(rest, s[1:])
	case pattern[0] == '\\' && len(pattern) > 1:
		return pattern[1] == s[0] && matches(pattern[2:], s[1:])
	}
	return pattern[0] == s[0] && matches(pattern[1:], s[1:])
}

// inSet reports whether c is in the set that pattern begins with, and what follows the set.
func inSet(pattern string, c byte) (rest string, in bool) {
	pattern, negated := strings.CutPrefix(pattern, "^")
	for pattern != "" && pattern[0] != ']' {
		low, high, length := pattern[0], pattern[0], 1
		switch {
		case pattern[0] == '\\' && len(pattern) > 1:
			low, high, length = pattern[1], pattern[1], 2
		case len(pattern) > 2 && pattern[1] == '-':
			low, high, length = min(pattern[0], pattern[2]), max(pattern[0], pattern[2]), 3
		}
		in = in || low <= c && c <= high
		pattern = pattern[length:]
	}
	return strings.TrimPrefix(pattern, "]"), in != negated
}

func TestEscapePattern(t *testing.T) {
	for s, want := range map[string]string{
		"":          "",
		"user:1":    "user:1",
		"a*b?[c]^-": `a\*b\?\[c\]\^\-`,
		`\`:         `\\`,
		"\xff\x00*": "\xff\x00\\*",
	} {
		if got := store.EscapePattern(s); got != want {
			t.Errorf("EscapePattern(%q) = %q, want %q", s, got, want)
		}
	}
}

func FuzzEscapePatternMatchesExactlyItsString(f *testing.F) {
	f.Add("a*b", "aXb")
	f.Add("[a]", "a")
	f.Add(`\*`, "*")
	f.Fuzz(func(t *testing.T, s, other string) {
		pattern := store.EscapePattern(s)
		if !store.Match(pattern, s) {
			t.Errorf("EscapePattern(%q) = %q, which does not match its string", s, pattern)
		}
		if got, want := store.Match(pattern, other), s == other; got != want {
			t.Errorf("EscapePattern(%q) = %q, which matches %q: %v, want %v", s, pattern, other, got, want)
		}
		if !store.Match(pattern+"*", s+other) {
			t.Errorf("EscapePattern(%q) and a star do not match %q", s, s+other)
		}
	})
}
