package django_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/django/settings"
	"github.com/cachewright/cachewright/internal/testredis"
)

// elsewhere has a cache for each serializer; CONNECTION says how Redis is reached.
const elsewhere = `
project_name: interop
cache_default: &redis
  key_prefix: plain
CONNECTION
cache_pickle: {<<: *redis, key_prefix: pickle, serializer: pickle}
cache_json: {<<: *redis, key_prefix: json, serializer: json, compress: true}
cache_msgpack: {<<: *redis, key_prefix: msgpack, serializer: msgpack}
`

// connections start servers and return how a configuration reaches them.
var connections = map[string]func(t *testing.T) string{
	"password and TLS": func(t *testing.T) string {
		server := testredis.StartTLS(t, testredis.TLSOptions{Options: testredis.Options{Password: "s3cret"}})
		return fmt.Sprintf(`
  redis_url: %s
  connection_pool_kwargs: {socket_timeout: 30, ssl_ca_certs: %s}`, server.URL(0), server.Authority.CAFile)
	},
	"Sentinel": func(t *testing.T) string {
		group := testredis.StartSentinel(t, testredis.SentinelOptions{Password: "s3cret"})
		return fmt.Sprintf(`
  redis_url: redis://:s3cret@127.0.0.1:1/0
  connection_pool_kwargs: {socket_timeout: 30, service_name: mymaster, sentinels: ["%s"]}`, strings.Join(group.Addresses(), `", "`))
	},
	"Cluster": func(t *testing.T) string {
		group := testredis.StartCluster(t, testredis.ClusterOptions{})
		return fmt.Sprintf(`
  redis_url: %s
  connection_pool_kwargs: {socket_timeout: 30, startup_nodes: ["%s"]}`, group.Nodes[0].URL(0), strings.Join(group.Addresses(), `", "`))
	},
}

func TestValuesCrossInEveryTopology(t *testing.T) {
	for name, connect := range connections {
		t.Run(name, func(t *testing.T) {
			s := bothSidesAt(t, strings.ReplaceAll(elsewhere, "CONNECTION", connect(t)), settings.Options{AllowSecrets: true})
			for _, alias := range []string{"pickle", "json", "msgpack"} {
				plan, _ := s.plan.Cache(alias)
				var values []any // some of each kind: all of them cross on a single server
				for i, v := range catalogue(kindsOf[django.Serializer(plan.Serializer)]) {
					if i%8 == 0 {
						values = append(values, v)
					}
				}
				if crossed := cross(t, s, alias, values); crossed < 40 {
					t.Errorf("%s: %d values crossed", alias, crossed)
				}
				sharesEverything(t, s, alias)
			}
		})
	}
}

// sharesEverything counts, reads many keys and deletes by patterns from both sides.
func sharesEverything(t *testing.T, s *sides, alias string) {
	t.Helper()
	ctx, numbers := t.Context(), of[int](t, s, alias)
	must(t, numbers.Clear(ctx))
	const keys = 30 // which are on every node of a cluster
	mine, want := map[string]int{}, map[string]any{}
	names := make([]any, keys)
	for i := range keys {
		key := fmt.Sprintf("user:%02d", i) // in the order of maps
		mine[key], want[key], names[i] = i, int64(i+1), key
	}
	must(t, numbers.SetMany(ctx, mine))
	for key := range mine {
		s.wantDjango(t, call{alias: alias, method: "incr", args: []any{key}}, mine[key]+1)
	}
	got := s.django(t, call{alias: alias, method: "get_many", args: []any{names}})[0].text()
	if want := tag(want).text(); got != want && got != "ordered"+want { // django-redis before 7
		t.Errorf("%s: get_many = %s, want %s", alias, got, want)
	}
	s.django(t, call{alias: alias, method: "set_many", args: []any{map[string]any{"page:1": 1, "page:2": 2}}})
	many, err := numbers.GetMany(ctx, []string{"page:1", "page:2", "user:07", "missing"})
	if diff := cmp.Diff(map[string]int{"page:1": 1, "page:2": 2, "user:07": 8}, many); diff != "" || err != nil {
		t.Errorf("%s: GetMany: %v (-want +got):\n%s", alias, err, diff)
	}
	s.wantDjango(t, call{alias: alias, method: "add", args: []any{"user:07", 1}}, false)
	if stored, err := numbers.Add(ctx, "user:07", 1); stored || err != nil {
		t.Errorf("%s: Add = %v, %v", alias, stored, err)
	}
	s.wantDjango(t, call{alias: alias, method: "delete_pattern", args: []any{"user:*"}}, keys)
	if removed, err := numbers.DeletePattern(ctx, "page:*"); removed != 2 || err != nil {
		t.Errorf("%s: DeletePattern = %v, %v", alias, removed, err)
	}
	s.wantDjango(t, call{alias: alias, method: "keys", args: []any{"*"}}, []any{})
}
