package storetest

import (
	"errors"
	"fmt"

	"github.com/cachewright/cachewright/store"
)

// besideRules are the rules of [store.Beside].
func besideRules() []rule {
	return needing(Beside, []rule{
		{name: "Claim beside gives no lease while there is a value", check: func(b *bench) {
			l := b.besides()
			b.set("key", "value", ample)
			l.claim("key", "lease", ample, "value")
			b.set("empty", "", ample)
			l.claim("empty", "lease", ample, "")
			l.claim("later", "lease", ample, granted)
			b.set("later", "value", ample)
			l.claim("later", "lease", ample, "value")
			b.clear("key")
			l.claim("key", "lease", ample, granted)
		}},
		{name: "a lease beside is no value of its key", check: func(b *bench) {
			l := b.besides()
			l.claim("key", "lease", ample, granted)
			b.wantAbsent("key")
			b.touch("key", ample, false)
			b.delete(0, "key")
			l.claim("key", "other", ample, "lease")
			b.add("key", "value", ample, true)
			b.wantValue("key", "value")
		}},
		{name: "Claim beside returns the lease that is there, until it has ended", check: func(b *bench) {
			l := b.besides()
			b.hurry(brief, func(b *bench) {
				l := b.besides()
				l.void("key")
				l.claim("key", "lease", brief, granted)
				l.claim("key", "lease", ample, granted)
				l.claim("key", "other", ample, "lease")
			})
			b.outlive(brief)
			l.claim("key", "other", ample, granted)
		}},
		{name: "Claim beside refuses a lease that is empty or has no end", check: func(b *bench) { b.besides().refuseClaims() }},
		{name: "Commit beside stores a value where there is none, and ends the lease", check: func(b *bench) {
			l := b.besides()
			l.claim("key", "lease", ample, granted)
			l.commit("key", "lease", "value", ample, true)
			b.wantValue("key", "value")
			b.clear("key")
			l.claim("key", "other", ample, granted)

			l.claim("written", "lease", ample, granted)
			b.set("written", "by another", ample)
			l.commit("written", "lease", "value", ample, false)
			b.wantValue("written", "by another")
			b.clear("written")
			l.claim("written", "other", ample, granted)
		}},
		{name: "a value that is committed beside lives for its lifetime, with Keep forever", check: func(b *bench) {
			b.hurry(brief, func(b *bench) {
				l := b.besides()
				for _, key := range []string{"short", "kept"} {
					b.clear(key)
					l.void(key)
					l.claim(key, "lease", brief, granted)
				}
				l.commit("short", "lease", "value", brief, true)
				l.commit("kept", "lease", "value", store.Keep, true)
				b.wantValue("short", "value")
			})
			b.outlive(brief)
			b.wantAbsent("short")
			b.wantValue("kept", "value")
		}},
		{name: "Extend and Yield beside touch the lease alone", check: func(b *bench) {
			l := b.besides()
			l.claim("key", "lease", ample, granted)
			b.set("key", "lease", ample)
			l.extend("key", "lease", "next", ample, true)
			b.wantValue("key", "lease")
			l.yield("key", "next", []byte("note"), ample, true)
			b.wantValue("key", "lease")
			b.clear("key")
			l.claim("key", "other", ample, "note")
			l.yield("key", "note", nil, -1, true)
			l.claim("key", "other", ample, granted)
		}},
		{name: "a lease beside that does not stand any more does nothing", check: func(b *bench) {
			l := b.besides()
			l.claim("ended", "lease", brief, granted)
			b.outlive(brief)
			b.set("set", "lease", ample)
			for _, key := range []string{"ended", "set", "never"} {
				b.used[key] = true
				l.lost(key, "lease")
			}
			b.wantAbsent("ended")
			b.wantAbsent("never")
			b.wantValue("set", "lease")
			l.claim("taken", "another", ample, granted)
			l.lost("taken", "lease")
			l.claim("taken", "lease", ample, "another")
		}},
		{name: "Extend, Commit and Yield beside refuse a lifetime that is none", check: func(b *bench) {
			b.besides().refuseLifetimes("lease")
			b.wantAbsent("key")
		}},
		{name: "Void ends the leases of keys and leaves the values", check: func(b *bench) {
			l, beside := b.besides(), need[store.Beside](b)
			for _, key := range []string{"a", "b", "c"} {
				l.claim(key, "lease", ample, granted)
			}
			b.set("a", "value", ample)
			if err := beside.Void(b.Context(), "a", "b", "absent"); err != nil {
				b.Fatalf("Void: %v", err)
			}
			if err := beside.Void(b.Context()); err != nil {
				b.Fatalf("Void of nothing: %v", err)
			}
			b.wantValue("a", "value")
			l.lost("a", "lease")
			l.lost("b", "lease")
			l.claim("c", "other", ample, "lease")
		}},
		{name: "VoidMatching ends the leases whose keys match, and no others", check: func(b *bench) {
			voided := []string{"p*:1", "p*:12", "p*:{1}", "p*:1{x}y"}
			kept := []string{"p*:2", "px:1", "1", "{p*:1}", "p*", ""}
			l := b.besides()
			for _, key := range append(voided, kept...) {
				l.claimOrPass(key)
			}
			if err := need[store.Beside](b).VoidMatching(b.Context(), "p*:", "*1*"); err != nil {
				b.Fatalf("VoidMatching: %v", err)
			}
			for _, key := range voided {
				l.claim(key, "other", ample, granted)
			}
			for _, key := range kept {
				l.wantLease(key)
			}
		}},
		{name: "every key has a lease of its own, whatever braces it has", check: bracedLeases},
		{name: "of several concurrent Claims beside exactly one is granted", check: func(b *bench) { b.besides().oneClaim() }},
		{name: "of several concurrent Commits beside exactly one stores", check: func(b *bench) { b.besides().oneCommit() }},
		{name: "Commit and Yield beside wake who awaits the key", check: func(b *bench) { b.besides().wakes() }},
		{name: "Extend beside, and the end of other keys' leases, wake nobody", check: func(b *bench) { b.besides().wakesNobody() }},
	})
}

// void ends the leases of keys.
func (s steps) void(keys ...string) {
	s.b.Helper()
	if err := need[store.Beside](s.b).Void(s.b.Context(), keys...); err != nil {
		s.b.Fatalf("Void: %v", err)
	}
}

// claimOrPass claims a lease of key, and reports false if there is no room for it.
func (s steps) claimOrPass(key string) bool {
	s.b.Helper()
	there, err := s.Claim(s.b.Context(), key, []byte("lease of "+key), ample)
	if errors.Is(err, errors.ErrUnsupported) {
		return false
	}
	if there != nil || err != nil {
		s.b.Fatalf("Claim(%s) = %q, %v; want nil", quote(key), there, err)
	}
	return true
}

// wantLease fails the rule unless the lease that claimOrPass has claimed stands, if there is room for it.
func (s steps) wantLease(key string) {
	s.b.Helper()
	there, err := s.Claim(s.b.Context(), key, []byte("another"), ample)
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	if want := "lease of " + key; string(there) != want || err != nil {
		s.b.Fatalf("Claim(%s) = %q, %v; want %q", quote(key), there, err, want)
	}
}

func bracedLeases(b *bench) {
	l := b.besides()
	var keys []string
	for _, key := range []string{
		"x", "{x}", "{{x}}", ":x", "{x", "x{", "a{x}", "{x}b", "a{x}b", "{}", "{}x", "x}", "}", "}x{", "", "{x}{y}", ":{x}", "\x00{\xff}",
	} {
		b.used[key] = true
		if l.claimOrPass(key) {
			keys = append(keys, key)
			continue
		}
		for name, err := range map[string]error{
			"Extend": second(l.Extend(b.Context(), key, []byte("lease"), []byte("next"), ample)),
			"Commit": second(l.Commit(b.Context(), key, []byte("lease"), []byte("value"), ample)),
			"Yield":  second(l.Yield(b.Context(), key, []byte("lease"), nil, ample)),
		} {
			if !errors.Is(err, errors.ErrUnsupported) {
				b.Errorf("Claim(%s) has no room, but %s = %v", quote(key), name, err)
			}
		}
		l.void(key)
	}
	for i, key := range keys {
		b.wantAbsent(key)
		l.void(key)
		l.lost(key, "lease of "+key)
		for _, other := range keys[i+1:] {
			l.wantLease(other)
		}
		value := fmt.Sprintf("value %d", i)
		l.claimOrPass(key)
		l.commit(key, "lease of "+key, value, ample, true)
		b.wantValue(key, value)
	}
}

func second[T any](_ T, err error) error { return err }
