package storetest

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cachewright/cachewright/store"
)

// workers is how many goroutines work on one store at the same time.
const workers = 8

// together runs work on several goroutines at once and waits for all of them. work must report
// failures with Errorf only.
func together(work func(worker int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for w := range workers {
		wg.Go(func() {
			<-start
			work(w)
		})
	}
	close(start)
	wg.Wait()
}

// raceRules are the rules of concurrent use. They show more under the race detector.
func raceRules() []rule {
	return []rule{
		{name: "of several concurrent Adds exactly one is told true", check: oneAdd},
		{name: "concurrent Deletes count each key once", check: oneDelete},
		{name: "concurrent Sets of one key never mix their values", check: wholeValues},
		{name: "all operations may run at the same time", check: everythingAtOnce},
	}
}

func oneAdd(b *bench) {
	const rounds = 20
	for i := range rounds {
		key := fmt.Sprintf("key:%d", i)
		b.used[key] = true
		var told atomic.Int64
		winner := make([]string, workers)
		together(func(w int) {
			value := fmt.Sprintf("of worker %d", w)
			stored, err := b.s.Add(b.Context(), key, []byte(value), ample)
			if err != nil {
				b.Errorf("Add: %v", err)
			}
			if stored {
				told.Add(1)
				winner[w] = value
			}
		})
		if got := told.Load(); got != 1 {
			b.Fatalf("%d of %d concurrent Adds were told true, want 1", got, workers)
		}
		for _, value := range winner {
			if value != "" {
				b.wantValue(key, value)
			}
		}
	}
}

func oneDelete(b *bench) {
	const total = 100
	keys := make([]string, total)
	for i := range keys {
		keys[i] = fmt.Sprintf("key:%d", i)
		b.set(keys[i], "value", ample)
	}
	var removed atomic.Int64
	together(func(int) {
		for _, key := range keys {
			n, err := b.s.Delete(b.Context(), key)
			if err != nil {
				b.Errorf("Delete: %v", err)
			}
			removed.Add(int64(n))
		}
	})
	if got := removed.Load(); got != total {
		b.Errorf("concurrent Deletes of %d keys counted %d", total, got)
	}
}

func wholeValues(b *bench) {
	b.set("key", "start", ample)
	together(func(w int) {
		mine := bytes.Repeat([]byte{byte('a' + w)}, 100<<w)
		for range 50 {
			if err := b.s.Set(b.Context(), "key", mine, ample); err != nil {
				b.Errorf("Set: %v", err)
			}
			value, found, err := b.s.Get(b.Context(), "key")
			if err != nil || !found {
				b.Errorf("Get = %v, %v; want a value", found, err)
				return
			}
			if string(value) != "start" && len(bytes.Trim(value, string(value[:1]))) > 0 {
				b.Errorf("Get returned a mix of two values: %s", quote(string(value)))
			}
			if whole := 100 << (value[0] - 'a'); string(value) != "start" && len(value) != whole {
				b.Errorf("Get returned %d of %d bytes of a value", len(value), whole)
			}
		}
	})
}

func everythingAtOnce(b *bench) {
	batcher, batches := store.As[store.Batcher](b.s)
	counter, counts := store.As[store.Counter](b.s)
	inspector, inspects := store.As[store.Inspector](b.s)
	keys := []string{"0", "1", "2", "3"}
	for _, key := range keys {
		b.used[key] = true
	}
	note := func(op string, err error) {
		if err != nil {
			b.Errorf("%s: %v", op, err)
		}
	}
	together(func(w int) {
		ctx := b.Context()
		for i := range 50 {
			key := keys[(i+w)%len(keys)]
			note("Set", b.s.Set(ctx, key, []byte("7"), ample))
			_, _, err := b.s.Get(ctx, key)
			note("Get", err)
			_, err = b.s.Touch(ctx, key, store.Forever)
			note("Touch", err)
			if counts {
				_, _, err = counter.Incr(ctx, key, 1)
				note("Incr", err)
			}
			if batches {
				_, err = batcher.GetMany(ctx, keys)
				note("GetMany", err)
				note("SetMany", batcher.SetMany(ctx, []store.Item{{Key: key, Value: []byte("8")}}, ample))
			}
			if inspects {
				for _, err := range inspector.Scan(ctx, "", "*") {
					note("Scan", err)
				}
			}
			_, err = b.s.Delete(ctx, key)
			note("Delete", err)
			_, err = b.s.Add(ctx, key, []byte("9"), ample)
			note("Add", err)
		}
	})
}
