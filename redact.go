package cachewright

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cachewright/cachewright/internal/redisurl"
)

var (
	// secretKey matches an option with a secret name, and its value.
	secretKey = regexp.MustCompile(`(?i)([\w-]*(?:pass|pwd|secret|token|credential|private|api_?key)[\w-]*["']?\s*[:=]\s*)\S.*$`)

	// urlKey matches an option that holds a URL, and its value.
	urlKey = regexp.MustCompile(`(?i)([\w-]*(?:url|dsn|uri)["']?\s*[:=]\s*["']?)([^\s"'{}$,][^"',{}]*)`)

	// userPart matches the part of a URL that may hold a password, up to the last @ of the line.
	userPart = regexp.MustCompile(`://[^\s/@]*:.*@|://.*@`)

	// entry matches a line that begins an entry of a mapping or of a list.
	entry = regexp.MustCompile(`^\s*(?:- +)*\{?\s*["']?[\w$.-]+["']?\s*:(?:\s|$)|^---|^\.\.\.`)

	// keyed matches the name of an entry of a mapping, wherever it stands in the line.
	keyed = regexp.MustCompile(`["']?([\w.-]+)["']?\s*:\s+["']?`)

	// address matches what of a URL stands behind the user part and is none of its secrets.
	address = regexp.MustCompile(`^(?:[\w.-]*|\[[0-9a-fA-F:.]*\])(?::\d{0,5})?(?:/\d*)?\$?\s*$`)

	// maskedQuery matches a URL with a password in its query, which is masked.
	maskedQuery = regexp.MustCompile(`^rediss?://[^@?#]*\?\w+=\*\*\*$`)

	// pemText matches a certificate or a key, which may be private, to the end of the line.
	pemText = regexp.MustCompile(pemBegins + `.*$`)

	// comment matches a comment at the end of a line.
	comment = regexp.MustCompile(`\s#.*$`)
)

// redact returns a line of a configuration file without what may be secret in it: the values of secret
// options, the user part of URLs, and the values of options that nobody here knows, except for those
// called allowed. It works on text, because a file that does not parse has lines too; what is no entry
// may be a piece of anything, and is masked as a whole.
func redact(line string, allowed ...string) string {
	if !entry.MatchString(line) {
		text := strings.TrimLeft(line, " \t")
		indentation := line[:len(line)-len(text)]
		if text == "" || text[0] == '#' {
			return indentation
		}
		return indentation + masked
	}
	return redactEntry(redactUnknown(comment.ReplaceAllString(line, ""), allowed))
}

// redactUnknown masks the values of entries that are neither public options nor allowed.
func redactUnknown(line string, allowed []string) string {
	var b strings.Builder
	for {
		key := keyed.FindStringSubmatchIndex(line)
		if key == nil {
			b.WriteString(line)
			return b.String()
		}
		name := line[key[2]:key[3]]
		b.WriteString(line[:key[1]])
		line = line[key[1]:]
		if line == "" || slices.Contains(allowed, name) || isPublic(name, line[0]) {
			continue
		}
		b.WriteString(masked)
		line = line[endOfValue(line):]
	}
}

// endOfValue returns where the value ends that a line begins with. A list or mapping takes the whole
// rest: what is nested in something unknown is unknown.
func endOfValue(line string) int {
	if i := strings.IndexAny(line, ",{}[]"); i > 0 {
		return i
	}
	return len(line)
}

// isPublic says that name is an option of ours that is not secret. A group of options is if its value,
// which begins with first, is the mapping that it should be.
func isPublic(name string, first byte) bool {
	for _, fields := range [][]field{projectFields, cacheFields, poolFields, sentinelFields, keepaliveFields} {
		if row := find(fields, name); row != nil {
			return !row.secret && (row.kind != kindGroup || first == '{')
		}
	}
	return name == "host" || name == "port" || strings.HasPrefix(name, cachePrefix) && first == '{'
}

// redactEntry masks the value of secret options in line, and the user part of URLs.
func redactEntry(line string) string {
	line = userPart.ReplaceAllString(line, "://"+masked+"@")
	line = secretKey.ReplaceAllString(line, "${1}"+masked)
	line = pemText.ReplaceAllString(line, masked)
	return urlKey.ReplaceAllStringFunc(line, func(match string) string {
		parts := urlKey.FindStringSubmatch(match)
		if i := strings.Index(parts[2], masked+"@"); i >= 0 {
			user, rest := match[:len(match)-len(parts[2])+i+len(masked)+1], parts[2][i+len(masked)+1:]
			if address.MatchString(rest) {
				return match
			}
			return user + masked
		}
		if _, rest, ok := strings.Cut(parts[2], "://"); maskedQuery.MatchString(parts[2]) || ok && address.MatchString(rest) {
			return match
		}
		return parts[1] + redisurl.Redact(strings.TrimRight(parts[2], " "))
	})
}

// redactVariable returns NAME=value without what may be secret in it.
func redactVariable(name, value string, secret bool) string {
	if secret {
		return name + "=" + masked
	}
	return redactEntry(name + "=" + strings.ReplaceAll(value, "\n", " "))
}

// mark returns where in a redacted line the offence is that stood at column of the line itself, width
// characters long. What redaction has moved is not marked but where the masking begins.
func mark(line, redacted string, column, width int) (int, int) {
	same := 0
	a, b := []rune(line), []rune(redacted)
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	length := utf8.RuneCountInString(redacted)
	if column-1 > same {
		column, width = same+1, len(masked)
	}
	if column > length+1 || column < 1 {
		return 0, 0
	}
	return column, max(1, min(width, length-column+1))
}
