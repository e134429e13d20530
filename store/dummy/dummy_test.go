package dummy_test

import (
	"testing"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/dummy"
	"github.com/cachewright/cachewright/store/storetest"
	"github.com/google/go-cmp/cmp"
)

func TestConformanceOfAStoreThatKeepsNothing(t *testing.T) {
	storetest.RunEmpty(t, func(*testing.T) store.Store { return dummy.New() }, storetest.Options{
		Offers: []storetest.Capability{
			storetest.Batcher, storetest.Counter, storetest.Swapper, storetest.Leaser, storetest.Beside,
			storetest.Inspector, storetest.Clock,
		},
	})
}

func TestEveryCallIsCounted(t *testing.T) {
	s := dummy.New()
	ctx := t.Context()
	for range 2 {
		_, _, _ = s.Get(ctx, "k")
	}
	_ = s.Set(ctx, "k", nil, time.Hour)
	_, _ = s.Swap(ctx, "k", nil, []byte("v"), time.Hour)
	want := map[store.Op]int64{store.OpGet: 2, store.OpSet: 1, store.OpSwap: 1}
	if diff := cmp.Diff(want, s.Calls()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
