//go:build linux || darwin

package file_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
	"github.com/cachewright/cachewright/store/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, empty, conformance())
}

func TestAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	storetest.Model(t, empty, conformance())
}

func empty(t *testing.T) store.Store {
	s, err := file.Open(filepath.Join(memoryDir(t), "cache"), file.Options{})
	noError(t, err)
	return s
}

func conformance() storetest.Options {
	return storetest.Options{
		Offers: []storetest.Capability{
			storetest.Batcher, storetest.Counter, storetest.Swapper, storetest.Leaser,
			storetest.Inspector, storetest.Viewer, storetest.Clock,
		},
		Bubble: true,
	}
}

// memoryDir returns a directory in memory where the system has one: the suite makes some hundred
// thousand files, for which some disks take a minute.
func memoryDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "cachewright-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
