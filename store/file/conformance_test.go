package file_test

import (
	"path/filepath"
	"testing"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
	"github.com/cachewright/cachewright/store/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		o    file.Options
	}{
		{"a store made at Open", file.Options{}},
		{"a store made at the first write, which sweeps all the time", file.Options{Lazy: true, SweepEvery: 256e6}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			open := func(t *testing.T) store.Store {
				s, err := file.Open(filepath.Join(t.TempDir(), "cache"), tt.o)
				noError(t, err)
				return s
			}
			storetest.Run(t, open, storetest.Options{
				Offers: []storetest.Capability{
					storetest.Batcher, storetest.Counter, storetest.Swapper,
					storetest.Inspector, storetest.Viewer, storetest.Clock,
				},
				Bubble: true,
			})
		})
	}
}
