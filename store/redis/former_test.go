package redis

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestFormers(t *testing.T) {
	const a, b = "10.0.0.1:6379", "10.0.0.2:6379"
	synctest.Test(t, func(t *testing.T) {
		var f formers
		want := func(when, address string, refused bool) {
			t.Helper()
			if got := f.has(address); got != refused {
				t.Errorf("%s: %s is refused = %v, want %v", when, address, got, refused)
			}
		}
		want("at first", a, false)
		f.replace(a, b)
		want("b has replaced a", a, true)
		want("b has replaced a", b, false)
		time.Sleep(formerFor - time.Millisecond)
		want("just before the end", a, true)
		time.Sleep(time.Millisecond)
		want("at the end", a, false)

		f.replace(a, b)
		f.replace(b, a)
		want("a has come back at once", a, false)
		want("a has come back at once: perhaps it was never gone", b, false)
		time.Sleep(formerFor)
		f.replace("other", "another")
		if len(f.since) != 1 {
			t.Errorf("%d addresses are remembered, want the last one", len(f.since))
		}
	})
}
