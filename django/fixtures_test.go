package django_test

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/store/memory"
)

// fixture is one value as a real stack of Django, django-redis and redis-py has stored it.
type fixture struct {
	Profile  string  `json:"profile"` // serializer, protocol of pickle, and compressor: "pickle2", "json+zlib"; "core" is Django's own backend
	Name     string  `json:"name"`    // of the value in values.json
	Raw      string  `json:"raw"`
	RawZlib  string  `json:"raw_zb64"`
	Read     *tagged `json:"read"`      // what Django read back, if that is not the value itself
	Value    *tagged `json:"value"`     // of sessions.jsonl
	SetError string  `json:"set_error"` // why it did not store the value
	GetError string  `json:"get_error"` // why it did not read it back
}

// codec returns the codec of the fixture's profile, and whether it is what this package writes.
func (f fixture) codec() (c django.Codec, writes bool) {
	serializer, compressor, compressed := strings.Cut(f.Profile, "+")
	name := strings.TrimRight(serializer, "0123456789")
	if name == "core" {
		return django.Codec{Serializer: django.Pickle}, false
	}
	return django.Codec{Serializer: django.Serializer(name), Compress: compressed}, name == serializer && (!compressed || compressor == "zlib")
}

func (f fixture) bytes(t testing.TB) []byte {
	t.Helper()
	if f.RawZlib == "" {
		b, err := hex.DecodeString(f.Raw)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	packed, err := base64.StdEncoding.DecodeString(f.RawZlib)
	if err != nil {
		t.Fatal(err)
	}
	return inflate(t, packed)
}

func inflate(t testing.TB, packed []byte) []byte {
	t.Helper()
	r, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fixtures(t testing.TB, name string) []fixture {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "fixtures", name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []fixture
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var f fixture
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	if lines.Err() != nil || len(all) == 0 {
		t.Fatalf("%s: %d lines, %v", name, len(all), lines.Err())
	}
	return all
}

func catalogueOfFixtures(t *testing.T) map[string]tagged {
	t.Helper()
	data, err := os.ReadFile("testdata/fixtures/values.json")
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]tagged
	if err := json.Unmarshal(data, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

// newestPickle is the protocol-5 stack's own choice: it reads what is written here, but writes otherwise.
const newestPickle = "sid.jsonl"

func TestEveryFixtureIsReadAndWrittenAsDjangoDoes(t *testing.T) {
	values := catalogueOfFixtures(t)
	for _, stack := range []string{"bookworm.jsonl", "sid.jsonl"} {
		written := 0
		for _, f := range fixtures(t, stack) {
			t.Run(strings.Join([]string{stack, f.Profile, f.Name}, "/"), func(t *testing.T) {
				codec, writes := f.codec()
				value := values[f.Name]
				if f.SetError == "" {
					readFixture(t, codec, f, value)
				}
				if writes && !(stack == newestPickle && codec.Serializer == django.Pickle) && writeFixture(t, codec, f, value) {
					written++
				}
			})
		}
		if written < 140 {
			t.Errorf("%s: only %d values were written", stack, written)
		}
	}
}

// readFixture reads what Django stored.
func readFixture(t *testing.T, codec django.Codec, f fixture, value tagged) {
	t.Helper()
	var got any
	err := codec.Unmarshal(f.bytes(t), &got)
	want := value
	if f.Read != nil {
		want = *f.Read
	}
	switch {
	case f.GetError != "" || f.Name == "list-cycle":
		if err == nil {
			t.Errorf("read %s, want an error: Django says %q", tag(got).text(), f.GetError)
		}
	case err != nil:
		t.Errorf("read: %v", err)
	case tag(got).text() != want.text():
		t.Errorf("read:\ngot  %s\nwant %s", tag(got).text(), want.text())
	}
}

// writeFixture writes the value itself, if Go has it, and reports whether it could.
func writeFixture(t *testing.T, codec django.Codec, f fixture, value tagged) bool {
	t.Helper()
	v, ok := value.value(t)
	if !ok {
		return false
	}
	if f.Name == "list-shared" {
		list := v.([]any)
		v = []any{list[0], list[0]} // one list, twice
	}
	got, err := codec.Marshal(v)
	if f.SetError != "" || f.GetError != "" {
		if err == nil && !writesMore(codec, value) {
			t.Errorf("wrote %q, want an error: Django says %q%q", got, f.SetError, f.GetError)
		}
		return false
	}
	if err != nil {
		t.Errorf("write: %v", err)
		return false
	}
	want := f.bytes(t)
	if codec.Compress && bytes.HasPrefix(got, []byte("x\x9c")) && bytes.HasPrefix(want, got[:2]) {
		got, want = inflate(t, got), inflate(t, want) // zlib's bytes are each library's own
	}
	if !bytes.Equal(got, want) {
		t.Errorf("wrote:\ngot  %q\nwant %q", got, want)
	}
	return true
}

// writesMore reports whether this package has text for what Python's msgpack refuses.
func writesMore(codec django.Codec, value tagged) bool {
	switch value.Type {
	case "datetime", "date", "time", "timedelta", "decimal", "uuid":
		return codec.Serializer == django.MsgPack
	}
	return false
}

func TestSessionsAreRead(t *testing.T) {
	for _, f := range fixtures(t, "sessions.jsonl") {
		var got any
		if err := (django.Codec{}).Unmarshal(f.bytes(t), &got); err != nil || tag(got).text() != f.Value.text() {
			t.Errorf("%s: %v\ngot  %s\nwant %s", f.Name, err, tag(got).text(), f.Value.text())
		}
	}
}

func TestKeysAreDjangos(t *testing.T) {
	data, err := os.ReadFile("testdata/fixtures/keys.json")
	if err != nil {
		t.Fatal(err)
	}
	var keys struct {
		MakeKey []struct {
			Prefix  string `json:"prefix"`
			Version any    `json:"version"`
			Key     string `json:"key"`
			Full    string `json:"full"`
		} `json:"make_key"`
	}
	if err := json.Unmarshal(data, &keys); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, k := range keys.MakeKey {
		version, ok := k.Version.(float64)
		if !ok {
			continue // Python has versions that are text
		}
		seen++
		if got := django.Key(k.Prefix, int(version), k.Key); got != k.Full {
			t.Errorf("Key(%q, %v, %q) = %q, want %q", k.Prefix, version, k.Key, got, k.Full)
		}
		s, err := memory.New(memory.Options{})
		if err != nil {
			t.Fatal(err)
		}
		c, err := cache.New[int](s, cache.Options{Prefix: k.Prefix, Codec: django.Codec{}})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AtVersion(int(version)).Set(t.Context(), k.Key, 1); err != nil {
			t.Fatal(err)
		}
		if _, found, err := s.Get(t.Context(), k.Full); !found || err != nil {
			t.Errorf("a cache stores %q elsewhere than at %q: %v", k.Key, k.Full, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if seen < 10 {
		t.Errorf("%d keys", seen)
	}
}
