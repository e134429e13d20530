package settings

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cachewright/cachewright"
	"github.com/google/go-cmp/cmp"
)

func TestLiterals(t *testing.T) {
	tests := []struct {
		name  string
		value expression
		want  string
	}{
		{"nothing is None", none{}, "None"},
		{"a truth", boolean(true), "True"},
		{"a whole float keeps its point", float(5), "5.0"},
		{"a small float has no exponent", float(1e-7), "0.0000001"},
		{"an empty list", list{}, "[]"},
		{"an empty dict", dict{}, "{}"},
		{"a tuple of one has a comma", tuple{integer(1)}, "(1,)"},
		{"a tuple of two", tuple{text("a"), integer(-1)}, `("a", -1)`},
		{"a list has a line per element", list{integer(1)}, "[\n    1,\n]"},
		{"quotes and line ends are escaped", text("a\"b\\c\n\t"), `"a\"b\\c\n\x09"`},
		{"other scripts are escaped", text("\u00e9\u2028\U0001f41f"), `"\u00e9\u2028\U0001f41f"`},
		{"pieces are joined", sum{text("a"), environ("B")}, `"a" + os.environ["B"]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if err := tt.value.write(&b, 0); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// Python itself reads thousands of strings that were made to be awkward.
func TestPythonReadsEveryText(t *testing.T) {
	alphabet := []rune("ab'\"\\\n\r\t\x00\x7f\u0080\u00ff\u0100{}$#%N\u2028\u202e\ufeff\ufffd\U0001f41f\U0010ffff")
	random := rand.New(rand.NewPCG(1, 2))
	want := make([]string, 5000)
	texts := make(list, len(want))
	for i := range want {
		runes := make([]rune, random.IntN(12))
		for j := range runes {
			runes[j] = alphabet[random.IntN(len(alphabet))]
		}
		want[i] = string(runes)
		texts[i] = text(want[i])
	}
	var b strings.Builder
	if err := texts.write(&b, 0); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "texts.py")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("python3", "-c", "import ast, json, sys; print(json.dumps(ast.literal_eval(open(sys.argv[1]).read())))", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(want, got) {
		t.Errorf("Python reads other texts (-want +got):\n%s", cmp.Diff(want, got))
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "plain", "a\"b'c\\", "\x00\n\r", "\u00e9\u2028\U0001f41f", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var b strings.Builder
		err := text(s).write(&b, 0)
		if !utf8.ValidString(s) {
			if err == nil {
				t.Fatalf("%q is not valid UTF-8, and was written as %s", s, &b)
			}
			return
		}
		// Where the text is ASCII, Go reads these literals as Python does.
		if got, err := strconv.Unquote(b.String()); err != nil || got != s {
			t.Errorf("%q was written as %s, which reads as %q (%v)", s, &b, got, err)
		}
	})
}

func FuzzComment(f *testing.F) {
	for _, s := range []string{"", "config.yaml", "a\nimport os", "\r\x00\xff", strings.Repeat("word ", 100)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var b strings.Builder
		comment(&b, "source: ", s)
		for line := range strings.Lines(b.String()) {
			if line[0] != '#' || !strings.HasSuffix(line, "\n") || strings.Trim(line[:len(line)-1], printable) != "" {
				t.Errorf("%q became %q, which is no comment in ASCII", s, &b)
			}
		}
	})
}

var printable = func() string {
	var b strings.Builder
	for c := byte(' '); c <= '~'; c++ {
		b.WriteByte(c)
	}
	return b.String()
}()

// elsewhere are the pool options that are no arguments of redis-py's connections, and where they go.
var elsewhere = map[string]string{
	"max_connections":          "the first argument of every pool",
	"sentinels":                "SENTINELS",
	"service_name":             "the host of LOCATION",
	"sentinel_kwargs":          "SENTINEL_KWARGS",
	"startup_nodes":            "STARTUP_NODES",
	"skip_full_coverage_check": "CLUSTER_KWARGS",
	"require_full_coverage":    "CLUSTER_KWARGS",
	"read_from_replicas":       "CLIENT_CLASS, CLUSTER_KWARGS",
	"ssl_check_hostname":       "always said",
	"ssl":                      "always said",
}

func TestNoPoolOptionIsForgotten(t *testing.T) {
	database := 0
	var p cachewright.PoolOptions
	p.DB = &database
	known := slices.Concat(connectionArguments(p), tlsOf(p).arguments())
	for _, options := range []reflect.Type{reflect.TypeFor[cachewright.PoolOptions](), reflect.TypeOf(p.SentinelKwargs)} {
		for i := range options.NumField() {
			name := options.Field(i).Tag.Get("redispy")
			isKnown := slices.ContainsFunc(known, func(a argument) bool { return a.name == name })
			if !isKnown && elsewhere[name] == "" {
				t.Errorf("%s.%s (%s) does not reach Django", options.Name(), options.Field(i).Name, name)
			}
		}
	}
}
