package yamltree

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// slip is a mistake that the parser describes in terms of its own machinery, told in the writer's.
type slip struct {
	says    string // what the parser's message contains
	within  string // what its context contains; empty for any
	message string
	fix     string

	// begun says that the place to look at is where the unfinished thing began, not where the parser
	// gave up.
	begun bool
}

// slips are tried in order.
var slips = []slip{
	{says: "tab character", message: "a tab stands where spaces belong",
		fix: "indent with spaces: two per level"},
	{says: "could not find expected ':'", within: "simple key", message: "this line has no colon, so it is no option", begun: true,
		fix: "write `name: value`"},
	{says: "mapping values are not allowed", message: "a colon and a space begin a value where no value can begin",
		fix: "quote the value if the colon is part of it, or correct the indentation of this line"},
	{says: "unexpected end of stream", within: "quoted scalar", message: "this quote is never closed", begun: true,
		fix: "close it, on the same line if you can"},
	{says: "document indicator", within: "quoted scalar", message: "this quote is never closed", begun: true,
		fix: "close it, on the same line if you can"},
	{says: "unknown escape character", message: "a backslash in double quotes begins an escape that YAML does not know", begun: true,
		fix: "use single quotes, in which a backslash is a backslash"},
	{says: "hexadecimal number", message: "a backslash in double quotes begins an escape that is not finished", begun: true,
		fix: "use single quotes, in which a backslash is a backslash"},
	{says: "unknown anchor", message: "a value that begins with * refers to an anchor, and there is none of that name",
		fix: "quote the value if the * is part of it"},
	{says: "alphabetic or numeric", within: "alias", message: "a value that begins with * refers to an anchor, and no name follows",
		fix: "quote the value if the * is part of it"},
	{says: "alphabetic or numeric", within: "anchor", message: "a value that begins with & sets an anchor, and no name follows",
		fix: "quote the value if the & is part of it"},
	{says: "expected ',' or ']'", message: "this list is never closed with ]", begun: true,
		fix: "close it, and put commas between its items"},
	{says: "expected ',' or '}'", message: "this mapping is never closed with }", begun: true,
		fix: "close it, and put commas between its entries"},
	{says: "node content", within: "flow", message: "a list or mapping in brackets is never closed",
		fix: "close it with ] or }"},
	{says: "cannot start any token", message: "a value cannot begin with this character",
		fix: "put the value in quotes"},
	{says: "block sequence entries are not allowed", message: "a list item cannot stand here",
		fix: "begin the list on a line of its own, or correct the indentation"},
	{says: "expected '-' indicator", message: "this line does not fit the list above it",
		fix: "align it with the option that the list belongs to, or begin it with `- `"},
	{says: "expected key", message: "this line does not fit the indentation of the lines above it",
		fix: "indent the options of one cache by the same number of spaces"},
	{says: "without preceding whitespace", message: "a comment needs a space before its #",
		fix: "put a space before #, or quote the value if the # is part of it"},
	{says: "control characters", message: "the file holds a control character",
		fix: "remove it, or write it as an escape in double quotes"},
	{says: "UTF-", message: "the file is not valid UTF-8",
		fix: "save it as UTF-8"},
	{says: "depth", message: "the file is nested too deeply",
		fix: "keep the configuration of the caches in a file of its own"},
}

// translate tells an error of the parser in our words. Its own text may quote the file and is dropped.
func translate(err error, src []byte) *SyntaxError {
	e, ok := asLoadError(err)
	if !ok {
		return &SyntaxError{Line: 1, Column: 1, Message: "the file is not valid YAML"}
	}
	lines := strings.Split(strings.ReplaceAll(string(src), "\r\n", "\n"), "\n")
	if better := guess(e, lines); better != nil {
		return better
	}
	for _, s := range slips {
		if !strings.Contains(e.Message, s.says) || !strings.Contains(e.ContextMsg, s.within) {
			continue
		}
		if s.begun && e.ContextMark.Line > 0 {
			return at(e.ContextMark, s, src)
		}
		return at(e.Mark, s, src)
	}
	return at(e.Mark, slip{message: "this is not valid YAML"}, src)
}

// guess finds the cause in the lines themselves where the parser only sees its consequence.
func guess(e *yaml.LoadError, lines []string) *SyntaxError {
	number := e.Mark.Line
	if number < 1 || number > len(lines) {
		return nil
	}
	line := lines[number-1]
	text := strings.TrimLeft(line, " \t")
	indentation := line[:len(line)-len(text)]
	switch {
	case strings.Contains(e.Message, "cannot start any token") && strings.Contains(indentation, "\t"):
		return &SyntaxError{Line: number, Column: max(e.Mark.Column, 1), Message: slips[0].message, Fix: slips[0].fix}
	case strings.Contains(e.Message, "mapping values are not allowed"), strings.Contains(e.Message, "<document start>"):
		return guessColon(number, e.Mark.Column, lines)
	case !strings.Contains(e.Message, "expected key"):
		return nil
	case strings.HasPrefix(text, "- "):
		return &SyntaxError{Line: number, Column: len(indentation) + 1, Message: "a list item stands where an option belongs",
			Fix: "write `name: value`, or indent the item below the option that it belongs to"}
	case e.Mark.Column > utf8.RuneCountInString(indentation)+1:
		return &SyntaxError{Line: number, Column: e.Mark.Column, Message: "something stands behind a value that has ended",
			Fix: "remove it; inside single quotes an apostrophe is written twice"}
	}
	return nil
}

// guessColon explains a colon that cannot be: it begins a second value in its line, or the line
// belongs to the text of the line above it.
func guessColon(number, column int, lines []string) *SyntaxError {
	line := lines[number-1]
	head := string([]rune(line)[:min(max(column-1, 0), utf8.RuneCountInString(line))])
	if strings.Contains(head, ": ") {
		return nil
	}
	above := number - 1
	for above > 0 && isIdle(lines[above-1]) {
		above--
	}
	if above == 0 {
		return nil
	}
	before := strings.TrimLeft(lines[above-1], " ")
	depth := len(lines[above-1]) - len(before)
	switch {
	case !strings.Contains(before+" ", ": "):
		return &SyntaxError{Line: above, Column: depth + 1, Message: "this line has no colon with a space behind it, so it is no option",
			Fix: "write `name: value`"}
	case len(line)-len(strings.TrimLeft(line, " ")) > depth:
		return &SyntaxError{Line: number, Column: column, Message: "this line is indented deeper than the option above it, which has a value already",
			Fix: "align it with the line above"}
	}
	return nil
}

// isIdle says that a line says nothing: it is empty or a comment.
func isIdle(line string) bool {
	text := strings.TrimSpace(line)
	return text == "" || text[0] == '#'
}

func at(mark yaml.Mark, s slip, src []byte) *SyntaxError {
	line, column := mark.Line, mark.Column
	if line == 0 {
		line, column = firstBad(src)
	}
	return &SyntaxError{Line: line, Column: max(column, 1), Message: s.message, Fix: s.fix}
}

// firstBad returns the place of the first byte that cannot stand in a text file. The parser's reader
// knows no lines.
func firstBad(src []byte) (line, column int) {
	line, column = 1, 1
	for len(src) > 0 {
		r, size := utf8.DecodeRune(src)
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f {
			return line, column
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
		src = src[size:]
	}
	return 1, 1
}
