package cache_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
)

// before is an interceptor that looks at calls before the store is asked.
type before func(ctx context.Context, c *store.Call) error

func (b before) Before(ctx context.Context, c *store.Call) (context.Context, error) {
	return ctx, b(ctx, c)
}
func (before) After(context.Context, *store.Call) {}

func TestAnIncrThatDidNotHappenIsNotCounted(t *testing.T) {
	s := store.Intercept(openMemory(t), before(func(_ context.Context, c *store.Call) error {
		if c.Op == store.OpSwap {
			return store.ErrUnavailable
		}
		return nil
	}))
	c := open[int32](t, s, cache.Options{OnError: cache.ErrorsIgnore})
	must(t, c.Set(t.Context(), "k", 1))
	if n, found, err := c.Incr(t.Context(), "k", 1); n != 0 || found || err != nil {
		t.Errorf("Incr = %d, %v, %v; want nothing, as for a key that is not there", n, found, err)
	}
	wantGet(t, c, "k", 1)
}

// behind runs a test in virtual time on an alias whose store in memory is behind an interceptor.
func behind(t *testing.T, i store.Interceptor, o cache.Options, test func(t *testing.T, b *cache.Base)) {
	synctest.Test(t, func(t *testing.T) {
		s := openMemory(t)
		defer s.Close()
		b, err := cache.NewBase(store.Intercept(s, i), o)
		must(t, err)
		defer b.Close()
		test(t, b)
	})
}

// A store without a deadline of its own hangs with the claim of a load, until the caller of the store gives up.
func TestAClaimThatHangsHoldsNeitherFetchNorClose(t *testing.T) {
	hangs := before(func(ctx context.Context, c *store.Call) error {
		if c.Op != store.OpClaim {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	})
	fetch := func(b *cache.Base) <-chan string {
		c, err := cache.On[string](b)
		must(t, err)
		got := make(chan string, 1)
		go func() {
			v, _ := c.Fetch(context.Background(), "k", func(context.Context) (string, error) { return "loaded", nil })
			got <- v
		}()
		return got
	}
	const limit = 10 * time.Second
	behind(t, hangs, cache.Options{LoadTimeout: time.Second}, func(t *testing.T, b *cache.Base) {
		start := time.Now()
		if v := <-fetch(b); v != "loaded" || time.Since(start) > limit {
			t.Errorf("Fetch = %q after %v, want what was loaded within %v", v, time.Since(start), limit)
		}
	})
	behind(t, hangs, cache.Options{}, func(t *testing.T, b *cache.Base) {
		got := fetch(b)
		synctest.Wait()
		start := time.Now()
		must(t, b.Close())
		<-got
		if took := time.Since(start); took != 0 {
			t.Errorf("Close took %v under a claim that hangs", took)
		}
	})
}

// voiding is a store whose leases stand beside the values, and that counts how often they are ended.
type voiding struct {
	store.Store
	store.Swapper
	voids int
}

func (v *voiding) As(target any) bool {
	beside, ok := target.(*store.Beside)
	if ok {
		*beside = countedVoids{store.LeaseInPlace(v.Store, v.Swapper), v}
	}
	return ok
}

type countedVoids struct {
	store.Leaser
	*voiding
}

func (v countedVoids) Void(_ context.Context, keys ...string) error {
	v.voids += len(keys)
	return nil
}

func (countedVoids) VoidMatching(context.Context, string, string) error { return nil }

// plainJSON is a codec of bare values.
type plainJSON struct{}

func (plainJSON) Compile(reflect.Type) (cache.Encoding, error) { return plainJSON{}, nil }
func (plainJSON) Decode(data []byte, into any) error           { return json.Unmarshal(data, into) }
func (plainJSON) Append(dst []byte, from any) ([]byte, error) {
	text, err := json.Marshal(from)
	return append(dst, text...), err
}

func TestLeasesBesideEndHoweverLongLoadsMayTake(t *testing.T) {
	for _, limit := range []time.Duration{time.Minute, math.MaxInt64 - 1, math.MaxInt64} {
		s := openMemory(t)
		swapper, _ := store.As[store.Swapper](s)
		v := &voiding{Store: s, Swapper: swapper}
		c := open[string](t, v, cache.Options{Codec: plainJSON{}, LoadTimeout: limit})
		_, err := c.Delete(t.Context(), "k")
		must(t, err)
		if v.voids != 1 {
			t.Errorf("LoadTimeout %v: Delete ended %d leases, want 1", limit, v.voids)
		}
	}
}

// lossy loses the first extension on its way to the store and the answer to the second.
type lossy struct{ extensions int }

func (l *lossy) Before(ctx context.Context, c *store.Call) (context.Context, error) {
	if c.Op == store.OpExtend {
		if l.extensions++; l.extensions == 1 {
			return ctx, store.ErrUnavailable
		}
	}
	return ctx, nil
}

func (l *lossy) After(_ context.Context, c *store.Call) {
	if c.Op == store.OpExtend && l.extensions == 2 {
		c.Err, c.Found = store.ErrUnavailable, false
	}
}

func TestALoadWhoseExtensionsWereLostIsStored(t *testing.T) {
	behind(t, &lossy{}, cache.Options{}, func(t *testing.T, b *cache.Base) {
		c, err := cache.On[string](b)
		must(t, err)
		_, err = c.Fetch(t.Context(), "k", func(context.Context) (string, error) {
			time.Sleep(4500 * time.Millisecond)
			return "v", nil
		})
		must(t, err)
		wantGet(t, c, "k", "v")
	})
}

func TestTheKeyErrorOfALoaderIsNotThatOfTheCall(t *testing.T) {
	c := open[string](t, openMemory(t), cache.Options{Name: "pages"})
	_, err := c.Fetch(t.Context(), "k", func(ctx context.Context) (string, error) {
		_, _, err := c.Get(ctx, "\xff")
		return "", err
	})
	if err == nil || !strings.Contains(err.Error(), `fetch "k" in "pages"`) {
		t.Errorf("Fetch = %v, want the call, the key and the alias named", err)
	}
	if _, err := c.Fetch(t.Context(), "\xff", nil); reflect.TypeOf(err) != reflect.TypeFor[*cache.KeyError]() {
		t.Errorf("Fetch of a key that the cache does not take = %T %v, want a *KeyError", err, err)
	}
}

func TestWhatOthersAreToldOfAnErrorIsText(t *testing.T) {
	c := open[string](t, openMemory(t), cache.Options{ErrorFor: time.Minute})
	source := errors.New("x" + strings.Repeat("é", 600))
	_, _ = c.Fetch(t.Context(), "k", func(context.Context) (string, error) { return "", source })
	_, err := c.Fetch(t.Context(), "k", func(context.Context) (string, error) { return "v", nil })
	var told *cache.LoadError
	if !errors.As(err, &told) || !utf8.ValidString(told.Text) || !strings.HasPrefix(source.Error(), told.Text) || len(told.Text) < 500 {
		t.Errorf("Fetch = %v, want a LoadError with the beginning of the text", err)
	}
}

// peekable is a store that can be peeked into.
type peekable struct {
	store.Store
	store.Batcher
	store.Inspector
}

func (p peekable) Peek(ctx context.Context, keys []string, n int) ([][]byte, error) {
	return p.GetMany(ctx, keys)
}

func TestAnInterceptorMayAnswerAPeekWithNothing(t *testing.T) {
	whole := openMemory(t)
	batcher, _ := store.As[store.Batcher](whole)
	inspector, _ := store.As[store.Inspector](whole)
	s := store.Intercept(peekable{whole, batcher, inspector}, before(func(_ context.Context, c *store.Call) error {
		c.Answered = c.Op == store.OpPeek
		return nil
	}))
	peeker, ok := store.As[store.Peeker](s)
	if !ok {
		t.Fatal("no Peeker")
	}
	got, err := peeker.Peek(t.Context(), []string{"a", "b"}, 8)
	if len(got) != 2 || got[0] != nil || got[1] != nil || err != nil {
		t.Errorf("Peek = %q, %v; want two absent keys", got, err)
	}
}

func TestADeleteOfManyNamesNoKeyThatIsNotAtFault(t *testing.T) {
	s := openMemory(t)
	c := open[string](t, s, cache.Options{})
	must(t, s.Close())
	if _, err := c.Delete(t.Context(), "\xff", "fine"); err == nil || strings.Contains(err.Error(), "xff") {
		t.Errorf("Delete = %v, want an error of the store", err)
	}
}

func TestALoadThatCloseCancelsIsErrClosed(t *testing.T) {
	for name, load := range map[string]func(ctx context.Context) (string, error){
		"one that looks at its context": func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() },
		"one that does not": func(context.Context) (string, error) {
			time.Sleep(time.Minute)
			return "", nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, cache.Options{}, func(t *testing.T, b *cache.Base, c *cache.Cache[string]) {
				got := make(chan error, 1)
				go func() {
					_, err := c.Fetch(t.Context(), "k", load)
					got <- err
				}()
				synctest.Wait()
				must(t, b.Close())
				if err := <-got; !errors.Is(err, cache.ErrClosed) {
					t.Errorf("Fetch = %v, want ErrClosed: the caller's own context is well", err)
				}
				time.Sleep(2 * time.Minute)
			})
		})
	}
}
