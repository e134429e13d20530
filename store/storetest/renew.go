package storetest

import (
	"bytes"
	"time"

	"github.com/cachewright/cachewright/store"
)

// renewRules are the rules of [store.Renewer].
func renewRules() []rule {
	return needing(Renewer, []rule{
		{name: "GetTouch returns the value and moves its end", check: func(b *bench) {
			b.set("shorter", "value", ample)
			b.renew("shorter", brief, "value", true)
			b.hurry(brief, func(b *bench) {
				b.set("longer", "value", brief)
				b.renew("longer", ample, "value", true)
				b.set("kept", "value", brief)
				b.renew("kept", store.Keep, "value", true)
				b.wantValue("kept", "value")
				b.set("endless", "", brief)
				b.renew("endless", store.Forever, "", true)
			})
			b.outlive(brief)
			b.wantAbsent("shorter")
			b.wantAbsent("kept")
			b.wantValue("longer", "value")
			b.wantValue("endless", "")
		}},
		{name: "GetTouch of an absent key finds nothing and creates nothing", check: func(b *bench) {
			b.renew("key", ample, "", false)
			b.set("ended", "value", brief)
			b.outlive(brief)
			b.renew("ended", ample, "", false)
			b.wantAbsent("key")
			b.wantAbsent("ended")
		}},
		{name: "GetTouch refuses a lifetime that is none", check: func(b *bench) {
			b.set("key", "value", ample)
			for _, ttl := range noLifetimes() {
				if _, _, err := need[store.Renewer](b).GetTouch(b.Context(), "key", ttl); err == nil {
					b.Errorf("GetTouch with a lifetime of %d is accepted", ttl)
				}
			}
			b.wantValue("key", "value")
		}},
	})
}

func (b *bench) renew(key string, ttl time.Duration, want string, there bool) {
	b.Helper()
	b.used[key] = true
	value, found, err := need[store.Renewer](b).GetTouch(b.Context(), key, ttl)
	if err != nil || found != there || !bytes.Equal(value, []byte(want)) {
		b.Fatalf("GetTouch(%s, %s) = %q, %v, %v; want %q, %v", quote(key), lifetime(ttl), value, found, err, want, there)
	}
}
