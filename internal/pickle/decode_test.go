package pickle_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/internal/pickle"
)

func TestHandWrittenPicklesAreRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		data string
		want any
	}{
		{"an int as text", "I42\n.", int64(42)},
		{"a bool as text", "I01\n.", true},
		{"a negative int as text", "I-5\n.", int64(-5)},
		{"a long as text", "L-36893488147419103232L\n.", new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 65))},
		{"a long without its L", "L7\n.", int64(7)},
		{"a float as text", "F-1.5\n.", -1.5},
		{"an infinite float as text", "Finf\n.", math.Inf(1)},
		{"a float too large", "F1e999\n.", math.Inf(1)},
		{"a string of Python 2", `S'a\n\x41\101\0\'\q\\'` + "\n.", "a\nAA\x00'\\q\\"},
		{"a string in double quotes", "S\"it's\"\n.", "it's"},
		{"a string that ends in a backslash", "S'a\\\\'\n.", `a\`},
		{"a string with its length", "U\x02hi.", "hi"},
		{"a string with a long length", "T\x02\x00\x00\x00hi.", "hi"},
		{"a str as text", "Va\\u00fcb\\U0001f98a\xfc\\ud83e\\\\u0041\n.", "aüb🦊ü\xed\xa0\xbe\\\\u0041"},
		{"a str with eight bytes of length", "\x8d\x02\x00\x00\x00\x00\x00\x00\x00hi.", "hi"},
		{"bytes with eight bytes of length", "\x8e\x02\x00\x00\x00\x00\x00\x00\x00hi.", []byte("hi")},
		{"bytes with four bytes of length", "B\x02\x00\x00\x00hi.", []byte("hi")},
		{"a bytearray of protocol 5", "\x80\x05\x96\x02\x00\x00\x00\x00\x00\x00\x00hi.", pickle.ByteArray("hi")},
		{"a bytearray of a str", "c__builtin__\nbytearray\n(V\xff\nVlatin-1\ntR.", pickle.ByteArray("\xff")},
		{"an empty long", "\x8a\x00.", int64(0)},
		{"a long longer than it needs", "\x8a\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff.", int64(-1)},
		{"a long with four bytes of length", "\x8b\x02\x00\x00\x00\x00\x01.", int64(256)},
		{"a large long", "\x8b\x09\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00.", new(big.Int).SetUint64(math.MaxUint64)},
		{"a list as text", "(I1\nI2\nl.", []any{int64(1), int64(2)}},
		{"a dict as text", "(Va\nI1\nd.", map[string]any{"a": int64(1)}},
		{"a dict, the last of equal keys counts", "(Va\nI1\nVa\nI2\nd.", map[string]any{"a": int64(2)}},
		{"memo as text", "(lp0\nI1\nag0\n0.", []any{int64(1)}},
		{"memo with one byte", "]q\x00K\x01ah\x000.", []any{int64(1)}},
		{"memo with four bytes", "]r\x01\x00\x00\x00K\x01aj\x01\x00\x00\x000.", []any{int64(1)}},
		{"the topmost twice", "K\x012\x86.", pickle.Tuple{int64(1), int64(1)}},
		{"a mark that is dropped", "](0K\x01a.", []any{int64(1)}},
		{"what is above a mark is dropped", "](K\x01K\x021K\x03a.", []any{int64(3)}},
		{"a list that grows in turns", "]q\x00]q\x01K\x01a0K\x02ah\x01K\x03a0K\x04ah\x01\x86.", pickle.Tuple{[]any{int64(2), int64(4)}, []any{int64(1), int64(3)}}},
		{"a set of a list", "cbuiltins\nset\n](K\x01K\x02e\x85R.", pickle.Set{int64(1), int64(2)}},
		{"a frozenset of a tuple", "cbuiltins\nfrozenset\nK\x01\x85\x85R.", pickle.FrozenSet{int64(1)}},
		{"an empty set by its class", "c__builtin__\nset\n)R.", pickle.Set{}},
		{"UTC of pytz", "cdatetime\ndatetime\nC\x0a\x07\xe8\x01\x02\x03\x04\x05\x00\x00\x00cpytz\n_UTC\n)R\x86R.", time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC)},
		{"a datetime whose tzinfo is None", "cdatetime\ndatetime\nC\x0a\x07\xe8\x01\x02\x03\x04\x05\x00\x00\x00N\x86R.", time.Date(2024, 1, 2, 3, 4, 5, 0, pickle.Naive)},
		{"a fold, which is dropped", "cdatetime\ndatetime\nC\x0a\x07\xe8\x81\x02\x03\x04\x05\x00\x00\x00\x85R.", time.Date(2024, 1, 2, 3, 4, 5, 0, pickle.Naive)},
		{"a time with a fold", "cdatetime\ntime\nC\x06\x81\x02\x03\x00\x00\x00\x85R.", pickle.Clock{Hour: 1, Minute: 2, Second: 3}},
		{"a timezone with a name", "cdatetime\ntimezone\ncdatetime\ntimedelta\nK\x00M\x10\x0eK\x00\x87RVCET\n\x86R.", time.FixedZone("CET", 3600)},
		{"UTC with a name", "cdatetime\ntimezone\ncdatetime\ntimedelta\nK\x00K\x00K\x00\x87RVUTC\n\x86R.", time.FixedZone("UTC", 0)},
		{"an object of an unknown class", "cshop\nCart\n)R.", pickle.Opaque{"shop", "Cart"}},
		{"an object of an unknown class with a state", "cshop\nCart\n)\x81}(Va\nK\x01ub.", pickle.Opaque{"shop", "Cart"}},
		{"an object of an unknown class with elements", "cshop\nCart\n)RK\x01aVa\nK\x01s(Vb\nK\x02u(K\x01e.", pickle.Opaque{"shop", "Cart"}},
		{"an object with keyword arguments", "cshop\nCart\n)}\x92.", pickle.Opaque{"shop", "Cart"}},
		{"an old-style object", "(K\x01ishop\nCart\n.", pickle.Opaque{"shop", "Cart"}},
		{"an old-style object by its class", "(cshop\nCart\nK\x01o.", pickle.Opaque{"shop", "Cart"}},
		{"an object of a subclass", "ccopyreg\n__newobj__\n(cshop\nCart\nK\x01tR.", pickle.Opaque{"shop", "Cart"}},
		{"an object that was reconstructed", "ccopy_reg\n_reconstructor\n(cshop\nCart\nc__builtin__\ndict\n}tR.", pickle.Opaque{"shop", "Cart"}},
		{"an object that another one makes", "cshop\nmake\n)R)R.", pickle.Opaque{"shop", "make"}},
		{"a class", "cdatetime\ndatetime\n.", pickle.Opaque{"datetime", "datetime"}},
		{"a method of a class", "cbuiltins\ngetattr\ncshop\nCart\nVmake\n\x86R.", pickle.Opaque{"shop", "Cart"}},
		{"a datetime in a zone that is not known", "cdatetime\ndatetime\nC\x0a\x07\xe8\x01\x02\x03\x04\x05\x00\x00\x00cshop\nZone\n)R\x86R.", pickle.Opaque{"shop", "Zone"}},
		{"a datetime that is none", "cdatetime\ndatetime\nC\x0a\x07\xe8\x0d\x02\x03\x04\x05\x00\x00\x00\x85R.", pickle.Opaque{"datetime", "datetime"}},
		{"a date that is none", "cdatetime\ndate\nC\x04\x07\xe7\x02\x1d\x85R.", pickle.Opaque{"datetime", "date"}},
		{"a datetime of numbers", "cdatetime\ndatetime\n(M\xe8\x07K\x01K\x01tR.", pickle.Opaque{"datetime", "datetime"}},
		{"a timedelta out of its range", "cdatetime\ntimedelta\nK\x00J\x80\x51\x01\x00K\x00\x87R.", pickle.Opaque{"datetime", "timedelta"}},
		{"a timezone a day away", "cdatetime\ntimezone\ncdatetime\ntimedelta\nK\x01K\x00K\x00\x87R\x85R.", pickle.Opaque{"datetime", "timezone"}},
		{"a timezone with microseconds", "cdatetime\ntimezone\ncdatetime\ntimedelta\nK\x00K\x00K\x01\x87R\x85R.", pickle.Opaque{"datetime", "timezone"}},
		{"a Decimal that is none", "cdecimal\nDecimal\nVx\n\x85R.", pickle.Opaque{"decimal", "Decimal"}},
		{"an encoding that is not known", "c_codecs\nencode\nVx\nVutf-8\n\x86R.", pickle.Opaque{"_codecs", "encode"}},
		{"an OrderedDict with attributes", "ccollections\nOrderedDict\n)R}b.", pickle.Opaque{"collections", "OrderedDict"}},
		{"a call that would harm", "cos\nsystem\nVrm -rf /\n\x85R.", pickle.Opaque{"os", "system"}},
		{"a frame", "\x80\x04\x95\x02\x00\x00\x00\x00\x00\x00\x00K\x01.", int64(1)},
		{"no protocol at all", "N.", nil},
	}
	c := must(pickle.Compile(reflect.TypeFor[any]()))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got any
			if err := c.Decode([]byte(test.data), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, sameValue); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBrokenPicklesAreErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		data string
		want string
	}{
		{"nothing", "", "ends too early"},
		{"no end", "K\x01", "ends too early"},
		{"nothing on the stack", ".", "takes more from its stack"},
		{"bytes after the end", "N.N", "1 bytes follow"},
		{"no opcode", "\x99.", "opcode 0x99 at byte 0: no opcode"},
		{"a later protocol", "\x80\x06N.", "protocol 6 is not known"},
		{"a frame beyond the end", "\x95\xff\x00\x00\x00\x00\x00\x00\x00N.", "ends too early"},
		{"a length beyond the end", "X\xff\xff\xff\x7fabc.", "ends too early"},
		{"a length beyond any", "\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc.", "ends too early"},
		{"a short length beyond the end", "\x8c\x05abc.", "ends too early"},
		{"a long beyond the end", "\x8a\x05abc.", "ends too early"},
		{"a line without an end", "I42", "ends too early"},
		{"an opcode without its argument", "h", "ends too early"},
		{"a float without its bytes", "G\x00", "ends too early"},
		{"text that is not UTF-8", "\x8c\x01\xff.", "a str that is not UTF-8"},
		{"a class that is not UTF-8", "c\xff\nx\n.", "a str that is not UTF-8"},
		{"a string of Python 2 that is not ASCII", "U\x01\xfc.", "not ASCII"},
		{"a quoted string that is not ASCII", "S'\\xfc'\n.", "not ASCII"},
		{"a string without quotes", "Shello\n.", "without its quotes"},
		{"a broken escape", "V\\u12\n.", "broken escape"},
		{"an escape beyond Unicode", "V\\U00110000\n.", "broken escape"},
		{"a broken hexadecimal escape", "S'\\x1'\n.", "broken escape"},
		{"no hexadecimal escape", "S'\\xyz'\n.", "broken escape"},
		{"an int that is none", "I4x\n.", "an int that is no number"},
		{"an int of too many digits", "L" + strings.Repeat("9", 5000) + "L\n.", "more than 4300 digits"},
		{"a float that is none", "F0x1p3\n.", "a float that is no number"},
		{"a memo index that is none", "g\n.", "the memo index is no number"},
		{"a memo index that is empty", "h\x05.", "nothing was kept under memo index 5"},
		{"a memo index beyond need", "Nr\xff\xff\xff\x0f.", "memo index 268435455 is beyond"},
		{"an empty memo entry", "\x94.", "takes more from its stack"},
		{"a tuple of too little", "K\x01\x86.", "takes more from its stack"},
		{"a tuple across a mark", "K\x01(K\x02\x86.", "takes more from its stack"},
		{"elements without a mark", "]K\x01e.", "takes more from its stack"},
		{"elements without a list", "(K\x01e.", "takes more from its stack"},
		{"elements of an int", "K\x01K\x02a.", "adds elements to an int"},
		{"items of a list", "]K\x02K\x03s.", "adds elements to a list"},
		{"elements of a tuple", ")K\x02a.", "adds elements to a tuple"},
		{"a key without a value", "}(K\x01u.", "a key without a value"},
		{"a dict with a key without a value", "(K\x01d.", "a key without a value"},
		{"a list as a key", "}]K\x01s.", "[key]: found a list, want what a dict can have as a key"},
		{"a dict in a set", "\x8f(}\x90.", "[]: found a dict, want what a set can hold"},
		{"a call of an int", "K\x01)R.", "calls an int"},
		{"a call with a list", "cshop\nCart\n]R.", "calls with a list instead of a tuple"},
		{"a class named by an int", "K\x01K\x02\x93.", "names a class by something that is no str"},
		{"an object without a class", "ccopyreg\n__newobj__\n)R.", "makes an object without a class"},
		{"an old-style object without a class", "(o.", "takes more from its stack"},
		{"a state of an int", "K\x01}b.", "gives an int a state"},
		{"a UUID without its int", "cuuid\nUUID\n)\x81.", "a UUID without its int"},
		{"a UUID with another state", "cuuid\nUUID\n)\x81Nb.", "a UUID without its int"},
		{"a UUID that is too long", "cuuid\nUUID\n)\x81}Vint\n\x8a\x12" + strings.Repeat("\x01", 18) + "sb.", "none of 128 bits"},
		{"a negative UUID", "cuuid\nUUID\n)\x81}Vint\nJ\xff\xff\xff\xffsb.", "none of 128 bits"},
		{"bytes of other characters", "c_codecs\nencode\nV\\u0100\nVlatin1\n\x86R.", "made of a str with other characters"},
		{"an object outside", "Pid\n.", "kept outside"},
		{"an object outside, by its number", "K\x01Q.", "kept outside"},
		{"a buffer outside", "\x97.", "kept outside"},
		{"a class by its number", "\x82\x01.", "only the writer's copyreg knows"},
		{"a list that contains itself", "]q\x00h\x00a.", "contains itself"},
		{"a tuple that contains itself", "]q\x00h\x00\x85a.", "contains itself"},
		{"a dict that contains itself", "}q\x00Va\nh\x00s.", "contains itself"},
		{"a Dict that contains itself", "}q\x00K\x01h\x00s.", "contains itself"},
		{"nesting too deep", strings.Repeat("]", 1002) + strings.Repeat("a", 1001) + ".", "nests deeper than 1000 levels"},
	}
	c := must(pickle.Compile(reflect.TypeFor[any]()))
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got any
			err := c.Decode([]byte(test.data), &got)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, %v; want an error with %q", got, err, test.want)
			}
			if _, err := pickle.DecodeOrdered([]byte(test.data)); err == nil {
				t.Error("DecodeOrdered has no error")
			}
		})
	}
}

func TestWhatThePickleSharesIsShared(t *testing.T) {
	t.Parallel()
	c := must(pickle.Compile(reflect.TypeFor[[]any]()))
	var got []any
	if err := c.Decode([]byte("]q\x00(]q\x01K\x01ah\x01e."), &got); err != nil {
		t.Fatal(err)
	}
	got[0].([]any)[0] = "changed"
	if got[1].([]any)[0] != "changed" {
		t.Error("two references to one list became two lists")
	}
}

func TestOpaqueValuesSayWhatTheyAreWhereTheyDoNotFit(t *testing.T) {
	t.Parallel()
	c := must(pickle.Compile(reflect.TypeFor[time.Time]()))
	var got time.Time
	err := c.Decode([]byte("cshop\nCart\n)R."), &got)
	if want := "found an object of an unknown class shop.Cart, want a datetime"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an error with %q", err, want)
	}
}

// The zones that have a name in Python are objects of classes: nothing here imports them or looks them up. Django's
// UTC, which is what it keeps its own times in, is none of them.
func TestDatetimesInNamedZonesAreOpaque(t *testing.T) {
	t.Parallel()
	type event struct{ At time.Time }
	for _, test := range []struct{ pickled, want string }{
		{"8004957e000000000000008c086461746574696d65948c086461746574696d65949394430a07e80102030405000000948c086275696c74696e73948c0767657461747472" +
			"9493948c087a6f6e65696e666f948c085a6f6e65496e666f9493948c095f756e7069636b6c6594869452948c0c4575726f70652f5061726973944b0186945294869452942e",
			"zoneinfo.ZoneInfo"},
		{"80049557000000000000008c086461746574696d65948c086461746574696d65949394430a07e80102030405000000948c047079747a948c025f7094939428" +
			"8c0c4575726f70652f5061726973944d100e4b008c034345549474945294869452942e", "pytz._p"},
	} {
		data := must(hex.DecodeString(test.pickled))
		var got any
		if err := must(pickle.Compile(reflect.TypeFor[any]())).Decode(data, &got); err != nil || fmt.Sprint(got) != test.want {
			t.Errorf("%s: got %v, %v", test.want, got, err)
		}
		dict := append([]byte("\x80\x04}\x8c\x02At"), append(data[11:len(data)-1:len(data)-1], "s."...)...)
		var e event
		err := must(pickle.Compile(reflect.TypeFor[event]())).Decode(dict, &e)
		if err == nil || !strings.Contains(err.Error(), "At: found an object of an unknown class "+test.want+", want a datetime") {
			t.Errorf("%s in a struct: %v", test.want, err)
		}
	}
}

// bomb is a list of two references to a list of two references, and so on.
func bomb(levels int) []byte {
	b := []byte("\x80\x04]\x94")
	for i := range levels {
		b = append(b, "0]\x94(h"...)
		b = append(b, byte(i), 'h', byte(i), 'e')
	}
	return append(b, '.')
}

func TestObjectsThatRepeatThemselvesDoNotExplode(t *testing.T) {
	t.Parallel()
	type list []list
	var loose any
	if err := must(pickle.Compile(reflect.TypeFor[any]())).Decode(bomb(100), &loose); err != nil {
		t.Errorf("any: %v", err)
	}
	var lists struct{ L list }
	data := append([]byte("\x80\x04}"), "\x8c\x01L"...)
	data = append(append(data, bomb(100)[2:len(bomb(100))-1]...), "s."...)
	c := must(pickle.Compile(reflect.TypeOf(lists)))
	if err := c.Decode(data, &lists); err == nil || !strings.Contains(err.Error(), "repeats its objects") {
		t.Errorf("typed: got %v, want an error", err)
	}
}

func TestLengthsAllocateNothingBeforeTheirBytesAreThere(t *testing.T) {
	c := must(pickle.Compile(reflect.TypeFor[any]()))
	for _, data := range []string{
		"X\xff\xff\xff\x7f", "B\xff\xff\xff\x7f", "\x8d\x00\x00\x00\x00\x01\x00\x00\x00", "\x8b\xff\xff\xff\x7f",
		"\x96\x00\x00\x00\x00\x01\x00\x00\x00", "\x95\x00\x00\x00\x00\x01\x00\x00\x00", "Nr\xff\xff\xff\x7f", "Np2147483646\n",
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var got any
		if c.Decode([]byte(data), &got) == nil {
			t.Errorf("%q: no error", data)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%q: allocated %d bytes", data, used)
		}
	}
}

func TestASmallPickleIsReadAfterALargeOne(t *testing.T) {
	t.Parallel()
	c := must(pickle.Compile(reflect.TypeFor[[]string]()))
	large, small := slices.Repeat([]string{strings.Repeat("x", 1000)}, 100000), []string{"y"}
	for i := range large {
		large[i] = large[i][:i%1000]
	}
	for _, want := range [][]string{large, small, large[:5]} {
		var got []string
		if err := c.Decode(must(c.Append(nil, &want)), &got); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("a list of %d strings came back as another", len(want))
		}
	}
}

func TestDecodeKeepsNothingOfItsInput(t *testing.T) {
	t.Parallel()
	v := any(map[string]any{"text": "hello", "bytes": []byte("hello"), "list": []any{"a"}})
	c := must(pickle.Compile(reflect.TypeFor[any]()))
	data := must(c.Append(nil, &v))
	var got any
	if err := c.Decode(data, &got); err != nil {
		t.Fatal(err)
	}
	copy(data, bytes.Repeat([]byte("#"), len(data)))
	if diff := cmp.Diff(v, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
