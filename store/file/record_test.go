package file

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cachewright/cachewright/store"
)

// parse reads the record that b begins with.
func parse(b []byte) (h header, key, value []byte, ok bool) {
	h, ok = parseHeader(b)
	if !ok {
		return h, nil, nil, false
	}
	key, value, ok = h.payload(b)
	return h, key, value, ok
}

func TestRecordRoundTrip(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		key      string
		value    []byte
		deadline int64
	}{
		{"an ordinary entry", "user:42", []byte("Ada"), 1_700_000_000_000_000_000},
		{"an entry without end", "k", []byte("v"), 0},
		{"an empty value", "k", []byte{}, 1},
		{"an empty key", "", []byte("v"), 1},
		{"bytes that are no text", "\x00\xff", []byte{0, 1, 2, 255}, math.MaxInt64},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec := appendRecord([]byte("before"), tt.key, tt.value, tt.deadline)[len("before"):]
			h, key, value, ok := parse(append(rec, "an old tail"...))
			if !ok || string(key) != tt.key || !bytes.Equal(value, tt.value) || h.deadline != tt.deadline {
				t.Errorf("got %q %q %d %v, want %q %q %d", key, value, h.deadline, ok, tt.key, tt.value, tt.deadline)
			}
		})
	}
}

func TestRecordFormatIsFixed(t *testing.T) {
	t.Parallel()
	const want = "43574601" + // magic, version 1
		"79b44e15" + // header checksum
		"00002a36fe9c9717" + // deadline
		"03000000" + "05000000" + // lengths
		"448900e8" + "00000000" + // payload checksum, zero
		"6b6579" + "76616c7565"
	rec := appendRecord(nil, "key", []byte("value"), 1_700_000_000_000_000_000)
	if got := hex.EncodeToString(rec); got != want {
		t.Errorf("got  %s\nwant %s\na change of the format needs another version byte", got, want)
	}
}

func TestRecordOfWhichOneByteChangedIsRefused(t *testing.T) {
	t.Parallel()
	rec := appendRecord(nil, "key", []byte("value"), 1)
	for i := range rec {
		bad := bytes.Clone(rec)
		bad[i] ^= 0x40
		if _, _, _, ok := parse(bad); ok {
			t.Errorf("byte %d was changed and the record still parses", i)
		}
		if _, _, _, ok := parse(rec[:i]); ok {
			t.Errorf("the first %d bytes parse", i)
		}
	}
}

func TestSetDeadlineLeavesTheRestOfARecord(t *testing.T) {
	t.Parallel()
	rec := appendRecord(nil, "key", []byte("value"), 1)
	setDeadline(rec[:headerBytes], 2)
	if want := appendRecord(nil, "key", []byte("value"), 2); !bytes.Equal(rec, want) {
		t.Errorf("got %x, want %x", rec, want)
	}
}

func TestDeadlineAfter(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 1000)
	tests := []struct {
		name string
		ttl  time.Duration
		want int64
	}{
		{"a lifetime counts from now", 5, 1005},
		{"forever has no deadline", store.Forever, 0},
		{"keep takes the inherited deadline", store.Keep, 77},
		{"an end beyond what the format can say is no end", store.Forever - 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := deadlineAfter(now, tt.ttl, 77); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

// The lengths in a header are held against the file before room is made for them.
func TestALengthBeyondTheFileMakesNoRoom(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ key, value uint32 }{{3, math.MaxUint32}, {math.MaxUint32, 5}, {math.MaxUint32, math.MaxUint32}, {3, 6}} {
		rec := appendRecord(nil, "key", []byte("value"), 0)
		binary.LittleEndian.PutUint32(rec[offKeyLen:], test.key)
		binary.LittleEndian.PutUint32(rec[offValueLen:], test.value)
		setDeadline(rec, 0) // and with it the checksum of the header
		f, err := os.Create(filepath.Join(t.TempDir(), "record"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.Write(rec); err != nil {
			t.Fatal(err)
		}
		var b buffer
		if _, err := b.load(int(f.Fd()), int64(len(rec)), "key", whole); err != errTorn {
			t.Errorf("lengths %d and %d: load = %v, want torn", test.key, test.value, err)
		}
		if _, _, err := b.loadKey(int(f.Fd()), int64(len(rec))); err != errTorn {
			t.Errorf("lengths %d and %d: loadKey = %v, want torn", test.key, test.value, err)
		}
		if cap(b.bytes) > 1024 {
			t.Errorf("lengths %d and %d: made room for %d bytes", test.key, test.value, cap(b.bytes))
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add(appendRecord(nil, "key", []byte("value"), 1))
	f.Add(appendRecord(nil, "", nil, 0))
	f.Add([]byte(magic))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		checkParsed(t, b)
		// Chance finds no checksum: with the right ones the lengths are what is left to be wrong.
		repaired := append(bytes.Clone(b), make([]byte, max(0, headerBytes-len(b)))...)
		copy(repaired, magic)
		binary.LittleEndian.PutUint32(repaired[offSum:], headerSum(repaired))
		checkParsed(t, repaired)
		if h, ok := parseHeader(repaired); ok && h.size() <= int64(len(repaired)) {
			binary.LittleEndian.PutUint32(repaired[offPayloadSum:], crc32.Checksum(repaired[headerBytes:h.size()], castagnoli))
			binary.LittleEndian.PutUint32(repaired[offSum:], headerSum(repaired))
			if !checkParsed(t, repaired) {
				t.Errorf("not parsed: %x", repaired)
			}
		}
	})
}

// checkParsed fails if b parses as a record that is written otherwise. It reports whether b does parse.
func checkParsed(t *testing.T, b []byte) bool {
	h, key, value, ok := parse(b)
	if !ok {
		return false
	}
	want := appendRecord(nil, string(key), value, h.deadline)
	got := bytes.Clone(b[:h.size()])
	copy(got[28:32], want[28:32]) // the reserved bytes may hold anything
	copy(got[offSum:], want[offSum:offSum+4])
	if !bytes.Equal(got, want) {
		t.Errorf("parsed %x, which is written as %x", b[:h.size()], want)
	}
	return true
}
