//go:build unix

package redis_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// faults is how many faults there are, F01 and so on.
const faults = 25

func TestEveryFaultHasATestAndARowOfTheTable(t *testing.T) {
	const table = "../../docs/redis.md"
	tested, listed := matches(t, `func TestF(\d\d)`, sources(t)...), matches(t, `(?m)^\| F(\d\d) \|`, table)
	for i := range faults {
		n := fmt.Sprintf("%02d", i+1)
		if !tested[n] {
			t.Errorf("there is no test TestF%s", n)
		}
		if !listed[n] {
			t.Errorf("%s has no row for F%s", table, n)
		}
		delete(listed, n)
	}
	for n := range listed {
		t.Errorf("%s has a row for F%s, which is no fault", table, n)
	}
}

// sources are the files with tests of this package.
func sources(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("tests: %v, %v", files, err)
	}
	return files
}

// matches returns what the first group of a pattern matches in files.
func matches(t *testing.T, pattern string, files ...string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = true
		}
	}
	return found
}
