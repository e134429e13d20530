package fromdjango_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/fromdjango"
	"github.com/google/go-cmp/cmp"
)

// write makes the files of a project and returns its folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const memoryCaches = `CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}`

func TestModulesAreFoundAsTheProjectFindsThem(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		file  string
	}{
		{"a file of its own", map[string]string{"settings.py": memoryCaches}, "settings.py"},
		{"beside what it imports", map[string]string{"settings.py": "from base import *", "base.py": memoryCaches}, "settings.py"},
		{"in a package", map[string]string{
			"shop/__init__.py": "", "shop/settings/__init__.py": "", "shop/settings/base.py": memoryCaches,
			"shop/settings/production.py": "from .base import *\nfrom shop.settings import base",
		}, "shop/settings/production.py"},
		{"a package itself", map[string]string{"shop/__init__.py": "from .caches import *", "shop/caches.py": memoryCaches}, "shop/__init__.py"},
		{"from the working directory", map[string]string{"conf/settings.py": "from shop import *", "shop.py": memoryCaches}, "conf/settings.py"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, tt.files)
			s, err := python(dir).Run(t.Context(), tt.file)
			if err != nil {
				t.Fatal(err)
			}
			if litter, _ := filepath.Glob(filepath.Join(dir, "*", "__pycache__")); litter != nil {
				t.Errorf("the run left %v behind", litter)
			}
			if c, err := s.Config(tt.file); err != nil || !strings.Contains(string(c.Text), "backend: memory") {
				t.Errorf("got %v and\n%s", err, c.Text)
			}
		})
	}
}

func TestVariablesAreFollowed(t *testing.T) {
	tests := []struct {
		name    string
		setting string // KEY_PREFIX, as an expression
		environ []string
		want    string // key_prefix
	}{
		{"a variable that must be set", `os.environ["A"]`, []string{"A=x"}, "key_prefix: ${A}"},
		{"one with a default, set", `os.getenv("A", "other")`, []string{"A=x"}, "key_prefix: ${A}"},
		{"one with a default, not set", `os.getenv("A", "other")`, nil, "key_prefix: ${A:-other}"},
		{"one that is empty", `os.getenv("A") or "other"`, []string{"A="}, "key_prefix: ${A:-other}"},
		{"one after the other", `os.getenv("A") or os.getenv("B") or "c"`, nil, "key_prefix: ${A:-${B:-c}}"},
		{"several in a text", `"a-" + os.environ["A"] + "-" + os.getenv("B", "b") + "-c"`, []string{"A=x"}, "key_prefix: a-${A}-${B:-b}-c"},
		{"a number", `str(int(os.environ["A"]))`, []string{"A=7"}, "key_prefix: ${A}"},
		{"a number that is not set", `str(int(os.getenv("A", "7")))`, nil, `key_prefix: ${A:-7}`},
		{"a variable that decides and is not in the text", `"a" if os.getenv("A") else "b"`, nil, "key_prefix: b"},
		{"a variable that is changed", `os.environ["A"].upper()`, []string{"A=x"}, "key_prefix: X"},
		{"a default with a brace", `os.getenv("A", "}")`, nil, `key_prefix: "}"`},
		{"what looks like a variable", `"${A}"`, nil, "key_prefix: $${A}"},
		{"the same value by chance", `os.environ["A"] + "x"`, []string{"A=x"}, "key_prefix: ${A}x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, map[string]string{"settings.py": "import os\n" +
				`CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "KEY_PREFIX": ` + tt.setting + `}}`})
			s, err := python(dir, tt.environ...).Run(t.Context(), "settings.py")
			if err != nil {
				t.Fatal(err)
			}
			c, err := s.Config("settings.py")
			if err != nil {
				t.Fatal(err)
			}
			_, got, _ := strings.Cut(string(c.Text), "backend: memory\n  ")
			if diff := cmp.Diff(tt.want+"\n", got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestModulesThatFail(t *testing.T) {
	tests := []struct {
		name, module string
		want         []string // parts of the error
	}{
		{"a variable that is not set", "import os\nos.environ['DJANGO_SECRET']", []string{"KeyError: 'DJANGO_SECRET'", "settings.py:2", "set that variable"}},
		{"a package that is missing", "import environ_of_nobody", []string{"No module named 'environ_of_nobody'", "settings.py:1", "--python"}},
		{"no Python", "CACHES = {", []string{"SyntaxError: '{' was never closed", "settings.py:1"}},
		{"a name that is none", "CACHES = cachs", []string{"NameError: name 'cachs' is not defined", "settings.py:1"}},
		{"an end in the middle", "raise SystemExit('hunter2')", []string{"SystemExit", "settings.py:1"}},
		{"a value in the message", "int('hunter2')", []string{"ValueError (", "settings.py:1"}},
		{"no caches", "DEBUG = True", []string{"the settings name no CACHES"}},
		{"caches that are none", "CACHES = 5", []string{"the settings name no CACHES"}},
		{"more than anybody needs", "CACHES = {'default': {'BACKEND': 'x' * (8 << 20)}}", []string{"what they hold is no data"}},
		{"the end of the interpreter", "import os\nos._exit(3)", []string{"run settings.py with /usr/bin/python3: exit status 3"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := python(write(t, map[string]string{"settings.py": tt.module})).Run(t.Context(), "settings.py")
			if err == nil {
				_, err = s.Config("settings.py")
			}
			if err == nil {
				t.Fatal("got no error")
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("got %q, want it to say %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows a value: %v", err)
			}
		})
	}
}

func TestModulesEnd(t *testing.T) {
	p := python(write(t, map[string]string{"settings.py": "while True: pass"}))
	p.Patience = 50 * time.Millisecond
	if _, err := p.Run(t.Context(), "settings.py"); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no end after 50ms") {
		t.Errorf("got %v, want the end of patience", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Run(ctx, "settings.py"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
}

func TestReadJSONSaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ name, data, want string }{
		{"nothing", "", "ends too early"},
		{"half of it", `{"default": {`, "ends too early"},
		{"another language", `{"default": hunter2}`, "wrong at byte 13"},
		{"two values", `{} {}`, "something follows"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := fromdjango.ReadJSON([]byte(tt.data))
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestACacheWithoutABackendIsLeftOut(t *testing.T) {
	for _, data := range []string{`{"CACHES": {"default": 5}}`, `{"CACHES": {"default": {"LOCATION": "redis://h/0"}}}`} {
		s, err := fromdjango.ReadJSON([]byte(data))
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Config("settings.json")
		if err != nil {
			t.Fatal(err)
		}
		const want = "left out: it names no BACKEND; choose redis, memory, file or dummy"
		if len(c.Notes) != 1 || !strings.HasSuffix(c.Notes[0], want) {
			t.Errorf("%s: notes %q, want one with %q", data, c.Notes, want)
		}
	}
}
