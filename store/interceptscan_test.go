package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/store"
)

func TestAnInterceptedScan(t *testing.T) {
	collect := func(s store.Store, prefix string, limit int) (keys []string, errs []error) {
		for key, err := range capability[store.Inspector](t, s).Scan(t.Context(), prefix, "*") {
			if err != nil {
				errs = append(errs, err)
				continue
			}
			if keys = append(keys, key); len(keys) == limit {
				break
			}
		}
		return slices.Sorted(slices.Values(keys)), errs
	}
	more := func(s store.Store) {
		for _, key := range []string{"k1", "k2", "k3"} {
			if err := s.Set(t.Context(), key, nil, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
	}
	lost := errors.New("lost")
	t.Run("asks with the prefix that Before leaves", func(t *testing.T) {
		s, behind := filled(t, on(store.OpScan, func(c *store.Call) error { c.Key = "k" + c.Key; return nil }))
		more(behind)
		keys, errs := collect(s, "e", 0)
		if diff := cmp.Diff([]string{"key"}, keys); diff != "" || errs != nil {
			t.Errorf("errors %v, keys (-want +got):\n%s", errs, diff)
		}
	})
	t.Run("counts the keys that were yielded when its loop is left", func(t *testing.T) {
		var n int64
		s, behind := filled(t, afterwards(store.OpScan, func(c *store.Call) { n, c.Err = c.N, lost }))
		more(behind)
		keys, errs := collect(s, "", 2)
		if len(keys) != 2 || n != 2 || errs != nil {
			t.Errorf("got %d keys, N %d, errors %v; want 2, 2 and none", len(keys), n, errs)
		}
	})
	t.Run("ends with the error that After leaves", func(t *testing.T) {
		s, behind := filled(t, afterwards(store.OpScan, func(c *store.Call) { c.Err = lost }))
		more(behind)
		keys, errs := collect(s, "", 0)
		if len(keys) != 4 || len(errs) != 1 || !errors.Is(errs[0], lost) {
			t.Errorf("got %d keys and errors %v; want 4 and %v", len(keys), errs, lost)
		}
	})
	t.Run("ends with the error of the store", func(t *testing.T) {
		var told error
		s, behind := filled(t, afterwards(store.OpScan, func(c *store.Call) { told = c.Err }))
		if err := behind.Close(); err != nil {
			t.Fatal(err)
		}
		_, errs := collect(s, "", 0)
		if len(errs) != 1 || !errors.Is(errs[0], store.ErrClosed) || !errors.Is(told, store.ErrClosed) {
			t.Errorf("got errors %v, After saw %v; want %v", errs, told, store.ErrClosed)
		}
	})
}
