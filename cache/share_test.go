package cache_test

import (
	"maps"
	"testing"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store/memory"
	"github.com/google/go-cmp/cmp"
)

type labels map[string]int

// document copies itself, and marks copies so that tests can tell a clone from a decoded value.
type document struct {
	Tags   labels
	Clones int
}

func (d document) Clone() document {
	return document{Tags: maps.Clone(d.Tags), Clones: d.Clones + 1}
}

// folder copies itself through a pointer.
type folder struct{ Tags labels }

func (f *folder) Clone() *folder { return &folder{Tags: maps.Clone(f.Tags)} }

// onMemory returns a handle of V on a memory store that holds v under key "k".
func onMemory[V any](t *testing.T, v V, opts ...cache.ViewOption) *cache.Cache[V] {
	t.Helper()
	s, err := memory.New(memory.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	b, err := cache.NewBase(s, cache.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, b.Close()) })
	c, err := cache.On[V](b, opts...)
	must(t, err)
	must(t, c.Set(t.Context(), "k", v))
	return c
}

// read returns the value under "k".
func read[V any](t *testing.T, c *cache.Cache[V]) V {
	t.Helper()
	v, found, err := c.Get(t.Context(), "k")
	if err != nil || !found {
		t.Fatalf("Get = %v, %v; want a value", found, err)
	}
	return v
}

func TestReadersGetMapsOfTheirOwn(t *testing.T) {
	c := onMemory(t, labels{"a": 1})
	for range 3 {
		v := read(t, c)
		if diff := cmp.Diff(labels{"a": 1}, v); diff != "" {
			t.Errorf("a reader sees what another one has changed (-want +got):\n%s", diff)
		}
		v["a"] = 2
	}
}

func TestSharedHandsOutOneValue(t *testing.T) {
	stored := labels{"a": 1}
	c := onMemory(t, stored, cache.Shared())
	stored["a"] = 2
	first := read(t, c)
	if diff := cmp.Diff(labels{"a": 1}, first); diff != "" {
		t.Errorf("the value shares memory with what was stored (-want +got):\n%s", diff)
	}
	first["mark"] = 1 // breaks the promise, to see who gets the same map
	if v := read(t, c); v["mark"] != 1 {
		t.Error("the second reader got a value of its own, want the first one's")
	}
	must(t, c.Set(t.Context(), "k", labels{"b": 1}))
	if diff := cmp.Diff(labels{"b": 1}, read(t, c)); diff != "" {
		t.Errorf("after another Set (-want +got):\n%s", diff)
	}
}

func TestSharedDoesNotAllocateOnAHit(t *testing.T) {
	c := onMemory(t, document{Tags: labels{"a": 1}}, cache.Shared())
	read(t, c)
	ctx := t.Context()
	// The engine allocates now and then, a little, to note what was read.
	if got := testing.AllocsPerRun(1000, func() { _, _, _ = c.Get(ctx, "k") }); got >= 1 {
		t.Errorf("a hit allocates %v times, want 0", got)
	}
}

func TestSharedAnyIsOfNobodyElse(t *testing.T) {
	s, err := memory.New(memory.Options{})
	must(t, err)
	defer s.Close()
	b, err := cache.NewBase(s, cache.Options{})
	must(t, err)
	defer b.Close()
	numbers, err := cache.On[int32](b)
	must(t, err)
	anything, err := cache.On[any](b, cache.Shared())
	must(t, err)
	must(t, numbers.Set(t.Context(), "k", 7))
	read(t, numbers) // leaves an int32 beside the bytes
	if v := read(t, anything); v != int64(7) {
		t.Errorf("Get of any = %T(%v), want int64(7)", v, v)
	}
}

func TestReadersGetClones(t *testing.T) {
	c := onMemory(t, document{Tags: labels{"a": 1}})
	first := read(t, c)
	if first.Clones != 0 {
		t.Errorf("the first reader got clone %d, want the decoded value", first.Clones)
	}
	first.Tags["a"] = 2
	for range 2 {
		v := read(t, c)
		if diff := cmp.Diff(document{Tags: labels{"a": 1}, Clones: 2}, v); diff != "" {
			t.Errorf("a clone of what was kept (-want +got):\n%s", diff)
		}
		v.Tags["a"] = 3
	}
}

func TestReadersGetClonesOfPointers(t *testing.T) {
	c := onMemory(t, &folder{Tags: labels{"a": 1}})
	for range 3 {
		v := read(t, c)
		if diff := cmp.Diff(&folder{Tags: labels{"a": 1}}, v); diff != "" {
			t.Errorf("a reader sees what another one has changed (-want +got):\n%s", diff)
		}
		v.Tags["a"] = 2
	}
}

func TestNilPointersAreNotCloned(t *testing.T) {
	b, err := cache.NewBase(openMemory(t), cache.Options{})
	must(t, err)
	defer b.Close()
	clones, err := cache.On[*folder](b)
	must(t, err)
	shared, err := cache.On[*folder](b, cache.Shared())
	must(t, err)
	must(t, clones.Set(t.Context(), "k", nil))
	for range 2 {
		for _, c := range []*cache.Cache[*folder]{shared, clones} {
			if v := read(t, c); v != nil {
				t.Errorf("Get of a nil pointer = %v, want nil", v)
			}
		}
	}
}
