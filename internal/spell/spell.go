// Package spell finds the name that somebody meant.
package spell

import "strings"

// Near returns the name closest to word within distance two, or one for words of up to four letters.
// Case, and the difference between - and _, count nothing. Of equally close names it prefers one that
// begins like word, then one of its length, then the first in names. Ok is false if no name is close.
func Near(word string, names []string) (name string, ok bool) {
	folded := fold(word)
	limit := 2
	if len(folded) <= 4 {
		limit = 1
	}
	best := score{distance: limit + 1}
	for _, candidate := range names {
		other := fold(candidate)
		if abs(len(other)-len(folded)) > limit {
			continue
		}
		s := score{
			distance:    Distance(folded, other),
			otherStart:  len(folded) == 0 || len(other) == 0 || folded[0] != other[0],
			otherLength: len(folded) != len(other),
		}
		if s.distance <= limit && s.less(best) {
			best, name, ok = s, candidate, true
		}
	}
	return name, ok
}

// score orders candidates.
type score struct {
	distance    int
	otherStart  bool
	otherLength bool
}

func (s score) less(t score) bool {
	switch {
	case s.distance != t.distance:
		return s.distance < t.distance
	case s.otherStart != t.otherStart:
		return !s.otherStart
	}
	return !s.otherLength && t.otherLength
}

func fold(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "_") }

// Distance returns how many edits turn a into b: a byte inserted, removed or replaced, or two
// neighbours swapped, no part of it twice (the optimal string alignment distance).
func Distance(a, b string) int {
	before := make([]int, len(b)+1) // the row above the row above
	above := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(b)]
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
