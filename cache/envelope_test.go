package cache

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

var full = header{
	kind: kindValue, codec: codecMessagePack, compression: compressionS2, keyID: 0x0102, backoff: 1500, cost: 250,
	created: 1_700_000_000_000_000, soft: 1_700_000_300_000_000, hard: 1_700_003_600_000_000,
	generation: 0x1122334455667788, schema: 0x99AABBCCDDEEFF00, keyCheck: 0x0F1E2D3C4B5A6978,
}

func sealed(h header, payload string) []byte {
	record := append(make([]byte, headerSize), payload...)
	sealRecord(record, h)
	return record
}

// The golden bytes are those of every release: old records must be read for ever.
func TestGoldenRecords(t *testing.T) {
	for name, record := range map[string][]byte{
		"value-v1":  sealed(full, "payload"),
		"empty-v1":  sealed(header{kind: kindValue, codec: codecMessagePack}, ""),
		"short-v2":  sealedShort(brief, "payload"),
		"absent-v1": sealed(header{kind: kindAbsent, created: full.created, schema: full.schema, keyCheck: full.keyCheck}, ""),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name+".hex")
			if *update {
				if err := os.WriteFile(path, []byte(hex.Dump(record)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), hex.Dump(record)); diff != "" {
				t.Errorf("the format has changed (-golden +now):\n%s", diff)
			}
		})
	}
}

func TestRecordRoundTrip(t *testing.T) {
	h, payload, err := openRecord(sealed(full, "payload"))
	if err != nil {
		t.Fatal(err)
	}
	if h != full || string(payload) != "payload" {
		t.Errorf("got %+v %q", h, payload)
	}
}

func TestExtensionsAreSkipped(t *testing.T) {
	record := sealed(full, "payload")
	extension := []byte{0x01, 0x80, 3, 0, 'a', 'b', 'c'}
	grown := append(append(append([]byte(nil), record[:headerSize]...), extension...), record[headerSize:]...)
	size := headerSize + len(extension)
	binary.LittleEndian.PutUint16(grown[4:], uint16(size))
	binary.LittleEndian.PutUint32(grown[headerCRCAt:], headerCRC(grown[:size]))
	h, payload, err := openRecord(grown)
	if err != nil || h != full || string(payload) != "payload" {
		t.Errorf("got %+v %q %v", h, payload, err)
	}
}

func TestAnyFlippedBitIsNoticed(t *testing.T) {
	wantDamageNoticed(t, sealed(full, "payload"))
	wantDamageNoticed(t, sealedShort(brief, "payload"))
}

// wantDamageNoticed flips each bit of record, and cuts and lengthens it.
func wantDamageNoticed(t *testing.T, record []byte) {
	t.Helper()
	for i := range record {
		for bit := range 8 {
			damaged := append([]byte(nil), record...)
			damaged[i] ^= 1 << bit
			if _, _, err := openRecord(damaged); err == nil {
				t.Fatalf("bit %d of byte %d flipped: read as if nothing had happened", bit, i)
			}
		}
	}
	for n := range record {
		if _, _, err := openRecord(record[:n]); err == nil {
			t.Fatalf("cut to %d bytes: read as if nothing had happened", n)
		}
	}
	if _, _, err := openRecord(append(record, 0)); err == nil {
		t.Error("a byte too many: read as if nothing had happened")
	}
}

func TestWhyARecordIsNotRead(t *testing.T) {
	resum := func(record []byte) []byte {
		binary.LittleEndian.PutUint32(record[headerCRCAt:], headerCRC(record[:headerSize]))
		return record
	}
	future := sealed(full, "x")
	future[3] = 9
	critical := sealed(full, "x")
	critical[9] = 0x80
	short := sealed(full, "x")
	binary.LittleEndian.PutUint16(short[4:], headerSize-1)
	for name, test := range map[string]struct {
		record []byte
		want   error
	}{
		"text":            {[]byte(strings.Repeat("text ", 40)), errNotRecord},
		"nothing":         {nil, errNotRecord},
		"a later format":  {resum(future), errFormat},
		"a critical flag": {resum(critical), errCritical},
		"a short header":  {short, errDamaged},
	} {
		if _, _, err := openRecord(test.record); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestRekeyedRecordBelongsToTheOtherKey(t *testing.T) {
	record := sealed(full, "payload")
	h, payload, err := openRecord(rekeyRecord(record, 7))
	want := full
	want.keyCheck = 7
	if err != nil || h != want || string(payload) != "payload" {
		t.Errorf("got %+v %q %v", h, payload, err)
	}
	if h, _, _ := openRecord(record); h != full {
		t.Error("the original has changed")
	}
}

func FuzzOpenRecord(f *testing.F) {
	f.Add(sealed(full, "payload"))
	f.Add(sealed(header{kind: kindAbsent}, ""))
	f.Add(sealedShort(brief, "payload"))
	f.Add([]byte(recordMagic))
	f.Fuzz(func(t *testing.T, record []byte) {
		h, payload, err := openRecord(record)
		if err != nil {
			return
		}
		if len(payload) > len(record)-shortSize {
			t.Errorf("payload of %d bytes in a record of %d", len(payload), len(record))
		}
		again := append(make([]byte, headerSize), payload...)
		sealRecord(again, h)
		if back, _, err := openRecord(again); err != nil || back != h {
			t.Errorf("sealed again: %+v, %v; want %+v", back, err, h)
		}
	})
}
