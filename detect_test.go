package cachewright

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDetect(t *testing.T) {
	for _, tt := range []struct {
		name, dotenv string
		environ      []string
		want, origin string
		findings     int
	}{
		{"nothing -> development", "", nil, "development", "default", 0},
		{"our variable beats all", "", []string{"DJANGO_ENV=staging", "CACHEWRIGHT_ENV=prod"}, "production", "env CACHEWRIGHT_ENV", 0},
		{"Django's before the generic ones", "", []string{"APP_ENV=prod", "DJANGO_ENV=stage"}, "staging", "env DJANGO_ENV", 0},
		{"APP_ENV before GO_ENV", "", []string{"GO_ENV=prod", "APP_ENV=tst"}, "testing", "env APP_ENV", 0},
		{"GO_ENV before ENVIRONMENT", "", []string{"ENVIRONMENT=prod", "GO_ENV=devel"}, "development", "env GO_ENV", 0},
		{"ENVIRONMENT", "", []string{"ENVIRONMENT=Production "}, "production", "env ENVIRONMENT", 0},
		{"IS_PROD", "", []string{"IS_PROD=1", "IS_DEV=1"}, "production", "env IS_PROD", 0},
		{"IS_DEV before IS_TEST", "", []string{"IS_PROD=0", "IS_TEST=yes", "IS_DEV=true"}, "development", "env IS_DEV", 0},
		{"IS_TEST", "", []string{"IS_TEST=on"}, "testing", "env IS_TEST", 0},
		{"DEBUG on", "", []string{"DEBUG=1"}, "development", "env DEBUG", 0},
		{"DEBUG off", "", []string{"DEBUG=False"}, "production", "env DEBUG", 0},
		{"a name beats DEBUG", "", []string{"DEBUG=1", "APP_ENV=production"}, "production", "env APP_ENV", 0},
		{"an empty variable says nothing", "", []string{"CACHEWRIGHT_ENV=", "APP_ENV=", "DEBUG=", "IS_PROD="}, "development", "default", 0},
		{"a path in a generic variable is ignored", "", []string{"APP_ENV=/srv/x", "GO_ENV=prod"}, "production", "env GO_ENV", 1},
		{"a DEBUG of somebody else is ignored", "", []string{"DEBUG=app:*", "IS_PROD=maybe"}, "development", "default", 2},
		{"a name of one's own is kept", "", []string{"APP_ENV=eu-west_1"}, "eu-west_1", "env APP_ENV", 0},
		{"a close name that ends in a digit is kept", "", []string{"APP_ENV=staging2"}, "staging2", "env APP_ENV", 0},
		{".env names it", "APP_ENV=staging\n", nil, "staging", ".env:1", 0},
		{"the process beats .env", "APP_ENV=staging\n", []string{"APP_ENV=prod"}, "production", "env APP_ENV", 0},
		{"a stronger variable of .env beats a weaker one of the process", "DJANGO_ENV=staging\n", []string{"APP_ENV=prod"}, "staging", ".env:1", 0},
		{".env may refer to the process", "APP_ENV=${STAGE:-dev}\n", []string{"STAGE=stg"}, "staging", ".env:1", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if tt.dotenv != "" {
				writeFile(t, dir, ".env", tt.dotenv)
			}
			e, err := Detect(tt.environ, dir)
			if err != nil {
				t.Fatal(err)
			}
			if e.Environment != tt.want || e.Origin != tt.origin || len(e.findings) != tt.findings {
				t.Errorf("%s (%s), findings %v; want %s (%s), %d findings", e.Environment, e.Origin, e.findings, tt.want, tt.origin, tt.findings)
			}
			plan, err := (&Config{}).Resolve(e)
			if err != nil || plan.Environment != tt.want || plan.EnvironmentOrigin != tt.origin || plan.Dir != dir {
				t.Errorf("plan: %s (%s) in %s, %v", plan.Environment, plan.EnvironmentOrigin, plan.Dir, err)
			}
		})
	}
}

func TestDetectRefusesSlips(t *testing.T) {
	for _, tt := range []struct{ environ, want string }{
		{"APP_ENV=prodution", `APP_ENV: "prodution" is no environment that is known; did you mean production?`},
		{"GO_ENV=testin", `GO_ENV: "testin" is no environment that is known; did you mean testing?`},
		{"CACHEWRIGHT_ENV=a b", `CACHEWRIGHT_ENV: "a b" is not the name of an environment`},
	} {
		if _, err := Detect([]string{tt.environ}, t.TempDir()); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("Detect(%s): %v, want %s", tt.environ, err, tt.want)
		}
	}
	dir := t.TempDir()
	writeFile(t, dir, "config.prodution.yaml", "")
	if e, err := Detect([]string{"APP_ENV=prodution"}, dir); err != nil || e.Environment != "prodution" {
		t.Errorf("with a file of that name: %v, %v", e.Environment, err)
	}
	writeFile(t, dir, ".env", "broken\n")
	e, err := Detect(nil, dir)
	if err != nil || len(e.findings) != 1 || e.findings[0].Origin != ".env:1:1" || e.findings[0].Code != "CW007" {
		t.Errorf("with a .env that may be another program's: %v, findings %+v", err, e.findings)
	}
}

func TestDetectNamesTheVariablesThatWouldConfigure(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, ".env", "REDIS_URL=redis://:hunter2@h\n")
	e, err := Detect([]string{"PATH=/bin", "CACHE_DIR=x", "CACHE_A__TIMEOUT=1", "PROJECT_NAME=x", "APP_ENV=dev", "=x", "odd"}, dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"APP_ENV", "CACHE_A__TIMEOUT", "PROJECT_NAME", "REDIS_URL"}, e.Vars); diff != "" {
		t.Errorf("Vars (-want +got):\n%s", diff)
	}
}
