package lint

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// page is one Markdown file.
type page struct {
	path   string // relative to the module, with slashes
	text   string // without the contents of code blocks, so that nothing in them counts as a link or a heading
	blocks []block
}

// block is one fenced block of code.
type block struct {
	language string
	line     int // of the fence
	code     []string
}

// pages reads every Markdown file of the repository but those below testdata and in other modules.
func pages(t *testing.T) []page {
	t.Helper()
	var all []page
	err := filepath.WalkDir("../..", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "testdata" || strings.HasPrefix(name, ".") && file != "../.." || file != "../.." && hasModule(file) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(file) != ".md" {
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel("../..", file)
		all = append(all, newPage(filepath.ToSlash(rel), string(text)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("found %d pages: the rules would pass on nothing", len(all))
	}
	return all
}

var fence = regexp.MustCompile("^\\s*```(\\w*)")

func newPage(name, text string) page {
	p := page{path: name}
	var prose strings.Builder
	var open *block
	for i, line := range strings.Split(text, "\n") {
		m := fence.FindStringSubmatch(line)
		switch {
		case open != nil && m != nil:
			p.blocks = append(p.blocks, *open)
			open = nil
		case open != nil:
			open.code = append(open.code, line)
		case m != nil:
			open = &block{language: m[1], line: i + 1}
		default:
			prose.WriteString(line)
		}
		prose.WriteByte('\n')
	}
	p.text = prose.String()
	return p
}

var (
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading  = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	codeSpan = regexp.MustCompile("`[^`\n]*`")
)

// anchors are the names that the headings of p have in links, as GitHub makes them.
func (p page) anchors() []string {
	var all []string
	for _, m := range heading.FindAllStringSubmatch(p.text, -1) {
		name := anchor(m[1])
		for i := 1; slices.Contains(all, name); i++ {
			name = fmt.Sprintf("%s-%d", anchor(m[1]), i)
		}
		all = append(all, name)
	}
	return all
}

func anchor(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', r >= 'a' && r <= 'z', r >= '0' && r <= '9', r > 127:
			return r
		}
		return -1
	}, strings.ToLower(title))
}

func TestLinksResolve(t *testing.T) {
	all := pages(t)
	for _, p := range all {
		prose := codeSpan.ReplaceAllString(p.text, "")
		for _, m := range link.FindAllStringSubmatch(prose, -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			file, name, _ := strings.Cut(m[1], "#")
			target := p.path
			if file != "" {
				target = path.Join(path.Dir(p.path), file)
			}
			_, err := os.Stat("../../" + target)
			if err != nil {
				t.Errorf("%s links to %s, which is not there", p.path, m[1])
				continue
			}
			i := slices.IndexFunc(all, func(other page) bool { return other.path == target })
			if name != "" && (i < 0 || !slices.Contains(all[i].anchors(), name)) {
				t.Errorf("%s links to %s: no heading there has that name", p.path, m[1])
			}
		}
	}
}

func TestEveryPageIsReachedFromTheReadme(t *testing.T) {
	all := pages(t)
	reached := map[string]bool{}
	var follow func(string)
	follow = func(name string) {
		i := slices.IndexFunc(all, func(p page) bool { return p.path == name })
		if reached[name] || i < 0 {
			return
		}
		reached[name] = true
		for _, m := range link.FindAllStringSubmatch(all[i].text, -1) {
			file, _, _ := strings.Cut(m[1], "#")
			target := path.Join(path.Dir(name), file)
			follow(target)
			follow(path.Join(target, "README.md"))
		}
	}
	follow("README.md")
	for _, p := range all {
		if !reached[p.path] {
			t.Errorf("%s: no way of links leads from README.md to it, so nobody finds it", p.path)
		}
	}
}

func TestEveryExampleIsOnAPage(t *testing.T) {
	all := pages(t)
	for _, s := range sources(t) {
		isNamed := func(p page) bool { return strings.Contains(p.text, s.dir) }
		if strings.HasPrefix(s.dir, "examples/") && !slices.ContainsFunc(all, isNamed) {
			t.Errorf("%s: no page tells anybody to start it", s.dir)
		}
	}
}

// generated are pages whose code another test checks: internal/cases compiles and runs what stands in them.
var generated = []string{"docs/cache-models.md"}

func TestEveryGoBlockIsCutFromCodeThatCompiles(t *testing.T) {
	code := goText(t)
	for _, p := range pages(t) {
		if slices.Contains(generated, p.path) {
			continue
		}
		for _, b := range p.blocks {
			if b.language == "go" && !strings.Contains(code, "\n"+dense(b.code)) {
				t.Errorf("%s:%d: this Go is in no file of the repository; cut it from an Example or from a program "+
					"in examples/, so that it compiles and goes on doing so", p.path, b.line)
			}
		}
	}
}

// goText is every Go file of the module, without indentation and empty lines.
func goText(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	all.WriteByte('\n')
	for _, s := range sources(t) {
		for file := range s.files {
			text, err := os.ReadFile("../../" + file)
			if err != nil {
				t.Fatal(err)
			}
			all.WriteString(dense(strings.Split(string(text), "\n")))
		}
	}
	return all.String()
}

// dense joins lines without their indentation, and leaves empty ones out.
func dense(lines []string) string {
	var b bytes.Buffer
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
