package settings_test

import (
	"strings"
	"testing"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/django/settings"
)

// A path that was written as relative, or is a default, is found from the module; others stay what they are.
func TestPathsOfTheProjectAreFoundFromTheModule(t *testing.T) {
	at := func(directory, source string) edit {
		return func(c *cachewright.CachePlan) {
			c.Directory = directory
			if source != "" {
				wrote(c, "location", source)
			}
		}
	}
	const module = "/srv/shop/web/cache_settings.py"
	for _, test := range []struct{ directory, source, module, want string }{
		{"/srv/shop/tmp/cache/x", "", module, `os.path.abspath(os.path.join(os.path.dirname(__file__), "../tmp/cache/x/django"))`},
		{"/srv/shop/cache", "cache", module, `os.path.abspath(os.path.join(os.path.dirname(__file__), "../cache/django"))`},
		{"/srv/cache", "../cache", module, `os.path.abspath(os.path.join(os.path.dirname(__file__), "../../cache/django"))`},
		{"/srv/shop/cache", "/srv/shop/cache", module, `"/srv/shop/cache/django"`},
		{"/srv/shop/cache", "${CACHE_DIR}", module, `"/srv/shop/cache/django"`},
		{"/srv/shop/cache", "cache", "", `"/srv/shop/cache/django"`},
	} {
		plan := planOf(cache("default", "file", at(test.directory, test.source)))
		text, err := settings.Python(plan, settings.Options{File: test.module})
		if err != nil {
			t.Fatal(err)
		}
		if want := `"LOCATION": ` + test.want + ",\n"; !strings.Contains(string(text), want) {
			t.Errorf("%+v: the settings are\n%s", test, text)
		}
		data, err := settings.JSON(plan, settings.Options{File: test.module})
		if err != nil || !strings.Contains(string(data), `"LOCATION": "`+test.directory+`/django"`) {
			t.Errorf("%+v: JSON is %v\n%s", test, err, data)
		}
	}
}
