package spell_test

import (
	"testing"

	"github.com/cachewright/cachewright/internal/spell"
)

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0},
		{"abc", "abd", 1}, {"abc", "ab", 1}, {"abc", "abxc", 1}, {"abc", "acb", 1},
		{"ca", "abc", 3}, // the swapped pair may not be edited again
		{"kitten", "sitting", 3},
	} {
		if got := spell.Distance(tt.a, tt.b); got != tt.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := spell.Distance(tt.b, tt.a); got != tt.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", tt.b, tt.a, got, tt.want)
		}
	}
}

func TestNear(t *testing.T) {
	names := []string{"timeout", "version", "db", "key_prefix", "ssl_keyfile", "ssl_certfile", "location"}
	for _, tt := range []struct {
		sentence, word, want string
	}{
		{"one letter missing", "timout", "timeout"},
		{"two letters swapped", "tiemout", "timeout"},
		{"two edits", "tmeoutt", "timeout"},
		{"three edits are too many", "tmouutt", ""},
		{"case does not count", "TIMEOUT", "timeout"},
		{"hyphens are underscores", "key-prefix", "key_prefix"},
		{"a short word may have one edit", "dbs", "db"},
		{"a short word may not have two", "dbxy", ""},
		{"nothing is close", "colour", ""},
		{"the closer of two wins", "ssl_kefile", "ssl_keyfile"},
		{"of equally close names one that begins alike wins", "xlocation", "location"},
		{"the empty word is close to nothing long", "", ""},
	} {
		if got, ok := spell.Near(tt.word, names); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: Near(%q) = %q, %t; want %q", tt.sentence, tt.word, got, ok, tt.want)
		}
	}
}

func TestNearPrefersNamesThatBeginAlikeAndAreAsLong(t *testing.T) {
	if got, _ := spell.Near("cat", []string{"bat", "cut", "cats"}); got != "cut" {
		t.Errorf("Near = %q, want cut", got)
	}
}
