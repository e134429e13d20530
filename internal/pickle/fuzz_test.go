package pickle_test

import (
	"bytes"
	"reflect"
	"runtime"
	"testing"

	"github.com/cachewright/cachewright/internal/pickle"
)

// fuzzTypes are the targets that any data is decoded into.
func fuzzTypes() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[any](), reflect.TypeFor[Scalars](), reflect.TypeFor[Python](), reflect.TypeFor[Containers](),
		reflect.TypeFor[*Node](), reflect.TypeFor[Inlined](), reflect.TypeFor[[]Profile](), reflect.TypeFor[map[string]any](),
		reflect.TypeFor[[]string](), reflect.TypeFor[map[int][]byte](), reflect.TypeFor[Loop](), reflect.TypeFor[pickle.Dict](),
	}
}

// maxGrowth is how many bytes may be allocated for each byte of input, beside a constant, by all types
// together: what the machine keeps for an object, what an object is in Go, the sizes that slices grow
// in, and how often an object may be repeated.
const maxGrowth, freeGrowth = 8192, 64 << 20

// FuzzDecode decodes any bytes into many types. What decodes and can be written has to come back as the
// same bytes from then on.
func FuzzDecode(f *testing.F) {
	for _, line := range readCaptured(f, "testdata/wire.jsonl") {
		if raw := line.bytes(f); len(raw) < 512 {
			f.Add(raw)
		}
	}
	f.Add(bomb(40))
	types := fuzzTypes()
	codecs := make([]*pickle.Codec, len(types))
	for i, t := range types {
		codecs[i] = must(pickle.Compile(t))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		given, values := bytes.Clone(data), make([]reflect.Value, len(codecs))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i, typ := range types {
			values[i] = reflect.New(typ)
			if codecs[i].Decode(data, values[i].Interface()) != nil {
				if !values[i].Elem().IsZero() {
					t.Fatalf("%v: not zero after an error", typ)
				}
				values[i] = reflect.Value{}
			}
		}
		runtime.ReadMemStats(&after)
		if used, most := after.TotalAlloc-before.TotalAlloc, uint64(freeGrowth+maxGrowth*len(data)); used > most {
			t.Fatalf("%d bytes of input allocated %d", len(data), used)
		}
		if !bytes.Equal(given, data) {
			t.Fatal("Decode changed its input")
		}
		for i, v := range values {
			if v.IsValid() {
				checkStable(t, codecs[i], types[i], v)
			}
		}
	})
}

// checkStable fails if what v is written as does not come back as what it is. Some values that can be
// read cannot be written: those with an Opaque in them.
func checkStable(t *testing.T, c *pickle.Codec, typ reflect.Type, v reflect.Value) {
	t.Helper()
	first, err := c.Append(nil, v.Interface())
	if err != nil {
		return
	}
	again := reflect.New(typ)
	if err := c.Decode(first, again.Interface()); err != nil {
		t.Fatalf("%v: encoded, but does not decode: %v\n%x", typ, err, first)
	}
	second, err := c.Append(nil, again.Interface())
	if err != nil || !bytes.Equal(first, second) {
		t.Fatalf("%v: encodings differ:\n%x\n%x\n%v", typ, first, second, err)
	}
}

// FuzzDecodeOrdered does the same for what keeps the order of dicts.
func FuzzDecodeOrdered(f *testing.F) {
	for _, line := range readCaptured(f, "testdata/wire.jsonl") {
		if raw := line.bytes(f); len(raw) < 512 {
			f.Add(raw)
		}
	}
	c := must(pickle.Compile(reflect.TypeFor[any]()))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := pickle.DecodeOrdered(data)
		if err != nil {
			return
		}
		first, err := c.Append(nil, &x)
		if err != nil {
			return
		}
		again, err := pickle.DecodeOrdered(first)
		if err != nil {
			t.Fatalf("encoded, but does not decode: %v\n%x", err, first)
		}
		second, err := c.Append(nil, &again)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("encodings differ:\n%x\n%x\n%v", first, second, err)
		}
	})
}
