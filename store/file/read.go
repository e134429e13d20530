package file

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/cachewright/cachewright/store"
)

// noteEvery is how often a use of an entry is noted in its file, after the first one since it was
// written.
const noteEvery = int64(10 * time.Second)

// record is the intact record of a key.
type record struct {
	header
	value []byte // in the buffer it was read into; nil if only the head was read
}

// part says how much of a record to read.
type part int

const (
	head  part = iota // header and key, at the same price for every size of value
	whole             // all, with the payload verified
)

// Get returns a copy of the value of key.
func (s *Store) Get(ctx context.Context, key string) (value []byte, found bool, err error) {
	found, err = s.View(ctx, key, func(v []byte) error {
		value = bytes.Clone(v)
		return nil
	})
	return value, found, err
}

// View calls decode with the value of key in a buffer that is used again afterwards.
func (s *Store) View(ctx context.Context, key string, decode func(value []byte) error) (found bool, err error) {
	d, err := s.acquire(ctx, false)
	if d == nil || err != nil {
		return false, err
	}
	defer s.release(d)
	b := s.buffer()
	defer s.recycle(b)
	rec, found, err := d.find(ctx, key, b, whole)
	if !found || err != nil {
		return false, err
	}
	return true, decode(rec.value)
}

// GetMany returns the values of keys, one after the other.
func (s *Store) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	failed := store.KeyErrors{}
	for i, key := range keys {
		value, _, err := s.Get(ctx, key)
		if err != nil && endsBatch(ctx, err) {
			return nil, err
		}
		if err != nil {
			failed[key] = err
		}
		values[i] = value
	}
	if len(failed) > 0 {
		return values, failed
	}
	return values, nil
}

// endsBatch reports whether an error is about the call and not about one of its keys.
func endsBatch(ctx context.Context, err error) bool {
	return errors.Is(err, store.ErrClosed) || err == ctx.Err()
}

// TTL returns the remaining lifetime of key. It reads the head of the record only.
func (s *Store) TTL(ctx context.Context, key string) (ttl time.Duration, found bool, err error) {
	d, err := s.acquire(ctx, false)
	if d == nil || err != nil {
		return 0, false, err
	}
	defer s.release(d)
	b := s.buffer()
	defer s.recycle(b)
	now := time.Now().UnixNano()
	rec, found, err := d.find(ctx, key, b, head)
	if !found || err != nil || !rec.live(now) {
		return 0, false, err
	}
	return rec.remaining(now), true, nil
}

// find reads the live record of key without a lock. One that does not parse may be just being written:
// then it waits for the writer and reads again. If it still does not parse, the writer is dead.
func (d *dir) find(ctx context.Context, key string, b *buffer, p part) (record, bool, error) {
	n := d.layout.nameOf(key)
	rec, err := d.read(n, key, b, p)
	if err != errTorn {
		return rec, err == nil, d.readError(n, err)
	}
	if err := d.lock(ctx, shardOf(n.folder)); err != nil {
		// Whoever holds the lock for so long has left the record torn. A store in which no lock can be
		// made has no writers either. Both are a miss; only the caller's own end is an error.
		return record{}, false, ctx.Err()
	}
	defer d.unlock(shardOf(n.folder))
	rec, err = d.read(n, key, b, p)
	return rec, err == nil, d.readError(n, err)
}

// readError tells the failures of read from the misses.
func (d *dir) readError(n name, err error) error {
	if err == nil || err == errTorn || err == errAbsent || errors.Is(err, syscall.ENOENT) {
		return nil
	}
	return d.unavailable("read", n.path, err)
}

// read reads the record of key from its file and notes the use.
func (d *dir) read(n name, key string, b *buffer, p part) (record, error) {
	fd, err := openAt(d.fd, n.path, os.O_RDONLY)
	if err != nil {
		return record{}, err
	}
	defer closeFD(fd)
	st, err := infoOf(fd)
	if err != nil {
		return record{}, err
	}
	rec, err := b.load(fd, st.size, key, p)
	if err != nil {
		return record{}, err
	}
	now := time.Now().UnixNano()
	if !rec.live(now) {
		return record{}, errAbsent
	}
	if p == whole {
		d.note(n, st, now)
	}
	return rec, nil
}

// note records a use for eviction, unless the file says already that it was used since it was written
// and lately. Failing costs nothing but the order of eviction; on a read-only file system it always does.
func (d *dir) note(n name, st info, now int64) {
	if st.used != st.changed && now-st.used < noteEvery {
		return
	}
	_ = setUsed(d.fd, n.path, now)
}

var (
	// errTorn says that the bytes of a file are no record.
	errTorn = errors.New("torn record")

	// errAbsent says that a file has a record but not of a live entry of the key.
	errAbsent = errors.New("absent")
)

// buffer is memory for one record.
type buffer struct {
	bytes []byte
}

const (
	// firstRead is how much of a file is read before its header is known.
	firstRead = 64 << 10

	// keepBuffer is the largest buffer that is kept for the next call.
	keepBuffer = 4 << 20
)

func (s *Store) buffer() *buffer {
	return s.buffers.Get().(*buffer)
}

func (s *Store) recycle(b *buffer) {
	if cap(b.bytes) <= keepBuffer {
		s.buffers.Put(b)
	}
}

// load reads the record of key out of the open file, which has size bytes. It returns errTorn for
// bytes that do not parse and errAbsent for the record of another key.
func (b *buffer) load(fd int, size int64, key string, p part) (record, error) {
	first := int64(headerBytes + len(key))
	if p == whole {
		first = max(first, firstRead)
	}
	b.bytes = b.bytes[:0]
	if err := b.fill(fd, min(size, first)); err != nil {
		return record{}, err
	}
	h, ok := parseHeader(b.bytes)
	if !ok || h.size() > size {
		return record{}, errTorn
	}
	if h.keyBytes != int64(len(key)) {
		return record{}, errAbsent
	}
	if p == head {
		if string(b.bytes[headerBytes:][:len(key)]) != key {
			return record{}, errAbsent
		}
		return record{header: h}, nil
	}
	if err := b.fill(fd, h.size()); err != nil {
		return record{}, err
	}
	stored, value, ok := h.payload(b.bytes)
	if !ok {
		return record{}, errTorn
	}
	if string(stored) != key {
		return record{}, errAbsent
	}
	return record{header: h, value: value}, nil
}

// fill makes the buffer hold the first n bytes of the file. What it holds already is kept.
func (b *buffer) fill(fd int, n int64) error {
	have := int64(len(b.bytes))
	if have >= n {
		return nil
	}
	if int64(cap(b.bytes)) < n {
		grown := make([]byte, have, n)
		copy(grown, b.bytes)
		b.bytes = grown
	}
	b.bytes = b.bytes[:n]
	err := readAt(fd, b.bytes[have:], have)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errTorn // the file was cut off since its size was read
	}
	return err
}

// loadKey reads the header and key of the open file, which has size bytes.
func (b *buffer) loadKey(fd int, size int64) (key string, h header, err error) {
	const usual = 512 // a header with a key of usual length
	b.bytes = b.bytes[:0]
	if err := b.fill(fd, min(size, usual)); err != nil {
		return "", header{}, err
	}
	h, ok := parseHeader(b.bytes)
	if !ok || h.size() > size {
		return "", header{}, errTorn
	}
	end := headerBytes + h.keyBytes
	if err := b.fill(fd, end); err != nil {
		return "", header{}, err
	}
	return string(b.bytes[headerBytes:end]), h, nil
}
