package pickle_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/internal/pickle"
)

// python is a running interpreter with the driver in it.
type python struct {
	in     io.WriteCloser
	out    *bufio.Reader
	stderr *bytes.Buffer
}

// startPython starts the system's own Python; it ends with the test.
func startPython(t testing.TB, args ...string) *python {
	t.Helper()
	interpreter := "/usr/bin/python3"
	if _, err := os.Stat(interpreter); err != nil {
		if interpreter, err = exec.LookPath("python3"); err != nil {
			t.Fatal("these tests compare with Python's own pickle: install python3")
		}
	}
	cmd := exec.Command(interpreter, append([]string{"-I", "-X", "utf8", "testdata/driver.py"}, args...)...)
	p := &python{in: must(cmd.StdinPipe()), out: bufio.NewReaderSize(must(cmd.StdoutPipe()), 1<<20), stderr: &bytes.Buffer{}}
	cmd.Stderr = p.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(p.in.Close(), cmd.Wait()); err != nil {
			t.Errorf("python: %v\n%s", err, p.stderr)
		}
	})
	return p
}

// ask sends a line and returns the answer.
func (p *python) ask(t testing.TB, line []byte) []byte {
	t.Helper()
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		t.Fatalf("python: %v\n%s", err, p.stderr)
	}
	answer, err := p.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("python: %v\n%s", err, p.stderr)
	}
	return answer
}

// pickles returns the pickles of every value, by protocol.
func (p *python) pickles(t testing.TB, values []spec) [][][]byte {
	t.Helper()
	var answer [][]string
	if err := json.Unmarshal(p.ask(t, must(json.Marshal(values))), &answer); err != nil {
		t.Fatal(err)
	}
	all := make([][][]byte, len(answer))
	for i, protocols := range answer {
		for _, digits := range protocols {
			all[i] = append(all[i], must(hex.DecodeString(digits)))
		}
	}
	return all
}

// agree fails if Python and Go do not write the same bytes for s, or Go does not read what Python wrote.
func agree(t *testing.T, c *pickle.Codec, s spec, protocols [][]byte) {
	t.Helper()
	want := (&maker{t, map[int]any{}}).value(s)
	written, err := c.Append(nil, &want)
	if err != nil {
		t.Errorf("%s: %v", brief(s), err)
		return
	}
	if !bytes.Equal(written, protocols[4]) {
		at := 0
		for at < min(len(written), len(protocols[4])) && written[at] == protocols[4][at] {
			at++
		}
		t.Errorf("%s: bytes differ at %d of %d:\n  Go %x\n  Python %x", brief(s), at, len(protocols[4]), around(written, at), around(protocols[4], at))
		return
	}
	for protocol, data := range protocols {
		got, err := pickle.DecodeOrdered(data)
		if err != nil {
			t.Errorf("%s, protocol %d: %v", brief(s), protocol, err)
			return
		}
		if reflect.DeepEqual(got, want) {
			continue
		}
		if diff := cmp.Diff(want, got, sameValue); diff != "" {
			t.Errorf("%s, protocol %d (-want +got):\n%s", brief(s), protocol, diff)
			return
		}
	}
}

func brief(s spec) string {
	data := must(json.Marshal(s))
	return string(data[:min(len(data), 200)])
}

func around(b []byte, at int) []byte { return b[max(0, at-16):min(len(b), at+32)] }

func TestTheCatalogueIsWrittenAsPythonWritesItAndReadFromEveryProtocol(t *testing.T) {
	t.Parallel()
	values := catalogue()
	if len(values) < 300 {
		t.Errorf("the catalogue has %d values, want at least 300", len(values))
	}
	p := startPython(t)
	c := must(pickle.Compile(reflect.TypeFor[any]()))
	for i, protocols := range p.pickles(t, values) {
		agree(t, c, values[i], protocols)
	}
}

func TestRandomValuesAreWrittenAsPythonWritesThemAndReadFromEveryProtocol(t *testing.T) {
	t.Parallel()
	const values, batch = 10000, 500
	p := startPython(t)
	c := must(pickle.Compile(reflect.TypeFor[any]()))
	for seed := 0; seed < values && !t.Failed(); seed += batch {
		specs := make([]spec, batch)
		for i := range specs {
			g := &generator{Rand: rand.New(rand.NewPCG(uint64(seed+i), 0))}
			specs[i] = g.value(4)
		}
		for i, protocols := range p.pickles(t, specs) {
			agree(t, c, specs[i], protocols)
			if t.Failed() {
				t.Fatalf("seed %d", seed+i)
			}
		}
	}
}

func TestStringsThatPythonHasTwiceAreReadLikeSharedOnes(t *testing.T) {
	t.Parallel()
	separate := []byte("\x80\x04]\x94(\x8c\x04same\x94\x8c\x04same\x94e.")
	got := must(pickle.DecodeOrdered(separate))
	if diff := cmp.Diff([]any{"same", "same"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// catalogue returns values at the edges of every form that Python writes.
func catalogue() []spec {
	var all []spec
	add := func(kind string, values ...any) {
		for _, v := range values {
			all = append(all, spec{T: kind, V: v})
		}
	}
	add("none", nil)
	add("bool", true, false)
	for _, bits := range []uint{0, 7, 8, 15, 16, 31, 32, 39, 47, 62, 63, 64, 127, 128, 1000, 2031, 2032, 2039, 2040, 9000} {
		for _, offset := range []int64{-1, 0, 1} {
			x := power(bits, offset)
			add("int", x, "-"+x)
		}
	}
	add("float", "0.0", "-0.0", "1.0", "-1.5", "0.1", "1e16", "1e300", "5e-324", "inf", "-inf", "nan", "3.4028234663852886e+38")
	add("complex", []any{"1.0", "2.0"}, []any{"-0.0", "inf"})
	for _, n := range []int{0, 1, 2, 255, 256, 257, 65535, 65536, 65537, 70000} {
		add("str", strings.Repeat("x", n), strings.Repeat("ü", n/2))
		add("bytes", strings.Repeat("7f", n))
		add("bytearray", strings.Repeat("80", n))
	}
	add("str", "🦊", "a\x00b", "line\nline", `back\slash \u0041 'quotes" `, "datetime", "ÿ", "Ā", "\u2028", "\r")
	add("str-surrogate", "eda080", "61edbfbf62")
	for _, n := range []int{0, 1, 2, 3, 4, 999, 1000, 1001, 2000, 2001} {
		add("list", numbers(n), words(n))
		add("tuple", numbers(n), words(n))
		add("set", numbers(n))
		add("frozenset", numbers(n))
		add("dict", pairs(n, "str"), pairs(n, "int"))
		add("ordereddict", pairs(n, "str"))
	}
	add("datetime", "2024-01-02T03:04:05", "2024-01-02T03:04:05.678901", "0001-01-01T00:00:00", "9999-12-31T23:59:59.999999",
		"2024-01-02T03:04:05+00:00", "2024-01-02T03:04:05.000001+05:30", "2024-02-29T23:59:59-11:59", "1900-01-01T00:00:00+00:17:30",
		"0001-01-01T00:00:00+00:00", "2024-01-02T03:04:05-00:00:02", "2024-01-02T03:04:05+23:59:59")
	add("date", "2024-02-29", "0001-01-01", "9999-12-31")
	add("time", "00:00:00", "23:59:58.000001", "12:00:00+00:00", "12:00:00.5+05:30")
	add("timezone", 0, 3600, -1, 86399, -86399, 1)
	for _, days := range []int{0, 1, -1, 106750, 106751, 106752, -106751, -106752, 999999999, -999999999} {
		add("timedelta", []any{days, 0, 0}, []any{days, 86399, 999999}, []any{days, 2, 3})
	}
	add("decimal", "0", "1.10", "-0", "-1E+3", "1E-28", "Infinity", "-Infinity", "NaN", "sNaN", "NaN123", "0E+10",
		"123456789012345678901234567890.123456789", "1E+999999999999999999")
	add("uuid", "12345678-1234-5678-1234-567812345678", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
		"00000000-0000-0000-0000-0000000000ff", "00000000-0000-0000-8000-000000000000", "00000000-0000-0000-7fff-ffffffffffff")
	return append(all, combinations()...)
}

// power returns 2^bits + offset, in decimal.
func power(bits uint, offset int64) string {
	x := new(big.Int).Lsh(big.NewInt(1), bits)
	return x.Add(x, big.NewInt(offset)).String()
}

func numbers(n int) []spec {
	list := make([]spec, n)
	for i := range list {
		list[i] = spec{T: "int", V: strconv.Itoa(i)}
	}
	return list
}

func words(n int) []spec {
	list := make([]spec, n)
	for i := range list {
		list[i] = spec{T: "str", V: fmt.Sprint("word ", i%700, strings.Repeat("-", i%90))}
	}
	return list
}

func pairs(n int, key string) [][2]spec {
	items := make([][2]spec, n)
	for i := range items {
		items[i] = [2]spec{{T: key, V: strconv.Itoa(i)}, {T: "list", V: numbers(i % 3)}}
	}
	return items
}

// combinations are values in which what was written before decides how something is written.
func combinations() []spec {
	list := func(elems ...spec) spec { return spec{T: "list", V: elems} }
	str := func(s string) spec { return spec{T: "str", V: s} }
	raw := func(digits string) spec { return spec{T: "bytes", V: digits} }
	moment := func(s string) spec { return spec{T: "datetime", V: s} }
	shared := func(kind string, v any) spec { return spec{T: kind, V: v, ID: 7} }
	twice := func(s spec) spec { return list(s, s, str("between"), s) }
	long := strings.Repeat("l", 30000)
	many := make([]spec, 0, 600)
	for i := range 300 {
		many = append(many, str(fmt.Sprint("s", i)), str(fmt.Sprint("s", i/2)))
	}
	return []spec{
		list(str("a"), str("a"), str(""), str(""), str("ä"), str("ä"), str("long one"), str("long one")),
		list(raw(""), raw(""), raw("41"), raw("41"), raw("42"), raw("4142"), raw("4142"), spec{T: "bytearray", V: "41"}, spec{T: "bytearray"}),
		twice(shared("list", numbers(3))), twice(shared("tuple", numbers(2))), twice(shared("dict", pairs(2, "str"))),
		twice(shared("ordereddict", pairs(2, "str"))), twice(shared("set", numbers(2))), twice(shared("frozenset", numbers(2))),
		twice(shared("bytes", "0102")), twice(shared("bytearray", "0102")),
		list(moment("2024-01-02T03:04:05+01:00"), moment("2024-06-02T03:04:05+01:00"), moment("2024-01-02T03:04:05+02:00"),
			moment("2024-01-02T03:04:05"), moment("2024-01-02T03:04:05+00:00"), moment("2024-01-03T03:04:05+00:00"),
			spec{T: "date", V: "2024-01-01"}, spec{T: "time", V: "01:02:03+01:00"}, spec{T: "timedelta", V: []any{1, 2, 3}},
			spec{T: "timezone", V: 7200}, spec{T: "timezone"}),
		list(str("datetime"), moment("2024-01-02T03:04:05"), str("datetime"), str("uuid"), str("UUID"), str("int"), str("Decimal"), str("decimal"),
			spec{T: "uuid", V: "12345678-1234-5678-1234-567812345678"}, spec{T: "decimal", V: "1"}, spec{T: "decimal", V: "1"}, str("1"),
			str("timezone"), str("builtins"), spec{T: "complex", V: []any{"0.0", "0.0"}}, spec{T: "ordereddict"}, str("collections"), str("OrderedDict")),
		list(spec{T: "uuid", V: "12345678-1234-5678-1234-567812345678"}, spec{T: "uuid", V: "12345678-1234-5678-1234-567812345678"}, str("UUID")),
		list(many...), list(append(many, shared("list", numbers(1)), str("s299"), shared("list", numbers(1)))...),
		list(str(long), str(long+"2"), str(long+"3"), str(long+"4"), str("end")),
		list(str(long), str(long+"2"), str(long+long+long), str("end"), str(long+long+long), str("end")),
		list(raw(strings.Repeat("00", 65530)), spec{T: "none"}, spec{T: "none"}, raw(strings.Repeat("00", 65530))),
		list(raw(strings.Repeat("00", 65536)), raw(strings.Repeat("01", 65536)), spec{T: "none"}),
		{T: "dict", V: [][2]spec{{{T: "tuple", V: numbers(2)}, str("x")}, {{T: "frozenset", V: numbers(2)}, str("y")}, {{T: "none"}, str("z")}, {raw("00"), {T: "bool", V: true}}}},
	}
}

// generator makes random values.
type generator struct {
	*rand.Rand
	shared []spec // containers that have an ID
}

// value returns a value that nests at most depth deep.
func (g *generator) value(depth int) spec {
	if len(g.shared) > 0 && g.IntN(12) == 0 {
		return g.shared[g.IntN(len(g.shared))]
	}
	if depth == 0 || g.IntN(3) == 0 {
		return g.scalar()
	}
	s := g.container(depth - 1)
	if g.IntN(4) == 0 && !empty(s) {
		s.ID = len(g.shared) + 1
		g.shared = append(g.shared, s)
	}
	return s
}

// empty reports whether s has no elements. Such containers have no identity in Go.
func empty(s spec) bool {
	v := reflect.ValueOf(s.V)
	return !v.IsValid() || v.Len() == 0
}

func (g *generator) container(depth int) spec {
	switch g.IntN(8) {
	case 0:
		return spec{T: "tuple", V: g.list(depth)}
	case 1:
		return spec{T: "set", V: numbers(g.IntN(5))}
	case 2:
		return spec{T: "frozenset", V: numbers(g.IntN(5))}
	case 3:
		return spec{T: "ordereddict", V: g.items(depth)}
	case 4, 5:
		return spec{T: "dict", V: g.items(depth)}
	}
	return spec{T: "list", V: g.list(depth)}
}

func (g *generator) list(depth int) []spec {
	n := g.IntN(6)
	if g.IntN(400) == 0 {
		n = 990 + g.IntN(1020)
		depth = 0
	}
	list := make([]spec, n)
	for i := range list {
		list[i] = g.value(depth)
	}
	return list
}

func (g *generator) items(depth int) [][2]spec {
	n := g.IntN(6)
	if g.IntN(400) == 0 {
		n = 990 + g.IntN(1020)
		depth = 0
	}
	items := make([][2]spec, n)
	for i := range items {
		key := spec{T: "str", V: fmt.Sprint("key", i)}
		if g.IntN(4) == 0 {
			key = spec{T: "int", V: strconv.Itoa(i)}
		}
		items[i] = [2]spec{key, g.value(depth)}
	}
	return items
}

func (g *generator) scalar() spec {
	switch g.IntN(14) {
	case 0:
		return spec{T: "none"}
	case 1:
		return spec{T: "bool", V: g.IntN(2) == 0}
	case 2, 3:
		return spec{T: "int", V: g.sign() + strconv.FormatUint(g.Uint64()>>g.IntN(64), 10)}
	case 4:
		return spec{T: "int", V: g.sign() + power(uint(g.IntN(300)), int64(g.IntN(1000)))}
	case 5:
		return spec{T: "float", V: strconv.FormatFloat(g.NormFloat64()*100, 'g', -1, 64)}
	case 6, 7, 8:
		return spec{T: "str", V: g.text()}
	case 9:
		return spec{T: "bytes", V: hex.EncodeToString([]byte(g.text()))}
	case 10:
		return spec{T: "timedelta", V: []any{g.IntN(2000) - 1000, g.IntN(86400), g.IntN(1e6)}}
	case 11:
		return spec{T: "decimal", V: g.sign() + strconv.Itoa(g.IntN(1e9)) + "." + strconv.Itoa(g.IntN(100))}
	case 12:
		return spec{T: "uuid", V: fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", g.Uint32(), g.IntN(1<<16), g.IntN(1<<16), g.IntN(1<<16), g.Uint64()>>16)}
	}
	return g.time()
}

func (g *generator) sign() string { return []string{"", "-"}[g.IntN(2)] }

func (g *generator) time() spec {
	day := fmt.Sprintf("%04d-%02d-%02d", 1+g.IntN(9998), 1+g.IntN(12), 1+g.IntN(28))
	clock := fmt.Sprintf("%02d:%02d:%02d.%06d", g.IntN(24), g.IntN(60), g.IntN(60), g.IntN(1e6))
	zone := []string{"", "+00:00", "+05:30", "-08:00", "+01:00"}[g.IntN(5)]
	switch g.IntN(4) {
	case 0:
		return spec{T: "date", V: day}
	case 1:
		return spec{T: "time", V: clock + zone}
	}
	return spec{T: "datetime", V: day + "T" + clock + zone}
}

// text returns a string, mostly a short one, mostly one of few.
func (g *generator) text() string {
	alphabet := []rune("abcdefghijklmnopqrstuvwxyz ÄÖÜßé€\n\\'\"\x00🦊")
	n := g.IntN(12)
	switch g.IntN(60) {
	case 0:
		n = 250 + g.IntN(12)
	case 1:
		n = 1 << (6 + g.IntN(11))
	}
	out := make([]rune, n)
	for i := range out {
		out[i] = alphabet[g.IntN(len(alphabet))]
	}
	return string(out)
}
