package settings_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// runSettings runs a settings module and prints what Django would take from it.
const runSettings = `
import json, runpy, sys
names = runpy.run_path(sys.argv[1])
json.dump(
    {name: value for name, value in names.items() if name.isupper()},
    sys.stdout,
    default=lambda value: type(value).__name__,  # the object that asks Sentinels
)
`

// python runs a script with the system's own Python and nothing in the environment but environ.
func python(t *testing.T, environ []string, script string, args ...string) []byte {
	t.Helper()
	interpreter := "/usr/bin/python3"
	if _, err := os.Stat(interpreter); err != nil {
		if interpreter, err = exec.LookPath("python3"); err != nil {
			t.Fatal("these tests run what was generated: install python3")
		}
	}
	cmd := exec.Command(interpreter, append([]string{"-I", "-X", "utf8", "-c", script}, args...)...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, environ...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, &stderr)
	}
	return out
}

// execute runs a settings module and returns the settings that it makes.
func execute(t *testing.T, environ []string, module []byte) map[string]any {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cache_settings.py")
	if err := os.WriteFile(path, module, 0o600); err != nil {
		t.Fatal(err)
	}
	return decode(t, python(t, environ, runSettings, path))
}

func decode(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var settings map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // 5 and 5.0 are different settings
	if err := d.Decode(&settings); err != nil {
		t.Fatalf("%v in:\n%s", err, data)
	}
	return settings
}

// golden compares got with testdata/name, or writes it there.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; go test -update writes it", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// ascii fails for anything that is not printable ASCII.
func ascii(t *testing.T, name string, text []byte) {
	t.Helper()
	for i, line := range strings.Split(string(text), "\n") {
		for _, r := range line {
			if r < ' ' || r > '~' {
				t.Errorf("%s: line %d has %s, which is not printable ASCII", name, i+1, fmt.Sprintf("%U", r))
			}
		}
	}
}
