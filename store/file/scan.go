package file

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/cachewright/cachewright/store"
)

// scanBatch is how many names of a folder are read at once.
const scanBatch = 256

// Scan yields keys, folder by folder. It reads the heads of all records, whatever the pattern, and
// holds the names of 256 of them.
func (s *Store) Scan(ctx context.Context, prefix, pattern string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		d, err := s.acquire(ctx, false)
		if err != nil {
			yield("", err)
			return
		}
		if d == nil {
			return
		}
		defer s.release(d)
		b := s.buffer()
		defer s.recycle(b)
		for folder := range d.layout.folders() {
			for key, err := range d.keys(ctx, folder, b) {
				if err == nil {
					err = s.goesOn(ctx)
				}
				if err != nil {
					yield("", err)
					return
				}
				rest, ok := strings.CutPrefix(key, prefix)
				if ok && store.Match(pattern, rest) && !yield(key, nil) {
					return
				}
			}
		}
	}
}

// goesOn reports, as an error, why a long call is to end.
func (s *Store) goesOn(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return store.ErrClosed
	}
	return nil
}

// keys yields the keys of the live entries in a folder.
func (d *dir) keys(ctx context.Context, number int, b *buffer) iter.Seq2[string, error] {
	folder := d.layout.folderPath(number)
	return func(yield func(string, error) bool) {
		f, err := directory(d.fd, folder)
		if errors.Is(err, syscall.ENOENT) {
			return
		}
		if err != nil {
			yield("", d.unavailable("open", folder, err))
			return
		}
		defer f.Close()
		for {
			files, err := f.Readdirnames(scanBatch)
			if err == io.EOF {
				return
			}
			if err != nil {
				yield("", d.unavailable("list", folder, cause(err)))
				return
			}
			for _, file := range files {
				key, live, err := d.keyAt(ctx, folder+"/"+file, b)
				if (live || err != nil) && !yield(key, err) || err != nil {
					return
				}
			}
		}
	}
}

// keyAt returns the key of the entry at path, if that is a live one. As every reader, it asks for the
// lock only if the record does not parse, which may be a write that is under way.
func (d *dir) keyAt(ctx context.Context, path string, b *buffer) (key string, live bool, err error) {
	if !d.layout.isEntry(path[d.layout.digits+1:]) {
		return "", false, nil
	}
	key, live, err = d.readKey(path, b)
	if err != errTorn {
		return key, live, err
	}
	shard := shardOf(d.layout.folderOf(path))
	if err := d.lock(ctx, shard); err != nil {
		return "", false, ctx.Err() // a miss, see find
	}
	defer d.unlock(shard)
	if key, live, err = d.readKey(path, b); err == errTorn {
		return "", false, nil
	}
	return key, live, err
}

func (d *dir) readKey(path string, b *buffer) (key string, live bool, err error) {
	fd, err := openAt(d.fd, path, os.O_RDONLY)
	if errors.Is(err, syscall.ENOENT) {
		return "", false, nil
	}
	if err != nil {
		return "", false, d.unavailable("open", path, err)
	}
	defer closeFD(fd)
	st, err := infoOf(fd)
	if err != nil {
		return "", false, d.unavailable("stat", path, err)
	}
	key, h, err := b.loadKey(fd, st.size)
	if err == errTorn {
		return "", false, err
	}
	if err != nil {
		return "", false, d.unavailable("read", path, err)
	}
	// A key that does not belong here is in a file that was moved.
	return key, d.layout.nameOf(key).path == path && h.live(time.Now().UnixNano()), nil
}
