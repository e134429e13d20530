package django_test

import (
	"bytes"
	"encoding/hex"
	"runtime"
	"testing"

	"github.com/cachewright/cachewright/django"
)

// compressors are how django-redis' compressors begin a value.
var compressors = []string{"zlib", "gzip", "lzma", "lz4", "zstd"}

// Under Compress the values of all compressors are read, so that changing one does not lose what is stored. A
// stream that is cut off or damaged is taken for what was stored without compression, as django-redis does, and
// then is no value of the serializer.
func TestEveryCompressorIsReadAndBrokenStreamsAreNoValues(t *testing.T) {
	for _, compressor := range compressors {
		whole := compressed(t, compressor)
		codec := django.Codec{Compress: true}
		var got any
		if err := codec.Unmarshal(whole, &got); err != nil {
			t.Errorf("%s: %v", compressor, err)
		}
		if (django.Codec{}).Unmarshal(whole, &got) == nil {
			t.Errorf("%s: read without Compress, as %v", compressor, got)
		}
		for cut := 1; cut < len(whole); cut++ {
			if err := codec.Unmarshal(whole[:cut], &got); err == nil {
				t.Errorf("%s: the first %d bytes of %d are read as %v", compressor, cut, len(whole), got)
			}
			damaged := bytes.Clone(whole)
			damaged[cut] ^= 0x55
			_ = codec.Unmarshal(damaged, &got) // whatever it is, it does not panic
		}
	}
}

// compressed is a fixture of pickle with a compressor.
func compressed(t testing.TB, compressor string) []byte {
	t.Helper()
	for _, f := range fixtures(t, "sid.jsonl") {
		if f.Profile != "pickle+"+compressor {
			continue
		}
		if b := f.bytes(t); len(b) > 60 && len(b) < 300 {
			return b
		}
	}
	t.Fatalf("no fixture of %s", compressor)
	return nil
}

// What a stream announces to expand to costs nothing: 256 MiB of content, a dictionary of 4 GiB, blocks of 4 MiB.
func TestAnnouncedSizesAllocateNothing(t *testing.T) {
	for name, text := range map[string]string{
		"zstd with a content size": "28b52ffd" + "e0" + "0000001000000000" + "010000",
		"zstd with a window":       "28b52ffd" + "00" + "a8" + "010000",
		"lz4 with a content size":  "04224d18" + "6840" + "0000008000000000" + "d0" + "00000000",
		"xz with a dictionary":     "fd377a585a000004e6d6b446" + "0200210128000000" + "0c5a0c5a" + "00000000" + "0000000000000000" + "00000000" + "00000000000000000004595a",
		"gzip":                     "1f8b0800000000000003" + "0000",
		"zlib":                     "789c" + "0000",
	} {
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		codec := django.Codec{Compress: true}
		var got any
		if codec.Unmarshal(data, &got) == nil { // what is made once is made here
			t.Errorf("%s: read as %v", name, got)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_ = codec.Unmarshal(data, &got)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 9<<20 {
			t.Errorf("%s: %d bytes allocated %d", name, len(data), used)
		}
	}
}
