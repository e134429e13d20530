package redis

import (
	"errors"
	"sync"
	"time"
)

// formerFor is how long nobody connects to a master after it was replaced. The client learns of it later than we do
// and would go back there, and one that was stopped takes a connection in and then keeps everybody waiting for
// its greeting. Only a master whose successor has been seen to be one is refused: the client takes a refused
// connection for a reason to ask all Sentinels again.
const formerFor = time.Second

// errFormer is why nobody connects to it.
var errFormer = errors.New("another master has just taken its place")

// isHandover reports whether a probe has failed with err because a master is being replaced in good order.
func isHandover(err error) bool { return errors.Is(err, errDemoted) || errors.Is(err, errFormer) }

// formers are the addresses of masters that were replaced a moment ago. The zero value has none.
type formers struct {
	mu    sync.Mutex // guards since
	since map[string]time.Time
}

// replace notes that next has taken the place of address.
func (f *formers) replace(address, next string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.since == nil {
		f.since = map[string]time.Time{}
	}
	for other, since := range f.since {
		if time.Since(since) >= formerFor {
			delete(f.since, other)
		}
	}
	if _, back := f.since[next]; !back { // who tells of it may be late, or two do not agree: then nobody is refused
		f.since[address] = time.Now()
	}
	delete(f.since, next)
}

// has reports whether the master at address was replaced a moment ago.
func (f *formers) has(address string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	since, ok := f.since[address]
	return ok && time.Since(since) < formerFor
}
