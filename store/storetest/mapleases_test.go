package storetest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/cachewright/cachewright/store"
)

// As fills in the leases of a mapStore: in the place of the values, or beside.
func (s *mapStore) As(target any) bool {
	switch t := target.(type) {
	case *store.Leaser:
		*t = mapLeases{s, "", s.entries}
	case *store.Beside:
		*t = mapBesides{mapLeases{s, "Beside ", s.beside}}
	default:
		return false
	}
	return true
}

// mapLeases are the leases of a mapStore that stand among entries.
type mapLeases struct {
	*mapStore
	op      string // begins the names of the flaws
	entries map[string]*mapEntry
}

type mapBesides struct{ mapLeases }

func (l mapLeases) flaw(f flaw) bool { return l.has(flaw(l.op) + f) }

// at returns what stands for key, which an operation with the flaw sees even if it has ended.
func (l mapLeases) at(op, key string) *mapEntry {
	values := l.mapStore.entries
	l.mapStore.entries = l.entries
	defer func() { l.mapStore.entries = values }()
	return l.lookup(l.op+op, l.place(key))
}

// put stores value among the leases.
func (l mapLeases) put(op, key string, value []byte, ttl time.Duration) {
	values := l.mapStore.entries
	l.mapStore.entries = l.entries
	defer func() { l.mapStore.entries = values }()
	l.write(l.op+op, l.place(key), value, ttl)
}

func (l mapLeases) place(key string) string {
	if l.has("braces are cut from leases") {
		return strings.Trim(key, "{}")
	}
	return key
}

func (l mapLeases) begin(ctx context.Context, op string, ttl time.Duration) error {
	if err := l.checkTTL(l.op+op, ttl); err != nil {
		return err
	}
	return l.enter(ctx)
}

func (l mapLeases) Claim(ctx context.Context, key string, lease []byte, ttl time.Duration) ([]byte, error) {
	if err := store.CheckLease(lease, ttl); err != nil && !l.flaw("Claim takes any lease") {
		return nil, err
	}
	if err := l.enter(ctx); err != nil {
		return nil, err
	}
	defer l.leave()
	there := l.at("Claim", key)
	if value := l.lookup("Get", key); l.op != "" && value != nil && !l.has("Beside Claim ignores values") {
		return value.value, nil
	}
	l.yieldTo(flaw(l.op + "Claim takes two steps"))
	own := there != nil && bytes.Equal(there.value, lease)
	switch {
	case own && l.flaw("Claim prolongs"), there != nil && l.flaw("Claim overwrites"):
	case own && !l.flaw("Claim refuses its own lease"):
		return nil, nil
	case there != nil && len(there.value) == 0 && l.flaw("Claim returns nil for empty values"):
		return nil, nil
	case there != nil:
		return there.value, nil
	}
	l.put("Claim", key, lease, ttl)
	if l.has("a lease beside is a value") && l.op != "" {
		l.write("Set", key, lease, ttl)
	}
	return nil, nil
}

// held reports whether lease stands for key, for a step that may have a flaw.
func (l mapLeases) held(op, key string, lease []byte) bool {
	e := l.at(op, key)
	if e == nil {
		return lease == nil && l.flaw("Extend takes nil for absence") || l.flaw(flaw(op)+" needs no lease")
	}
	return bytes.Equal(e.value, lease) || l.flaw(flaw(op)+" needs no lease")
}

func (l mapLeases) Extend(ctx context.Context, key string, old, next []byte, ttl time.Duration) (bool, error) {
	if err := l.begin(ctx, "Extend", ttl); err != nil {
		return false, err
	}
	defer l.leave()
	if !l.held("Extend", key, old) {
		return false, nil
	}
	l.put("Extend", key, next, ttl)
	if l.has("Beside Extend touches the value") && l.op != "" {
		l.write("Set", key, next, ttl)
	}
	if l.flaw("Extend wakes") {
		l.wake(key)
	}
	return true, nil
}

func (l mapLeases) Commit(ctx context.Context, key string, lease, value []byte, ttl time.Duration) (bool, error) {
	if err := l.begin(ctx, "Commit", ttl); err != nil {
		return false, err
	}
	defer l.leave()
	defer l.wake(key)
	if !l.held("Commit", key, lease) {
		return false, nil
	}
	written := l.live(key) != nil
	l.yieldTo(flaw(l.op + "Commit takes two steps"))
	if value == nil && l.flaw("Commit of nil deletes") {
		delete(l.entries, key)
		return true, nil
	}
	if l.op == "" {
		l.put("Commit", key, value, ttl)
		return true, nil
	}
	if !l.has("Beside Commit leaves the lease") {
		delete(l.entries, l.place(key))
	}
	if written && !l.has("Beside Commit replaces values") {
		return false, nil
	}
	l.write("Beside Commit", key, value, ttl)
	return true, nil
}

func (l mapLeases) Yield(ctx context.Context, key string, lease, note []byte, ttl time.Duration) (bool, error) {
	if note == nil && !l.flaw("Yield checks the lifetime of nothing") {
		ttl = store.Forever
	}
	if err := l.begin(ctx, "Yield", ttl); err != nil {
		return false, err
	}
	defer l.leave()
	if !l.flaw("Yield wakes nobody") {
		defer l.wake(key)
	}
	if !l.held("Yield", key, lease) {
		return false, nil
	}
	switch {
	case note != nil:
		l.put("Yield", key, note, ttl)
	case !l.flaw("Yield leaves the lease"):
		delete(l.entries, l.place(key))
	}
	return true, nil
}

// wake releases who waits for key.
func (l mapLeases) wake(key string) {
	for other, waiting := range l.waiting {
		if other != key && !l.flaw("Commit wakes everybody") {
			continue
		}
		for woken := range waiting {
			close(woken)
		}
		delete(l.waiting, other)
	}
}

func (l mapLeases) Await(key string) (<-chan struct{}, func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed && !l.has("Await after Close waits") {
		return nil, func() {}
	}
	woken := make(chan struct{})
	if l.waiting[key] == nil {
		l.waiting[key] = make(map[chan struct{}]bool)
	}
	l.waiting[key][woken] = true
	return woken, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.waiting[key], woken)
		if l.has("stop ends all waiting") {
			delete(l.waiting, key)
		}
	}
}

func (l mapBesides) Void(ctx context.Context, keys ...string) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.leave()
	for _, key := range keys {
		if !l.has("Void does nothing") {
			delete(l.entries, l.place(key))
		}
		if l.has("Void ends values") {
			delete(l.mapStore.entries, key)
		}
	}
	return nil
}

func (l mapBesides) VoidMatching(ctx context.Context, prefix, pattern string) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	defer l.leave()
	for key := range l.entries {
		rest, ok := strings.CutPrefix(key, prefix)
		if l.has("VoidMatching takes the prefix for a pattern") {
			rest, ok = key[min(len(key), len(prefix)):], store.Match(prefix+pattern, key)
		}
		if ok && store.Match(pattern, rest) {
			delete(l.entries, key)
		}
	}
	return nil
}

// Ticked is the time of the last full second.
func (s *mapStore) Ticked() time.Time {
	switch {
	case s.has("ticks are ahead"):
		return time.Now().Add(time.Millisecond)
	case s.has("ticks stand still"):
		return s.born
	}
	return time.Now().Truncate(time.Second)
}

func (s *mapStore) Peek(ctx context.Context, keys []string, n int) ([][]byte, error) {
	if n <= 0 && !s.has("Peek takes any length") {
		return nil, errors.New("no length")
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	heads := make([][]byte, len(keys))
	for i, key := range keys {
		e := s.lookup("Peek", key)
		if e == nil || i >= 1000 && s.has("Peek stops at a thousand") {
			continue
		}
		heads[i] = e.value[:max(0, min(n, len(e.value)))]
		if s.has("Peek returns the whole value") {
			heads[i] = e.value
		}
		if len(e.value) == 0 && s.has("Peek answers nil for empty values") {
			heads[i] = nil
		}
	}
	return heads, nil
}
