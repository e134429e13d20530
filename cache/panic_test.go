package cache_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachewright/cachewright/cache"
)

// explosive panics when it is encoded.
type explosive struct{ ID int }

func (explosive) MarshalText() ([]byte, error)  { panic("marshaler at fault") }
func (*explosive) UnmarshalText(_ []byte) error { return nil }

func TestAMarshalerThatPanicsBehindALoadDoesNotEndTheProgram(t *testing.T) {
	var troubles []cache.Trouble
	c := open[explosive](t, openMemory(t), cache.Options{Hooks: recordTroubles(&troubles)})
	got, err := c.Fetch(t.Context(), "k", func(context.Context) (explosive, error) { return explosive{1}, nil })
	if got.ID != 1 || err != nil {
		t.Errorf("Fetch = %v, %v", got, err)
	}
	many, err := c.FetchMany(t.Context(), []string{"k"}, func(context.Context, []string) (map[string]explosive, error) {
		return map[string]explosive{"k": {2}}, nil
	})
	if many["k"].ID != 2 || err != nil {
		t.Errorf("FetchMany = %v, %v", many, err)
	}
	var panicked *cache.PanicError
	if len(troubles) != 2 || troubles[0].Op != "write" || !errors.As(troubles[1].Err, &panicked) {
		t.Errorf("troubles: %v", troubles)
	}
}

func TestAPanicThatNobodyWaitsForIsATrouble(t *testing.T) {
	var troubles []cache.Trouble
	o := cache.Options{LoadTimeout: time.Second, Hooks: recordTroubles(&troubles)}
	bubble(t, o, func(t *testing.T, _ *cache.Base, c *cache.Cache[string]) {
		_, err := c.Fetch(t.Context(), "k", func(context.Context) (string, error) {
			time.Sleep(time.Minute)
			panic("late")
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Fetch: %v", err)
		}
		_, err = c.FetchMany(t.Context(), []string{"a"}, func(context.Context, []string) (map[string]string, error) {
			time.Sleep(time.Hour)
			panic("later")
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("FetchMany: %v", err)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if len(troubles) != 2 || troubles[0].Op != "load" || troubles[0].Key != "k" {
			t.Errorf("troubles: %v", troubles)
		}
	})
}
