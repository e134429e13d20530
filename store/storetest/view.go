package storetest

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"github.com/cachewright/cachewright/store"
)

// viewRules are the rules of [store.Viewer].
func viewRules() []rule {
	return needing(Viewer, []rule{
		{name: "View shows the value once", check: func(b *bench) {
			for _, value := range []string{"value", "", everyByte()} {
				b.set("key", value, ample)
				b.wantView("key", value)
			}
		}},
		{name: "View of an absent key shows nothing", check: func(b *bench) {
			b.set("ended", "value", brief)
			b.outlive(brief)
			for _, key := range []string{"absent", "ended"} {
				found, err := need[store.Viewer](b).View(b.Context(), key, func([]byte) error {
					b.Errorf("View(%s) calls decode", quote(key))
					return nil
				})
				if found || err != nil {
					b.Errorf("View(%s) = %v, %v; want false", quote(key), found, err)
				}
			}
		}},
		{name: "View returns the error of decode as it is", check: func(b *bench) {
			b.set("key", "value", ample)
			want := errors.New("cannot decode")
			if _, got := need[store.Viewer](b).View(b.Context(), "key", func([]byte) error { return want }); got != want {
				b.Errorf("View: got error %v, want the very error of decode", got)
			}
		}},
	})
}

func (b *bench) wantView(key, want string) {
	b.Helper()
	var got []byte
	times := 0
	found, err := need[store.Viewer](b).View(b.Context(), key, func(value []byte) error {
		got = bytes.Clone(value)
		times++
		return nil
	})
	if !found || err != nil || times != 1 || string(got) != want {
		b.Fatalf("View(%s) = %v, %v after %d calls of decode with %s; want true after 1 with %s",
			quote(key), found, err, times, quote(string(got)), quote(want))
	}
}

// objectRules are the rules of [store.Objects].
func objectRules() []rule {
	return needing(Objects, []rule{
		{name: "Object takes the key in two parts, wherever it is cut", check: func(b *bench) {
			key := strings.Repeat("key:", 200)
			b.set(key, "value", ample)
			b.set("key", "short", ample)
			for _, at := range []int{0, 1, 400, len(key)} {
				value, _, found := need[store.Objects](b).Object(key[:at], key[at:])
				if string(value) != "value" || !found {
					b.Errorf("Object of a key that is cut at byte %d = %q, %v; want %q", at, value, found, "value")
				}
			}
		}},
		{name: "Object of an absent key finds nothing", check: func(b *bench) {
			b.set("ended", "value", brief)
			b.outlive(brief)
			b.wantNoObject("ended")
			b.wantNoObject("absent")
		}},
		{name: "Object returns what was attached to the value", check: func(b *bench) {
			b.set("key", "value", ample)
			b.attach("key", "first")
			b.wantObject("key", "value", "first")
			b.attach("key", "second")
			b.wantObject("key", "value", "second")
			b.wantValue("key", "value")
		}},
		{name: "Attach takes a slice from Get too", check: func(b *bench) {
			b.set("key", "value", ample)
			value, _ := b.get("key")
			need[store.Objects](b).Attach("key", value, "object")
			b.wantObject("key", "value", "object")
		}},
		{name: "Attach to a value that has been replaced does nothing", check: func(b *bench) {
			b.set("key", "value", ample)
			old, _ := b.get("key")
			b.set("key", "value", ample)
			need[store.Objects](b).Attach("key", old, "object")
			b.wantObject("key", "value", nil)
			need[store.Objects](b).Attach("key", []byte("value"), "object")
			b.wantObject("key", "value", nil)
		}},
		{name: "Attach to an absent key creates nothing", check: func(b *bench) {
			objects := need[store.Objects](b)
			b.set("deleted", "value", ample)
			deleted, _ := b.get("deleted")
			b.delete(1, "deleted")
			objects.Attach("deleted", deleted, "object")
			b.wantNoObject("deleted")
			var ended []byte
			b.hurry(brief, func(b *bench) {
				b.set("ended", "value", brief)
				ended, _ = b.get("ended")
			})
			b.outlive(brief)
			objects.Attach("ended", ended, "object")
			b.wantNoObject("ended")
			b.wantAbsent("ended")
		}},
		{name: "an object goes when the value is replaced", check: objectsGo},
		{name: "Touch keeps the object", check: func(b *bench) {
			b.set("key", "value", ample)
			b.attach("key", "object")
			for _, ttl := range []time.Duration{ample, store.Forever, store.Keep} {
				b.touch("key", ttl, true)
				b.wantObject("key", "value", "object")
			}
		}},
		{name: "Attach does not change the lifetime", check: func(b *bench) {
			b.hurry(brief, func(b *bench) {
				b.set("key", "value", brief)
				b.attach("key", "object")
			})
			b.outlive(brief)
			b.wantAbsent("key")
			b.wantNoObject("key")
		}},
	})
}

// attach puts object beside the present value of key.
func (b *bench) attach(key string, object any) {
	b.Helper()
	objects := need[store.Objects](b)
	value, _, found := objects.Object("", key)
	if !found {
		b.Fatalf("Object(%s) found nothing", quote(key))
	}
	objects.Attach(key, value, object)
}

func (b *bench) wantObject(key, value string, object any) {
	b.Helper()
	gotValue, gotObject, found := need[store.Objects](b).Object("", key)
	if !found || string(gotValue) != value || gotObject != object {
		b.Fatalf("Object(%s) = %q, %v, %v; want %q, %v, true", quote(key), gotValue, gotObject, found, value, object)
	}
}

func (b *bench) wantNoObject(key string) {
	b.Helper()
	if value, object, found := need[store.Objects](b).Object("", key); found {
		b.Fatalf("Object(%s) = %q, %v; want nothing", quote(key), value, object)
	}
}

func objectsGo(b *bench) {
	b.set("set", "1", ample)
	b.attach("set", "object")
	b.set("set", "1", ample)
	b.wantObject("set", "1", nil)

	b.set("added", "1", ample)
	b.attach("added", "object")
	b.delete(1, "added")
	b.add("added", "1", ample, true)
	b.wantObject("added", "1", nil)

	if counter, ok := store.As[store.Counter](b.s); ok {
		b.set("incr", "1", ample)
		b.attach("incr", "object")
		if _, _, err := counter.Incr(b.Context(), "incr", 1); err != nil {
			b.Fatalf("Incr: %v", err)
		}
		b.wantObject("incr", "2", nil)
	}
	if has[store.Swapper](b.s) {
		b.set("swapped", "1", ample)
		b.attach("swapped", "object")
		b.swap("swapped", []byte("1"), []byte("1"), store.Keep, true)
		b.wantObject("swapped", "1", nil)
	}
}

// clockRules are the rules of [store.Clock].
func clockRules() []rule {
	return needing(Clock, []rule{
		{name: "the store's clock goes forward with the lifetimes", check: func(b *bench) {
			clock := need[store.Clock](b)
			before := clock.Now()
			if before.IsZero() {
				b.Errorf("Now = %v, want a time", before)
			}
			b.pass(brief)
			if got := clock.Now().Sub(before); got < brief-2*time.Millisecond {
				b.Errorf("%v have passed, the store's clock says %v", brief, got)
			}
		}},
	})
}

// pingRules are the rules of [store.Pinger]. That of a backend out of reach is the backend's own to test.
func pingRules() []rule {
	return needing(Pinger, []rule{
		{name: "Ping of a store that answers is no error", check: func(b *bench) {
			if err := need[store.Pinger](b).Ping(b.Context()); err != nil {
				b.Errorf("Ping: %v", err)
			}
		}},
	})
}
