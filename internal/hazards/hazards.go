// Package hazards shows whether a cache library survives what caches are known to fail at: invalidations that
// are lost, loads that are joined too late, waiters that fail with a caller that is not theirs, processes that
// die while others wait for them.
//
// A [Hazard] is an interleaving of two processes that share one place. It is forced: loaders stop at gates, and
// so do the steps of the library to its store where [Library.Taps] says that they can be seen. Nothing is put
// in order by waiting a while. [Check] repeats a hazard and reports every violation.
//
// A library is described by a [Library]; what it does not claim is not asked of it. The hazards keep their
// usual names: H1 a delete during a load, H1b a call that begins after the delete, H5 clocks that disagree, H7
// the death of the one that loads, H8 cancelled callers, H10 changes behind the library's back. H2 and H4 are
// about tags; H3 (messages missed while disconnected), H6 (a fill of local memory that races an invalidation)
// and H9 (messages in the wrong order) are about values kept in a process beside a shared place. There is
// neither here, so there is nothing to force.
package hazards

import (
	"context"
	"slices"
	"time"
)

// Cache is one cache of text, as one process has it. It is safe for concurrent use.
type Cache interface {
	// Get returns the value of key. A miss is not an error.
	Get(ctx context.Context, key string) (value string, found bool, err error)

	// Set stores value under key for the library's usual time, at least a minute.
	Set(ctx context.Context, key, value string) error

	// Delete removes key.
	Delete(ctx context.Context, key string) error

	// Fetch returns the value of key, or loads it and stores what it loaded.
	Fetch(ctx context.Context, key string, load func(context.Context) (string, error)) (string, error)

	// Close ends the cache. What is stored stays.
	Close() error
}

// Further abilities of a [Cache]; a library has them or not.
type (
	// Clearer removes all keys.
	Clearer interface {
		Clear(ctx context.Context) error
	}

	// Aging stores a value whose lifetime is over when SetStale returns, but which Fetch may still serve.
	Aging interface {
		SetStale(ctx context.Context, key, value string) error
	}

	// Joining counts the calls of Fetch that wait, or have waited, for a load of another call.
	Joining interface{ Joined() int64 }

	// Mortal is a process of its own. Kill ends it at once; Pause freezes it until Resume.
	Mortal interface {
		Kill() error
		Pause() error
		Resume() error
	}
)

// Step is one step of a library to its store, on its way there or back.
type Step struct {
	Op    string   // what the library calls it
	Keys  []string // as the store knows them: the caller's key is a part of each
	Write bool     // it may change something

	// Answered says that the store has been asked, and that its answer is on the way back.
	Answered bool
}

// Process says how one of the processes that share a place differs from the others.
type Process struct {
	// Ahead is by how much its clock is ahead.
	Ahead time.Duration

	// Tap, unless nil, is called before each step and, Answered, after it, on the goroutine that takes it. An
	// error before it is the answer of the store that is not asked then.
	Tap func(context.Context, Step) error
}

// Outside changes the place without the library's knowledge, as somebody with redis-cli does. What it did
// has happened when it returns. Keys are the caller's.
type Outside interface {
	Delete(key string) error

	// Overwrite puts bytes under key: value as this library writes it if Library.Bare is set, and otherwise
	// something that no library has written.
	Overwrite(key, value string) error

	// Expire ends the lifetime of key.
	Expire(key string) error

	// Flush removes everything.
	Flush() error

	// Evict makes the place so full that it gives up key. It may give up everything else as well.
	Evict(key string) error
}

// Library is a cache library on one place: a server, a folder, the memory of this process.
type Library struct {
	Name string

	// Open returns the cache of one more process.
	Open func(Process) (Cache, error)

	// Shared says that what one process stores the others read. Without it only hazards inside one process
	// are looked at.
	Shared bool

	// Single says that of all processes one loads a key at a time.
	Single bool

	// Taps says that Process.Tap is called, Clocks that Process.Ahead takes effect.
	Taps, Clocks bool

	// Bare says that values of other programs are values of this library too: what is put under a key from
	// outside is a hit, and a change from outside that removes a key does not end a load.
	Bare bool

	// Takeover is how long at most a process waits for one that has died while loading. Zero claims nothing.
	Takeover time.Duration

	// Patience is how long to wait for what must happen, before it is a violation. Zero means ten seconds.
	Patience time.Duration

	// Outside is nil if nobody else gets at the place.
	Outside Outside

	// Evicts says that Outside.Evict works.
	Evicts bool
}

// need is what a hazard asks of a library.
type need int

const (
	shared   need = iota // Library.Shared
	single               // Library.Single
	taps                 // Library.Taps
	clocks               // Library.Clocks
	takeover             // Library.Takeover
	outside              // Library.Outside
	evicts               // Library.Evicts
	records              // not Library.Bare
	clearer              // the Cache is a Clearer
	aging                // the Cache is Aging
	mortal               // the Cache is Mortal
)

var needNames = [...]string{"processes that share values", "one load among all processes", "taps", "clocks", "takeover of loads",
	"changes from outside", "eviction", "values that carry a record", "Clear", "stale values", "processes that can be killed"}

// missing returns what the library, of which c is a cache, does not have of needs.
func (l Library) missing(c Cache, needs []need) (names []string) {
	_, isClearer := c.(Clearer)
	_, isAging := c.(Aging)
	_, isMortal := c.(Mortal)
	has := [...]bool{l.Shared, l.Single, l.Taps, l.Clocks, l.Takeover > 0, l.Outside != nil, l.Evicts, !l.Bare, isClearer, isAging, isMortal}
	for _, n := range needs {
		if !has[n] {
			names = append(names, needNames[n])
		}
	}
	return names
}

// Hazard is one interleaving.
type Hazard struct {
	// Name begins with the usual name: "H1 delete by another process during a load".
	Name string

	needs []need
	trial func(*trial)

	// together runs all trials at the same time: they wait for time to pass.
	together bool

	// apart is by how much the clock of the first process is behind, and that of the second one ahead.
	apart time.Duration
}

// All returns all hazards there are.
func All() []Hazard {
	return slices.Concat(invalidations(), latecomers(), refreshes(), clockwork(), deaths(), cancellations(), meddling())
}

func (h Hazard) asks(n need) bool { return slices.Contains(h.needs, n) }
