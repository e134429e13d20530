package cachewright

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cachewright/cachewright/internal/redisurl"
)

// Problem is one reason why a configuration is refused.
//
// No field of it holds a secret: values of secret options are left out, and the excerpt is redacted.
type Problem struct {
	Code string `json:"code"` // stable, as CW102; [Explain] tells more

	// File is the file with the problem, relative to the folder of the configuration. It is empty for
	// a problem of the process environment or of a Config made in Go.
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`   // in File, from 1; zero if the problem is the file itself
	Column int    `json:"column,omitempty"` // in characters, from 1

	// Option is the option in the words of its source: "cache_default.timeout" in YAML,
	// "CACHE_DEFAULT__TIMEOUT" in the environment, `Config.Caches["default"].Timeout` in Go. It is
	// empty if the problem is not about an option.
	Option string `json:"option,omitempty"`

	Message string `json:"message"`        // what was read and why it is refused, without Option
	Hint    string `json:"hint,omitempty"` // what to do, as a clause
	Fix     string `json:"fix,omitempty"`  // a line that can be pasted; empty where there is no one answer

	// Excerpt is the offending line, redacted; Mark and Width are where in it the offence is, from 1
	// and in characters. Zero means that nothing is marked.
	Excerpt string `json:"excerpt,omitempty"`
	Mark    int    `json:"-"`
	Width   int    `json:"-"`

	layer int // of the source, for the order
}

// Error returns the problem on one line, as compilers and editors like it:
//
//	config.yaml:12:12: cache_default.timeout: "5 min" is not a duration; write 5m
func (p *Problem) Error() string {
	var b strings.Builder
	if at := p.Where(); at != "" {
		b.WriteString(at + ": ")
	}
	b.WriteString(p.Summary())
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// Where returns file:line:column, as far as they are known; empty if the problem is in no file.
func (p *Problem) Where() string {
	if p.File == "" || p.Line == 0 {
		return p.File
	}
	return p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Column)
}

// Summary returns the option and what is wrong with it.
func (p *Problem) Summary() string {
	if p.Option == "" {
		return p.Message
	}
	return p.Option + ": " + p.Message
}

// Format prints the problem for every verb as Error does, and for %+v over several lines, with the
// offending line, a mark under the offence, the hint and the fix:
//
//	error[CW101]: cache_default.timeout: "5 min" is not a duration
//	  --> config.yaml:12:12
//	   |
//	12 |   timeout: 5 min
//	   |            ^^^^^
//	   = help: write 5m
//	   = fix:  timeout: 5m
func (p *Problem) Format(f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('+') {
		fmt.Fprint(f, p.Report())
		return
	}
	fmt.Fprint(f, p.Error())
}

// Report returns the problem over several lines, as %+v prints it, without a line break at the end.
func (p *Problem) Report() string {
	lines := []string{"error[" + p.Code + "]: " + p.Summary()}
	number := ""
	if p.Line > 0 {
		number = strconv.Itoa(p.Line)
	}
	margin := strings.Repeat(" ", max(len(number), 1))
	switch {
	case p.File != "":
		lines = append(lines, margin+"--> "+p.Where())
	case p.Excerpt != "":
		lines = append(lines, margin+"--> environment")
	case p.Option != "":
		lines = append(lines, margin+"--> "+p.Option)
	}
	if p.Excerpt != "" {
		lines = append(lines, margin+" |", fmt.Sprintf("%*s | %s", len(margin), number, p.Excerpt))
		if p.Mark > 0 {
			lines = append(lines, margin+" | "+strings.Repeat(" ", p.Mark-1)+strings.Repeat("^", max(p.Width, 1)))
		}
	}
	if p.Hint != "" {
		lines = append(lines, margin+" = help: "+p.Hint)
	}
	if p.Fix != "" {
		lines = append(lines, margin+" = fix:  "+p.Fix)
	}
	return strings.Join(lines, "\n")
}

// Problems are all reasons why a configuration is refused, in the order of the layers, and inside a
// file from top to bottom. [Load], [Detect] and [Config.Resolve] return their errors as Problems:
//
//	if problems, ok := errors.AsType[cachewright.Problems](err); ok { ... }
type Problems []*Problem

// Error returns one line per problem.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the problems one by one.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// Report returns every problem over several lines, with an empty line between them.
func (ps Problems) Report() string {
	reports := make([]string, len(ps))
	for i, p := range ps {
		reports[i] = p.Report()
	}
	return strings.Join(reports, "\n\n")
}

// asError returns the problems in their order, or nil if there are none.
func (ps Problems) asError() error {
	if len(ps) == 0 {
		return nil
	}
	slices.SortStableFunc(ps, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.layer, b.layer), cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.CompactFunc(ps, func(a, b *Problem) bool { return *a == *b })
}

// fault is what is wrong with a value, before it is known where the value stands.
type fault struct {
	code    string
	message string
	hint    string
	value   string // the value of a pasteable fix line; empty for no such line
}

func faultf(code, hint, format string, args ...any) *fault {
	return &fault{code: code, hint: hint, message: redisurl.HideUsers(fmt.Sprintf(format, args...))}
}

// fixed returns f with the value that its fix line shows.
func (f *fault) fixed(value string) *fault {
	f.value = value
	return f
}

// oneLine shortens text, a value or a name, to what fits into a message. A URL may stand anywhere by mistake.
func oneLine(text string) string {
	const most = 60
	text = strconv.Quote(redisurl.HideUser(text))
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + `..."`
}
