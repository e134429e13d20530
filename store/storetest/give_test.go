package storetest

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/cachewright/cachewright/store"
)

// giver promises that what it hands out is the caller's own, and keeps the promise as far as its fields say.
type giver struct {
	basic
	gets, batches bool
}

func (giver) Gives() {}

func (g giver) Get(ctx context.Context, key string) ([]byte, bool, error) {
	value, found, err := g.basic.Get(ctx, key)
	if g.gets {
		value = bytes.Clone(value)
	}
	return value, found, err
}

func (g giver) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	values, err := g.Store.(*mapStore).GetMany(ctx, keys)
	for i := range values {
		if g.batches {
			values[i] = bytes.Clone(values[i])
		}
	}
	return values, err
}

func (g giver) SetMany(context.Context, []store.Item, time.Duration) error {
	panic("no rule of a giver stores many")
}

func TestTheRulesOfGiversBite(t *testing.T) {
	for name, tt := range map[string]struct {
		giver giver
		want  []string // the rules that fail
	}{
		"a giver":                        {giver{gets: true, batches: true}, nil},
		"Get hands out what is kept":     {giver{batches: true}, []string{"what Get hands out is the caller's own"}},
		"GetMany hands out what is kept": {giver{gets: true}, []string{"what GetMany hands out is the caller's own"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := failuresOf(t, giverRules(), func() store.Store {
				tt.giver.basic = basic{newMapStore("")}
				return tt.giver
			})
			if !slices.Equal(got, tt.want) {
				t.Errorf("rules that fail: %q, want %q", got, tt.want)
			}
		})
	}
}
