package cache

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/cachewright/cachewright/store"
)

// flights are the loads under way of one alias, by final key. They outlive the calls that started
// them: a load goes on, and is stored, when every caller has left.
//
// Two rules keep an old value from being stored after an invalidation. A write detaches the flights of
// its key before it touches the store: they are joined by nobody any more and do not store what they
// loaded. And a write waits for a flight that is storing at this moment, so that its own effect is the
// later one.
type flights struct {
	ctx    context.Context // ends with close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex // guards all below and the state of every flight
	closed bool
	byKey  map[string][]*flight // one per type of values; nearly always one in all
}

// flight is one load of one key.
type flight struct {
	key  string
	typ  reflect.Type  // the type of value: handles of other types do not join
	done chan struct{} // closed when value and err are set

	detached bool          // guarded by flights.mu: an invalidation has passed
	storing  chan struct{} // guarded by flights.mu: not nil while storing, closed behind it

	value any // a V, or nil with err
	err   error
}

func newFlights() *flights {
	ctx, cancel := context.WithCancel(context.Background())
	return &flights{ctx: ctx, cancel: cancel, byKey: make(map[string][]*flight)}
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

// land ends fl with what it loaded and releases its waiters. If it was not detached in time, commit
// stores the value first.
func (f *flights) land(fl *flight, value any, err error, commit func()) {
	defer f.wg.Done()
	if commit != nil && f.beginStoring(fl) {
		commit()
		f.endStoring(fl)
	}
	f.mu.Lock()
	f.remove(fl)
	f.mu.Unlock()
	fl.value, fl.err = value, err
	close(fl.done)
}

func (f *flights) beginStoring(fl *flight) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl.detached {
		return false
	}
	fl.storing = make(chan struct{})
	return true
}

func (f *flights) endStoring(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(fl.storing)
	fl.storing = nil
}

// remove takes fl out of the map, if it is still there. The caller holds mu.
func (f *flights) remove(fl *flight) {
	all := f.byKey[fl.key]
	for i, other := range all {
		if other != fl {
			continue
		}
		if len(all) == 1 {
			delete(f.byKey, fl.key)
		} else {
			f.byKey[fl.key] = append(all[:i:i], all[i+1:]...)
		}
		return
	}
}

// detach ends what flights of keys may still do to the store. It returns when none of them is storing,
// or with the error of ctx.
func (f *flights) detach(ctx context.Context, keys ...string) error {
	f.mu.Lock()
	if len(f.byKey) == 0 {
		f.mu.Unlock()
		return nil
	}
	var storing []chan struct{}
	for _, key := range keys {
		storing = f.detachLocked(key, storing)
	}
	f.mu.Unlock()
	return await(ctx, storing)
}

// detachMatching is detach for every key that begins with lead and whose remainder matches pattern.
func (f *flights) detachMatching(ctx context.Context, lead, pattern string) error {
	f.mu.Lock()
	var storing []chan struct{}
	for key := range f.byKey {
		if rest, ok := strings.CutPrefix(key, lead); ok && store.Match(pattern, rest) {
			storing = f.detachLocked(key, storing)
		}
	}
	f.mu.Unlock()
	return await(ctx, storing)
}

func (f *flights) detachLocked(key string, storing []chan struct{}) []chan struct{} {
	for _, fl := range f.byKey[key] {
		fl.detached = true
		if fl.storing != nil {
			storing = append(storing, fl.storing)
		}
	}
	delete(f.byKey, key)
	return storing
}

func await(ctx context.Context, storing []chan struct{}) error {
	for _, ch := range storing {
		select {
		case <-ch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
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
// cancellation; it ends after timeout and when the alias is closed.
func (f *flights) loadContext(caller context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(caller), timeout)
	stop := context.AfterFunc(f.ctx, cancel)
	return ctx, func() { stop(); cancel() }
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

// protect calls load and turns a panic, or the end of its goroutine, into an error.
func protect(load func() error) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
			return
		}
		err = fmt.Errorf("loader ended its goroutine (runtime.Goexit) instead of returning")
	}()
	err = load()
	returned = true
	return err
}
