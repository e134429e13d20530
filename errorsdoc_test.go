package cachewright

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

const errorsPage = "docs/errors.md"

// codeOfProblem finds the codes in the report of problems.
var codeOfProblem = regexp.MustCompile(`(?m)^error\[(CW\d{3})\]`)

const errorsIntroduction = `<!-- Made from the table of codes by go test . -update. Do not edit. -->

# Errors and findings

Every problem and every finding carries a code that stays the same in all versions. This page tells what the codes mean;
` + "`cachewright explain CW101`" + ` tells the same on the command line.
`

// errorChapters are the chapters of the page, by the first digit of their codes.
var errorChapters = []struct{ digit, title, doc string }{
	{"0", "Files, names and variables", "The configuration is refused before its values are looked at."},
	{"1", "Values", "The configuration is refused for one value."},
	{"2", "Contradictions", "Every value is right by itself; together they are refused."},
	{"3", "Findings", "Advice: the configuration is valid and runs. A comment `# cachewright: ignore=CW301` in the line, or in one of its own above it, switches a finding off; " +
		"followed by an empty line it does so for the whole configuration. `--strict` makes findings the exit code 1."},
	{"5", "Operation", "What `check` says about a cache that is configured well and does not work."},
}

// errorsMarkdown writes the page of all codes.
func errorsMarkdown() []byte {
	var b bytes.Buffer
	b.WriteString(errorsIntroduction)
	for _, chapter := range errorChapters {
		fmt.Fprintf(&b, "\n| [%s](#%s) | |\n|---|---|\n", chapter.title, anchor(chapter.title))
		for _, e := range explanationsWith(chapter.digit) {
			fmt.Fprintf(&b, "| [%s](#%s) | %s |\n", e.Code, anchor(e.Code), e.Title)
		}
	}
	for _, chapter := range errorChapters {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", chapter.title, markdownText(chapter.doc))
		for _, e := range explanationsWith(chapter.digit) {
			writeExplanation(&b, e)
		}
	}
	return b.Bytes()
}

// explanationsWith returns the explanations whose codes begin with CW and a digit.
func explanationsWith(digit string) []Explanation {
	var all []Explanation
	for _, code := range Codes() {
		if e, ok := Explain(code); ok && strings.HasPrefix(code, "CW"+digit) {
			all = append(all, e)
		}
	}
	return all
}

func writeExplanation(b *bytes.Buffer, e Explanation) {
	fmt.Fprintf(b, "\n### %s\n\n**%s**\n\n%s\n", e.Code, capital(e.Title), markdownText(e.Meaning))
	if e.Example != "" {
		language := "yaml"
		if variableLine.MatchString(e.Example) {
			language = "sh"
		}
		fmt.Fprintf(b, "\n```%s\n%s\n```\n", language, e.Example)
	}
	fmt.Fprintf(b, "\nFix: %s\n", markdownText(e.Fix))
}

// placeholder is what Markdown takes for a tag.
var placeholder = regexp.MustCompile(`[\w.${]*<[\w]+>[\w.<>]*`)

// markdownText protects what Markdown would take for something else.
func markdownText(text string) string {
	if strings.Contains(text, "`") {
		return text // written as Markdown
	}
	return placeholder.ReplaceAllString(text, "`$0`")
}

func capital(text string) string {
	if strings.HasPrefix(text, "max_") || strings.HasPrefix(text, "${") {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func TestErrorsPageIsUpToDate(t *testing.T) {
	comparePage(t, errorsPage, errorsMarkdown())
}

func TestErrorsPageHasEveryCode(t *testing.T) {
	page := errorsMarkdown()
	for _, code := range Codes() {
		if bytes.Count(page, []byte("\n### "+code+"\n")) != 1 {
			t.Errorf("%s is not on the page once", code)
		}
	}
}
