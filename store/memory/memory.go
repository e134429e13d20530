// Package memory keeps values in the memory of this process, bounded by bytes and entries.
//
// A [Store] is what a cache stands on when nothing outside the process is wanted: no server, no files,
// gone at the end of the process. It offers [store.Batcher], [store.Counter], [store.Swapper], [store.Leaser],
// [store.Inspector], [store.Viewer], [store.Objects], [store.Clock] and [store.Ticker].
//
// Which entries give way when the store is full is decided by how often and how recently they were
// used (W-TinyLFU, from github.com/maypok86/otter). Room is made before a value is stored, so an entry
// is never refused, a Set is seen by the Get that follows it, and nothing gives way while the store is
// below its bounds. An entry that is being replaced counts twice for a moment: where entries are a large part
// of the store, one may give way to a writer of that moment.
package memory

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/cachewright/cachewright/store"
)

// Options says how large a store may grow. The zero value is a store of 64 MiB.
type Options struct {
	// MaxBytes bounds the bytes that all entries take together: keys, values and some 160 bytes of
	// bookkeeping per entry. Zero (the default) is 64 MiB. An entry that is larger by itself is refused
	// with [ErrTooLarge].
	//
	// An entry that has ended is absent at once. It may take its room for two more seconds, and longer
	// in a store of more than 20 000 entries, until a sixteenth of what is used is to be gained.
	//
	// Raise MaxBytes when Stats counts evictions of entries that should have stayed; the process needs some
	// more than this, for what the garbage collector has not yet taken back.
	MaxBytes int64

	// MaxEntries bounds the number of entries. Zero (the default) is no bound but MaxBytes.
	//
	// Both bounds hold together: each entry counts for MaxBytes/MaxEntries bytes at least, so that
	// entries larger than this share take the room of several.
	MaxEntries int
}

// Store keeps entries in memory. Make one with [New] and end it with Close. All methods are safe for
// concurrent use. Two stores never share data.
//
// A key is kept as the string that was handed in: if it is a part of a larger string, all of that
// stays in memory with it.
type Store struct {
	entries *otter.Cache[string, *entry]
	bound   bound
	clock   clock
	reads   tally
	agenda  agenda

	used    atomic.Int64  // bytes, as bound counts them
	count   atomic.Int64  // entries
	writes  atomic.Uint32 // the number of the latest one, modulo 4 Gi
	evicted atomic.Uint64 // entries, over the life of the store

	coldMu sync.Mutex // guards cold
	cold   []victim   // the next to be evicted, the coldest first

	closed  atomic.Bool
	closing sync.Once
	stop    chan struct{}  // closed by Close
	ticking sync.WaitGroup // the goroutine that runs tick
}

var (
	_ store.Store     = (*Store)(nil)
	_ store.Batcher   = (*Store)(nil)
	_ store.Counter   = (*Store)(nil)
	_ store.Swapper   = (*Store)(nil)
	_ store.Inspector = (*Store)(nil)
	_ store.Viewer    = (*Store)(nil)
	_ store.Objects   = (*Store)(nil)
	_ store.Clock     = (*Store)(nil)
	_ store.Ticker    = (*Store)(nil)
)

// New returns an empty store, or an error if a bound is negative. It runs a goroutine until Close.
func New(o Options) (*Store, error) {
	b, err := newBound(o)
	if err != nil {
		return nil, err
	}
	s := &Store{bound: b, stop: make(chan struct{})}
	s.clock.start = time.Now()
	s.entries, err = otter.New(&otter.Options[string, *entry]{
		MaximumWeight:    b.maxWeight(),
		Weigher:          func(key string, e *entry) uint32 { return b.weight(sizeOf(key, e.length)) },
		Clock:            &s.clock,
		OnAtomicDeletion: s.removed,
		// On the caller's goroutine: the order of eviction is then as new as the latest write, and
		// nothing of the engine outlives Close.
		Executor: func(task func()) { task() },
	})
	if err != nil {
		return nil, fmt.Errorf("memory store: %w", err)
	}
	s.ticking.Go(s.tick)
	return s, nil
}

// tick moves the clock and removes entries that have ended, until Close.
func (s *Store) tick() {
	t := time.NewTicker(tickInterval)
	defer t.Stop()
	var w sweeper
	for {
		select {
		case <-s.stop:
			return
		case <-t.C:
			if now := s.clock.now(); w.due(s, now) {
				w.sweep(s, now)
			}
		}
	}
}

// Close drops all entries and stops the store's goroutine. A second Close does nothing.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.closed.Store(true)
		close(s.stop)
		s.ticking.Wait()
		s.entries.StopAllGoroutines()
		s.entries.InvalidateAll()
		s.forgetVictims()
	})
	return nil
}

// check returns why an operation cannot begin.
func (s *Store) check(ctx context.Context) error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	return ctx.Err()
}

// checkWrite returns why a write cannot begin.
func (s *Store) checkWrite(ctx context.Context, ttl time.Duration) error {
	if err := s.check(ctx); err != nil {
		return err
	}
	return store.CheckTTL(ttl)
}

// live returns the entry of key unless it is absent or has ended. It counts as a read, and as a use.
func (s *Store) live(key string) (*entry, bool) {
	e, found := s.entries.GetIfPresent(key)
	if !found || s.clock.passed(e.deadline) {
		s.reads.add(false)
		return nil, false
	}
	s.reads.add(true)
	return e, true
}

// peek is live that counts as nothing.
func (s *Store) peek(key string) (*entry, bool) {
	e, found := s.entries.GetEntryQuietly(key)
	if !found || s.clock.passed(e.Value.deadline) {
		return nil, false
	}
	return e.Value, true
}

// Get returns the value of key. The slice is the store's own and read-only.
func (s *Store) Get(ctx context.Context, key string) (value []byte, found bool, err error) {
	if err := s.check(ctx); err != nil {
		return nil, false, err
	}
	e, found := s.live(key)
	if !found {
		return nil, false, nil
	}
	return e.value(), true, nil
}

// Set stores a copy of value under key for ttl from now. What is too large is [ErrTooLarge], and what
// was there stays.
func (s *Store) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.checkWrite(ctx, ttl); err != nil {
		return err
	}
	return s.set(key, value, ttl)
}

func (s *Store) set(key string, value []byte, ttl time.Duration) error {
	if err := s.makeRoom(key, len(value)); err != nil {
		return err
	}
	e := newEntry(value, s.clock.deadline(ttl))
	if ttl != store.Keep {
		s.account(key, e)
		s.entries.Set(key, e)
		s.trim(key)
		return nil
	}
	s.update(key, func(old *entry) (*entry, otter.ComputeOp) {
		if old != nil {
			e.deadline = old.deadline
		}
		return e, otter.WriteOp
	})
	return nil
}

// Add stores a copy of value under key if key is absent, and reports whether it did.
func (s *Store) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (stored bool, err error) {
	if err := s.checkWrite(ctx, ttl); err != nil {
		return false, err
	}
	if _, found := s.peek(key); found {
		return false, nil // without making room for nothing
	}
	if err := s.makeRoom(key, len(value)); err != nil {
		return false, err
	}
	e := newEntry(value, s.clock.deadline(ttl))
	s.update(key, func(old *entry) (*entry, otter.ComputeOp) {
		if stored = old == nil; stored {
			return e, otter.WriteOp
		}
		return nil, otter.CancelOp
	})
	return stored, nil
}

// Touch moves the expiry of key to ttl from now and reports whether key was there.
func (s *Store) Touch(ctx context.Context, key string, ttl time.Duration) (found bool, err error) {
	if err := s.checkWrite(ctx, ttl); err != nil {
		return false, err
	}
	if ttl == store.Keep {
		_, found := s.peek(key)
		return found, nil
	}
	deadline := s.clock.deadline(ttl)
	s.update(key, func(old *entry) (*entry, otter.ComputeOp) {
		if found = old != nil; found {
			return old.until(deadline), otter.WriteOp
		}
		return nil, otter.CancelOp
	})
	return found, nil
}

// Delete removes keys and returns how many of them were there.
func (s *Store) Delete(ctx context.Context, keys ...string) (removed int, err error) {
	if err := s.check(ctx); err != nil {
		return 0, err
	}
	for _, key := range keys {
		if e, found := s.entries.Invalidate(key); found && !s.clock.passed(e.deadline) {
			removed++
		}
	}
	return removed, nil
}

// update replaces, under the lock of key, what is there (nil if key is absent) as change says. change
// must not use the store.
func (s *Store) update(key string, change func(old *entry) (*entry, otter.ComputeOp)) {
	s.entries.Compute(key, func(old *entry, found bool) (*entry, otter.ComputeOp) {
		if !found || s.clock.passed(old.deadline) {
			old = nil
		}
		e, op := change(old)
		if op == otter.WriteOp {
			s.account(key, e)
		}
		return e, op
	})
	s.trim(key)
}

// Now returns the time of this process when the store was made, and what has passed since: it does not
// jump when the process' clock is set.
func (s *Store) Now() time.Time { return s.clock.start.Add(time.Duration(s.clock.now())) }

// Ticked implements [store.Ticker].
func (s *Store) Ticked() time.Time { return s.clock.start.Add(time.Duration(s.clock.latest.Load())) }

// As fills a *store.Leaser: leases stand in place of the values, which nobody else reads.
func (s *Store) As(target any) bool {
	t, ok := target.(*store.Leaser)
	if ok {
		*t = store.LeaseInPlace(s, s)
	}
	return ok
}
