package redis

import (
	"context"
	"errors"
	"net"
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

// TestNobodyDialsAFormerMaster goes past the client, which hides whom it dials.
func TestNobodyDialsAFormerMaster(t *testing.T) {
	const a, b = "10.0.0.1:6379", "10.0.0.2:6379"
	synctest.Test(t, func(t *testing.T) {
		s, err := Options{Address: a}.settle()
		if err != nil {
			t.Fatal(err)
		}
		dialled := 0
		s.network = func(context.Context, string, string) (net.Conn, error) {
			dialled++
			return nil, errors.New("nobody is there")
		}
		l := &link{settings: s, life: t.Context()}
		l.formers.replace(a, b)
		for _, step := range []struct {
			address string
			dialled int
			refused bool
		}{{a, 0, true}, {b, 1, false}} {
			_, err := l.dial(t.Context(), step.address, &net.Dialer{Timeout: time.Second}, nil)
			if errors.Is(err, errFormer) != step.refused || dialled != step.dialled {
				t.Errorf("the dial of %s = %v after %d attempts, want %d attempts", step.address, err, dialled, step.dialled)
			}
		}
		time.Sleep(formerFor)
		if _, err := l.dial(t.Context(), a, &net.Dialer{Timeout: time.Second}, nil); errors.Is(err, errFormer) || dialled != 2 {
			t.Errorf("after %v the dial = %v", formerFor, err)
		}
	})
}
