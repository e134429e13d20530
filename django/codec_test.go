package django_test

import (
	"bytes"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/django"
)

var serializers = []django.Serializer{django.Pickle, django.JSON, django.MsgPack}

func eachSerializer(t *testing.T, test func(t *testing.T, codec django.Codec)) {
	t.Helper()
	for _, s := range serializers {
		for _, compress := range []bool{false, true} {
			name := string(s)
			if compress {
				name += "+zlib"
			}
			t.Run(name, func(t *testing.T) { test(t, django.Codec{Serializer: s, Compress: compress}) })
		}
	}
}

type level int8

func TestIntsAreDecimals(t *testing.T) {
	seven, bytes7 := 7, uint8(7)
	pointer := &seven
	eachSerializer(t, func(t *testing.T, codec django.Codec) {
		for _, test := range []struct {
			value any
			want  string
		}{
			{7, "7"}, {int64(-1 << 63), "-9223372036854775808"}, {uint64(1<<64 - 1), "18446744073709551615"}, {level(-3), "-3"}, {bytes7, "7"},
			{&seven, "7"}, {&pointer, "7"}, {new(big.Int).Lsh(big.NewInt(1), 100), "1267650600228229401496703205376"},
		} {
			got, err := codec.Marshal(test.value)
			if string(got) != test.want || err != nil {
				t.Errorf("Marshal(%T) = %q, %v; want %q", test.value, got, err, test.want)
			}
			into := reflect.New(reflect.TypeOf(test.value))
			if err := codec.Unmarshal(got, into.Interface()); err != nil || !cmp.Equal(into.Elem().Interface(), test.value, cmp.Comparer(sameInt)) {
				t.Errorf("Unmarshal(%q) into %T = %v, %v", got, test.value, into.Elem(), err)
			}
		}
		for _, v := range []any{true, 5.0, "5", nil, time.Duration(5), (*int)(nil), []any{int64(5)}} {
			if got, err := codec.Marshal(v); err != nil || len(bytes.Trim(got, "0123456789")) == 0 {
				t.Errorf("Marshal(%#v) = %q, %v; only ints are decimals", v, got, err)
			}
		}
	})
}

func sameInt(a, b *big.Int) bool { return a.Cmp(b) == 0 }

func TestIntsAreReadAsPythonReadsThem(t *testing.T) {
	eachSerializer(t, func(t *testing.T, codec django.Codec) {
		for text, want := range map[string]any{
			"5": int64(5), " \t\n\r\v\f12 ": int64(12), "+5": int64(5), "-5": int64(-5), "1_000": int64(1000), "007": int64(7), "0_0": int64(0), "-0": int64(0),
			"9223372036854775808": new(big.Int).Lsh(big.NewInt(1), 63), strings.Repeat("9", 4300): bigDigits(4300),
		} {
			var got any
			if err := codec.Unmarshal([]byte(text), &got); err != nil || !cmp.Equal(got, want, cmp.Comparer(sameInt)) {
				t.Errorf("%.40q = %v, %v; want %v", text, got, err, want)
			}
		}
		for _, text := range []string{"", " ", "+", "-", "_1", "1_", "1__0", "- 1", "1 2", "0x10", "1\x00", "１", strings.Repeat("9", 4301)} {
			var got any
			err := codec.Unmarshal([]byte(text), &got)
			if codec.Serializer == django.MsgPack && len(text) == 1 {
				if got != int64(text[0]) || err != nil { // as in Python, which asks msgpack next
					t.Errorf("%q = %v, %v", text, got, err)
				}
				continue
			}
			if err == nil {
				t.Errorf("%.40q = %v, want an error", text, got)
			}
		}
	})
}

func bigDigits(n int) *big.Int {
	v, _ := new(big.Int).SetString(strings.Repeat("9", n), 10)
	return v
}

func TestIntsFitWhatTheyAreReadInto(t *testing.T) {
	eachSerializer(t, func(t *testing.T, codec django.Codec) {
		var f float64
		if err := codec.Unmarshal([]byte("12"), &f); f != 12 || err != nil {
			t.Errorf("a float64: %v, %v", f, err)
		}
		var p *int
		if err := codec.Unmarshal([]byte("12"), &p); err != nil || p == nil || *p != 12 {
			t.Errorf("a *int: %v, %v", p, err)
		}
		var b big.Int
		if err := codec.Unmarshal([]byte("12"), &b); b.Int64() != 12 || err != nil {
			t.Errorf("a big.Int: %v, %v", &b, err)
		}
		var narrow int8
		var unsigned uint
		var text string
		var yes bool
		for into, digits := range map[any]string{&narrow: "128", &unsigned: "-1", &text: "5", &yes: "1"} {
			if err := codec.Unmarshal([]byte(digits), into); err == nil {
				t.Errorf("%s fits a %T", digits, into)
			}
		}
	})
}

func TestOnlyLongValuesAreCompressed(t *testing.T) {
	for _, test := range []struct {
		value      string
		compressed bool
	}{
		{strings.Repeat("x", 13), false}, // and two quotes: 15 bytes
		{strings.Repeat("x", 14), true},
		{strings.Repeat("x", 4000), true},
	} {
		codec := django.Codec{Serializer: django.JSON, Compress: true}
		got, err := codec.Marshal(test.value)
		if err != nil || (got[0] == 'x') != test.compressed {
			t.Errorf("%d characters: %q, %v", len(test.value), got, err)
		}
		if test.compressed {
			if plain := inflate(t, got); string(plain) != `"`+test.value+`"` {
				t.Errorf("zlib has %q", plain)
			}
		}
	}
}

func TestValuesFromBeforeCompressionAreRead(t *testing.T) {
	for _, s := range serializers {
		for _, value := range []any{"short", strings.Repeat("long ", 100), []any{1.5, nil}} {
			plain, err := django.Codec{Serializer: s}.Marshal(value)
			must(t, err)
			var got any
			if err := (django.Codec{Serializer: s, Compress: true}).Unmarshal(plain, &got); err != nil || !cmp.Equal(got, value) {
				t.Errorf("%s: %.40v, %v", s, got, err)
			}
			packed, err := django.Codec{Serializer: s, Compress: true}.Marshal(strings.Repeat("long ", 100))
			must(t, err)
			if err := (django.Codec{Serializer: s}).Unmarshal(packed, &got); err == nil {
				t.Errorf("%s: compressed values are read without compression: %.40v", s, got)
			}
			// What follows the stream is nobody's; a stream that is cut is none.
			if err := (django.Codec{Serializer: s, Compress: true}).Unmarshal(append(packed, "trailing"...), &got); err != nil {
				t.Errorf("%s: with bytes behind the stream: %v", s, err)
			}
			if err := (django.Codec{Serializer: s, Compress: true}).Unmarshal(packed[:len(packed)-1], &got); err == nil {
				t.Errorf("%s: a cut stream is read: %.40v", s, got)
			}
		}
	}
}

func TestTheZeroCodecIsDjangosDefault(t *testing.T) {
	got, err := django.Codec{}.Marshal("a")
	if want := "\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94."; string(got) != want || err != nil {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

func TestWhatCannotBeCompiledSaysWhy(t *testing.T) {
	if _, err := (django.Codec{Serializer: "yaml"}).Marshal(1.5); err == nil || !strings.Contains(err.Error(), `unknown serializer "yaml"`) {
		t.Errorf("an unknown serializer: %v", err)
	}
	if err := (django.Codec{Serializer: "yaml"}).Unmarshal([]byte("1"), new(any)); err == nil {
		t.Error("an unknown serializer reads")
	}
	for _, into := range []any{nil, 5, account{}} {
		if err := (django.Codec{}).Unmarshal([]byte("1"), into); err == nil || !strings.Contains(err.Error(), "pointer") {
			t.Errorf("into a %T: %v", into, err)
		}
	}
	type hidden struct{ a int }
	eachSerializer(t, func(t *testing.T, codec django.Codec) {
		if _, err := codec.Compile(reflect.TypeFor[map[string]hidden]()); err == nil || !strings.Contains(err.Error(), "unexported") {
			t.Errorf("a type with nothing to encode: %v", err)
		}
		if out, err := codec.Marshal(make(chan int)); err == nil || len(out) > 0 {
			t.Errorf("a channel: %q, %v", out, err)
		}
	})
}

// FuzzUnmarshal reads any bytes with every codec. What is read of a value that can be written comes back.
func FuzzUnmarshal(f *testing.F) {
	for _, s := range serializers {
		for _, v := range []any{nil, 5, 1.5, "text", []any{int64(1), "a"}, map[string]any{"key": strings.Repeat("long ", 10)}} {
			for _, compress := range []bool{false, true} {
				data, err := django.Codec{Serializer: s, Compress: compress}.Marshal(v)
				must(f, err)
				f.Add(data)
			}
		}
	}
	for _, compressor := range compressors {
		f.Add(compressed(f, compressor))
	}
	f.Add([]byte(" +1_000 "))
	f.Add([]byte(strings.Repeat("7", 5000)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, s := range serializers {
			codec := django.Codec{Serializer: s, Compress: true}
			var v any
			if codec.Unmarshal(data, &v) != nil {
				continue
			}
			first, err := codec.Marshal(v)
			if err != nil {
				continue // an object of a class, or more depth than is written
			}
			var again any
			if err := codec.Unmarshal(first, &again); err != nil {
				t.Fatalf("%s: %q is written as %q, which is not read: %v", s, data, first, err)
			}
			if tag(v).text() != tag(again).text() {
				t.Fatalf("%s: %s comes back as %s", s, tag(v).text(), tag(again).text())
			}
		}
	})
}
