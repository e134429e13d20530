package django_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/cachewright/cachewright/django"
)

// kinds are what a serializer has room for, in a value and below it.
type kinds struct {
	bytes      bool // bytes and bytearray
	surrogates bool // half a surrogate pair in a str
	python     bool // datetime and its family, Decimal, UUID, tuple
	keys       bool // keys of dicts that are no str
	sets       bool // set, frozenset, OrderedDict
	huge       bool // ints beyond 64 bits inside lists and dicts
}

var kindsOf = map[django.Serializer]kinds{
	django.Pickle:  {bytes: true, surrogates: true, python: true, keys: true, sets: true, huge: true},
	django.JSON:    {surrogates: true, python: true, keys: true, huge: true},
	django.MsgPack: {bytes: true},
}

// catalogue returns the values that every serializer, or this one, is to carry. Their number depends on
// nothing else.
func catalogue(k kinds) []any {
	all := []any{nil, true, false}
	all = append(all, integers(true)...)
	all = append(all, floats()...)
	all = append(all, someTexts(k)...)
	if k.bytes {
		all = append(all, byteStrings()...)
	}
	if k.python {
		all = append(all, moments()...)
	}
	if k.sets {
		all = append(all, django.Set{}, django.Set{int64(1), "a"}, django.FrozenSet{}, django.FrozenSet{int64(2)},
			django.OrderedDict{}, django.OrderedDict{{Key: "b", Value: int64(1)}, {Key: "a", Value: int64(2)}},
			django.ByteArray{}, django.ByteArray("ab"))
	}
	return append(all, containers(k)...)
}

// integers returns ints around every border of a format.
func integers(huge bool) []any {
	var all []any
	for _, bits := range []uint{0, 3, 4, 5, 7, 8, 15, 16, 31, 32, 53, 62, 63, 64} {
		for _, d := range []int64{-1, 0, 1} {
			n := new(big.Int).Add(new(big.Int).Lsh(big.NewInt(1), bits), big.NewInt(d))
			for _, n := range []*big.Int{n, new(big.Int).Neg(n)} {
				switch {
				case n.IsInt64():
					all = append(all, n.Int64())
				case huge || n.IsUint64():
					all = append(all, n)
				}
			}
		}
	}
	if huge {
		all = append(all, new(big.Int).Lsh(big.NewInt(1), 100), new(big.Int).Neg(new(big.Int).Lsh(big.NewInt(1), 1000)))
	}
	return all
}

func floats() []any {
	all := []any{0.0, math.Copysign(0, -1), 0.1, 1.0, 1.5, 2.0 / 3, 1e15, 1e16, 1e17, 1e21, 1e22, 1e-4, 1e-5, 1e-7, 123456789.125,
		9007199254740993.0, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.NaN(), 5e-324, 2.5e-308}
	for _, f := range all[2:] {
		all = append(all, -f.(float64))
	}
	return all
}

func someTexts(k kinds) []any {
	all := []any{"", "a", "2", "1_000", " 7 ", "null", "true", "héllo", "ключ", "日本語", "🦊", "a\x00b", "\x7f", "\u2028\u2029", "\ufeff",
		"\"\\/\b\f\n\r\t", "<script>&", "\U0010ffff", "e\u0301", strings.Repeat("é", 16)}
	for _, n := range []int{12, 13, 14, 15, 16, 31, 32, 33, 254, 255, 256, 257, 1000, 65535, 65536, 70000} {
		all = append(all, strings.Repeat("x", n))
	}
	for c := range rune(0x20) {
		all = append(all, "c"+string(c))
	}
	if k.surrogates {
		all = append(all, "\xed\xa0\x80", "a\xed\xbf\xbfb", "\xed\xb8\x80\xed\xa0\xbd")
	}
	return all
}

func byteStrings() []any {
	all := []any{[]byte{}, []byte("12"), []byte{0, 255, 0x80}}
	for _, n := range []int{15, 16, 31, 32, 255, 256, 65535, 65536} {
		all = append(all, []byte(strings.Repeat("\xfe", n)))
	}
	return all
}

// moments are dates, times and lengths of time, and the other types that are text in JSON.
func moments() []any {
	var all []any
	for _, zone := range []*time.Location{django.Naive, time.UTC, time.FixedZone("", 5*3600+1800), time.FixedZone("", -11*3600)} {
		for _, micros := range []int{0, 1, 999, 1000, 123000, 678901, 999999} {
			all = append(all, time.Date(2024, 1, 2, 3, 4, 5, micros*1000, zone))
		}
		all = append(all, time.Date(1, 1, 1, 0, 0, 0, 0, zone), time.Date(9999, 12, 31, 23, 59, 59, 999999000, zone))
	}
	for _, d := range []time.Duration{0, 1, 999999, 1000000, 86399999999, 86400000000, 90061000001, 1 << 52} {
		all = append(all, d*time.Microsecond, -d*time.Microsecond)
	}
	all = append(all, django.TimeDelta{Days: 999999999, Seconds: 86399, Microseconds: 999999}, django.TimeDelta{Days: -999999999},
		django.TimeDelta{Days: -200000, Seconds: 1, Microseconds: 1})
	for _, year := range []int{1, 1970, 2024, 9999} {
		all = append(all, django.Date{Year: year, Month: 12, Day: 31})
	}
	for _, micros := range []int{0, 1, 1000, 999999} {
		all = append(all, django.Clock{Hour: 23, Minute: 59, Second: 58, Microsecond: micros}, django.Clock{Microsecond: micros})
	}
	for _, text := range []string{"0", "-0", "1.10", "1E+3", "1E-10", "123456789012345678901234567890.5", "NaN", "Infinity", "-Infinity", "0.000001", "0E-7"} {
		all = append(all, django.Decimal(text))
	}
	return append(all, django.UUID{}, django.UUID{0x12, 0x34, 0x56, 0x78, 0x12, 0x34, 0x56, 0x78, 15: 0xff})
}

func containers(k kinds) []any {
	all := []any{[]any{}, []any{nil}, django.Dict{}, django.Dict{{Key: "a", Value: int64(1)}},
		django.Dict{{Key: "z", Value: nil}, {Key: "a", Value: true}, {Key: "é", Value: "\""}, {Key: "", Value: []any{}}},
		append([]any{}, integers(k.huge)...), append([]any{}, floats()...), append([]any{}, someTexts(k)[:20]...)}
	for _, n := range []int{1, 2, 3, 4, 15, 16, 17, 31, 32, 255, 256, 999, 1000, 1001, 2001} {
		list, dict := make([]any, n), make(django.Dict, n)
		for i := range n {
			list[i] = int64(i)
			dict[i] = django.Item{Key: "k" + strings.Repeat("0", i%7) + string(rune('a'+i%26)) + big.NewInt(int64(i)).String(), Value: list[i]}
		}
		all = append(all, list, dict)
	}
	nested := any("deep")
	for i := range 60 {
		if nested = []any{nested}; i%2 == 0 {
			nested = django.Dict{{Key: "in", Value: nested}}
		}
		if i%10 == 9 {
			all = append(all, nested)
		}
	}
	if k.python {
		all = append(all, django.Tuple{}, django.Tuple{int64(1)}, django.Tuple{"a", nil}, django.Tuple{1.0, 2.0, 3.0},
			django.Tuple{true, false, nil, []any{django.Tuple{}}}, append([]any{}, moments()...))
	}
	if k.keys {
		all = append(all, django.Dict{{Key: int64(1), Value: "one"}, {Key: int64(-2), Value: "two"}},
			django.Dict{{Key: nil, Value: int64(1)}, {Key: true, Value: int64(2)}, {Key: 1.5, Value: int64(3)}, {Key: 1e16, Value: int64(4)}})
	}
	for _, f := range floats() {
		all = append(all, django.Dict{{Key: "price", Value: f}, {Key: "more", Value: []any{f, f}}})
	}
	for _, n := range integers(k.huge) {
		all = append(all, []any{n}, django.Dict{{Key: "n", Value: n}})
	}
	return all
}

// random makes up values.
type random struct {
	*rand.Rand
	kinds
}

// value returns a value that contains others to a depth.
func (r random) value(depth int) any {
	if depth > 0 && r.IntN(3) == 0 {
		return r.container(depth)
	}
	switch r.IntN(9) {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2, 3:
		return r.integer()
	case 4:
		return r.float()
	case 5:
		if r.bytes {
			return r.blob()
		}
	case 6:
		if r.python {
			return r.moment()
		}
	}
	return r.text()
}

func (r random) integer() any {
	if n := int64(r.Uint64()) >> r.IntN(64); r.IntN(20) > 0 || !r.huge {
		return n
	}
	n := new(big.Int).Lsh(big.NewInt(int64(r.Uint64()|1)), uint(64+r.IntN(200)))
	return n
}

func (r random) float() float64 {
	switch r.IntN(3) {
	case 0:
		return float64(r.IntN(100000)) / 100
	case 1:
		return r.NormFloat64() * math.Pow10(r.IntN(60)-30)
	}
	return math.Float64frombits(r.Uint64())
}

func (r random) text() string {
	var b strings.Builder
	for range r.IntN(1 + r.IntN(40)) {
		switch r.IntN(12) {
		case 0:
			b.WriteRune(rune(r.IntN(0x20)))
		case 1:
			b.WriteRune(rune(0x80 + r.IntN(0x780)))
		case 2:
			b.WriteRune(rune(0x10000 + r.IntN(0x100000)))
		case 3:
			b.WriteRune(rune(0xe000 + r.IntN(0x2000)))
		case 4:
			b.WriteByte("\"\\/\x7f'&<"[r.IntN(7)])
		case 5:
			if r.surrogates && r.IntN(8) == 0 {
				b.WriteString("\xed\xbf\xbf") // a low half, which joins nothing that follows
				continue
			}
			fallthrough
		default:
			b.WriteByte(byte(' ' + r.IntN(95)))
		}
	}
	return b.String()
}

func (r random) blob() any {
	b := make([]byte, r.IntN(40))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	if r.sets && r.IntN(4) == 0 {
		return django.ByteArray(b)
	}
	return b
}

func (r random) moment() any {
	switch r.IntN(7) {
	case 0:
		zones := []*time.Location{django.Naive, time.UTC, time.FixedZone("", 60*(r.IntN(1439*2)-1439))}
		at := time.Date(2+r.IntN(9996), 1, 1+r.IntN(365), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000000)*1000, zones[r.IntN(3)])
		return at
	case 1:
		return time.Duration(int64(r.Uint64())>>(1+r.IntN(62))) / time.Microsecond * time.Microsecond
	case 2:
		return django.TimeDelta{Days: 110000 + r.IntN(1000000), Seconds: r.IntN(86400), Microseconds: r.IntN(1000000)}
	case 3:
		return django.Date{Year: 1 + r.IntN(9999), Month: time.Month(1 + r.IntN(12)), Day: 1 + r.IntN(28)}
	case 4:
		return django.Clock{Hour: r.IntN(24), Minute: r.IntN(60), Second: r.IntN(60), Microsecond: r.IntN(2) * r.IntN(1000000)}
	case 5:
		return django.Decimal(big.NewInt(int64(r.Uint64())>>r.IntN(63)).String() + "." + big.NewInt(int64(r.Uint32())).String())
	}
	var u django.UUID
	for i := range u {
		u[i] = byte(r.Uint32())
	}
	return u
}

func (r random) container(depth int) any {
	n := r.IntN(6)
	switch r.IntN(8) {
	case 0:
		if r.python {
			return django.Tuple(r.items(n, depth))
		}
	case 1:
		if r.sets {
			return django.Set(r.members(n))
		}
	case 2:
		if r.sets {
			return django.FrozenSet(r.members(n))
		}
	case 3, 4, 5:
		return r.dict(n, depth)
	}
	return r.items(n, depth)
}

func (r random) items(n, depth int) []any {
	s := make([]any, n)
	for i := range s {
		s[i] = r.value(depth - 1)
	}
	return s
}

// members returns values that differ and that a set takes.
func (r random) members(n int) []any {
	s := []any{}
	for i := range n {
		s = append(s, []any{int64(i), strings.Repeat("m", i)}[r.IntN(2)])
	}
	return s
}

func (r random) dict(n, depth int) any {
	d := django.Dict{}
	seen := map[string]bool{}
	for range n {
		key := r.text()
		if seen[key] {
			continue
		}
		seen[key] = true
		d = append(d, django.Item{Key: key, Value: r.value(depth - 1)})
	}
	if r.keys && r.IntN(8) == 0 {
		d = append(d, django.Item{Key: int64(r.IntN(1000)), Value: r.value(depth - 1)})
	}
	if r.sets && r.IntN(8) == 0 {
		return django.OrderedDict(d)
	}
	return d
}
