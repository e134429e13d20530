package cachewright

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The page of symptoms leads to every code that a running cache can have, and to none that does not exist.
func TestTroubleshootingKnowsTheCodes(t *testing.T) {
	page, err := os.ReadFile("docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`CW\d{3}`).FindAllString(string(page), -1)
	for _, code := range named {
		if _, ok := Explain(code); !ok {
			t.Errorf("docs/troubleshooting.md names %s, which does not exist", code)
		}
	}
	for _, code := range Codes() {
		atWork := strings.HasPrefix(code, "CW5") || strings.HasPrefix(code, "CW33")
		if atWork && !slices.Contains(named, code) {
			t.Errorf("docs/troubleshooting.md leads nowhere to %s", code)
		}
	}
}
