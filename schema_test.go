package cachewright

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cachewright/cachewright/internal/yamltree"
)

// compiled is the schema, checked against the one of draft-07 itself.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.schema.json", document); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if s.DraftVersion != 7 {
		t.Errorf("draft %d, want 7, which editors know", s.DraftVersion)
	}
	return s
}

// verdict validates the text of a file as an editor does.
func verdict(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	root, err := yamltree.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if root == nil {
		return s.Validate(nil)
	}
	return s.Validate(asEditor(root))
}

var (
	coreInt   = regexp.MustCompile(`^[-+]?[0-9]+$`)
	coreOther = regexp.MustCompile(`^0(o[0-7]+|x[0-9a-fA-F]+)$`)
	coreFloat = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)
	coreWords = map[string]any{
		"": nil, "~": nil, "null": nil, "Null": nil, "NULL": nil,
		"true": true, "True": true, "TRUE": true, "false": false, "False": false, "FALSE": false,
		".inf": json.Number("1e999"), "-.inf": json.Number("-1e999"),
	}
)

// asEditor gives a node the value that editors see, by the core schema of YAML 1.2: quotes, the notation
// of numbers and the difference between null and nothing are lost on the way.
func asEditor(n *yamltree.Node) any {
	switch n.Kind() {
	case yamltree.Mapping:
		entries := map[string]any{}
		for _, f := range n.Fields() {
			entries[f.Key.Text()] = asEditor(f.Value)
		}
		return entries
	case yamltree.List:
		items := []any{}
		for _, item := range n.Items() {
			items = append(items, asEditor(item))
		}
		return items
	}
	text := n.Text()
	if word, ok := coreWords[text]; ok && !n.Quoted() {
		return word
	}
	switch {
	case n.Quoted():
		return text
	case coreInt.MatchString(text):
		return json.Number(withoutZeros(text))
	case coreOther.MatchString(text):
		number, _ := strconv.ParseInt(text, 0, 64)
		return json.Number(strconv.FormatInt(number, 10))
	case coreFloat.MatchString(text):
		number, _ := strconv.ParseFloat(text, 64)
		return json.Number(strconv.FormatFloat(number, 'g', -1, 64))
	}
	return text
}

// withoutZeros writes the digits of a number as JSON has them.
func withoutZeros(text string) string {
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign = "-"
	}
	digits := strings.TrimLeft(strings.TrimLeft(text, "+-"), "0")
	if digits == "" {
		digits = "0"
	}
	return sign + digits
}

// configurations returns the YAML files of an archive.
func configurations(t *testing.T, path string) []txtar.File {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var files []txtar.File
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, "config") && strings.HasSuffix(f.Name, ".yaml") {
			files = append(files, f)
		}
	}
	return files
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("nothing matches %s (%v)", pattern, err)
	}
	return paths
}

func TestSchemaTakesEveryExample(t *testing.T) {
	s := compiled(t)
	check := func(name string, text []byte) {
		if err := verdict(t, s, text); err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	for _, pattern := range []string{"testdata/good/*.txtar", "internal/cases/testdata/*.txtar"} {
		for _, path := range glob(t, pattern) {
			for _, f := range configurations(t, path) {
				check(path+": "+f.Name, f.Data)
			}
		}
	}
	for _, path := range glob(t, "examples/*/config*.yaml") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		check(path, text)
	}
	for _, e := range findingCodes {
		if !variableLine.MatchString(e.Example) {
			check("the example of "+e.Code, []byte(e.Example))
		}
	}
}

// What init writes is valid, and so is every option that it has switched off.
func TestSchemaTakesWhatInitWrites(t *testing.T) {
	const script = "cmd/cachewright/testdata/script/init.txtar"
	archive, err := txtar.ParseFile(script)
	if err != nil {
		t.Fatal(err)
	}
	s, found := compiled(t), false
	for _, f := range archive.Files {
		if f.Name != "plain.yaml" {
			continue
		}
		found = true
		switchedOn := regexp.MustCompile(`(?m)^#([a-z]|  [a-z])`).ReplaceAll(f.Data, []byte("$1"))
		for _, text := range [][]byte{f.Data, switchedOn} {
			if err := verdict(t, s, text); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		}
		if err := verdict(t, s, bytes.Replace(switchedOn, []byte("timeout: 10m"), []byte("timeout: 10 min"), 1)); err == nil {
			t.Error("nothing of it is checked")
		}
	}
	if !found {
		t.Errorf("%s holds no plain.yaml", script)
	}
}

// samples are values of all kinds, plain and not, of which each option takes some.
var samples = []string{
	"0", "1", "2", "3", "+5", "50", "300", "1024", "6379", "65535", "86400", "2147483647", "0.5", "1.2", "1.3", "15.25", "771", "772",
	"5s", "5m", "1h30m", "1w2d", "500ms", "2000ms", "0ms", "0s", "never", "Forever", "none", "null", "~",
	"64MiB", "64 MB", "1k", "2G", "512b",
	"true", "True", "false", "yes", "OFF", "on", "No",
	"redis", "memory", "strict", "native", "json", "raise", "required", "TLSv1.2", "tlsv1_3", "1_2", "TLSv771",
	"shop", "My Shop", `"123"`, `"2026-01-01"`, `""`, "/var/cache", "über", "production", " dev ",
	"redis://localhost", "redis://localhost:6379/0", "rediss://:p%23w@[::1]:6380/1", "redis://ann:a@b:c$d@h.example.com?db=3", "redis://h/?",
	"${NAME}", `"${NAME}"`, "${NAME:-300}", "redis://${HOST}:6379/0", "a$${b}",
	"node1", "node1:6379", "node1:", "[::1]:7000", "::1", `"a:1, b:2"`,
	"[node1]", "[node1, \"[::1]:7000\"]", "[[node1, 6379]]", "[{host: node1}]", "[{host: node1, port: 6379}, {host: \"${HOST}\", port: \"${PORT}\"}]",
	"{idle: 30, interval: 5s, count: 3}", "{1: 1, 2: 1, 3: 3}", "{TCP_KEEPIDLE: 4, socket.TCP_KEEPCNT: 3}", "{}",
}

// An editor that marks what works would teach people to ignore it.
func TestSchemaTakesEveryValueThatTheLoaderTakes(t *testing.T) {
	s := compiled(t)
	lookup := newVariables([]string{"NAME=node1", "HOST=node1", "PORT=1"})
	taken := 0
	for _, g := range groups {
		for i := range g.fields {
			f := &g.fields[i]
			for _, sample := range samples {
				text := g.wrap(f.name + ": " + sample)
				if !loads(t, f, text, lookup) {
					continue
				}
				taken++
				if err := verdict(t, s, []byte(text)); err != nil {
					t.Errorf("%v\n%s", err, text)
				}
			}
		}
	}
	if taken < 10*len(samples) {
		t.Errorf("only %d values were taken: the test tests nothing", taken)
	}
}

// wrap puts an option of the group where it belongs.
func (g group) wrap(line string) string {
	for i := len(g.path) - 1; i >= 0; i-- {
		line = g.path[i] + ":\n  " + strings.ReplaceAll(line, "\n", "\n  ")
	}
	return line + "\n"
}

// loads says whether the loader takes the option f of a file. What the variables of this test hold does
// not count: they stand where variables may.
func loads(t *testing.T, f *field, text string, lookup *variables) bool {
	t.Helper()
	j := &journal{}
	settings, _ := readDocument(j, newSource(layerBase, defaultFile, "/", []byte(text)), []byte(text), false)
	d := decoder{journal: j, variables: lookup, written: &provenance{dir: "/"}}
	for _, s := range settings {
		if s.field == nil || s.reset {
			continue
		}
		value, _, bad := d.value(s)
		if isTemplate := strings.Contains(s.text, "${") && s.field.kind != kindKeepalive; bad != nil && !isTemplate {
			return false
		}
		if bad == nil && f.name == "environment" && !isEnvironment(value) {
			return false
		}
	}
	return len(j.problems) == 0
}

// isEnvironment says whether a text has the form of an environment's name.
func isEnvironment(name any) bool {
	text, _ := name.(string)
	_, bad := canonical(text, func(string) bool { return true })
	return bad == nil
}

// unseenCodes are the codes of problems that no schema can see in one file, and why.
var unseenCodes = map[string]string{
	"CW003": "a file that is no YAML has no values to check; editors say so by themselves",
	"CW005": "of an entry that is there twice, values show one; editors say so by themselves",
	"CW007": ".env is another file",
	"CW011": "entries at the top that are not ours belong to the application",
	"CW014": "variables are not in the file",
	"CW020": "what stands in ${...} is not looked at",
	"CW021": "variables are not in the file",
	"CW030": "a name that is close to another is a name",
	"CW032": "the name of the file is not in it",
	"CW201": "the URL may be in another file, or in a variable",
	"CW202": "options are compared with each other after all files are read",
	"CW203": "options are compared with each other after all files are read",
	"CW204": "options are compared with each other after all files are read",
	"CW205": "options are compared with each other after all files are read",
	"CW206": "whether it is under testing is not in the file",
	"CW207": "another file may give sessions an age",
	"CW208": "the option is good for every other cache",
	"CW210": "options are compared with each other after all files are read",
	"CW212": "directories are not in the file",
	"CW214": "options are compared with each other after all files are read",
	"CW216": "options are compared with each other after all files are read",
	"CW218": "options are compared with each other after all files are read",
	"CW219": "options are compared with each other after all files are read",
	"CW220": "options are compared with each other after all files are read",
	"CW221": "options are compared with each other after all files are read",
}

// unseenCases are single cases of codes that the schema sees elsewhere, and why it does not here.
var unseenCases = map[string]string{
	"environment-flag-and-file-disagree":  "variables are not in the file",
	"node-with-empty-port":                "variables are not in the file",
	"variable-empty":                      "variables are not in the file",
	"variable-holds-a-bad-url":            "variables are not in the file",
	"variable-in-quoted-text-of-a-number": "variables are not in the file",
	"variable-of-the-wrong-type":          "variables are not in the file",

	"max-connections-empty": "nothing where a value belongs is null to an editor, and null takes back what a weaker layer says",
	"project-name-empty":    "nothing where a value belongs is null to an editor, and null takes back what a weaker layer says",
	"require-empty":         "nothing where a value belongs is null to an editor, and null takes back what a weaker layer says",
	"timeout-empty":         "nothing where a value belongs is null to an editor, and null takes back what a weaker layer says",
	"url-nothing":           "nothing where a value belongs is null to an editor, and null takes back what a weaker layer says",

	"key-prefix-date":              "a date is text to an editor",
	"max-connections-hexadecimal":  "every notation of a number is the number to an editor",
	"max-connections-leading-zero": "every notation of a number is the number to an editor",
	"timeout-exponent":             "every notation of a number is the number to an editor",
	"timeout-leading-zero":         "every notation of a number is the number to an editor",
	"version-fraction":             "every notation of a number is the number to an editor",
	"timeout-quoted-never":         "words with quotes and without are the same to an editor",

	"keepalive-twice":             "two names of one entry are two entries",
	"load-timeout-too-long":       "the parts of a duration in units are not added up",
	"load-timeout-too-many-weeks": "the parts of a duration in units are not added up",
	"timeout-weeks-too-many":      "the parts of a duration in units are not added up",
	"max-bytes-less-than-a-block": "options are compared with each other after all files are read",
	"max-bytes-overflow":          "the units of a size are not multiplied out",
}

// What the loader refuses in one place of a file, the schema refuses too, but for what it cannot see.
func TestSchemaRefusesWhatTheLoaderRefuses(t *testing.T) {
	s := compiled(t)
	seen := 0
	for _, path := range glob(t, "testdata/bad/*.txtar") {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		files := configurations(t, path)
		report := wanted(t, path)
		codes := codeOfProblem.FindAllStringSubmatch(report, -1)
		if len(files) != 1 || len(codes) != 1 || !strings.Contains(report, "--> "+files[0].Name) {
			continue // not one problem of one file
		}
		code := codes[0][1]
		why, unseen := unseenCases[name]
		if general, ok := unseenCodes[code]; ok {
			why, unseen = general, true
		}
		if code == "CW003" {
			continue
		}
		err := verdict(t, s, files[0].Data)
		switch {
		case err == nil && !unseen:
			t.Errorf("%s (%s): the schema takes it\n%s", name, code, files[0].Data)
		case err != nil && unseen:
			t.Errorf("%s (%s): the schema refuses it after all (%v), although %s", name, code, err, why)
		case err != nil:
			seen++
		}
	}
	if seen < 100 {
		t.Errorf("the schema refuses %d bad configurations, want at least 100", seen)
	}
	for name := range unseenCases {
		if _, err := os.Stat("testdata/bad/" + name + ".txtar"); err != nil {
			t.Errorf("an exception is made for a case that is not there: %v", err)
		}
	}
}

// wanted returns the message that a bad configuration gets.
func wanted(t *testing.T, path string) string {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		if f.Name == "want" {
			return string(f.Data)
		}
	}
	t.Fatalf("%s wants nothing", path)
	return ""
}
