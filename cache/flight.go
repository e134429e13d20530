package cache

import (
	"context"
	"errors"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

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

	// landings counts the flights that have ended, so that a caller can tell whether one has while it was
	// reading the store. It is written under mu, together with recent.
	landings atomic.Int64

	mu      sync.Mutex // guards all below and the state of every flight
	closed  bool
	byKey   map[string][]*flight // that may be joined: one per type of values, nearly always one in all
	storing map[string][]*flight // that are writing to the store right now, detached or not
	changes map[string]int       // invalidations of a key that are under way
	clears  map[*clearing]struct{}
	recent  [64]string // the keys that landed last: landing n stands at n modulo its length
}

// flight is one load of one key.
type flight struct {
	key  string
	typ  reflect.Type  // the type of value: handles of other types do not join
	done chan struct{} // closed when value and err are set

	// passing is set, before the load begins, if the store holds bare bytes that do not decode: they are not
	// the cache's to replace, so what is loaded passes by the store.
	passing bool

	// degraded is set, before the load begins, if the store could not be read: the load waits for its turn.
	degraded bool

	detached bool          // guarded by flights.mu: an invalidation has passed
	landed   bool          // guarded by flights.mu: value and err are decided
	stored   chan struct{} // made by beginStoring, closed by endStoring

	value any // a V, or nil with err
	err   error
}

func newFlights() *flights {
	ctx, cancel := context.WithCancel(context.Background())
	return &flights{
		ctx: ctx, cancel: cancel,
		byKey: make(map[string][]*flight), storing: make(map[string][]*flight),
		changes: make(map[string]int), clears: make(map[*clearing]struct{}),
	}
}

// join returns the flight of key that loads values of typ, or starts one: then started is true and the
// caller must see to it that land is called.
func (f *flights) join(key string, typ reflect.Type) (fl *flight, started bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, false, store.ErrClosed
	}
	for _, fl := range f.byKey[key] {
		if fl.typ == typ {
			return fl, false, nil
		}
	}
	fl = &flight{key: key, typ: typ, done: make(chan struct{})}
	f.byKey[key] = append(f.byKey[key], fl)
	f.wg.Add(1)
	return fl, true, nil
}

// land ends fl with what it loaded and releases its waiters. Only the first landing counts: a load that
// returns after its deadline finds its flight landed, and land reports false.
func (f *flights) land(fl *flight, value any, err error) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl.landed {
		return false
	}
	f.landLocked(fl, value, err)
	return true
}

// expire ends fl with err, unless its load has returned and is being stored at this moment: then the
// value is there and the flight lands with it.
func (f *flights) expire(fl *flight, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !fl.landed && fl.stored == nil {
		f.landLocked(fl, nil, err)
	}
}

// landLocked is the one landing of fl. The caller holds mu.
func (f *flights) landLocked(fl *flight, value any, err error) {
	fl.landed = true
	fl.value, fl.err = value, err
	n := f.landings.Load()
	f.recent[n%int64(len(f.recent))] = fl.key
	f.landings.Store(n + 1)
	remove(f.byKey, fl)
	close(fl.done)
	f.wg.Done()
}

// landedSince reports whether a flight of key may have landed since landings was n.
func (f *flights) landedSince(key string, n int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.landings.Load()
	if now-n > int64(len(f.recent)) {
		return true // it is not remembered any more
	}
	for ; n < now; n++ {
		if f.recent[n%int64(len(f.recent))] == key {
			return true
		}
	}
	return false
}

// store runs commit unless an invalidation or the deadline of the load has passed fl.
func (f *flights) store(fl *flight, commit func()) {
	if f.beginStoring(fl) {
		defer f.endStoring(fl)
		commit()
	}
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

// loadContext returns the context of a load that caller starts: the values of caller, but not its
// cancellation; it ends after timeout and when the alias is closed. If it ends before end is called,
// expired is called with its error, also while the load goes on because it does not look at its context.
func (f *flights) loadContext(caller context.Context, timeout time.Duration, expired func(error)) (_ context.Context, end func()) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(caller), timeout)
	closing := context.AfterFunc(f.ctx, cancel)
	expiring := context.AfterFunc(ctx, func() { expired(ctx.Err()) })
	return ctx, func() { expiring(); closing(); cancel() }
}

// wait returns the result of fl, or the error of ctx if that ends first. A panic of the loader goes on
// here.
func (fl *flight) wait(ctx context.Context) (any, error) {
	select {
	case <-fl.done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if p, ok := fl.err.(*PanicError); ok {
		panic(p)
	}
	return fl.value, fl.err
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
