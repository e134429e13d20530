package cache

import (
	"context"
	"testing"
	"time"
	"unsafe"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/dummy"
	"github.com/cachewright/cachewright/store/memory"
)

// brief is a header that a short record can say.
var brief = header{
	kind: kindValue, codec: codecMessagePack, compression: compressionS2, cost: full.cost,
	created: full.created, schema: full.schema, keyCheck: full.keyCheck,
}

func sealedShort(h header, payload string) []byte {
	return sealShort(append(make([]byte, headerSize), payload...), h)
}

func TestShortRecordRoundTrip(t *testing.T) {
	for _, payload := range []string{"", "payload", string(make([]byte, 1000))} {
		record := sealedShort(brief, payload)
		h, got, err := openRecord(record)
		if err != nil || h != brief || string(got) != payload || len(record) != 40+len(payload) {
			t.Errorf("got %+v %q %v in %d bytes", h, got, err, len(record))
		}
	}
}

func TestWhatAShortRecordCannotSay(t *testing.T) {
	if !brief.short() {
		t.Error("a plain value has no short record")
	}
	for name, set := range map[string]func(h *header){
		"key id":      func(h *header) { h.keyID = 1 },
		"backoff":     func(h *header) { h.backoff = 1 },
		"soft expiry": func(h *header) { h.soft = 1 },
		"hard expiry": func(h *header) { h.hard = 1 },
		"generation":  func(h *header) { h.generation = 1 },
	} {
		h := brief
		set(&h)
		if h.short() {
			t.Errorf("%s would be lost", name)
		}
	}
}

func TestRekeyedShortRecordBelongsToTheOtherKey(t *testing.T) {
	h, payload, err := openRecord(rekeyRecord(sealedShort(brief, "payload"), 7))
	want := brief
	want.keyCheck = 7
	if err != nil || h != want || string(payload) != "payload" {
		t.Errorf("got %+v %q %v", h, payload, err)
	}
}

// keeper is a store elsewhere: it shows what it was handed.
type keeper struct {
	*dummy.Store
	value []byte
}

func (k *keeper) Set(_ context.Context, _ string, value []byte, _ time.Duration) error {
	k.value = append([]byte(nil), value...)
	return nil
}

func TestOnlyAStoreOfThisProcessGetsShortRecords(t *testing.T) {
	inside, err := memory.New(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	outside := &keeper{Store: dummy.New()}
	for _, s := range []store.Store{inside, outside} {
		c, err := New[string](s, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Set(t.Context(), "k", "value"); err != nil {
			t.Fatal(err)
		}
	}
	stored, _, err := inside.Get(t.Context(), ":1:k")
	if err != nil || len(stored) != shortSize+6 || stored[3] != shortFormat {
		t.Errorf("in this process: % x, %v", stored, err)
	}
	if len(outside.value) != headerSize+6 || outside.value[3] != recordFormat {
		t.Errorf("elsewhere: % x", outside.value)
	}
}

func TestAKeptStringTakesNoMemoryOfItsOwn(t *testing.T) {
	s, err := memory.New(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for name, o := range map[string]Options{"plain": {}, "compressed": {Compress: true}} {
		c, err := New[string](s, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"", "short", string(make([]byte, 5000))} {
			if err := c.Set(t.Context(), "k", text); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if got, found, err := c.Get(t.Context(), "k"); got != text || !found || err != nil {
					t.Fatalf("%s: got %d bytes, %v, %v; want %d", name, len(got), found, err, len(text))
				}
			}
			value, object, _ := s.Object(":1:k", "")
			k, ok := object.(*kept[string])
			if !ok || k.v != text {
				t.Fatalf("%s: kept %#v, want the string of %d bytes", name, object, len(text))
			}
			inside := len(text) > 0 && unsafe.StringData(k.v) == unsafe.SliceData(value[len(value)-min(len(text), len(value)):])
			if compressed := o.Compress && len(text) >= compressFrom; len(text) > 0 && inside == compressed {
				t.Errorf("%s, %d bytes: the kept string lies in the record: %v", name, len(text), inside)
			}
		}
	}
}
