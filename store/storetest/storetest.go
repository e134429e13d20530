// Package storetest is the specification of a [store.Store] in executable form.
//
// [Run] holds a store to every sentence of package store's contract, once bare and once behind an
// interceptor. [Model] compares it with a map under random operations. [RunEmpty] is the contract of a
// store that keeps nothing. A backend calls them from its own tests:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store {
//			return mystore.New()
//		}, storetest.Options{Offers: []storetest.Capability{storetest.Batcher}})
//	}
//
// The names of the subtests are the rules, so that go test -v prints a conformance table.
package storetest

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cachewright/cachewright/store"
)

// Capability names an optional capability of a store.
type Capability string

// The capabilities of package store.
const (
	Batcher   Capability = "Batcher"
	Peeker    Capability = "Peeker"
	Counter   Capability = "Counter"
	Swapper   Capability = "Swapper"
	Renewer   Capability = "Renewer"
	Leaser    Capability = "Leaser"
	Beside    Capability = "Beside"
	Inspector Capability = "Inspector"
	Viewer    Capability = "Viewer"
	Giver     Capability = "Giver"
	Objects   Capability = "Objects"
	Clock     Capability = "Clock"
	Ticker    Capability = "Ticker"
	Pinger    Capability = "Pinger"
)

// Open returns a new, empty store that shares nothing with the stores of earlier calls. The suite
// closes it. What lies below it (a folder, a server) is Open's to remove, with t.Cleanup.
type Open func(t *testing.T) store.Store

// Options says what a store offers and how time passes for it. The zero value is a store that
// declares no capability and lives in real time.
type Options struct {
	// Offers lists the capabilities that the store must offer. Rules for a capability run whenever
	// [store.As] finds it; one that is listed here and not found is a failure.
	Offers []Capability

	// Wakes says that the store's leases can be awaited: within seconds of the first Claim, Await returns
	// a channel. Without it, rules about channels hold for those that Await does return.
	Wakes bool

	// Bubble runs every rule in a [synctest] bubble of its own, where time passes at once and
	// lifetimes are checked to the millisecond. For stores that read the process' clock and do not
	// talk to a network. It is ignored if Sleep is set.
	Bubble bool

	// Sleep lets d pass for every store that Open has returned, by a clock that stands still
	// otherwise. For stores with a fake clock of their own. Nil (the default) is time.Sleep.
	//
	// Without Bubble and Sleep the rules wait in real time, some 50 ms at most in one go.
	Sleep func(d time.Duration)
}

// exact reports whether time moves only when the suite says so.
func (o Options) exact() bool { return o.Bubble || o.Sleep != nil }

// T is the part of *testing.T that a rule reports to.
type T interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
}

// rule is one sentence of the contract with the code that checks it.
type rule struct {
	name  string
	needs Capability // empty for the operations that every store has
	check func(*bench)
}

// Run fails t for every rule of the contract that the stores of open break. Each rule gets a store of
// its own, and ends with a check that all ways to look at the store agree.
func Run(t *testing.T, open Open, o Options) {
	t.Helper()
	bothWays(t, open, o, slices.Concat(allRules(), giverRules()))
}

// bothWays runs rules bare and behind an interceptor.
func bothWays(t *testing.T, open Open, o Options, rules []rule) {
	t.Run("bare", func(t *testing.T) { runRules(t, open, o, rules) })
	t.Run("behind an interceptor", func(t *testing.T) {
		intercepted := func(t *testing.T) store.Store { return store.Intercept(open(t), bystander{}) }
		// store.Intercept hides these two.
		o.Offers = slices.DeleteFunc(slices.Clone(o.Offers), func(c Capability) bool { return c == Objects || c == Giver })
		runRules(t, intercepted, o, rules)
	})
}

// bystander is an interceptor that does nothing.
type bystander struct{}

func (bystander) Before(ctx context.Context, _ *store.Call) (context.Context, error) { return ctx, nil }
func (bystander) After(context.Context, *store.Call)                                 {}

func runRules(t *testing.T, open Open, o Options, rules []rule) {
	var found []Capability
	t.Run("the store offers the capabilities that it declares", func(t *testing.T) {
		inBubble(t, o, func(t *testing.T) {
			s := open(t)
			found = offered(s)
			for _, c := range o.Offers {
				if !slices.Contains(found, c) {
					t.Errorf("store.As does not find the declared capability %s", c)
				}
			}
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	})
	t.Logf("capabilities found: %v", found)
	for _, r := range rules {
		if r.needs == "" || slices.Contains(found, r.needs) {
			t.Run(r.name, func(t *testing.T) {
				inBubble(t, o, func(t *testing.T) { runRule(t, r, open(t), o) })
			})
		}
	}
}

// inBubble runs f in a bubble if o asks for one.
func inBubble(t *testing.T, o Options, f func(t *testing.T)) {
	if o.Bubble && o.Sleep == nil {
		synctest.Test(t, f)
		return
	}
	f(t)
}

// runRule checks r on s, closes s and reports to t.
func runRule(t T, r rule, s store.Store, o Options) {
	b := newBench(t, s, o)
	defer func() {
		if err := s.Close(); err != nil {
			b.Errorf("Close at the end of the rule: %v", err)
		}
	}()
	r.check(b)
	b.consistent()
}

// allRules are the rules that one store can follow. Those of [store.Giver] are apart: a store of [store.Objects]
// hands out what it keeps.
func allRules() []rule {
	return slices.Concat(
		valueRules(), lifetimeRules(), raceRules(), contextRules(), closeRules(),
		batchRules(), peekRules(), counterRules(), swapRules(), renewRules(), leaseRules(), besideRules(),
		scanRules(), inspectRules(), viewRules(), objectRules(), clockRules(), tickerRules(), pingRules(),
	)
}

// offered returns the capabilities that s offers.
func offered(s store.Store) []Capability {
	var found []Capability
	note := func(c Capability, ok bool) {
		if ok {
			found = append(found, c)
		}
	}
	note(Batcher, has[store.Batcher](s))
	note(Peeker, has[store.Peeker](s))
	note(Counter, has[store.Counter](s))
	note(Swapper, has[store.Swapper](s))
	note(Renewer, has[store.Renewer](s))
	note(Leaser, has[store.Leaser](s))
	note(Beside, has[store.Beside](s))
	note(Inspector, has[store.Inspector](s))
	note(Viewer, has[store.Viewer](s))
	note(Giver, has[store.Giver](s))
	note(Objects, has[store.Objects](s))
	note(Clock, has[store.Clock](s))
	note(Ticker, has[store.Ticker](s))
	note(Pinger, has[store.Pinger](s))
	return found
}

func has[C any](s store.Store) bool {
	_, ok := store.As[C](s)
	return ok
}
