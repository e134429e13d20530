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

// The writers of zlib hold big tables.
var zlibWriters = sync.Pool{New: func() any {
	w, _ := zlib.NewWriterLevel(io.Discard, zlibLevel) // the level is in range
	return w
}}

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
