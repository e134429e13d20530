package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cachewright/cachewright/store"
)

// oracle knows what a store should answer. Its answers are printed as those of model are.
type oracle struct {
	now     time.Duration // since the start of the run
	entries map[string]modelEntry
}

type modelEntry struct {
	value  []byte
	object any
	end    time.Duration // store.Forever, or on the scale of oracle.now
}

func (o *oracle) live(key string) (modelEntry, bool) {
	e, ok := o.entries[key]
	if ok && e.end <= o.now {
		delete(o.entries, key)
		return modelEntry{}, false
	}
	return e, ok
}

// nearestEnd returns an end that is too near to judge operations.
func (o *oracle) nearestEnd() (end time.Duration, near bool) {
	for _, e := range o.entries {
		if e.end > o.now-settled && e.end < o.now+margin {
			return e.end, true
		}
	}
	return 0, false
}

// remaining returns what is left of the lifetime of key.
func (o *oracle) remaining(key string) time.Duration {
	e, found := o.live(key)
	if !found || e.end == store.Forever {
		return store.Forever
	}
	return e.end - o.now
}

// endOf returns when an entry ends that gets ttl now.
func (o *oracle) endOf(key string, ttl time.Duration) time.Duration {
	switch ttl {
	case store.Forever:
		return store.Forever
	case store.Keep:
		if e, found := o.live(key); found {
			return e.end
		}
		return store.Forever
	}
	return o.now + ttl
}

func (o *oracle) write(key string, value []byte, ttl time.Duration) {
	o.entries[key] = modelEntry{value: bytes.Clone(value), end: o.endOf(key, ttl)}
}

func (o *oracle) get(key string) string {
	e, found := o.live(key)
	return optional(e.value, found, nil)
}

func (o *oracle) getMany(keys []string) string {
	var answers []string
	for _, key := range keys {
		answers = append(answers, o.get(key))
	}
	return strings.Join(answers, ", ")
}

func (o *oracle) set(items []store.Item, ttl time.Duration) string {
	if err := store.CheckTTL(ttl); err != nil {
		return failure(err)
	}
	for _, item := range items {
		o.write(item.Key, item.Value, ttl)
	}
	return failure(nil)
}

func (o *oracle) add(key string, value []byte, ttl time.Duration) string {
	if err := store.CheckTTL(ttl); err != nil {
		return failure(err)
	}
	_, found := o.live(key)
	if !found {
		o.write(key, value, ttl)
	}
	return boolean(!found, nil)
}

func (o *oracle) touch(key string, ttl time.Duration) string {
	if err := store.CheckTTL(ttl); err != nil {
		return failure(err)
	}
	e, found := o.live(key)
	if found {
		e.end = o.endOf(key, ttl)
		o.entries[key] = e
	}
	return boolean(found, nil)
}

func (o *oracle) delete(keys []string) string {
	removed := 0
	for _, key := range keys {
		if _, found := o.live(key); found {
			delete(o.entries, key)
			removed++
		}
	}
	return number(removed, nil)
}

func (o *oracle) incr(key string, delta int64) string {
	e, found := o.live(key)
	if !found {
		return boolean(false, nil)
	}
	n, ok := store.Decimal(e.value)
	if !ok {
		return failure(store.ErrNotInteger)
	}
	sum, err := store.Sum(n, delta)
	if err == nil {
		o.write(key, strconv.AppendInt(nil, sum, 10), store.Keep)
	}
	return number(sum, err)
}

func (o *oracle) swap(key string, old, new []byte, ttl time.Duration) string {
	if old == nil && new == nil || new != nil && store.CheckTTL(ttl) != nil {
		return "refused"
	}
	e, found := o.live(key)
	if found != (old != nil) || !bytes.Equal(e.value, old) {
		return boolean(false, nil)
	}
	if new == nil {
		delete(o.entries, key)
	} else {
		o.write(key, new, ttl)
	}
	return boolean(true, nil)
}

func (o *oracle) scan(prefix, pattern string) string {
	keys := []string{}
	for key := range o.entries {
		rest, ok := strings.CutPrefix(key, prefix)
		if _, found := o.live(key); found && ok && store.Match(pattern, rest) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return fmt.Sprintf("%q", keys)
}

func (o *oracle) attach(key string, object any) string {
	if e, found := o.live(key); found {
		e.object = object
		o.entries[key] = e
	}
	return "done"
}
