package cachewright

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// silences are the findings that comments in the files switch off:
//
//	redis_url: redis://cache.internal:6379/0   # cachewright: ignore=CW301
//
// A comment counts for the options of its line; on a line of its own for those of the line below; and
// with an empty line below it, or at the end of the file, for the whole configuration.
type silences struct {
	everywhere []string
	lines      map[string][]string // codes by "config.yaml:3"
}

var ignoreComment = regexp.MustCompile(`(^|\s)#\s*cachewright:\s*ignore\s*=\s*([A-Z0-9]+(?:\s*,\s*[A-Z0-9]+)*)`)

func (s *silences) read(src *source) {
	if s.lines == nil {
		s.lines = map[string][]string{}
	}
	for i, line := range src.lines {
		if !strings.Contains(line, "cachewright:") {
			continue // the usual line, answered without the expression
		}
		match := ignoreComment.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		codes := strings.FieldsFunc(match[2], func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
		number := i + 1
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			number = below(src, number)
		}
		if number == 0 {
			s.everywhere = append(s.everywhere, codes...)
			continue
		}
		key := src.name + ":" + strconv.Itoa(number)
		s.lines[key] = append(s.lines[key], codes...)
	}
}

// below returns the line that a comment on a line of its own speaks about, or zero for all of them.
func below(src *source, number int) int {
	for number++; number <= len(src.lines); number++ {
		text := strings.TrimSpace(src.line(number))
		if text == "" {
			return 0
		}
		if text[0] != '#' {
			return number
		}
	}
	return 0
}

// silenced says whether a finding is switched off, at its own line or at that of its cache.
func (s silences) silenced(f Finding, cache place) bool {
	if slices.Contains(s.everywhere, f.Code) {
		return true
	}
	for _, at := range []string{f.Origin, cache.origin()} {
		parts := strings.Split(at, ":")
		if len(parts) >= 2 && slices.Contains(s.lines[parts[0]+":"+parts[1]], f.Code) {
			return true
		}
	}
	return false
}
