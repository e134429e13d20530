package cache_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/memory"
)

// peeking is a store whose values are too large to be read for nothing.
type peeking struct {
	*memory.Store
	peeked map[string]int // bytes, by key
}

func (p peeking) Peek(ctx context.Context, keys []string, n int) ([][]byte, error) {
	values, err := p.Store.GetMany(ctx, keys)
	for i, value := range values {
		if value == nil {
			continue
		}
		values[i] = value[:min(n, len(value))]
		p.peeked[keys[i]] = len(values[i])
	}
	return values, err
}

func (p peeking) GetMany(context.Context, []string) ([][]byte, error) {
	return nil, errors.New("whole values are read")
}

func TestKeysReadsNoMoreThanTheHeaders(t *testing.T) {
	inside, err := memory.New(memory.Options{})
	must(t, err)
	p := peeking{inside, map[string]int{}}
	c := open[string](t, p, cache.Options{Prefix: "p", AbsentFor: time.Hour})
	ctx := t.Context()
	must(t, c.Set(ctx, "large", strings.Repeat("x", 1<<20)))
	must(t, c.Set(ctx, "small", ""))
	must(t, inside.Set(ctx, "p:1:foreign", []byte("no record"), store.Forever))
	must(t, inside.Set(ctx, "p:1:empty", nil, store.Forever))
	if _, err := c.Fetch(ctx, "absent", func(context.Context) (string, error) { return "", cache.ErrNotFound }); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("Fetch = %v, want ErrNotFound", err)
	}
	var during []string
	_, err = c.Fetch(ctx, "under way", func(ctx context.Context) (string, error) {
		for key, err := range c.Keys(ctx, "*") {
			must(t, err)
			during = append(during, key)
		}
		return "loaded", nil
	})
	must(t, err)
	slices.Sort(during)
	if want := []string{"empty", "foreign", "large", "small"}; !slices.Equal(during, want) {
		t.Errorf("Keys during a load = %q, want %q: neither leases nor remembered absence", during, want)
	}
	if got := p.peeked["p:1:large"]; got == 0 || got > 1024 {
		t.Errorf("%d bytes of a value of a MiB were read", got)
	}
	if len(p.peeked) != 6 {
		t.Errorf("%d keys were looked at, want all 6: %v", len(p.peeked), p.peeked)
	}
}
