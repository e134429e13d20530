package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/store"
)

// renewing is a store that reads and renews in one exchange.
type renewing struct{ store.Store }

func (r renewing) GetTouch(ctx context.Context, key string, ttl time.Duration) ([]byte, bool, error) {
	if found, err := r.Touch(ctx, key, ttl); !found || err != nil {
		return nil, found, err
	}
	return r.Get(ctx, key)
}

func TestARenewalPassesTheInterceptors(t *testing.T) {
	plain, behind := filled(t)
	if offers[store.Renewer](store.Intercept(plain, hooks{})) {
		t.Error("a Renewer is offered that the store behind is not")
	}
	var seen []store.Call
	s := store.Intercept(renewing{behind}, hooks{after: func(_ context.Context, c *store.Call) { seen = append(seen, *c) }})
	value, found, err := capability[store.Renewer](t, s).GetTouch(t.Context(), "key", time.Minute)
	if string(value) != "1" || !found || err != nil {
		t.Errorf("GetTouch = %q, %v, %v", value, found, err)
	}
	want := []store.Call{{Op: store.OpRenew, Key: "key", TTL: time.Minute, Value: []byte("1"), Found: true}}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
