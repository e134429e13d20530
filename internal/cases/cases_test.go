package cases

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/django/settings"
)

func TestCases(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			dir := s.write(t, strings.NewReplacer())
			for _, environment := range s.environments() {
				plan, err := resolve(dir, environment, s.environ())
				if err != nil {
					t.Fatalf("%s %s: %v", s.path, environment, err)
				}
				s.expect(t, output("plan", environment, "txt"), dir, describe(plan))
				module, err := settings.Python(plan, settings.Options{Command: "cachewright django --env " + plan.Environment})
				if err != nil {
					s.expect(t, output("settings", environment, "error"), dir, err.Error()+"\n")
					continue
				}
				s.expect(t, output("settings", environment, "py"), dir, string(module))
				agree(t, plan, s.environ(), module)
			}
			if *update {
				s.save(t)
			}
		})
	}
}

// What a program writes in Go comes to the same plan as the YAML beside it on the page.
func TestGoForms(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			for _, pair := range s.environ() {
				name, value, _ := strings.Cut(pair, "=")
				t.Setenv(name, value)
			}
			dir := s.write(t, strings.NewReplacer())
			for _, environment := range s.environments() {
				want, err := resolve(dir, environment, s.environ())
				if err != nil {
					t.Fatal(err)
				}
				form := forms[s.name]
				if form == nil {
					t.Fatalf("forms has no %q", s.name)
				}
				config := form(environment)
				got, err := config.Resolve(cachewright.Env{Environment: want.Environment, Origin: want.EnvironmentOrigin})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want.Caches, got.Caches, samePlan...); diff != "" {
					t.Errorf("%s: Go comes to another plan than YAML (-YAML +Go):\n%s", environment, diff)
				}
			}
		})
	}
	if len(forms) != len(scenarios(t)) {
		t.Errorf("there are %d Go forms for %d cases", len(forms), len(scenarios(t)))
	}
}

// samePlan compares what runs, and not where it was written.
var samePlan = cmp.Options{
	cmpopts.IgnoreFields(cachewright.CachePlan{}, "Values", "Reason", "ReasonOrigin"),
	cmp.Comparer(func(a, b cachewright.Secret) bool { return a == b }),
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Directory" }, cmp.Ignore()),
}
