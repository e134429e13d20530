package main

import (
	"fmt"
	"runtime"

	"github.com/cachewright/cachewright/bench/report"
)

// askMemory compares reads and overwriting writes of 1 KiB.
func askMemory(r *run) error {
	for _, size := range r.sizes {
		if err := askMemoryOf(r, size); err != nil {
			return err
		}
	}
	return nil
}

func askMemoryOf(r *run, size int) error {
	keys, value := keysOf(size), newValue()
	o := shuffled(keys)
	gets := question{name: fmt.Sprintf("get of 1 KiB from memory, %d entries", size)}
	sets := question{name: fmt.Sprintf("set of 1 KiB in memory, overwriting, %d entries", size)}
	for _, m := range engines {
		e, err := m.make(load{size, valueBytes})
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		defer e.close()
		for _, key := range keys {
			// Engines that hand out what they were given get a value of their own for every key.
			if err := e.set(key, append([]byte(nil), value...)); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
			e.get(key)
		}
		gets.contenders = append(gets.contenders, contender{m.name, reading(func(i int) (bool, error) {
			return e.get(o.at(i)), nil
		})})
		sets.contenders = append(sets.contenders, contender{m.name, writing(func(i int) error {
			return e.set(o.at(i), value)
		})})
	}
	if err := r.ask(gets); err != nil {
		return err
	}
	return r.ask(sets)
}

const (
	footprint        = "memory per entry"
	bytesPerEntry    = "B/entry"
	footprintEntries = 200_000
	footprintBytes   = 64
)

// askFootprint weighs entries with keys of 21 and values of 64 bytes, each with memory of its own: as they
// were set, and after each of them was read, for what a cache keeps of that.
func askFootprint(r *run) error {
	t := report.Table{
		Title:   fmt.Sprintf("memory per entry, %d entries, keys of 21 bytes, values of %d bytes", footprintEntries, footprintBytes),
		Columns: []string{"contender", "bytes", "ratio", "once read", "ratio"},
	}
	var base, baseRead float64
	for _, m := range append(engines[:len(engines):len(engines)], maker{"cache.Cache[[]byte]", newTypedBytes}) {
		set, read, err := weigh(m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if base == 0 {
			base, baseRead = set, read
		}
		t.Rows = append(t.Rows, []string{m.name, fmt.Sprintf("%.0f", set), ratio(set / base), fmt.Sprintf("%.0f", read), ratio(read / baseRead)})
		if err := r.note(figure{footprint, m.name, bytesPerEntry}, set); err != nil {
			return err
		}
	}
	return r.table(t)
}

// weigh returns how much the heap grows with each entry, set and also read.
func weigh(m maker) (set, read float64, err error) {
	before := heap()
	e, err := m.make(load{footprintEntries, footprintBytes})
	if err != nil {
		return 0, 0, err
	}
	defer e.close()
	key := func(i int) string { return fmt.Sprintf("user:%016d", i) }
	for i := range footprintEntries {
		if err := e.set(key(i), make([]byte, footprintBytes)); err != nil {
			return 0, 0, err
		}
	}
	set = float64(heap()-before) / footprintEntries
	for i := range footprintEntries {
		e.get(key(i))
	}
	return set, float64(heap()-before) / footprintEntries, nil
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one has moved to be finalized or pooled
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
