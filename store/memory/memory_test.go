package memory

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newStore returns a store that is closed with the test.
func newStore(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func open(t *testing.T) store.Store { return newStore(t, Options{}) }

func conformance() storetest.Options {
	return storetest.Options{
		Bubble: true,
		Offers: []storetest.Capability{
			storetest.Batcher, storetest.Counter, storetest.Swapper, storetest.Leaser, storetest.Inspector,
			storetest.Viewer, storetest.Objects, storetest.Clock, storetest.Ticker,
		},
	}
}

func TestStoreFollowsTheContract(t *testing.T) { storetest.Run(t, open, conformance()) }

func TestStoreAgreesWithTheModel(t *testing.T) { storetest.Model(t, open, conformance()) }
