package cachewright

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// group is a mapping of options: a chapter of the reference.
type group struct {
	path     []string // of the mapping in a file
	prefix   string   // of the options' names in the reference
	variable string   // prefix of the options' variables; empty for none
	goType   string   // of the struct that the options fill
	title    string
	doc      string
	fields   []field
}

var groups = []group{
	{goType: "Config", title: "The project", fields: projectFields,
		doc: "These options stand at the top of the file. Entries at the top that have other names belong to the application and are left alone."},
	{path: []string{"cache_api"}, prefix: "cache_<alias>.", variable: "CACHE_<ALIAS>__", goType: "CacheConfig", title: "A cache", fields: cacheFields,
		doc: "A cache is a mapping at the top of the file, called `cache_` and its alias: lower-case letters, digits and single underscores. " +
			"`cache_default` is always there. `cache_sessions` is for sessions, which last two weeks unless its `timeout` says otherwise; it refuses what would lose them: the backend `dummy`, and a timeout of `0` or `never`."},
	{path: []string{"cache_api", poolName}, prefix: poolName + ".", variable: "CACHE_<ALIAS>__CONNECTION_POOL_KWARGS__", goType: "PoolOptions",
		title: "Connections to Redis", fields: poolFields,
		doc: "These options stand below `connection_pool_kwargs` of a cache. They mean something to the backend `redis` only. " +
			"Django's settings have them in `CONNECTION_POOL_KWARGS`, under the same names unless the option says otherwise; defaults are not written there, so that those of redis-py hold."},
	{path: []string{"cache_api", poolName, "socket_keepalive_options"}, prefix: "socket_keepalive_options.", goType: "redis.KeepaliveOptions",
		title: "TCP keep-alive", fields: keepaliveFields,
		doc: "These options stand below `socket_keepalive_options` of `connection_pool_kwargs`. The variable `CACHE_<ALIAS>__CONNECTION_POOL_KWARGS__SOCKET_KEEPALIVE_OPTIONS` holds all three, as `{idle: 30, interval: 5, count: 3}`."},
	{path: []string{"cache_api", poolName, "sentinel_kwargs"}, prefix: "sentinel_kwargs.", variable: "CACHE_<ALIAS>__CONNECTION_POOL_KWARGS__SENTINEL_KWARGS__",
		goType: "redis.SentinelOptions", title: "Connections to Sentinels", fields: sentinelFields,
		doc: "These options stand below `sentinel_kwargs` of `connection_pool_kwargs`. Django's settings have them in `SENTINEL_KWARGS`, under the same names unless the option says otherwise. " +
			"What is not written here about time and TLS is as for the data connections; user and password never are."},
}

const optionsPage = "docs/options.md"

const optionsIntroduction = `<!-- Made from the table of options by go test . -update. Do not edit. -->

# Options

Every option of ` + "`config.yaml`" + `, of ` + "`config.<environment>.yaml`" + ` over it, and of the variables over both. ` + "`cachewright plan`" + ` shows the
value that each has in a project, and where it comes from; ` + "`cachewright schema`" + ` has editors complete and check them.

- A value may hold variables: ` + "`${NAME}`, `${NAME:-default}`, `${NAME:?message}`. `$${`" + ` stands for the characters ` + "`${`" + `.
- ` + "`null`" + ` takes back what a weaker layer says; for ` + "`timeout`" + ` it means that values have no end. For
  ` + "`socket_timeout`" + ` and ` + "`socket_connect_timeout`" + `, where it means no end to redis-py, it is refused.
- Durations are seconds, or numbers with the units ` + "`w`, `d`, `h`, `m`, `s`" + ` and, for waits, ` + "`ms`: `300`, `5m`, `1h30m`, `0.5`, `500ms`" + `.
- What an option is in Django is told in the names of django-redis.
- An option that a backend does not know is no error: ` + "`check`" + ` tells of it with [CW320](errors.md#cw320).
`

// optionsMarkdown writes the reference of all options.
func optionsMarkdown() []byte {
	var b bytes.Buffer
	b.WriteString(optionsIntroduction)
	for _, g := range groups {
		g.writeIndex(&b)
	}
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", g.title, g.doc)
		for i := range g.fields {
			g.writeOption(&b, &g.fields[i])
		}
	}
	return b.Bytes()
}

func (g group) writeIndex(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n| [%s](#%s) | default | |\n|---|---|---|\n", g.title, anchor(g.title))
	for i := range g.fields {
		f := &g.fields[i]
		fmt.Fprintf(b, "| [`%s`](#%s) | %s | %s |\n", f.name, anchor(g.prefix+f.name), f.defaultText(), f.doc)
	}
}

func (g group) writeOption(b *bytes.Buffer, f *field) {
	fmt.Fprintf(b, "\n### `%s%s`\n\n%s\n\n", g.prefix, f.name, f.doc)
	for _, fact := range f.facts() {
		fmt.Fprintf(b, "- %s: %s\n", fact.label, fact.text)
	}
	if variables := g.variablesOf(f); len(variables) > 0 {
		fmt.Fprintf(b, "- Variable: `%s`\n", strings.Join(variables, "`, `"))
	}
	if f.goName != "" {
		fmt.Fprintf(b, "- In Go: `%s.%s`\n", g.goType, f.goName)
	}
	fmt.Fprintf(b, "- Example: `%s: %s`\n", f.name, f.example)
}

// variablesOf returns the variables that set the option, the strongest first.
func (g group) variablesOf(f *field) []string {
	switch {
	case f.name == "environment":
		return environmentVariables
	case f.env != "":
		return []string{f.env}
	case g.variable != "":
		return []string{g.variable + strings.ToUpper(f.name)}
	}
	return nil
}

// anchor is the name that a heading has in a link.
func anchor(title string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-', r == '_', r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, strings.ToLower(title))
}

func TestOptionsPageIsUpToDate(t *testing.T) {
	comparePage(t, optionsPage, optionsMarkdown())
}

// comparePage compares a page with what it is made from, or makes it.
func comparePage(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is stale: run with -update and read the diff (-table +page):\n%s", path, diff)
	}
}

func TestEveryOptionIsInTheReferenceAndInTheSchema(t *testing.T) {
	page, err := os.ReadFile(optionsPage)
	if err != nil {
		t.Fatal(err)
	}
	s := compiled(t)
	for _, g := range groups {
		for _, f := range g.fields {
			if heading := "\n### `" + g.prefix + f.name + "`\n"; !bytes.Contains(page, []byte(heading)) {
				t.Errorf("%s has no %s%s", optionsPage, g.prefix, f.name)
			}
			if text := g.wrap(f.name + ": ${NAME}"); f.kind != kindGroup && f.kind != kindKeepalive && verdict(t, s, []byte(text)) != nil {
				t.Errorf("the schema takes no variable for it:\n%s", text)
			}
			if text := g.wrap(f.name + ": null"); (verdict(t, s, []byte(text)) == nil) == f.endless {
				t.Errorf("the schema takes null for it, or not, as it should not:\n%s", text)
			}
			if text := g.wrap("no_" + f.name + ": 1"); len(g.path) > 0 && verdict(t, s, []byte(text)) == nil {
				t.Errorf("the schema takes what is no option:\n%s", text)
			}
		}
	}
}

func TestEveryOptionSaysWhatTheReferenceNeeds(t *testing.T) {
	for _, g := range groups {
		for i := range g.fields {
			f := &g.fields[i]
			name := g.prefix + f.name
			if f.unset == "" && f.preset == "" {
				t.Errorf("%s does not say what holds without it", name)
			}
			if f.kind == kindInt && f.unit == "" {
				t.Errorf("%s does not say what it counts", name)
			}
			if isOwn := g.goType == "Config" || g.goType == "CacheConfig"; isOwn && f.django == "" {
				t.Errorf("%s does not say what it is in Django", name)
			}
			for backend, text := range f.effects {
				if text == "" || f.backend != "" && !strings.Contains(f.backend, backend) {
					t.Errorf("%s: effect on %s is empty, or on a backend that does not know it", name, backend)
				}
			}
			for _, text := range []string{f.doc, f.unset, f.special, f.django} {
				if strings.Count(text, "`")%2 != 0 || strings.ContainsAny(text, "\n|") {
					t.Errorf("%s: %q does not fit into a line of a table", name, text)
				}
			}
		}
	}
}

func TestEveryCodeOfABadConfigurationIsOnTheErrorsPage(t *testing.T) {
	page, err := os.ReadFile(errorsPage)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range glob(t, "testdata/bad/*.txtar") {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			for _, code := range codeOfProblem.FindAllSubmatch(f.Data, -1) {
				if !bytes.Contains(page, []byte("\n### "+string(code[1])+"\n")) {
					t.Errorf("%s: %s has no %s", path, errorsPage, code[1])
				}
			}
		}
	}
}
