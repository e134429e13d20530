package pyjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cachewright/cachewright/internal/pickle"
	"github.com/cachewright/cachewright/internal/pyjson"
	"github.com/cachewright/cachewright/internal/structs"
)

// maxGrowth is how many bytes may be allocated for each byte of input, beside a constant, by all types
// together, for reading and writing twice.
const maxGrowth, freeGrowth = 8192, 16 << 20

// FuzzDecode reads any bytes into several types. What is read can be written (unless it nests deeper than
// is written), and from then on writing and reading change nothing. What encoding/json takes for JSON is read.
func FuzzDecode(f *testing.F) {
	for _, test := range texts {
		f.Add([]byte(test.text))
	}
	f.Add([]byte(fullText))
	f.Add([]byte(`{"a" : [1E5, -0, "\ud83e", {"a": {}}], "a": NaN} `))
	f.Add([]byte(strings.Repeat("[", 1001)))
	codecs := map[reflect.Type]*pyjson.Codec{}
	for _, typ := range []reflect.Type{reflect.TypeFor[any](), reflect.TypeFor[everything](), reflect.TypeFor[pickle.Dict](),
		reflect.TypeFor[map[string][]*float32](), reflect.TypeFor[[]string](), reflect.TypeFor[json.RawMessage](), reflect.TypeFor[json.Number]()} {
		c, err := pyjson.Compile(typ)
		if err != nil {
			f.Fatal(err)
		}
		codecs[typ] = c
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		given := bytes.Clone(data)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for typ, c := range codecs {
			v := reflect.New(typ)
			err := c.Decode(data, v.Interface())
			switch {
			case err != nil && !v.Elem().IsZero():
				t.Fatalf("%v: not zero after an error", typ)
			case err != nil && typ == reflect.TypeFor[any]() && json.Valid(data) && utf8.Valid(data) && len(data) < 4300 && !errors.Is(err, structs.ErrTooDeep):
				t.Fatalf("refuses JSON: %v", err)
			case err != nil:
				continue
			}
			first, err := c.Append(nil, v.Interface())
			if err != nil {
				if strings.Contains(err.Error(), "nests deeper") || typ == reflect.TypeFor[everything]() && strings.Contains(err.Error(), "year") {
					continue
				}
				t.Fatalf("%v: read, but not written: %v", typ, err)
			}
			again := reflect.New(typ)
			if err := c.Decode(first, again.Interface()); err != nil {
				t.Fatalf("%v: written as %s, but not read: %v", typ, first, err)
			}
			second, err := c.Append(nil, again.Interface())
			if err != nil || !bytes.Equal(first, second) {
				t.Fatalf("%v: %v\n%s\n%s", typ, err, first, second)
			}
		}
		runtime.ReadMemStats(&after)
		if used, most := after.TotalAlloc-before.TotalAlloc, uint64(freeGrowth+maxGrowth*len(data)); used > most {
			t.Fatalf("%d bytes of input allocated %d", len(data), used)
		}
		if !bytes.Equal(given, data) {
			t.Fatal("Decode changed its input")
		}
	})
}
