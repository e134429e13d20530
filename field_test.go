package cachewright

import (
	"reflect"
	"strings"
	"testing"

	"github.com/cachewright/cachewright/internal/spell"
	"github.com/cachewright/cachewright/store/redis"
)

// tables are the rows of every level beside the struct that they fill.
var tables = []struct {
	name   string
	fields []field
	of     reflect.Type
	others []string // fields of the struct that are no options
}{
	{"project", projectFields, reflect.TypeFor[Config](), []string{"Caches", "Logger", "written"}},
	{"cache", cacheFields, reflect.TypeFor[CacheConfig](), nil},
	{"pool", poolFields, reflect.TypeFor[redis.PoolOptions](), nil},
	{"sentinel", sentinelFields, reflect.TypeFor[redis.SentinelOptions](), nil},
	{"keepalive", keepaliveFields, reflect.TypeFor[redis.KeepaliveOptions](), nil},
}

func TestEveryStructFieldHasARowAndEveryRowAField(t *testing.T) {
	for _, table := range tables {
		rows := map[string]field{}
		for _, row := range table.fields {
			if (row.goName == "") != (row.only != "") {
				t.Errorf("%s: %s fills a struct field, or takes its preset only; not both, and not neither", table.name, row.name)
			}
			if row.goName == "" {
				continue
			}
			if _, twice := rows[row.goName]; twice {
				t.Errorf("%s: two rows for %s", table.name, row.goName)
			}
			rows[row.goName] = row
			if _, ok := table.of.FieldByName(row.goName); !ok {
				t.Errorf("%s: %s has no struct field %s", table.name, row.name, row.goName)
			}
		}
		for i := range table.of.NumField() {
			f := table.of.Field(i)
			row, ok := rows[f.Name]
			if !ok && !strings.Contains(strings.Join(table.others, " "), f.Name) {
				t.Errorf("%s: struct field %s has no row", table.name, f.Name)
			}
			if tag := f.Tag.Get("redispy"); tag != "" && tag != row.name {
				t.Errorf("%s: %s is called %s in YAML and %s in its tag", table.name, f.Name, row.name, tag)
			}
			if secret := f.Tag.Get("secret") != ""; tables[0].of != table.of && ok && secret != row.secret {
				t.Errorf("%s: %s is secret: row says %t, tag says %t", table.name, f.Name, row.secret, secret)
			}
		}
	}
}

func TestEveryRowIsCompleteAndItsPresetAndExampleAreValid(t *testing.T) {
	for _, table := range tables {
		for _, row := range table.fields {
			if !strings.HasSuffix(row.doc, ".") || row.example == "" {
				t.Errorf("%s: %s has no sentence or no example", table.name, row.name)
			}
			if row.kind == kindGroup || row.kind == kindNodes || row.kind == kindKeepalive || strings.Contains(row.example, "${") {
				continue
			}
			if _, bad := row.read(scalar{text: row.example}); bad != nil {
				t.Errorf("%s: example %q of %s: %s", table.name, row.example, row.name, bad.message)
			}
			if row.preset == "" {
				continue
			}
			if _, bad := row.parse(scalar{text: row.preset}); bad != nil {
				t.Errorf("%s: preset %q of %s: %s", table.name, row.preset, row.name, bad.message)
			}
		}
	}
}

func TestPresetsAreTheDefaultsOfTheRedisStore(t *testing.T) {
	for name, want := range map[string]any{
		"socket_connect_timeout": redis.DefaultConnectTimeout,
		"socket_timeout":         redis.DefaultSocketTimeout,
		"health_check_interval":  redis.DefaultHealthCheckInterval,
	} {
		row := find(poolFields, name)
		if got, _ := row.parse(scalar{text: row.preset}); got != want {
			t.Errorf("preset of %s = %v, the store's default is %v", name, got, want)
		}
	}
	row := find(cacheFields, "max_connections")
	if got, _ := row.parse(scalar{text: row.preset}); got != int64(redis.DefaultMaxConnections) {
		t.Errorf("preset of max_connections = %v, the store's default is %d", got, redis.DefaultMaxConnections)
	}
}

func TestForeignAndRefusedNamesAreNoOptionsOfOurs(t *testing.T) {
	for _, f := range foreignNames {
		found := false
		for _, table := range tables {
			found = found || find(table.fields, f.ours) != nil
		}
		if !found {
			t.Errorf("%s stands for %s, which is no option", f.name, f.ours)
		}
	}
	for _, r := range refusedNames {
		if find(poolFields, r.name) != nil || find(cacheFields, r.name) != nil {
			t.Errorf("%s is refused and an option", r.name)
		}
	}
}

// typos returns every word one edit away from name.
func typos(name string) []string {
	const letters = "abcdefghijklmnopqrstuvwxyz_"
	var all []string
	for i := range len(name) + 1 {
		for _, c := range letters {
			all = append(all, name[:i]+string(c)+name[i:])
			if i < len(name) {
				all = append(all, name[:i]+string(c)+name[i+1:])
			}
		}
		if i < len(name) {
			all = append(all, name[:i]+name[i+1:])
		}
		if i+1 < len(name) {
			all = append(all, name[:i]+name[i+1:i+2]+name[i:i+1]+name[i+2:])
		}
	}
	return all
}

func TestSingleTyposOfOptionNamesGetTheRightSuggestion(t *testing.T) {
	right, all := 0, 0
	for _, table := range tables {
		options := names(table.fields)
		for _, name := range options {
			for _, typo := range typos(name) {
				if find(table.fields, typo) != nil {
					continue // a name of its own
				}
				all++
				near, ok := spell.Near(typo, options)
				if table.name == "project" {
					ok = ok && nearByWords(typo, near)
				}
				if ok && near == name {
					right++
				} else if testing.Verbose() {
					t.Logf("%s: %s got %q, want %s", table.name, typo, near, name)
				}
			}
		}
	}
	if share := float64(right) / float64(all); share < 0.95 {
		t.Errorf("%d of %d typos (%.1f %%) get the right suggestion, want at least 95 %%", right, all, 100*share)
	} else {
		t.Logf("%d of %d typos (%.2f %%) get the right suggestion", right, all, 100*share)
	}
}
