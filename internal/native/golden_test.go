package native_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/internal/native"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// goldenValues are the values behind testdata/values.golden, by name. Bytes once written have to be
// read for ever: a change of that file is a change of the format.
func goldenValues() []struct {
	name string
	ptr  any
} {
	return []struct {
		name string
		ptr  any
	}{
		{"scalars", &Scalars{true, -1, -128, 300, -70000, 1 << 40, 7, 200, 65535, 1 << 20, 1 << 63, 0.5, -2.25, "héllo", 1500}},
		{"omitted", &Tagged{A: 1}},
		{"embedded", &Inlined{Base: Base{ID: "1"}, Ptr: &Ptr{2, 3}, Owner: "o"}},
		{"boxed", &Deep{P: ptr(1), PP: ptr(ptr(2)), PS: ptr([]int(nil)), PN: &Node{Value: 1}}},
		{"self", &Self{Multi{1, 2}, binaryOnly{"b"}, jsonOnly{"j"}, nil, map[string]Multi{"x": {3, 4}}}},
		{"any", ptr[any](map[string]any{"b": []any{int64(1), 2.5, "s", []byte{1}, nil, true}, "a": uint64(1 << 63)})},
		{"utc", ptr(time.Date(2024, 2, 29, 23, 59, 59, 999999999, time.UTC))},
		{"zone", ptr(time.Date(1901, 1, 1, 0, 0, 0, 1, time.FixedZone("", -(3*3600+30*60))))},
		{"map_int", &map[int]string{-40: "c", 5: "a", -1: "b"}},
		{"map_bool", &map[bool]int8{true: 1, false: 0}},
		{"map_text", &map[Decimal]bool{{10}: true, {9}: false}},
		{"nil_slice", ptr([]int(nil))},
		{"empty_slice", &[]int{}},
	}
}

func TestBytesAreThoseOfTheGoldenFile(t *testing.T) {
	t.Parallel()
	const file = "testdata/values.golden"
	var out bytes.Buffer
	encoded := map[string][]byte{}
	for _, g := range goldenValues() {
		c, err := native.Compile(reflect.TypeOf(g.ptr).Elem())
		if err != nil {
			t.Fatal(err)
		}
		if encoded[g.name], err = c.Append(nil, g.ptr); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s %x\n", g.name, encoded[g.name])
	}
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(golden), out.String()); diff != "" {
		t.Errorf("the format changed (-golden +now):\n%s", diff)
	}
	readGolden(t, golden)
}

// readGolden checks that every line of the golden file still decodes to its value.
func readGolden(t *testing.T, golden []byte) {
	t.Helper()
	lines := bytes.Split(bytes.TrimSpace(golden), []byte("\n"))
	for i, g := range goldenValues() {
		_, digits, _ := bytes.Cut(lines[i], []byte(" "))
		data := must(hex.DecodeString(string(digits)))
		typ := reflect.TypeOf(g.ptr).Elem()
		got := reflect.New(typ)
		if err := must(native.Compile(typ)).Decode(data, got.Interface()); err != nil {
			t.Errorf("%s: %v", g.name, err)
			continue
		}
		if diff := cmp.Diff(g.ptr, got.Interface(), byValue); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", g.name, diff)
		}
	}
}
