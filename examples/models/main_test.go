package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/internal/testredis"
)

func TestEveryModelOpensAndWorks(t *testing.T) {
	server := testredis.Start(t)
	environ := []string{"REDIS_URL=" + server.URL(0), "SESSIONS_URL=" + server.URL(1), "API_URL=" + server.URL(2)}
	want := map[string]string{
		"automatic-redis":      "default on redis: \"hello\", found true\n",
		"explicit-redis":       "default on redis: \"hello\", found true\n",
		"pool":                 "default on redis: \"hello\", found true\n",
		"memory":               "default on memory: \"hello\", found true\n",
		"files":                "default on file: \"hello\", found true\n",
		"dummy":                "default on dummy: \"\", found false\n",
		"default-and-sessions": "default on redis: \"hello\", found true\nsessions on redis: \"hello\", found true\n",
		"timeouts": "default on memory: \"hello\", found true\npages on memory: \"hello\", found true\n" +
			"searches on memory: \"hello\", found true\nsettings on memory: \"hello\", found true\n",
		"databases": "default on redis: \"hello\", found true\napi on redis: \"hello\", found true\n",
	}
	got := map[string]string{}
	files, err := models.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		model := strings.TrimSuffix(f.Name(), ".yaml")
		var env []string // REDIS_URL in the environment of a model without Redis would give it one
		if text, _ := models.ReadFile(f.Name()); strings.Contains(string(text), "redis://") {
			env = environ
		}
		var out bytes.Buffer
		if err := run(t.Context(), &out, t.TempDir(), model, env); err != nil {
			t.Errorf("%s: %v", model, err)
		}
		got[model] = out.String()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFilesStayInTheirFolder(t *testing.T) {
	dir := t.TempDir()
	if err := run(t.Context(), &bytes.Buffer{}, dir, "files", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "cache")); err != nil {
		t.Errorf("the cache is not where its location says: %v", err)
	}
}
