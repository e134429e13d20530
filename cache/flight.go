package cache

import (
	"context"
	"errors"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cachewright/cachewright/store"
)

// flights are the loads under way of one alias, by final key. They outlive the calls that started
// them: a load goes on, and is stored, when every caller has left.
//
// What keeps an old value from being stored after an invalidation stands in invalidate.go.
type flights struct {
	ctx    context.Context // ends with close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	// marks counts the looks of flights at the store, and the leases that they were given, so that a caller
	// can tell which were before it began.
	marks atomic.Int64

	mu      sync.Mutex // guards all below and the state of every flight
	closed  bool
	byKey   map[string][]*flight // that may be joined: one per type of values, nearly always one in all
	storing map[string][]*flight // that are writing to the store right now, detached or not
	changes map[string]int       // invalidations of a key that are under way
	clears  map[*clearing]struct{}
}

// flight is one load of one key.
type flight struct {
	key  string
	typ  reflect.Type  // the type of value: handles of other types do not join
	done chan struct{} // closed when value and err are set

	// passing says that the store holds bare bytes that do not decode: they are not the cache's to replace, so
	// what is loaded passes by the store.
	passing bool

	// degraded says that the store could not be read.
	degraded bool

	// behind says that the flight began behind a call that has returned a value: nobody needs to wait for it.
	behind bool

	// seen is when the value was stored that the call has.
	seen int64

	claiming bool          // guarded by flights.mu: it asks the store for a lease
	bereft   bool          // guarded by flights.mu: it loads without the lease that it should have
	detached bool          // guarded by flights.mu: an invalidation has passed
	landed   bool          // guarded by flights.mu: the result is decided
	waiters  int           // guarded by flights.mu: the calls that wait for it
	heard    bool          // set with landed: somebody waited for it
	stored   chan struct{} // made by beginStoring, closed by endStoring
	token    uint64        // guarded by flights.mu: of its lease, zero for none
	granted  int64         // guarded by flights.mu: the mark of that

	result // set before done is closed
}

// result is what a flight comes to.
type result struct {
	value     any // a V, or nil with err
	err       error
	elsewhere bool  // another process has loaded it
	asOf      int64 // the mark of the look that found it elsewhere
	sight     sight // of value, where it is known
	left      bool  // the flight goes on; err is why its waiter does not wait for it any more
}

// outdated reports whether r was found in the store before the call began that has seen m: it may have been
// replaced since, and the call looks again.
func (r *result) outdated(m miss) bool { return r.elsewhere && r.asOf <= m.began }

func newFlights() *flights {
	ctx, cancel := context.WithCancel(context.Background())
	return &flights{
		ctx: ctx, cancel: cancel,
		byKey: make(map[string][]*flight), storing: make(map[string][]*flight),
		changes: make(map[string]int), clears: make(map[*clearing]struct{}),
	}
}

// join returns the flight of key that loads values of typ, or starts one: then started is true and the
// caller must see to it that land is called. m is what the caller has seen of the key. It counts as a waiter
// until it leaves, unless it has a value to return.
func (f *flights) join(key string, typ reflect.Type, m miss) (fl *flight, started bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, false, store.ErrClosed
	}
	for _, fl := range f.byKey[key] {
		if fl.typ == typ {
			if !fl.voidedBefore(m) {
				fl.board(m)
				return fl, false, nil
			}
			remove(f.byKey, fl)
			break
		}
	}
	fl = &flight{
		key: key, typ: typ, done: make(chan struct{}), behind: m.behind, seen: m.sight.created, passing: isUnreadable(m.err),
		claiming: m.err == nil && m.proof,
	}
	fl.degraded = m.err != nil && !fl.passing
	fl.board(m)
	f.byKey[key] = append(f.byKey[key], fl)
	f.wg.Add(1)
	return fl, true, nil
}

// board counts a call among the waiters of fl. The caller holds flights.mu.
func (fl *flight) board(m miss) {
	if !m.behind {
		fl.waiters++
	}
}

// leave notes that a waiter of fl does not wait any more.
func (f *flights) leave(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl.waiters--
}

// voidedBefore reports whether the lease of fl may have gone before a call began that has seen m: whoever has
// ended it may have changed the source, so that the call must not join. Such a flight goes on for those who wait
// for it, and the call's own flight finds out whether the lease stands. The caller holds mu.
func (fl *flight) voidedBefore(m miss) bool {
	switch {
	case !m.proof: // the store has not answered: better an answer than none
		return false
	case fl.degraded || fl.bereft || fl.passing: // nobody would have told it
		return true
	}
	return fl.token != 0 && fl.granted <= m.began && fl.token != m.sight.pause.token
}

// grant notes that fl was given a lease.
func (f *flights) grant(fl *flight, token uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl.claiming = false
	fl.token, fl.granted = token, f.marks.Add(1)
}

// proceed notes that fl loads without a lease because its key can have none.
func (f *flights) proceed(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl.claiming = false
}

// bereave notes that fl goes on without a lease.
func (f *flights) bereave(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl.claiming, fl.bereft = false, true
}

// unlist takes fl out of reach of later calls; its lease is gone.
func (f *flights) unlist(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	remove(f.byKey, fl)
}

// land ends fl with what it came to and releases its waiters. Only the first landing counts: a load that
// returns after its deadline finds its flight landed, and land reports false.
func (f *flights) land(fl *flight, r result) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl.landed {
		return false
	}
	f.landLocked(fl, r)
	f.wg.Done()
	return true
}

// expire ends fl with err and then runs after, unless its load has returned and is being stored at this
// moment: then the value is there and the flight lands with it.
func (f *flights) expire(fl *flight, err error, after func()) {
	f.mu.Lock()
	expired := !fl.landed && fl.stored == nil
	if expired {
		f.landLocked(fl, result{err: err})
	}
	f.mu.Unlock()
	if expired {
		after()
		f.wg.Done()
	}
}

// landLocked is the one landing of fl. The caller holds mu, and gives back what join has added to wg.
func (f *flights) landLocked(fl *flight, r result) {
	fl.landed, fl.heard, fl.result = true, fl.waiters > 0, r
	remove(f.byKey, fl)
	close(fl.done)
}

// beginStoring reports whether fl may store what it loaded, and has invalidations wait until endStoring.
func (f *flights) beginStoring(fl *flight) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl.passing || fl.detached || fl.landed || f.changing(fl.key) {
		return false
	}
	fl.stored = make(chan struct{})
	f.storing[fl.key] = append(f.storing[fl.key], fl)
	return true
}

func (f *flights) endStoring(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(fl.stored)
	remove(f.storing, fl)
}

// remove takes fl out of all, if it is still there.
func remove(all map[string][]*flight, fl *flight) {
	same := all[fl.key]
	i := slices.Index(same, fl)
	switch {
	case i < 0:
	case len(same) == 1:
		delete(all, fl.key)
	default:
		all[fl.key] = append(same[:i:i], same[i+1:]...)
	}
}

// close cancels all loads and waits for them.
func (f *flights) close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.cancel()
	f.wg.Wait()
}

// wait returns the result of fl, or the error of ctx if that ends first.
func (fl *flight) wait(ctx context.Context) result {
	select {
	case <-fl.done:
		return fl.result
	case <-ctx.Done():
		return result{err: ctx.Err(), left: true}
	}
}

// wait waits for fl until ctx ends.
func (b *Base) wait(ctx context.Context, fl *flight) result {
	if l := loadOf(ctx); l != nil {
		defer l.lendTurn(ctx)()
	}
	r := fl.wait(ctx)
	if r.left {
		b.flights.leave(fl)
	}
	return r
}

// waitSoon waits for fl until soon ends, which ends with ctx, for a call that has a value which may be served
// until end. If that has ended meanwhile the call waits on, and has none any more.
func (b *Base) waitSoon(ctx, soon context.Context, fl *flight, end int64) (r result, ended bool) {
	if l := loadOf(ctx); l != nil {
		defer l.lendTurn(ctx)()
	}
	r = fl.wait(soon)
	if ended = b.now() >= end; ended && r.left {
		r = fl.wait(ctx)
	}
	if r.left {
		b.flights.leave(fl)
	}
	return r, ended
}

// errGoexit is the result of a loader that never returns: it ends its goroutine instead.
var errGoexit = errors.New("loader ended its goroutine (runtime.Goexit) instead of returning")

// protect calls load and turns a panic into an error.
func protect(load func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return load()
}
