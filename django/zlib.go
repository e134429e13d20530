package django

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zlib"
)

// Of django-redis' ZlibCompressor: values of up to compressAbove bytes stay as they are.
const (
	compressAbove = 15
	zlibLevel     = 6
)

// maxExpanded is the largest value that compressed bytes may turn out to be.
const maxExpanded = 512 << 20

// The writers and readers of zlib hold big tables.
var (
	zlibWriters = sync.Pool{New: func() any {
		w, _ := zlib.NewWriterLevel(io.Discard, zlibLevel) // the level is in range
		return w
	}}
	zlibReaders sync.Pool
)

// compress appends the compressed form of plain, or plain itself if that is short.
func compress(dst, plain []byte) ([]byte, error) {
	if len(plain) <= compressAbove {
		return append(dst, plain...), nil
	}
	out := bytes.NewBuffer(dst)
	w := zlibWriters.Get().(*zlib.Writer)
	defer zlibWriters.Put(w)
	w.Reset(out)
	if _, err := w.Write(plain); err != nil {
		return dst, fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return dst, fmt.Errorf("compress: %w", err)
	}
	return out.Bytes(), nil
}

// decompress returns what data expands to, or data itself if it is no whole zlib stream: short values, and
// those from before compression was switched on. What follows the stream is ignored, as zlib does. Only a
// value that expands beyond every measure is an error.
func decompress(data []byte) ([]byte, error) {
	if len(data) < 2 || data[0]&0x0f != 8 {
		return data, nil // not even the header
	}
	r, err := openZlib(data)
	if err != nil {
		return data, nil
	}
	defer zlibReaders.Put(r)
	plain, err := io.ReadAll(io.LimitReader(r, maxExpanded+1))
	switch {
	case err != nil:
		return data, nil
	case len(plain) > maxExpanded:
		return nil, fmt.Errorf("the compressed value expands to more than %d bytes", maxExpanded)
	}
	return plain, nil
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
