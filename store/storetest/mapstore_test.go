package storetest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/cachewright/cachewright/store"
)

// flaw is a deliberate fault of a mapStore, in words. The empty flaw is none.
type flaw string

// mapStore is the simplest store that follows the contract, apart from its flaw.
type mapStore struct {
	flaw flaw
	born time.Time

	mu      sync.Mutex // guards what follows
	entries map[string]*mapEntry
	beside  map[string]*mapEntry              // leases
	waiting map[string]map[chan struct{}]bool // for the end of a lease
	closed  bool
	cursor  int // where a flawed scan goes on

	busy sync.Mutex // held during every operation of a store with the flaw "..., one at a time"
}

type mapEntry struct {
	value    []byte
	object   any
	born     time.Duration // the lifetime it began with
	endless  bool
	deadline time.Time
}

func newMapStore(f flaw) *mapStore {
	return &mapStore{
		flaw: f, born: time.Now(), entries: make(map[string]*mapEntry), beside: make(map[string]*mapEntry),
		waiting: make(map[string]map[chan struct{}]bool),
	}
}

var errFlaw = errors.New("the flaw of this store")

func (s *mapStore) has(f flaw) bool { return s.flaw == f }

// yieldTo lets the other goroutines of a bubble run until they wait.
func (s *mapStore) yieldTo(f flaw) {
	if s.has(f) {
		s.mu.Unlock()
		time.Sleep(150 * time.Nanosecond)
		s.mu.Lock()
	}
}

// enter begins an operation. With a nil error, leave must end it.
func (s *mapStore) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil && !s.has("contexts are ignored") {
		if s.has("every context error is a cancellation") {
			return context.Canceled
		}
		return err
	}
	if s.has("operations fail beside each other") {
		if !s.busy.TryLock() {
			return errFlaw
		}
		time.Sleep(time.Nanosecond)
		s.busy.Unlock()
	}
	s.mu.Lock()
	if s.closed && !s.has("a closed store goes on") {
		s.mu.Unlock()
		if s.has("a closed store answers an error of its own") {
			return errFlaw
		}
		return store.ErrClosed
	}
	return nil
}

func (s *mapStore) leave() { s.mu.Unlock() }

func (s *mapStore) checkTTL(op string, ttl time.Duration) error {
	if s.has(flaw(op + " takes any lifetime")) {
		return nil
	}
	return store.CheckTTL(ttl)
}

// name returns what a flawed store makes of key.
func (s *mapStore) name(key string) string {
	if s.has("keys end at a NUL") {
		key, _, _ = strings.Cut(key, "\x00")
	}
	if s.has("long keys are cut") && len(key) > 250 {
		key = key[:250]
	}
	return key
}

// live returns the entry of key unless it has ended; an ended one is removed.
func (s *mapStore) live(key string) *mapEntry {
	e := s.entries[s.name(key)]
	if e == nil || e.endless {
		return e
	}
	left := time.Until(e.deadline)
	if left > 0 || left == 0 && s.has("entries are there at their deadline") {
		return e
	}
	return nil
}

// lookup is live for an operation whose flaw may be to see ended entries.
func (s *mapStore) lookup(op, key string) *mapEntry {
	if s.has(flaw(op + " sees ended entries")) {
		return s.entries[s.name(key)]
	}
	return s.live(key)
}

func (s *mapStore) end(e *mapEntry, ttl time.Duration) {
	if ttl == store.Forever && s.has("Forever is a while") {
		ttl = time.Millisecond
	}
	e.born, e.endless = ttl, ttl == store.Forever
	if s.has("lifetimes are cut to milliseconds, and none is endless") && ttl < time.Millisecond {
		e.endless = true
	}
	e.deadline = time.Now().Add(ttl)
	if s.has("deadlines wrap around") {
		e.deadline = time.Unix(0, time.Now().UnixNano()+int64(ttl))
	}
}

// write stores value under key for ttl.
func (s *mapStore) write(op, key string, value []byte, ttl time.Duration) {
	old := s.live(key)
	if old != nil && s.has(flaw(op+" leaves an existing value")) {
		return
	}
	if len(value) == 0 && s.has(flaw(op+" leaves out empty values")) {
		delete(s.entries, key)
		return
	}
	if s.has("values end at a NUL") {
		value, _, _ = bytes.Cut(value, []byte{0})
	}
	if !s.has(flaw(op + " keeps the slice of the caller")) {
		value = append([]byte{}, value...)
	}
	e := &mapEntry{value: value}
	switch {
	case s.has(flaw(op + " stores forever")):
		s.end(e, store.Forever)
	case ttl == store.Keep && old != nil && !s.has("Keep is Forever"), old != nil && s.has("Set leaves the lifetime"):
		e.born, e.endless, e.deadline = old.born, old.endless, old.deadline
	case ttl == store.Keep && s.has("an entry created with Keep ends soon"):
		s.end(e, time.Millisecond)
	case ttl == store.Keep:
		s.end(e, store.Forever)
	default:
		s.end(e, ttl)
	}
	if old != nil && s.has("values are overwritten in place") && len(value) <= len(old.value) {
		copy(old.value, value)
		e.value = old.value[:len(value)]
	}
	if old != nil && s.has("objects survive their value") {
		e.object = old.object
	}
	if s.has("values are written in two halves") {
		s.entries[key] = &mapEntry{value: append([]byte{}, value[:len(value)/2]...), endless: true}
		s.mu.Unlock()
		time.Sleep(time.Duration(len(value)))
		s.mu.Lock()
	}
	s.entries[s.name(key)] = e
}

func (s *mapStore) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := s.enter(ctx); err != nil {
		return nil, false, err
	}
	defer s.leave()
	s.yieldTo("values are written in two halves")
	e := s.lookup("Get", key)
	switch {
	case s.has("this store keeps nothing"):
		return nil, false, nil
	case e == nil:
		return nil, s.has("Get finds absent keys"), nil
	case s.has("Get returns a copy"):
		return bytes.Clone(e.value), true, nil
	}
	return e.value, true, nil
}

func (s *mapStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.checkTTL("Set", ttl); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	s.write("Set", key, value, ttl)
	return nil
}

func (s *mapStore) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if err := s.checkTTL("Add", ttl); err != nil {
		return false, err
	}
	if err := s.enter(ctx); err != nil {
		return false, err
	}
	defer s.leave()
	e := s.lookup("Add", key)
	s.yieldTo("Add takes two steps")
	switch {
	case s.has("Add overwrites"), e != nil && len(e.value) == 0 && s.has("Add overwrites empty values"):
	case e != nil:
		if s.has("an Add in vain starts a new lifetime") {
			s.end(e, ttl)
		}
		return false, nil
	}
	s.write("Add", key, value, ttl)
	return true, nil
}

func (s *mapStore) Touch(ctx context.Context, key string, ttl time.Duration) (bool, error) {
	if err := s.checkTTL("Touch", ttl); err != nil {
		return false, err
	}
	if err := s.enter(ctx); err != nil {
		return false, err
	}
	defer s.leave()
	e := s.lookup("Touch", key)
	if e == nil {
		if s.has("Touch creates") {
			s.write("Touch", key, nil, ttl)
		}
		return false, nil
	}
	if ttl == store.Keep && s.has("Touch with Keep lets live forever") {
		ttl = store.Forever
	}
	if s.has("Touch only prolongs") && time.Until(e.deadline) > ttl {
		return true, nil
	}
	if ttl != store.Keep {
		s.end(e, ttl)
	}
	if s.has("Touch empties the value") {
		e.value = []byte{}
	}
	if s.has("Touch drops the object") {
		e.object = nil
	}
	return true, nil
}

func (s *mapStore) Delete(ctx context.Context, keys ...string) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.leave()
	if len(keys) == 0 && s.has("Delete of no key deletes all") {
		clear(s.entries)
	}
	if len(keys) > 1000 && s.has("Delete stops at a thousand") {
		keys = keys[:1000]
	}
	before := maps.Clone(s.entries)
	removed := 0
	for _, key := range keys {
		e := s.lookup("Delete", key)
		if s.has("Delete counts duplicates") {
			e = before[key]
		}
		if e != nil || s.has("Delete counts absent keys") {
			removed++
		}
		s.yieldTo("Delete takes two steps")
		delete(s.entries, s.name(key))
	}
	return removed, nil
}

func (s *mapStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed && s.has("a second Close fails") {
		return store.ErrClosed
	}
	s.closed = true
	return nil
}
