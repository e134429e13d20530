//go:build interop

package django_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/django/settings"
)

// ownConfiguration is for the backend that Django has since version 4.0, which writes pickles of protocol 5.
const ownConfiguration = `
project_name: interop
cache_pickle:
  redis_url: URL
  key_prefix: pickle
  serializer: pickle
  connection_pool_kwargs: {socket_connect_timeout: 30, socket_timeout: 30}
`

func TestDjangosOwnBackendSharesValues(t *testing.T) {
	const alias = "pickle"
	s := bothSidesOf(t, ownConfiguration, settings.Options{Target: settings.Django})
	if crossed := cross(t, s, alias, catalogue(kindsOf[django.Pickle])); crossed < 300 {
		t.Errorf("%d values crossed, want at least 300", crossed)
	}
	r := random{rand.New(rand.NewPCG(2024, 42)), kindsOf[django.Pickle]}
	values := make([]any, 2000)
	for i := range values {
		values[i] = r.value(3)
	}
	if crossed := cross(t, s, alias, values); crossed != len(values) {
		t.Errorf("%d of %d values crossed", crossed, len(values))
	}

	ctx := t.Context()
	numbers := of[int](t, s, alias)
	must(t, numbers.Set(ctx, "n", 40))
	s.wantDjango(t, call{alias: alias, method: "incr", args: []any{"n"}}, 41)
	if n, found, err := numbers.Incr(ctx, "n", 1); n != 42 || !found || err != nil {
		t.Errorf("Incr = %v, %v, %v", n, found, err)
	}
	s.wantDjango(t, call{alias: alias, method: "add", args: []any{"n", 1}}, false)
	s.wantDjango(t, call{alias: alias, method: "touch", args: []any{"n", 50}}, true)
	if ttl, found, err := numbers.TTL(ctx, "n"); ttl <= 0 || ttl > 50*time.Second || !found || err != nil {
		t.Errorf("TTL = %v, %v, %v", ttl, found, err)
	}
	if found, err := numbers.Touch(ctx, "n", cache.TTL(cache.Forever)); !found || err != nil {
		t.Errorf("Touch = %v, %v", found, err)
	}
	s.wantDjango(t, call{alias: alias, method: "incr_version", args: []any{"n"}}, 2)
	if n, found, err := numbers.AtVersion(2).Get(ctx, "n"); n != 42 || !found || err != nil {
		t.Errorf("Get of version 2 = %v, %v, %v", n, found, err)
	}
}

func TestDjangosOwnBackendSharesSessions(t *testing.T) {
	o := settings.Options{Target: settings.Django}
	s := bothSidesOf(t, ownConfiguration, o)
	shareSessions(t, s, startDjangoSessions(t, s, o), "pickle")
}
