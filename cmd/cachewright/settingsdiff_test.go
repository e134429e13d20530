package main

import (
	"strings"
	"testing"
)

func TestSettingsDiffShowsWhatChangedAndNoSecret(t *testing.T) {
	tests := []struct {
		name        string
		there, want string
		diff        string
	}{
		{"a number", `    "TIMEOUT": 300,`, `    "TIMEOUT": 60,`, "-    \"TIMEOUT\": 300,\n+    \"TIMEOUT\": 60,\n"},
		{"a line more", "a\n", "a\nCACHES = {\n", "+CACHES = {\n"},
		{"lines around stay out", "import os\n\nX = 1\n}\n", "import os\n\nX = 2\n}\n", "-X = 1\n+X = 2\n"},
		{"the header", "# environment: staging", "# environment: production", "-# environment: staging\n+# environment: production\n"},
		{"a harmless text", `"KEY_PREFIX": "a",`, `"KEY_PREFIX": "b",`, "-\"KEY_PREFIX\": \"a\",\n+\"KEY_PREFIX\": \"b\",\n"},
		{"the password of a URL", `"LOCATION": "redis://:hunter2@h:6379/0",`, `"LOCATION": os.environ["REDIS_URL"],`,
			"-\"LOCATION\": \"redis://:***@h:6379/0\",\n+\"LOCATION\": os.environ[\"REDIS_URL\"],\n"},
		{"a password", `"password": "hunter2",`, `"password": os.environ.get("PW") or "hunter2",`,
			"-\"password\": \"***\",\n+\"password\": os.environ.get(\"PW\") or \"***\",\n"},
		{"an escaped quote in a password", `"password": "a\"hunter2",`, "", "-\"password\": \"***\",\n"},
		{"pieces of a URL", `"LOCATION": "redis://:" + os.environ["PW"] + "@h/0",`, "",
			"-\"LOCATION\": \"redis://***\" + os.environ[\"PW\"] + \"***\",\n"},
		{"a comment of somebody's", "# the password is hunter2", "", "- (a line that is not shown)\n"},
		{"a comment behind an option", `"TIMEOUT": 300,  # hunter2`, "", "- (a line that is not shown)\n"},
		{"a text over several lines", "PW = \"\"\"\nhunter2\n\"\"\"", "", strings.Repeat("- (a line that is not shown)\n", 3)},
		{"a text in single quotes", "PW = 'hunter2'", "", "- (a line that is not shown)\n"},
		{"bytes", `PW = b"hunter2"`, "", "- (a line that is not shown)\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := string(settingsDiff([]byte(tt.there), []byte(tt.want)))
			if strings.Contains(got, "hunter2") {
				t.Errorf("the difference shows a secret:\n%s", got)
			}
			if got != tt.diff {
				t.Errorf("got\n%swant\n%s", got, tt.diff)
			}
		})
	}
}

func TestSettingsDiffIsShort(t *testing.T) {
	got := string(settingsDiff([]byte(strings.Repeat("1\n", 100)), nil))
	if want := "... and 80 more lines\n"; !strings.HasSuffix(got, want) || strings.Count(got, "\n") != maxDiff+1 {
		t.Errorf("got\n%swant %d lines and then %q", got, maxDiff, want)
	}
}
