package django

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// maxExpanded is the largest value that compressed bytes may turn out to be.
const maxExpanded = 512 << 20

var errExpands = fmt.Errorf("the compressed value expands to more than %d bytes", maxExpanded)

// format is what one of django-redis' compressors writes. No serializer's bytes begin with its magic number.
type format struct {
	magic  string
	expand func(data []byte) ([]byte, error)
}

// formats are those that say which they are; zlib, of which only four bits are certain, is tried last.
var formats = []format{
	{"\x1f\x8b\x08", expandGzip},
	{"\x04\x22\x4d\x18", expandLZ4},
	{"\x28\xb5\x2f\xfd", expandZstd},
	{xzMagic, expandXZ},
}

// decompress returns what data expands to, or data itself if it is no whole stream of a format: short values,
// and those from before compression was switched on. What follows a zlib stream is ignored, as zlib does. Only
// a value that expands beyond every measure is an error.
func decompress(data []byte) ([]byte, error) {
	for _, f := range formats {
		if bytes.HasPrefix(data, []byte(f.magic)) {
			return expandOrKeep(data, f.expand)
		}
	}
	if len(data) < 2 || data[0]&0x0f != 8 {
		return data, nil // not even the header of zlib
	}
	return expandOrKeep(data, expandZlib)
}

func expandOrKeep(data []byte, expand func([]byte) ([]byte, error)) ([]byte, error) {
	plain, err := expand(data)
	switch {
	case errors.Is(err, errExpands):
		return nil, errExpands
	case err != nil:
		return data, nil
	}
	return plain, nil
}

// readAll reads what a stream expands to. It allocates as the bytes come, whatever the stream announces.
func readAll(r io.Reader) ([]byte, error) {
	plain, err := io.ReadAll(io.LimitReader(r, maxExpanded+1))
	if err == nil && len(plain) > maxExpanded {
		err = errExpands
	}
	return plain, err
}

// The readers of zlib hold big tables.
var zlibReaders sync.Pool

func expandZlib(data []byte) ([]byte, error) {
	r, err := openZlib(data)
	if err != nil {
		return nil, err
	}
	defer zlibReaders.Put(r)
	return readAll(r)
}

// openZlib returns a reader of data.
func openZlib(data []byte) (io.Reader, error) {
	r := bytes.NewReader(data)
	pooled, ok := zlibReaders.Get().(io.Reader)
	if !ok {
		return zlib.NewReader(r)
	}
	if err := pooled.(zlib.Resetter).Reset(r, nil); err != nil {
		zlibReaders.Put(pooled)
		return nil, err
	}
	return pooled, nil
}

func expandGzip(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return readAll(r)
}

func expandLZ4(data []byte) ([]byte, error) { return readAll(lz4.NewReader(bytes.NewReader(data))) }

// zstdReader serves all goroutines. It keeps its tables between values, so it is made when the first one comes.
var zstdReader = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxExpanded))
})

// zstdRatio is how many bytes one byte of Zstandard can stand for: a block of 4 bytes expands to 128 KiB.
const zstdRatio = 1 << 15

// expandZstd believes the announced size, for which the reader makes room at once, only as far as the bytes
// that are there can expand.
func expandZstd(data []byte) ([]byte, error) {
	var head zstd.Header
	if err := head.Decode(data); err != nil {
		return nil, err
	}
	if head.HasFCS && head.FrameContentSize > uint64(len(data))*zstdRatio {
		return nil, zstd.ErrDecoderSizeExceeded
	}
	r, err := zstdReader()
	if err != nil {
		return nil, err
	}
	plain, err := r.DecodeAll(data, nil)
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		err = errExpands
	}
	return plain, err
}
