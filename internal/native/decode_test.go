package native_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/cachewright/cachewright/internal/native"
)

// pack returns v as the msgpack library writes it, for data that this package would not write.
func pack(t testing.TB, v any) []byte {
	t.Helper()
	data, err := msgpack.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decodeInto decodes data as a T.
func decodeInto[T any](t *testing.T, data []byte) (any, error) {
	t.Helper()
	var v T
	err := compile[T](t).Decode(data, &v)
	return v, err
}

type decoder func(t *testing.T, data []byte) (any, error)

func TestDecodeConvertsOnlyWithoutLoss(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		decode  decoder
		data    any // as the msgpack library writes it
		want    any
		wantErr string
	}{
		{"integer to a float", decodeInto[float64], int64(3), 3.0, ""},
		{"negative integer to a float", decodeInto[float64], int64(-300), -300.0, ""},
		{"integer to a float32", decodeInto[float32], uint16(300), float32(300), ""},
		{"float32 to a float64", decodeInto[float64], float32(0.5), 0.5, ""},
		{"float64 to a float32 rounds", decodeInto[float32], 0.1, float32(0.1), ""},
		{"float64 beyond a float32", decodeInto[float32], 1e300, nil, "the float is no value of float32"},
		{"whole float to an integer", decodeInto[int8], -3.0, int8(-3), ""},
		{"whole float to an unsigned integer", decodeInto[uint8], 200.0, uint8(200), ""},
		{"largest float below 2^63", decodeInto[int64], math.Nextafter(1<<63, 0), int64(math.MaxInt64 - 1023), ""},
		{"float of 2^63", decodeInto[int64], float64(1 << 63), nil, "the float is no value of int64"},
		{"float of 2^64", decodeInto[uint64], float64(1 << 64), nil, "the float is no value of uint64"},
		{"fraction to an integer", decodeInto[int], 1.5, nil, "the float is no value of int"},
		{"fraction to an unsigned integer", decodeInto[uint], 1.5, nil, "the float is no value of uint"},
		{"NaN to an integer", decodeInto[int], math.NaN(), nil, "the float is no value of int"},
		{"infinity to an unsigned integer", decodeInto[uint], math.Inf(1), nil, "the float is no value of uint"},
		{"integer beyond int8", decodeInto[int8], int64(128), nil, "the integer overflows int8"},
		{"integer beyond int64", decodeInto[int64], uint64(1 << 63), nil, "the integer overflows int64"},
		{"integer beyond uint8", decodeInto[uint8], int64(256), nil, "the integer overflows uint8"},
		{"negative to unsigned", decodeInto[uint64], int64(-1), nil, "the integer overflows uint64"},
		{"every signed width, not negative", decodeInto[[]uint], []int64{5, 300, 70000, 1 << 40}, []uint{5, 300, 70000, 1 << 40}, ""},
		{"string to an integer", decodeInto[int], "1", nil, "found a string, want a number"},
		{"integer to a string", decodeInto[string], 1, nil, "found an integer, want a string"},
		{"bytes to a string", decodeInto[string], []byte{1}, nil, "found bytes, want a string"},
		{"float to a boolean", decodeInto[bool], 1.5, nil, "found a float, want a boolean"},
		{"nil to a string", decodeInto[string], nil, nil, "found nil, want a string"},
		{"boolean to bytes", decodeInto[[]byte], true, nil, "found a boolean, want bytes"},
		{"map to a slice", decodeInto[[]int], map[string]int{}, nil, "found a map, want an array"},
		{"array to a struct", decodeInto[Base], []int{1}, nil, "found an array, want a map"},
		{"time of another library", decodeInto[time.Time], time.Unix(1, 0), nil, "found an extension, want a time"},
		{"array that is too short", decodeInto[[3]int], []int{1}, nil, "found 1 elements, want 3"},
		{"array that is too long", decodeInto[[1]int], []int{1, 2}, nil, "found 2 elements, want 1"},
		{"bytes of another length", decodeInto[[2]byte], []byte{1}, nil, "found 1 bytes, want 2"},
		{"array that is no array", decodeInto[[2]int], 5, nil, "found an integer, want an array"},
		{"array of bytes that is none", decodeInto[[2]byte], 5, nil, "found an integer, want bytes"},
		{"two values for one pointer", decodeInto[*[]int], []any{[]int{1}, []int{2}}, nil, "found 2 elements, want what a pointer points to"},
		{"no box for a pointer", decodeInto[*[]int], 5, nil, "found an integer, want an array"},
		{"text that its type refuses", decodeInto[netip.Addr], []byte("x"), nil, "UnmarshalBinary: "},
		{"bytes for a type that reads text", decodeInto[Colour], []byte("x"), nil, "found bytes, want a string"},
		{"map key that is no string, in an any", decodeInto[any], map[int]int{1: 2}, nil, "[key]: found an integer, want a string"},
		{"fields", decodeInto[Base], map[string]any{"Owner": "o"}, Base{Owner: "o"}, ""},
		{"unknown fields", decodeInto[Base], map[string]any{"ID": "1", "x": []any{map[string]any{"a": 1.5}, nil, true, []byte{1}, time.Unix(1, 2), -5000}}, Base{ID: "1"}, ""},
		{"path to a field", decodeInto[map[string]Wide], map[string]any{"k": map[string]any{"Inner": map[string]any{"Small": []int{1, 300}}}}, nil,
			"decode map[string]github.com/cachewright/cachewright/internal/native_test.Wide: [].Inner.Small[]: the integer overflows int8"},
		{"path to a field of an embedded struct", decodeInto[Inlined], map[string]any{"P1": "x"}, nil, "Inlined: Ptr.P1: found a string"},
		{"path to a map key", decodeInto[map[int8]int], map[int]int{300: 1}, nil, "[key]: the integer overflows int8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.decode(t, pack(t, tt.data))
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Fatalf("got %v, error %v; want an error with %q", got, err, tt.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("value differs (-want +got):\n%s", diff)
			}
		})
	}
}

type Wide struct{ Inner struct{ Small [2]int8 } }

func TestDecodeRefusesBrokenData(t *testing.T) {
	t.Parallel()
	nested := func(depth int) []byte { return append(bytes.Repeat([]byte{0x91}, depth), 0xc0) }
	moment := func(nanoseconds uint32) []byte {
		data := append([]byte{0xd8, 1}, make([]byte, 16)...)
		binary.BigEndian.PutUint32(data[10:], nanoseconds)
		return data
	}
	unknown := func(value ...byte) []byte { return append([]byte{0x81, 0xa1, 'x'}, value...) }
	tests := []struct {
		name   string
		decode decoder
		data   []byte
		want   string
	}{
		{"nothing, as a boolean", decodeInto[bool], nil, "the data ends too early"},
		{"nothing, as a number", decodeInto[int], nil, "the data ends too early"},
		{"nothing, as a string", decodeInto[string], nil, "the data ends too early"},
		{"nothing, as bytes", decodeInto[[]byte], nil, "the data ends too early"},
		{"nothing, as a struct", decodeInto[Base], nil, "the data ends too early"},
		{"nothing, as an any", decodeInto[any], nil, "the data ends too early"},
		{"nothing, as a time", decodeInto[time.Time], nil, "the data ends too early"},
		{"nothing, as a pointer", decodeInto[*int], nil, "the data ends too early"},
		{"bytes after the value", decodeInto[int], []byte{1, 2, 3}, "2 bytes follow the value"},
		{"the unused code", decodeInto[any], []byte{0xc1}, "found the unused code 0xc1, want a value"},
		{"the unused code in an unknown field", decodeInto[Base], unknown(0xc1), "found the unused code 0xc1, want a value"},
		{"a number cut off", decodeInto[uint64], []byte{0xcf, 0, 0}, "the data ends too early"},
		{"a string cut off", decodeInto[string], []byte{0xd9, 5, 'a'}, "the data ends too early"},
		{"a string without its length", decodeInto[string], []byte{0xda, 5}, "the data ends too early"},
		{"a field's name cut off", decodeInto[Base], []byte{0x81, 0xa5, 'a'}, "the data ends too early"},
		{"a slice longer than the data", decodeInto[[]struct{}], []byte{0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0}, "the data ends too early"},
		{"an array of an any longer than the data", decodeInto[any], []byte{0xdd, 0xff, 0xff, 0xff, 0xff, 0xc0}, "the data ends too early"},
		{"a map longer than the data", decodeInto[map[string]int], []byte{0xdf, 0xff, 0xff, 0xff, 0xff, 0xa0, 0xc0}, "the data ends too early"},
		{"a map of an any longer than the data", decodeInto[any], []byte{0xdf, 0xff, 0xff, 0xff, 0xff, 0xa0, 0xc0}, "the data ends too early"},
		{"a map of an any cut off", decodeInto[any], []byte{0x81, 0xa1, 'k', 0xcc}, "[]: the data ends too early"},
		{"bytes longer than the data", decodeInto[[]byte], []byte{0xc6, 0xff, 0xff, 0xff, 0xff, 1}, "the data ends too early"},
		{"an unknown field cut off", decodeInto[Base], unknown(0xdc, 0, 2, 1), "the data ends too early"},
		{"an unknown extension cut off", decodeInto[Base], unknown(0xc9, 0, 0, 0, 9, 1), "the data ends too early"},
		{"an unknown extension without its type", decodeInto[Base], unknown(0xc7, 1, 1), "the data ends too early"},
		{"an unknown extension without a length", decodeInto[Base], unknown(0xc8, 1), "the data ends too early"},
		{"a time cut off", decodeInto[time.Time], moment(0)[:17], "the data ends too early"},
		{"a time with too many nanoseconds", decodeInto[time.Time], moment(1e9), "more nanoseconds than a second has"},
		{"an extension that is no time", decodeInto[any], append([]byte{0xd8, 5}, make([]byte, 16)...), "found an extension of type 5, want a time"},
		{"arrays too deep for an any", decodeInto[any], nested(1001), "nests deeper than 1000 levels"},
		{"maps too deep for an any", decodeInto[any], append(bytes.Repeat([]byte{0x81, 0xa0}, 1001), 0xc0), "nests deeper than 1000 levels"},
		{"an unknown field too deep", decodeInto[Base], unknown(nested(5_000_000)...), "nests deeper than 1000 levels"},
		{"slices too deep", decodeInto[Slices], nested(1001), "nests deeper than 1000 levels"},
		{"arrays too deep", decodeInto[[1]Arrays], append(bytes.Repeat([]byte{0x91, 0x91}, 501), 0xc0), "nests deeper than 1000 levels"},
		{"maps too deep", decodeInto[Maps], append(bytes.Repeat([]byte{0x81, 0xa0}, 1001), 0xc0), "nests deeper than 1000 levels"},
		{"structs too deep", decodeInto[Node], append(bytes.Repeat([]byte("\x81\xa4Next"), 1001), 0xc0), "nests deeper than 1000 levels"},
		{"pointers too deep", decodeInto[Pointers], nested(1001), "nests deeper than 1000 levels"},
		{"msgpack of a type's own, too deep", decodeInto[Multi], append([]byte{0xc5, 0x07, 0xd1}, nested(2000)...), "DecodeMsgpack: nests deeper than 1000 levels"},
		{"msgpack of a type's own, broken", decodeInto[Multi], []byte{0xc4, 1, 0xc1}, "DecodeMsgpack: found the unused code 0xc1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.decode(t, tt.data)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, error %v; want an error with %q", got, err, tt.want)
			}
		})
	}
}

// Types that can hold themselves.
type (
	Slices   []Slices
	Arrays   []([1]Arrays)
	Maps     map[string]Maps
	Pointers *Pointers
)

func TestDecodeSkipsEveryKindOfUnknownValue(t *testing.T) {
	t.Parallel()
	values := [][]byte{
		{0xc0}, {0xc2}, {5}, {0xff}, {0xca, 0, 0, 0, 0}, {0xd3, 0, 0, 0, 0, 0, 0, 0, 0}, {0xa1, 'a'}, {0xdb, 0, 0, 0, 1, 'a'},
		{0xc4, 1, 0}, {0x92, 1, 2}, {0xde, 0, 1, 1, 2}, {0xd4, 1, 0}, {0xd7, 1, 0, 0, 0, 0, 0, 0, 0, 0}, {0xc7, 2, 1, 0, 0},
		{0xc8, 0, 1, 1, 0}, {0xc9, 0, 0, 0, 1, 1, 0},
	}
	for _, value := range values {
		data := append([]byte{0x82, 0xa1, 'x'}, value...)
		data = append(data, "\xa2ID\xa17"...)
		if got, want := decode[Base](t, data), (Base{ID: "7"}); got != want {
			t.Errorf("after the unknown value %x: got %v, want %v", value, got, want)
		}
	}
}

func TestCyclicValuesAreAnError(t *testing.T) {
	t.Parallel()
	node := &Node{}
	node.Next = node
	slices := Slices{nil}
	slices[0] = slices
	maps := Maps{}
	maps[""] = maps
	var pointers Pointers
	pointers = &pointers
	list := []any{nil}
	list[0] = list
	object := map[string]any{}
	object["self"] = object
	var loop any
	loop = &loop
	arrays := Arrays{{}}
	arrays[0][0] = arrays

	tests := []struct {
		name   string
		encode func() ([]byte, error)
	}{
		{"list node", func() ([]byte, error) { return compile[*Node](t).Append(nil, &node) }},
		{"slice", func() ([]byte, error) { return compile[Slices](t).Append(nil, &slices) }},
		{"map", func() ([]byte, error) { return compile[Maps](t).Append(nil, &maps) }},
		{"pointer", func() ([]byte, error) { return compile[Pointers](t).Append(nil, &pointers) }},
		{"slice and array", func() ([]byte, error) { return compile[Arrays](t).Append(nil, &arrays) }},
		{"slice of any", func() ([]byte, error) { return compile[[]any](t).Append(nil, &list) }},
		{"map of any", func() ([]byte, error) { return compile[map[string]any](t).Append(nil, &object) }},
		{"any", func() ([]byte, error) { return compile[any](t).Append(nil, &loop) }},
		{"slice in an any", func() ([]byte, error) { return compile[any](t).Append(nil, ptr[any](list)) }},
		{"node in an any", func() ([]byte, error) { return compile[any](t).Append(nil, ptr[any](node)) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := tt.encode(); err == nil || !strings.Contains(err.Error(), "nests deeper than 1000 levels, or contains itself") {
				t.Errorf("got error %v", err)
			}
		})
	}
}

func TestNestingOfExactlyThousandLevelsComesBack(t *testing.T) {
	t.Parallel()
	list := (*Node)(nil)
	for i := range 1000 {
		list = &Node{i, list}
	}
	if diff := cmp.Diff(list, through(t, list)); diff != "" {
		t.Errorf("list differs (-want +got):\n%s", diff)
	}
	longer := &Node{1000, list}
	if _, err := compile[*Node](t).Append(nil, &longer); err == nil {
		t.Error("a list of 1001 was encoded, which could not be decoded")
	}
}

func TestLengthsWithoutDataAllocateLittle(t *testing.T) {
	t.Parallel()
	type big struct{ Block [1 << 12]int64 }
	data := binary.BigEndian.AppendUint32([]byte{0xdd}, 1<<20)
	data = append(data, bytes.Repeat([]byte{0xc1}, 1<<20)...) // as long as the length says, all of it wrong
	c := compile[[]big](t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var v []big
	err := c.Decode(data, &v)
	runtime.ReadMemStats(&after)
	if err == nil {
		t.Fatal("broken elements were decoded")
	}
	// The whole slice would be 32 GiB. Tests beside this one allocate too, so the bound is generous.
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<30 {
		t.Errorf("allocated %d bytes for elements that are not there", grown)
	}
}

func TestDecodeReplacesWhatWasThere(t *testing.T) {
	t.Parallel()
	c := compile[Everything](t)
	v := Everything{Strings: []string{"old"}, Any: 1, Arrays: [2][3]int16{{9}}, Nested: map[int8]map[bool][]uint64{1: nil}}
	if err := c.Decode([]byte{0x80}, &v); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Everything{}, v); diff != "" {
		t.Errorf("old contents are left (-want +got):\n%s", diff)
	}
}

func TestDecodeLeavesZeroAfterAnError(t *testing.T) {
	t.Parallel()
	c := compile[Base](t)
	v := Base{"old", "old"}
	if err := c.Decode([]byte("\x82\xa2ID\xa1x\xa5Owner\x05"), &v); err == nil {
		t.Fatal("a broken field was decoded")
	}
	if v != (Base{}) {
		t.Errorf("got %v, want the zero value", v)
	}
}

func TestAFieldThatOccursTwiceIsReadAsItsLast(t *testing.T) {
	t.Parallel()
	data := []byte("\x82\xa7Strings\x92\xa1a\xa1b\xa7Strings\x91\xa1c")
	if diff := cmp.Diff([]string{"c"}, decode[Everything](t, data).Strings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAppendAndDecodeTakePointersToTheirType(t *testing.T) {
	t.Parallel()
	c := compile[Base](t)
	for _, wrong := range []any{nil, Base{}, ptr(ptr(Base{})), ptr(1), (*Base)(nil)} {
		if _, err := c.Append(nil, wrong); err == nil {
			t.Errorf("Append took %T", wrong)
		}
		if err := c.Decode([]byte{0x80}, wrong); err == nil {
			t.Errorf("Decode took %T", wrong)
		}
	}
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	c := compile[[]any](t)
	got, err := c.Append([]byte("head"), &[]any{1})
	if want := "head\x91\x01"; err != nil || string(got) != want {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	got, err = c.Append([]byte("head"), &[]any{1, make(chan int)})
	if err == nil || string(got) != "head" {
		t.Errorf("after an error: got %q, %v; want what was there", got, err)
	}
}

// Moody is text that cannot be written when it is empty, and reads everything alike.
type Moody struct{ s string }

var errMoody = errors.New("not today")

func (m Moody) MarshalText() ([]byte, error) {
	if m.s == "" {
		return nil, errMoody
	}
	return []byte("same"), nil
}

func (m *Moody) UnmarshalText(b []byte) error {
	m.s = string(b)
	return nil
}

// Raw writes what it holds as its msgpack.
type Raw []byte

func (r Raw) EncodeMsgpack(e *msgpack.Encoder) error {
	if string(r) == "error" {
		return errMoody
	}
	_, err := e.Writer().Write(r)
	return err
}
func (r *Raw) DecodeMsgpack(*msgpack.Decoder) error { return nil }

func TestAppendReportsWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		from any
		want string
	}{
		{"a type's own error", &struct{ M []Moody }{[]Moody{{}}}, "M[]: MarshalText: not today"},
		{"a key's own error", &map[Moody]int{{}: 1}, "[key]: not today"},
		{"two keys with one text", &map[Moody]int{{"a"}: 1, {"b"}: 2}, "two keys of the map have the same text"},
		{"an error in a map", &map[string]Moody{"secret": {}}, ": []: MarshalText: not today"},
		{"an error in a map of any", &map[string]any{"secret": Moody{}}, ": []: MarshalText: not today"},
		{"msgpack that is refused", &struct{ R Raw }{Raw("error")}, "R: EncodeMsgpack: not today"},
		{"msgpack that is none", &struct{ R Raw }{Raw{0xc1}}, "R: EncodeMsgpack: found the unused code"},
		{"a slice that is too long", ptr(make([]struct{}, 1<<32)), "has more than 2^32-1 elements"},
		{"a zone that no clock has", ptr(time.Unix(0, 0).In(time.FixedZone("", 1<<40))), "is a time in a zone decades away from UTC"},
		{"the same in an any", ptr[any](time.Unix(0, 0).In(time.FixedZone("", 1<<40))), "is a time in a zone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := native.Compile(reflect.TypeOf(tt.from).Elem())
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Append(nil, tt.from)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got error %v, want %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error %q shows data", err)
			}
			if strings.Contains(tt.want, "not today") && !errors.Is(err, errMoody) {
				t.Errorf("the error %v does not wrap its cause", err)
			}
		})
	}
}

func TestStructsOfManyFieldsWithOmissionsComeBack(t *testing.T) {
	t.Parallel()
	for _, n := range []int{15, 16, 40} {
		fields := make([]reflect.StructField, n)
		for i := range fields {
			fields[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: reflect.TypeFor[int8](), Tag: `json:",omitempty"`}
		}
		typ := reflect.StructOf(fields)
		c, err := native.Compile(typ)
		if err != nil {
			t.Fatal(err)
		}
		want, got := reflect.New(typ), reflect.New(typ)
		for i := 0; i < n; i += 3 {
			want.Elem().Field(i).SetInt(int64(i%100 + 1))
		}
		data, err := c.Append(nil, want.Interface())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Decode(data, got.Interface()); err != nil {
			t.Fatalf("%d fields: %v", n, err)
		}
		for i := range n {
			if got, want := got.Elem().Field(i).Int(), want.Elem().Field(i).Int(); got != want {
				t.Fatalf("%d fields: field %d is %d, want %d", n, i, got, want)
			}
		}
	}
}
