package main

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cachewright/cachewright/internal/redisurl"
)

// maxDiff is how many lines a difference may have: it is to say what is stale, not to be applied.
const maxDiff = 20

// settingsDiff returns the lines of there that are gone in want, marked with a minus, and those that are
// new, marked with a plus, in their order and with secrets masked.
func settingsDiff(there, want []byte) []byte {
	var b bytes.Buffer
	changes := changedLines(settingsLines(there), settingsLines(want))
	for i, line := range changes {
		if i == maxDiff {
			fmt.Fprintf(&b, "... and %d more lines\n", len(changes)-maxDiff)
			break
		}
		b.WriteString(line + "\n")
	}
	return b.Bytes()
}

// settingsLines are the lines of settings with what may be shown of them.
func settingsLines(text []byte) []settingsLine {
	var lines []settingsLine
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		lines = append(lines, settingsLine{line, maskSettings(line)})
	}
	return lines
}

type settingsLine struct {
	text   string
	masked string
}

// changedLines returns what a longest common subsequence of both leaves, with marks.
func changedLines(there, want []settingsLine) []string {
	common := 0
	for common < min(len(there), len(want)) && there[common] == want[common] {
		common++
	}
	there, want = there[common:], want[common:]
	// length[i][j] is that of the longest common subsequence of there[i:] and want[j:].
	length := make([][]int, len(there)+1)
	for i := range length {
		length[i] = make([]int, len(want)+1)
	}
	for i := len(there) - 1; i >= 0; i-- {
		for j := len(want) - 1; j >= 0; j-- {
			if there[i] == want[j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	var changes []string
	for i, j := 0, 0; i < len(there) || j < len(want); {
		switch {
		case i < len(there) && j < len(want) && there[i] == want[j]:
			i, j = i+1, j+1
		case j == len(want) || i < len(there) && length[i+1][j] >= length[i][j+1]:
			changes = append(changes, "-"+there[i].masked)
			i++
		default:
			changes = append(changes, "+"+want[j].masked)
			j++
		}
	}
	return changes
}

// harmless are the options of settings whose text is no secret.
var harmless = []string{
	"BACKEND", "KEY_PREFIX", "CLIENT_CLASS", "CONNECTION_FACTORY", "SERIALIZER", "COMPRESSOR",
	"DJANGO_REDIS_CONNECTION_FACTORY", "SESSION_ENGINE", "SESSION_CACHE_ALIAS",
	"pool_class", "service_name", "client_name",
	"ssl_ca_certs", "ssl_cert_reqs", "ssl_certfile", "ssl_keyfile",
}

// notShown stands for a line that may hold anything: somebody may have edited the file.
const notShown = " (a line that is not shown)"

// The lines of settings that are known to be harmless, and the parts of the others.
var (
	plainLine  = regexp.MustCompile(`^(# (source|environment|command|variables|warning):.*|#|#  {9}.*|import \w+|from [\w.]+ import \w+|)$`)
	optionName = regexp.MustCompile(`^\s*(?:"(\w+)": |(\w+) = )`)
	pythonText = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	lookup     = regexp.MustCompile(`(?:os\.environ\[|os\.environ\.get\(|hasattr\(socket, |os\.path\.dirname\(__file__\), )$`)
	pythonWord = regexp.MustCompile(`^(?:[\s{}()\[\],:+0-9.-]|os\.environ|os\.path|abspath|join|dirname|__file__|get|or|if|else|hasattr|None|True|False|socket(?:\.TCP_[A-Z]+)?|_sentinel_url|Sentinel|sentinel_kwargs=)*$`)
)

// maskSettings returns a line of settings without what may be a secret in it.
func maskSettings(line string) string {
	if plainLine.MatchString(line) {
		return line
	}
	name, value := "", line
	if m := optionName.FindStringSubmatch(line); m != nil {
		name, value = m[1]+m[2], line[len(m[0]):]
	}
	var b strings.Builder
	b.WriteString(line[:len(line)-len(value)])
	end := 0
	for _, at := range append(pythonText.FindAllStringIndex(value, -1), []int{len(value), len(value)}) {
		between, text := value[end:at[0]], value[at[0]:at[1]]
		if !pythonWord.MatchString(between) {
			return notShown
		}
		b.WriteString(between)
		if text != "" && !slices.Contains(harmless, name) && !lookup.MatchString(between) {
			text = maskText(text)
		}
		b.WriteString(text)
		end = at[1]
	}
	return b.String()
}

// maskText masks a text of Python; of a URL only what may be secret.
func maskText(literal string) string {
	text := strings.Trim(literal, `"`)
	if strings.Contains(text, "://") {
		return strconv.Quote(redisurl.Redact(text))
	}
	return `"***"`
}
