package django_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/store"
)

// chunk is how many values cross in one exchange.
const chunk = 500

// crossing is one value on its way over to the other side and back.
type crossing struct {
	value  any
	mine   string // the key that Go writes
	theirs string // the key that Django writes
}

// cross sends values both ways through a cache and reports every difference: what Go reads of a value that
// Django wrote must be what Django reads of it, what Django reads of a value that Go wrote must be the same
// again, and a value that Django refuses Go refuses too. Under JSON and MessagePack the bytes must be equal
// as well. It returns how many values crossed.
func cross(t *testing.T, s *sides, alias string, values []any) (crossed int) {
	t.Helper()
	anything := of[any](t, s, alias)
	for start := 0; start < len(values); start += chunk {
		part := values[start:min(start+chunk, len(values))]
		all := make([]crossing, len(part))
		for i, v := range part {
			all[i] = crossing{v, "mine:" + strconv.Itoa(i), "theirs:" + strconv.Itoa(i)}
		}
		crossed += crossChunk(t, s, alias, anything, all)
		if t.Failed() {
			t.Fatalf("stopped after %d values", start+len(part))
		}
	}
	return crossed
}

func crossChunk(t *testing.T, s *sides, alias string, anything *cache.Cache[any], all []crossing) (crossed int) {
	t.Helper()
	ctx := t.Context()
	must(t, anything.Clear(ctx))
	var calls []call
	mine, keys := map[string]any{}, []string{}
	for _, c := range all {
		calls = append(calls, call{alias: alias, method: "set", args: []any{c.theirs, c.value}})
		mine[c.mine] = c.value
		keys = append(keys, c.mine, c.theirs)
	}
	stored := s.django(t, calls...)
	refused := map[string]error{}
	if err := anything.SetMany(ctx, mine); err != nil {
		each, ok := err.(cache.KeyErrors)
		if !ok {
			t.Fatal(err)
		}
		refused = each
	}
	read, err := anything.GetMany(ctx, keys)
	must(t, err)
	calls = calls[:0]
	for _, c := range all {
		calls = append(calls, call{alias: alias, method: "get", args: []any{c.theirs}}, call{alias: alias, method: "get", args: []any{c.mine}})
	}
	seen := s.django(t, calls...)
	raw := s.rawMany(t, alias, keys)
	for i, c := range all {
		label := func() string { return shorten(tag(c.value).text()) }
		if stored[i].Exception != "" {
			if refused[c.mine] == nil {
				t.Errorf("Django refuses with %s what Go writes: %s", stored[i].Exception, label())
			}
			continue
		}
		if err := refused[c.mine]; err != nil {
			t.Errorf("Go refuses what Django writes: %v: %s", err, label())
			continue
		}
		crossed++
		want := seen[2*i].text()
		for _, got := range []struct{ by, text string }{
			{"Go reads of Django's", tag(read[c.theirs]).text()}, {"Go reads of its own", tag(read[c.mine]).text()}, {"Django reads of Go's", seen[2*i+1].text()},
		} {
			if got.text != want {
				t.Errorf("%s:\n%s\nDjango reads of its own:\n%s", got.by, shorten(got.text), shorten(want))
			}
		}
		if !isPickle(alias) && !bytes.Equal(plain(t, raw[2*i]), plain(t, raw[2*i+1])) {
			t.Errorf("bytes of %s:\nGo     %q\nDjango %q", label(), shorten(string(raw[2*i])), shorten(string(raw[2*i+1])))
		}
	}
	return crossed
}

// rawMany returns what Redis holds for keys of alias.
func (s *sides) rawMany(t *testing.T, alias string, keys []string) [][]byte {
	t.Helper()
	behind, err := s.caches.Store(alias)
	must(t, err)
	batcher, ok := store.As[store.Batcher](behind)
	if !ok {
		t.Fatal("the store reads one key at a time")
	}
	plan, _ := s.plan.Cache(alias)
	finals := make([]string, len(keys))
	for i, key := range keys {
		finals[i] = django.Key(plan.KeyPrefix, plan.Version, key)
	}
	values, err := batcher.GetMany(t.Context(), finals)
	must(t, err)
	return values
}

// plain undoes zlib, whose bytes are each library's own.
func plain(t *testing.T, value []byte) []byte {
	if !bytes.HasPrefix(value, []byte("x\x9c")) {
		return value
	}
	return inflate(t, value)
}

func shorten(s string) string {
	const most = 600
	if len(s) <= most {
		return s
	}
	return s[:most] + fmt.Sprintf("... (%d bytes)", len(s))
}

func TestTheCatalogueCrossesBothWays(t *testing.T) {
	eachShared(t, func(t *testing.T, s *sides, alias string) {
		plan, _ := s.plan.Cache(alias)
		values := catalogue(kindsOf[django.Serializer(plan.Serializer)])
		if crossed := cross(t, s, alias, values); crossed < 300 {
			t.Errorf("%d values crossed, want at least 300", crossed)
		}
	})
}

// randomValues is how many values cross in all, half of them compressed.
const randomValues = 12_000

func TestRandomValuesCrossBothWays(t *testing.T) {
	eachShared(t, func(t *testing.T, s *sides, alias string) {
		plan, _ := s.plan.Cache(alias)
		r := random{rand.New(rand.NewPCG(2024, uint64(len(alias)))), kindsOf[django.Serializer(plan.Serializer)]}
		values := make([]any, randomValues/len(shared))
		for i := range values {
			values[i] = r.value(3)
		}
		if crossed := cross(t, s, alias, values); crossed != len(values) {
			t.Errorf("%d of %d values crossed", crossed, len(values))
		}
	})
}

// What Python's serializers refuse is refused here too: a value that only one side reads is no shared value.
func TestWhatDjangoRefusesGoRefuses(t *testing.T) {
	s := bothSides(t)
	huge := []any{integers(true)[len(integers(true))-1]}
	for alias, values := range map[string][]any{
		"json":    {[]byte("b"), []any{[]byte("b")}, django.ByteArray("b"), django.Set{int64(1)}, django.FrozenSet{}, complex(1, 2)},
		"msgpack": {huge, "\xed\xa0\x80", django.Set{int64(1)}, complex(1, 2)},
	} {
		for _, v := range values {
			if a := s.django(t, call{alias: alias, method: "set", args: []any{"k", v}})[0]; a.Exception == "" {
				t.Errorf("%s: Django takes %v", alias, v)
			}
			err := of[any](t, s, alias).Set(t.Context(), "k", v)
			if err == nil || !strings.Contains(err.Error(), `set "k" in "`+alias+`"`) {
				t.Errorf("%s: Set(%v) = %v", alias, v, err)
			}
		}
	}
}
