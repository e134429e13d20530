package store

import "strings"

// Match reports whether s matches the Redis glob pattern: * for any run of bytes, ? for one byte,
// [abc], [a-z] and [^a] for one byte out of a set, \x for a literal x. It works on bytes, as the
// server does (stringmatchlen in Redis' util.c), so that a pattern means the same on every backend.
func Match(pattern, s string) bool {
	// A star is answered by remembering where it stood and how much it has swallowed: on a mismatch
	// the latest star takes one more byte. That is linear in practice and never exponential.
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		if p < len(pattern) {
			if pattern[p] == '*' {
				star, mark = p, i
				p++
				continue
			}
			if next, ok := matchOne(pattern, p, s[i]); ok {
				p = next
				i++
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		p, i = star+1, mark
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchOne matches the single-byte element of pattern at p against c and returns where the next
// element begins.
func matchOne(pattern string, p int, c byte) (next int, ok bool) {
	switch pattern[p] {
	case '?':
		return p + 1, true
	case '[':
		return matchSet(pattern, p+1, c)
	case '\\':
		if p+1 < len(pattern) {
			p++
		}
	}
	return p + 1, pattern[p] == c
}

// matchSet matches the set that begins at p, behind its bracket. A set that is not closed ends with
// the pattern, as on the server.
func matchSet(pattern string, p int, c byte) (next int, ok bool) {
	negated := p < len(pattern) && pattern[p] == '^'
	if negated {
		p++
	}
	for ; p < len(pattern) && pattern[p] != ']'; p++ {
		switch {
		case pattern[p] == '\\' && p+1 < len(pattern):
			p++
			ok = ok || pattern[p] == c
		case p+2 < len(pattern) && pattern[p+1] == '-':
			low, high := pattern[p], pattern[p+2]
			if low > high {
				low, high = high, low
			}
			ok = ok || low <= c && c <= high
			p += 2
		default:
			ok = ok || pattern[p] == c
		}
	}
	if p < len(pattern) {
		p++
	}
	return p, ok != negated
}

// EscapePattern returns a pattern that matches exactly s.
func EscapePattern(s string) string {
	if !strings.ContainsAny(s, `*?[]\^-`) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(`*?[]\^-`, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
