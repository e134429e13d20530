package pickle_test

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/big"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/internal/pickle"
)

// captured is a line of what real stacks stored: a pickle, and which value of values.json it is of.
type captured struct {
	Name    string `json:"name"`
	From    string `json:"from"`
	Profile string `json:"profile"` // how django-redis was set up; core is Django's own backend
	Timeout string `json:"timeout"` // of file caches
	Raw     string `json:"raw"`     // hexadecimal
	Zlib    string `json:"zlib"`    // or base64 of a zlib stream
	Value   *spec  `json:"value"`   // of sessions
}

func (c captured) bytes(t testing.TB) []byte {
	t.Helper()
	if c.Zlib == "" {
		return must(hex.DecodeString(c.Raw))
	}
	r, err := zlib.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(c.Zlib)))
	if err != nil {
		t.Fatal(err)
	}
	return must(io.ReadAll(r))
}

func readCaptured(t testing.TB, path string) []captured {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []captured
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var c captured
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, c)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// readValues returns what the captured values are.
func readValues(t testing.TB) map[string]spec {
	t.Helper()
	data, err := os.ReadFile("testdata/values.json")
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]spec
	if err := json.Unmarshal(data, &values); err != nil {
		t.Fatal(err)
	}
	shared := values["list-shared"] // the catalogue does not say that both of its lists are one
	for i := range shared.V.([]spec) {
		shared.V.([]spec)[i].ID = 1
	}
	return values
}

// sameValue compares what this package makes: locations by their offset.
var sameValue = cmp.Options{
	cmp.Comparer(func(a, b big.Int) bool { return a.Cmp(&b) == 0 }),
	cmp.Comparer(sameFloat),
	cmp.Comparer(func(a, b complex128) bool {
		return sameFloat(real(a), real(b)) && sameFloat(imag(a), imag(b))
	}),
	cmp.Comparer(func(a, b time.Time) bool {
		return a.Equal(b) && (a.Location() == pickle.Naive) == (b.Location() == pickle.Naive) && offsetOf(a.Location()) == offsetOf(b.Location())
	}),
	cmp.Comparer(func(a, b *time.Location) bool {
		return (a == nil) == (b == nil) && (a == nil || offsetOf(a) == offsetOf(b) && a.String() == b.String())
	}),
}

func offsetOf(l *time.Location) int {
	_, offset := time.Date(2000, 1, 1, 0, 0, 0, 0, l).Zone()
	return offset
}

func TestEveryCapturedPickleIsReadAndWrittenBack(t *testing.T) {
	t.Parallel()
	values := readValues(t)
	c := must(pickle.Compile(reflect.TypeFor[any]()))
	for _, line := range readCaptured(t, "testdata/wire.jsonl") {
		t.Run(line.Name+" "+line.Profile, func(t *testing.T) {
			t.Parallel()
			raw := line.bytes(t)
			if line.Name == "list-cycle" {
				var got any
				if err := c.Decode(raw, &got); err == nil || !strings.Contains(err.Error(), "contains itself") {
					t.Fatalf("got %v, want an error for a list that contains itself", err)
				}
				return
			}
			described, ok := values[line.Name]
			if line.Value != nil {
				described, ok = *line.Value, true
			}
			if !ok {
				t.Fatalf("no value of that name")
			}
			want := (&maker{t, map[int]any{}}).value(described)
			got, err := pickle.DecodeOrdered(raw)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got, sameValue); diff != "" {
				t.Fatalf("ordered (-want +got):\n%s", diff)
			}
			var loose any
			if err := c.Decode(raw, &loose); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(plain(want), loose, sameValue); diff != "" {
				t.Fatalf("any (-want +got):\n%s", diff)
			}
			if raw[0] != 0x80 || raw[1] != 4 {
				return
			}
			for source, x := range map[string]any{"decoded": got, "made in Go": want} {
				if back := must(c.Append(nil, &x)); !bytes.Equal(back, raw) {
					t.Errorf("%s:\n got %x\nwant %x", source, back, raw)
				}
			}
		})
	}
}

func TestFilesOfDjangosFileCacheAreTwoPicklesInARow(t *testing.T) {
	t.Parallel()
	values := readValues(t)
	expiry := must(pickle.Compile(reflect.TypeFor[*float64]()))
	for _, line := range readCaptured(t, "testdata/filebased.jsonl") {
		t.Run(line.Name+" "+line.Timeout, func(t *testing.T) {
			t.Parallel()
			var until *float64
			rest, err := expiry.DecodePrefix(line.bytes(t), &until)
			if err != nil {
				t.Fatal(err)
			}
			if forever := until == nil; forever != (line.Timeout == "forever") {
				t.Errorf("got the expiry %v for timeout %s", until, line.Timeout)
			}
			r, err := zlib.NewReader(bytes.NewReader(rest))
			if err != nil {
				t.Fatal(err)
			}
			got, err := pickle.DecodeOrdered(must(io.ReadAll(r)))
			if err != nil {
				t.Fatal(err)
			}
			want := (&maker{t, map[int]any{}}).value(values[line.Name])
			if diff := cmp.Diff(want, got, sameValue); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
