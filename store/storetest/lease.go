package storetest

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright/store"
)

// patience is how long a rule waits in real time for what a busy machine does late.
const patience = 10 * time.Second

// leaseRules are the rules of [store.Leaser], for leases that stand in the place of the values.
func leaseRules() []rule {
	return needing(Leaser, []rule{
		{name: "Claim of an absent key stores the lease, for its lifetime", check: func(b *bench) {
			l := b.leases()
			l.claim("key", "lease", ample, granted)
			b.wantValue("key", "lease")
			b.hurry(brief, func(b *bench) {
				b.clear("ended")
				b.leases().claim("ended", "lease", brief, granted)
				b.wantValue("ended", "lease")
			})
			b.outlive(brief)
			b.wantAbsent("ended")
		}},
		{name: "Claim of an entry that has ended is granted", check: func(b *bench) {
			b.set("key", "value", brief)
			b.outlive(brief)
			b.leases().claim("key", "lease", ample, granted)
		}},
		{name: "Claim returns the value or the lease that is there, and leaves it", check: func(b *bench) {
			l := b.leases()
			b.set("key", "value", ample)
			l.claim("key", "lease", ample, "value")
			b.wantValue("key", "value")
			l.claim("other", "first", ample, granted)
			l.claim("other", "second", ample, "first")
			b.wantValue("other", "first")
		}},
		{name: "Claim returns an empty value, not nil", check: func(b *bench) {
			b.set("key", "", ample)
			b.leases().claim("key", "lease", ample, "")
		}},
		{name: "Claim of the lease that stands already is granted, and does not prolong it", check: func(b *bench) {
			b.hurry(brief, func(b *bench) {
				b.clear("key")
				b.leases().claim("key", "lease", brief, granted)
				b.leases().claim("key", "lease", ample, granted)
			})
			b.outlive(brief)
			b.wantAbsent("key")
		}},
		{name: "Claim refuses a lease that is empty or has no end", check: func(b *bench) { b.leases().refuseClaims() }},
		{name: "Extend replaces what still is there, for its lifetime or with Keep", check: func(b *bench) {
			b.hurry(brief, func(b *bench) {
				l := b.leases()
				for _, key := range []string{"longer", "kept"} {
					b.clear(key)
					l.claim(key, "lease", brief, granted)
				}
				l.extend("longer", "lease", "next", ample, true)
				l.extend("kept", "lease", "next", store.Keep, true)
				b.wantValue("kept", "next")
				b.set("value", "old", ample)
				l.extend("value", "old", "new", brief, true)
			})
			b.outlive(brief)
			b.wantValue("longer", "next")
			b.wantAbsent("kept")
			b.wantAbsent("value")
		}},
		{name: "an empty value can be extended, and an absent key cannot", check: func(b *bench) {
			l := b.leases()
			b.set("key", "", ample)
			l.extend("key", "", "lease", ample, true)
			b.wantValue("key", "lease")
			for _, old := range [][]byte{nil, {}} {
				held, err := l.Extend(b.Context(), "absent", old, []byte("lease"), ample)
				if held || err != nil {
					b.Errorf("Extend of %#v under an absent key = %v, %v; want false", old, held, err)
				}
			}
			b.wantAbsent("absent")
		}},
		{name: "Commit puts the value in the place of the lease, for its lifetime", check: func(b *bench) {
			b.hurry(brief, func(b *bench) {
				l := b.leases()
				for _, key := range []string{"short", "kept"} {
					b.clear(key)
					l.claim(key, "lease", brief, granted)
				}
				l.commit("short", "lease", "value", brief, true)
				l.commit("kept", "lease", "value", store.Keep, true)
				b.wantValue("short", "value")
				b.clear("long")
				l.claim("long", "lease", brief, granted)
				l.commit("long", "lease", "value", store.Forever, true)
			})
			b.outlive(brief)
			b.wantAbsent("short")
			b.wantAbsent("kept")
			b.wantValue("long", "value")
		}},
		{name: "a value that is committed may be empty, or nil", check: func(b *bench) {
			l := b.leases()
			for _, value := range [][]byte{nil, {}} {
				b.clear("key")
				l.claim("key", "lease", ample, granted)
				if stored, err := l.Commit(b.Context(), "key", []byte("lease"), value, ample); !stored || err != nil {
					b.Errorf("Commit of %#v = %v, %v; want true", value, stored, err)
				}
				b.wantValue("key", "")
			}
		}},
		{name: "Commit copies the value", check: func(b *bench) {
			l := b.leases()
			l.claim("key", "lease", ample, granted)
			value := []byte("value")
			if stored, err := l.Commit(b.Context(), "key", []byte("lease"), value, ample); !stored || err != nil {
				b.Fatalf("Commit = %v, %v; want true", stored, err)
			}
			copy(value, "VALUE")
			b.wantValue("key", "value")
		}},
		{name: "Yield leaves nothing, or a note for its lifetime", check: func(b *bench) {
			l := b.leases()
			l.claim("key", "lease", ample, granted)
			l.yield("key", "lease", nil, -1, true)
			b.wantAbsent("key")
			b.hurry(brief, func(b *bench) {
				b.clear("key")
				l := b.leases()
				l.claim("key", "lease", ample, granted)
				l.yield("key", "lease", []byte("note"), brief, true)
				b.wantValue("key", "note")
			})
			b.outlive(brief)
			b.wantAbsent("key")
		}},
		{name: "a Delete, a Set, another's lease and the time end a lease", check: leasesEnd},
		{name: "Extend, Commit and Yield refuse a lifetime that is none", check: func(b *bench) { b.leases().refuseLifetimes("lease") }},
		{name: "of several concurrent Claims exactly one is granted", check: func(b *bench) { b.leases().oneClaim() }},
		{name: "of several concurrent Commits exactly one stores", check: func(b *bench) { b.leases().oneCommit() }},
		{name: "Commit and Yield wake who awaits the key", check: func(b *bench) { b.leases().wakes() }},
		{name: "Extend, and the end of other keys' leases, wake nobody", check: func(b *bench) { b.leases().wakesNobody() }},
		{name: "stop may be called twice and ends nobody else's waiting", check: func(b *bench) { b.leases().stops() }},
	})
}

// tickerRules are the rules of [store.Ticker].
func tickerRules() []rule {
	return needing(Ticker, []rule{
		{name: "Ticked is never ahead of the clock, and at most TickLag behind", check: func(b *bench) {
			clock, ticker := need[store.Clock](b), need[store.Ticker](b)
			for range 3 {
				earliest := clock.Now().Add(-store.TickLag)
				got := ticker.Ticked()
				if latest := clock.Now(); got.Before(earliest) || got.After(latest) {
					b.Fatalf("Ticked = %v, want a time between %v and %v", got, earliest, latest)
				}
				if b.o.exact() {
					b.pass(2 * store.TickLag)
				}
			}
		}},
	})
}

// granted is what Claim is to return when it gives the lease: nil.
const granted = "\x00granted"

// steps are the steps of a lease, with what a rule expects of them.
type steps struct {
	store.Leaser
	b *bench
}

func (b *bench) leases() steps  { return steps{need[store.Leaser](b), b} }
func (b *bench) besides() steps { return steps{need[store.Beside](b), b} }

func (s steps) claim(key, lease string, ttl time.Duration, want string) {
	s.b.Helper()
	s.b.used[key] = true
	there, err := s.Claim(s.b.Context(), key, []byte(lease), ttl)
	got := granted
	if there != nil {
		got = string(there)
	}
	if err != nil || got != want {
		s.b.Fatalf("Claim(%s, %s, %s) = %q, %v; want %q", quote(key), quote(lease), lifetime(ttl), got, err, want)
	}
}

func (s steps) extend(key, old, next string, ttl time.Duration, want bool) {
	s.b.Helper()
	got, err := s.Extend(s.b.Context(), key, []byte(old), []byte(next), ttl)
	if got != want || err != nil {
		s.b.Fatalf("Extend(%s, %s, %s, %s) = %v, %v; want %v", quote(key), quote(old), quote(next), lifetime(ttl), got, err, want)
	}
}

func (s steps) commit(key, lease, value string, ttl time.Duration, want bool) {
	s.b.Helper()
	got, err := s.Commit(s.b.Context(), key, []byte(lease), []byte(value), ttl)
	if got != want || err != nil {
		s.b.Fatalf("Commit(%s, %s, %s, %s) = %v, %v; want %v", quote(key), quote(lease), quote(value), lifetime(ttl), got, err, want)
	}
}

func (s steps) yield(key, lease string, note []byte, ttl time.Duration, want bool) {
	s.b.Helper()
	got, err := s.Yield(s.b.Context(), key, []byte(lease), note, ttl)
	if got != want || err != nil {
		s.b.Fatalf("Yield(%s, %s, %q, %s) = %v, %v; want %v", quote(key), quote(lease), note, lifetime(ttl), got, err, want)
	}
}

// lost fails the rule unless every step finds that lease does not stand.
func (s steps) lost(key, lease string) {
	s.b.Helper()
	s.extend(key, lease, "next", ample, false)
	s.commit(key, lease, "committed", ample, false)
	s.yield(key, lease, nil, store.Forever, false)
	s.yield(key, lease, []byte("note"), ample, false)
}

func leasesEnd(b *bench) {
	l := b.leases()
	for _, key := range []string{"deleted", "set", "taken over"} {
		l.claim(key, "lease", ample, granted)
	}
	b.delete(1, "deleted")
	b.set("set", "value", ample)
	l.extend("taken over", "lease", "another", ample, true)
	l.claim("ended", "lease", brief, granted)
	b.outlive(brief)
	for key, want := range map[string]string{"deleted": "", "set": "value", "taken over": "another", "ended": "", "never": ""} {
		b.used[key] = true
		l.lost(key, "lease")
		if want == "" {
			b.wantAbsent(key)
		} else {
			b.wantValue(key, want)
		}
	}
}

func (s steps) refuseClaims() {
	s.b.Helper()
	s.b.used["key"] = true
	for _, ttl := range append(noLifetimes(), store.Forever, store.Keep) {
		_, err := s.Claim(s.b.Context(), "key", []byte("lease"), ttl)
		s.b.wantRefused("Claim with lifetime "+lifetime(ttl), err)
	}
	for _, lease := range [][]byte{nil, {}} {
		_, err := s.Claim(s.b.Context(), "key", lease, ample)
		s.b.wantRefused(fmt.Sprintf("Claim of the lease %#v", lease), err)
	}
	s.claim("key", "lease", ample, granted) // nothing is in the way
}

// refuseLifetimes leaves a lease in place.
func (s steps) refuseLifetimes(lease string) {
	s.b.Helper()
	s.claim("key", lease, ample, granted)
	for _, ttl := range noLifetimes() {
		_, err := s.Extend(s.b.Context(), "key", []byte(lease), []byte("next"), ttl)
		s.b.wantRefused("Extend with lifetime "+lifetime(ttl), err)
		_, err = s.Commit(s.b.Context(), "key", []byte(lease), []byte("value"), ttl)
		s.b.wantRefused("Commit with lifetime "+lifetime(ttl), err)
		_, err = s.Yield(s.b.Context(), "key", []byte(lease), []byte("note"), ttl)
		s.b.wantRefused("Yield of a note with lifetime "+lifetime(ttl), err)
	}
	s.claim("key", "other", ample, lease)
}

func (s steps) oneClaim() {
	b := s.b
	b.Helper()
	for i := range 20 {
		key := fmt.Sprintf("key:%d", i)
		b.used[key] = true
		var given atomic.Int64
		together(func(w int) {
			lease := []byte(fmt.Sprintf("of worker %d", w))
			there, err := s.Claim(b.Context(), key, lease, ample)
			switch {
			case err != nil:
				b.Errorf("Claim: %v", err)
			case there == nil:
				given.Add(1)
			case bytes.Equal(there, lease):
				b.Errorf("Claim returns the caller's own lease")
			}
		})
		if got := given.Load(); got != 1 {
			b.Fatalf("%d of %d concurrent Claims were granted, want 1", got, workers)
		}
	}
}

func (s steps) oneCommit() {
	b := s.b
	b.Helper()
	for i := range 20 {
		key := fmt.Sprintf("key:%d", i)
		s.claim(key, "lease", ample, granted)
		var stored atomic.Int64
		together(func(w int) {
			ok, err := s.Commit(b.Context(), key, []byte("lease"), []byte(fmt.Sprintf("of worker %d", w)), ample)
			if err != nil {
				b.Errorf("Commit: %v", err)
			}
			if ok {
				stored.Add(1)
			}
		})
		if got := stored.Load(); got != 1 {
			b.Fatalf("%d of %d concurrent Commits stored, want 1", got, workers)
		}
	}
}

// await returns a channel that tells of key, or nil if the store cannot tell. A store that says it can may
// need a moment from the first Claim on.
func (s steps) await(key string) (<-chan struct{}, func()) {
	s.b.Helper()
	woken, stop := s.Await(key)
	for end := time.Now().Add(patience); woken == nil && s.b.o.Wakes && time.Now().Before(end); woken, stop = s.Await(key) {
		stop()
		time.Sleep(time.Millisecond)
	}
	if woken == nil && s.b.o.Wakes {
		s.b.Fatalf("Await returns no channel, though the store has declared that it does")
	}
	return woken, stop
}

// ended reports whether woken is closed, or will be within limit.
func ended(woken <-chan struct{}, limit time.Duration) bool {
	select {
	case <-woken:
		return true
	default:
	}
	select {
	case <-woken:
		return true
	case <-time.After(limit):
		return false
	}
}

func (s steps) wakes() {
	b := s.b
	b.Helper()
	for name, end := range map[string]func(){
		"a Commit":                   func() { s.commit("key", "lease", "value", ample, true) },
		"a Yield":                    func() { s.yield("key", "lease", nil, store.Forever, true) },
		"a Yield that leaves a note": func() { s.yield("key", "lease", []byte("note"), ample, true) },
		"a Commit after the lease has ended": func() {
			s.yield("key", "lease", nil, store.Forever, true)
			s.commit("key", "lease", "value", ample, false)
		},
	} {
		b.clear("key")
		_, _ = s.Yield(b.Context(), "key", []byte("note"), nil, store.Forever)
		s.claim("key", "lease", ample, granted)
		first, stopFirst := s.await("key")
		second, stopSecond := s.await("key")
		if first == nil {
			return
		}
		end()
		if !ended(first, patience) || !ended(second, patience) {
			b.Fatalf("%s does not wake both who await the key", name)
		}
		stopFirst()
		stopSecond()
	}
}

func (s steps) wakesNobody() {
	b := s.b
	b.Helper()
	s.claim("key", "lease", ample, granted)
	s.claim("other", "lease", ample, granted)
	s.claim("last", "lease", ample, granted)
	woken, stop := s.await("key")
	defer stop()
	last, stopLast := s.await("last")
	defer stopLast()
	if woken == nil {
		return
	}
	s.extend("key", "lease", "next", ample, true)
	s.commit("other", "lease", "value", ample, true)
	s.commit("last", "lease", "value", ample, true)
	if !ended(last, patience) { // what came before it has arrived, too
		b.Fatalf("a Commit wakes nobody")
	}
	if ended(woken, 0) {
		b.Errorf("who awaits a key is woken by an Extend, or by a Commit of another key")
	}
}

func (s steps) stops() {
	b := s.b
	b.Helper()
	s.claim("key", "lease", ample, granted)
	left, stop := s.await("key")
	woken, stopOther := s.await("key")
	stop()
	stop()
	if left == nil {
		return
	}
	s.commit("key", "lease", "value", ample, true)
	if !ended(woken, patience) {
		b.Errorf("who awaits a key is not woken after another has stopped")
	}
	stop()
	stopOther()
	stopOther()
}
