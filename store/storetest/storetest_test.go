package storetest

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cachewright/cachewright/store"
)

func TestMain(m *testing.M) {
	// Failures that a test provokes leave no files behind and are not shrunk for long.
	flag.Parse()
	for name, value := range map[string]string{"rapid.nofailfile": "true", "rapid.shrinktime": "100ms"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

var everyCapability = []Capability{
	Batcher, Peeker, Counter, Swapper, Renewer, Leaser, Beside, Inspector, Viewer, Objects, Clock, Ticker, Pinger,
}

func openMap(*testing.T) store.Store { return newMapStore("") }

func TestAStoreThatFollowsTheContractPasses(t *testing.T) {
	for name, o := range map[string]Options{
		"in a bubble":  {Bubble: true, Offers: everyCapability, Wakes: true},
		"in real time": {Offers: everyCapability, Wakes: true},
	} {
		t.Run(name, func(t *testing.T) { Run(t, openMap, o) })
	}
}

// basic hides the capabilities of a store.
type basic struct{ store.Store }

func TestAStoreWithoutCapabilitiesPasses(t *testing.T) {
	Run(t, func(*testing.T) store.Store { return basic{newMapStore("")} }, Options{Bubble: true})
}

func TestOptionsSleepReplacesTime(t *testing.T) {
	var slept time.Duration
	b := newBench(t, newMapStore(""), Options{Sleep: func(d time.Duration) { slept += d }})
	b.outlive(time.Hour)
	if want := time.Hour; slept != want {
		t.Errorf("a lifetime of an hour passed as %v, want %v", slept, want)
	}
}

// failures runs rules on stores with the flaw f and returns the names of those that fail.
func failures(t *testing.T, rules []rule, f flaw) (failed []string) {
	return failuresOf(t, rules, func() store.Store { return newMapStore(f) })
}

// failuresOf runs rules on stores that open returns and returns the names of those that fail.
func failuresOf(t *testing.T, rules []rule, open func() store.Store) (failed []string) {
	o := Options{Bubble: true, Wakes: true}
	for _, r := range rules {
		inBubble(t, o, func(t *testing.T) {
			a := &attempt{T: t}
			a.run(func() { runRule(a, r, open(), o) })
			if len(a.failures) > 0 {
				failed = append(failed, r.name)
			}
		})
	}
	return failed
}

// TestEveryRuleBites breaks the contract in one way after the other. A rule that no flaw trips proves
// nothing, so each rule must be named here.
func TestEveryRuleBites(t *testing.T) {
	tripped := make(map[string]bool)
	for _, c := range []struct {
		flaw  flaw
		rules []string // that must fail; others may fail too
	}{
		{"Get finds absent keys", []string{"Get of an absent key finds nothing"}},
		{"this store keeps nothing", []string{"Set stores a value for Get"}},
		{"Set leaves an existing value", []string{"Set replaces whatever was there"}},
		{"Set leaves out empty values", []string{"an empty value is a hit"}},
		{"values end at a NUL", []string{"values are any bytes"}},
		{"keys end at a NUL", []string{"keys are any bytes"}},
		{"long keys are cut", []string{"keys are any bytes"}},
		{"Set keeps the slice of the caller", []string{"Set copies the value"}},
		{"Add keeps the slice of the caller", []string{"Add copies the value"}},
		{"values are overwritten in place", []string{
			"a slice from Get stays valid when the key changes", "slices from GetMany stay valid when the keys change",
		}},
		{"Add overwrites", []string{"Add stores only if the key is absent"}},
		{"Add overwrites empty values", []string{"Add counts an empty value as present"}},
		{"Touch creates", []string{"Touch of an absent key reports false and creates nothing"}},
		{"Touch empties the value", []string{"Touch leaves the value as it is"}},
		{"Delete counts absent keys", []string{"Delete removes keys and counts those that were there"}},
		{"Delete counts duplicates", []string{"Delete counts a key that is named twice once"}},
		{"Delete of no key deletes all", []string{"Delete without keys does nothing"}},
		{"Delete stops at a thousand", []string{"Delete takes thousands of keys"}},

		{"entries are there at their deadline", []string{"an entry lives for its lifetime and not a moment longer"}},
		{"lifetimes are cut to milliseconds, and none is endless", []string{"a lifetime below a millisecond is short, not endless"}},
		{"deadlines wrap around", []string{
			"a lifetime of centuries does not wrap around", "TTL of a lifetime of centuries is centuries",
		}},
		{"Forever is a while", []string{"Forever does not end"}},
		{"Get sees ended entries", []string{"an entry that has ended is absent for every operation"}},
		{"Add sees ended entries", []string{"an entry that has ended is absent for every operation"}},
		{"Touch sees ended entries", []string{"an entry that has ended is absent for every operation"}},
		{"Delete sees ended entries", []string{"an entry that has ended is absent for every operation"}},
		{"Set leaves the lifetime", []string{"Set starts a new lifetime"}},
		{"Keep is Forever", []string{"Set with Keep leaves the remaining lifetime"}},
		{"an entry created with Keep ends soon", []string{"an entry that is created with Keep lives forever"}},
		{"an Add in vain starts a new lifetime", []string{"an Add that does not store leaves the lifetime alone"}},
		{"Touch only prolongs", []string{"Touch moves the end of an entry"}},
		{"Touch with Keep lets live forever", []string{"Touch with Keep only reports presence"}},
		{"Set takes any lifetime", []string{"Set refuses a lifetime that is none"}},
		{"Add takes any lifetime", []string{"Add refuses a lifetime that is none"}},
		{"Touch takes any lifetime", []string{"Touch refuses a lifetime that is none"}},

		{"Add takes two steps", []string{"of several concurrent Adds exactly one is told true"}},
		{"Delete takes two steps", []string{"concurrent Deletes count each key once"}},
		{"values are written in two halves", []string{"concurrent Sets of one key never mix their values"}},
		{"operations fail beside each other", []string{"all operations may run at the same time"}},

		{"contexts are ignored", []string{"a context that is done ends every call and changes nothing"}},
		{"every context error is a cancellation", []string{"an error of a context tells a deadline from a cancellation"}},
		{"a closed store goes on", []string{"every method but Close answers ErrClosed after Close"}},
		{"a second Close fails", []string{"a second Close does nothing", "concurrent Closes all return"}},
		{"a closed store answers an error of its own", []string{"Close may come while operations run"}},

		{"GetMany sorts", []string{"GetMany answers in the order of the keys, nil for an absent one"}},
		{"GetMany answers nil for empty values", []string{"GetMany never answers nil for an empty value"}},
		{"GetMany answers duplicates once", []string{"GetMany answers duplicate keys each"}},
		{"a batch of nothing fails", []string{"GetMany and SetMany without keys do nothing"}},
		{"SetMany leaves out empty values", []string{"SetMany stores every item"}},
		{"SetMany lets the first duplicate win", []string{"SetMany lets the last of duplicate keys win"}},
		{"SetMany keeps the slice of the caller", []string{"SetMany copies the values"}},
		{"SetMany stores forever", []string{"SetMany gives every item the lifetime"}},
		{"SetMany takes any lifetime", []string{"SetMany refuses a lifetime that is none"}},
		{"GetMany stops at a thousand", []string{"GetMany and SetMany take thousands of keys"}},

		{"Incr cannot subtract", []string{"Incr adds to a decimal and returns the sum"}},
		{"Incr creates", []string{"Incr of an absent key creates nothing"}},
		{"Incr sees ended entries", []string{"Incr of an absent key creates nothing"}},
		{"Incr pads its sum", []string{"Incr leaves a plain decimal for Get"}},
		{"Incr reads any spelling of a number", []string{"Incr refuses a value that is not a decimal"}},
		{"Incr wraps around", []string{"Incr refuses a sum beyond 64 bits"}},
		{"Incr stores forever", []string{"Incr keeps the lifetime"}},
		{"Incr takes two steps", []string{"concurrent Incrs lose nothing"}},

		{"Swap takes an empty old for absence", []string{"Swap replaces a value that still is the old one"}},
		{"Swap compares lengths", []string{"Swap leaves a value that is another one"}},
		{"Swap takes nil for empty", []string{"a nil old stands for an absent key", "an absent key never equals a non-nil old"}},
		{"Swap sees ended entries", []string{"an ended entry counts as absent for Swap"}},
		{"Swap checks the lifetime of a deletion", []string{"a nil new deletes, whatever the lifetime"}},
		{"Swap takes nothing for nothing", []string{"Swap of nothing for nothing is refused"}},
		{"Swap stores forever", []string{"Swap starts a new lifetime, and keeps it with Keep"}},
		{"Swap takes any lifetime", []string{"Swap refuses a lifetime that is none"}},
		{"Swap keeps the slice of the caller", []string{"Swap copies the value"}},
		{"Swap takes two steps", []string{"Swaps under contention lose nothing"}},

		{"GetTouch does not touch", []string{"GetTouch returns the value and moves its end"}},
		{"GetTouch sees ended entries", []string{"GetTouch of an absent key finds nothing and creates nothing"}},
		{"GetTouch takes any lifetime", []string{"GetTouch refuses a lifetime that is none"}},

		{"Peek returns the whole value", []string{"Peek returns what begins each value, in the order of the keys"}},
		{"Peek answers nil for empty values", []string{"Peek returns nil for an absent key, and never for an empty value"}},
		{"Peek sees ended entries", []string{"Peek returns nil for an absent key, and never for an empty value"}},
		{"Peek stops at a thousand", []string{"Peek takes thousands of keys, and none"}},
		{"Peek takes any length", []string{"Peek refuses a length that is none"}},

		{"Claim stores forever", []string{"Claim of an absent key stores the lease, for its lifetime"}},
		{"Claim sees ended entries", []string{"Claim of an entry that has ended is granted"}},
		{"Claim overwrites", []string{"Claim returns the value or the lease that is there, and leaves it"}},
		{"Claim returns nil for empty values", []string{"Claim returns an empty value, not nil"}},
		{"Claim prolongs", []string{"Claim of the lease that stands already is granted, and does not prolong it"}},
		{"Claim refuses its own lease", []string{"Claim of the lease that stands already is granted, and does not prolong it"}},
		{"Claim takes any lease", []string{"Claim refuses a lease that is empty or has no end"}},
		{"Extend stores forever", []string{"Extend replaces what still is there, for its lifetime or with Keep"}},
		{"Extend takes nil for absence", []string{"an empty value can be extended, and an absent key cannot"}},
		{"Commit stores forever", []string{"Commit puts the value in the place of the lease, for its lifetime"}},
		{"Commit leaves out empty values", []string{"a value that is committed may be empty, or nil"}},
		{"Commit of nil deletes", []string{"a value that is committed may be empty, or nil"}},
		{"Commit keeps the slice of the caller", []string{"Commit copies the value"}},
		{"Yield leaves the lease", []string{"Yield leaves nothing, or a note for its lifetime"}},
		{"Yield stores forever", []string{"Yield leaves nothing, or a note for its lifetime"}},
		{"Yield checks the lifetime of nothing", []string{"Yield leaves nothing, or a note for its lifetime"}},
		{"Extend needs no lease", []string{"a Delete, a Set, another's lease and the time end a lease"}},
		{"Commit needs no lease", []string{"a Delete, a Set, another's lease and the time end a lease"}},
		{"Yield needs no lease", []string{"a Delete, a Set, another's lease and the time end a lease"}},
		{"Commit sees ended entries", []string{"a Delete, a Set, another's lease and the time end a lease"}},
		{"Extend takes any lifetime", []string{"Extend, Commit and Yield refuse a lifetime that is none"}},
		{"Commit takes any lifetime", []string{"Extend, Commit and Yield refuse a lifetime that is none"}},
		{"Yield takes any lifetime", []string{"Extend, Commit and Yield refuse a lifetime that is none"}},
		{"Claim takes two steps", []string{"of several concurrent Claims exactly one is granted"}},
		{"Commit takes two steps", []string{"of several concurrent Commits exactly one stores"}},
		{"Yield wakes nobody", []string{"Commit and Yield wake who awaits the key"}},
		{"Extend wakes", []string{"Extend, and the end of other keys' leases, wake nobody"}},
		{"Commit wakes everybody", []string{"Extend, and the end of other keys' leases, wake nobody"}},
		{"stop ends all waiting", []string{"stop may be called twice and ends nobody else's waiting"}},
		{"Await after Close waits", []string{"every method but Close answers ErrClosed after Close"}},

		{"Beside Claim ignores values", []string{"Claim beside gives no lease while there is a value"}},
		{"a lease beside is a value", []string{"a lease beside is no value of its key"}},
		{"Beside Claim refuses its own lease", []string{"Claim beside returns the lease that is there, until it has ended"}},
		{"Beside Claim stores forever", []string{"Claim beside returns the lease that is there, until it has ended"}},
		{"Beside Claim takes any lease", []string{"Claim beside refuses a lease that is empty or has no end"}},
		{"Beside Commit replaces values", []string{"Commit beside stores a value where there is none, and ends the lease"}},
		{"Beside Commit leaves the lease", []string{"Commit beside stores a value where there is none, and ends the lease"}},
		{"Beside Commit stores forever", []string{"a value that is committed beside lives for its lifetime, with Keep forever"}},
		{"an entry created with Keep ends soon", []string{"a value that is committed beside lives for its lifetime, with Keep forever"}},
		{"Beside Extend touches the value", []string{"Extend and Yield beside touch the lease alone"}},
		{"Beside Yield leaves the lease", []string{"Extend and Yield beside touch the lease alone"}},
		{"Beside Commit needs no lease", []string{"a lease beside that does not stand any more does nothing"}},
		{"Beside Extend sees ended entries", []string{"a lease beside that does not stand any more does nothing"}},
		{"Beside Commit takes any lifetime", []string{"Extend, Commit and Yield beside refuse a lifetime that is none"}},
		{"Void does nothing", []string{"Void ends the leases of keys and leaves the values"}},
		{"Void ends values", []string{"Void ends the leases of keys and leaves the values"}},
		{"VoidMatching takes the prefix for a pattern", []string{"VoidMatching ends the leases whose keys match, and no others"}},
		{"braces are cut from leases", []string{"every key has a lease of its own, whatever braces it has"}},
		{"Beside Claim takes two steps", []string{"of several concurrent Claims beside exactly one is granted"}},
		{"Beside Commit takes two steps", []string{"of several concurrent Commits beside exactly one stores"}},
		{"Beside Yield wakes nobody", []string{"Commit and Yield beside wake who awaits the key"}},
		{"Beside Extend wakes", []string{"Extend beside, and the end of other keys' leases, wake nobody"}},

		{"Scan yields a key of its own", []string{"Scan of an empty store yields nothing"}},
		{"Scan looks for the prefix anywhere", []string{"Scan yields the keys that begin with the prefix"}},
		{"Scan takes the prefix for a pattern", []string{"Scan takes the prefix literally"}},
		{"Scan matches as files do", []string{"Scan matches the remainder as Match does"}},
		{"Scan sees ended entries", []string{"Scan leaves out entries that have ended"}},
		{"Scan stops at a thousand", []string{"Scan yields each of thousands of keys exactly once"}},
		{"Scan counts positions", []string{
			"Scan yields what stays exactly once while other keys come and go", "keys may be deleted in the loop over a Scan",
		}},
		{"Scan goes on where the last one was left", []string{"Scan may be left early and used again"}},
		{"a Scan under way ignores its context", []string{"a context that is done ends a Scan under way"}},
		{"TTL finds absent keys", []string{"TTL of an absent key finds nothing"}},
		{"TTL sees ended entries", []string{"TTL of an absent key finds nothing"}},
		{"TTL of an endless entry is long", []string{"TTL says Forever for an entry without an end"}},
		{"TTL is what the entry began with", []string{"TTL is what remains of the lifetime"}},
		{"TTL is cut to milliseconds", []string{"TTL is never zero or less for an entry that is there"}},

		{"View decodes twice", []string{"View shows the value once"}},
		{"View shows absent keys", []string{"View of an absent key shows nothing"}},
		{"View wraps errors", []string{"View returns the error of decode as it is"}},
		{"Object looks at the rest only", []string{"Object takes the key in two parts, wherever it is cut"}},
		{"Object sees ended entries", []string{"Object of an absent key finds nothing"}},
		{"Attach forgets", []string{"Object returns what was attached to the value"}},
		{"Get returns a copy", []string{"Attach takes a slice from Get too"}},
		{"Attach compares bytes", []string{"Attach to a value that has been replaced does nothing"}},
		{"Attach creates", []string{"Attach to an absent key creates nothing"}},
		{"objects survive their value", []string{"an object goes when the value is replaced"}},
		{"Touch drops the object", []string{"Touch keeps the object"}},
		{"Attach lets live forever", []string{"Attach does not change the lifetime"}},
		{"Ping fails", []string{"Ping of a store that answers is no error"}},
		{"ticks are ahead", []string{"Ticked is never ahead of the clock, and at most TickLag behind"}},
		{"ticks stand still", []string{"Ticked is never ahead of the clock, and at most TickLag behind"}},
		{"the clock stands still", []string{"the store's clock goes forward with the lifetimes"}},
	} {
		t.Run(string(c.flaw), func(t *testing.T) {
			var rules []rule
			for _, r := range allRules() {
				if slices.Contains(c.rules, r.name) {
					rules = append(rules, r)
				}
			}
			got := failures(t, rules, c.flaw)
			for _, want := range c.rules {
				tripped[want] = true
				if !slices.Contains(got, want) {
					t.Errorf("the suite does not notice it: want a failure of %q", want)
				}
			}
		})
	}
	for _, r := range allRules() {
		if !tripped[r.name] {
			t.Errorf("no flaw trips the rule %q", r.name)
		}
	}
}

func TestNoRuleFailsWithoutAFlaw(t *testing.T) {
	if got := failures(t, allRules(), ""); got != nil {
		t.Errorf("rules that fail on a store without a flaw: %q", got)
	}
}

func TestRuleNamesAreUnique(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range allRules() {
		if seen[r.name] {
			t.Errorf("two rules are called %q", r.name)
		}
		seen[r.name] = true
	}
}

func TestTheConsistencyCheckComparesAllWaysToLook(t *testing.T) {
	for _, f := range []flaw{
		"Get sees ended entries", "Scan sees ended entries", "Scan yields a key of its own", "Scan stops at a thousand",
		"GetMany answers nil for empty values", "GetMany stops at a thousand",
	} {
		t.Run(string(f), func(t *testing.T) {
			body := rule{name: "a look at the end", check: func(b *bench) {
				b.fill("key:")
				b.set("empty", "", ample)
				b.set("ended", "value", brief)
				b.pass(brief)
			}}
			if got := failures(t, []rule{body}, f); len(got) == 0 {
				t.Errorf("the check notices nothing")
			}
		})
	}
}

func TestHurryJudgesOnlyWhatWasInTime(t *testing.T) {
	b := newBench(t, newMapStore(""), Options{})
	tries := 0
	b.hurry(brief, func(b *bench) {
		tries++
		if tries == 1 {
			time.Sleep(brief + 5*time.Millisecond)
			b.Fatalf("a failure that means nothing: the machine was busy")
		}
	})
	if tries != 2 {
		t.Errorf("hurry ran the steps %d times, want 2", tries)
	}

	a := &attempt{T: t}
	b = newBench(a, newMapStore(""), Options{})
	a.run(func() { b.hurry(ample, func(b *bench) { b.Fatalf("a failure in time") }) })
	if got, want := a.failures, []string{"a failure in time", "cannot go on"}; !slices.Equal(got, want) {
		t.Errorf("failures in time: got %q, want %q", got, want)
	}

	a = &attempt{T: t}
	b = newBench(a, newMapStore(""), Options{})
	a.run(func() { b.hurry(0, func(*bench) {}) })
	if len(a.failures) != 1 {
		t.Errorf("a machine that is always too busy: got failures %q, want one", a.failures)
	}
}

func TestAttemptLetsPanicsPass(t *testing.T) {
	defer func() {
		if got, want := fmt.Sprint(recover()), "a bug in a rule"; got != want {
			t.Errorf("got panic %q, want %q", got, want)
		}
	}()
	(&attempt{T: t}).run(func() { panic("a bug in a rule") })
}
