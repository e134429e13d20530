package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/cachewright/cachewright/store"
)

// Set stores value under key. It writes in place where the entry exists and makes a file otherwise.
func (s *Store) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := s.admit(key, value, ttl); err != nil {
		return err
	}
	return s.change(ctx, key, true, func(p *place) error {
		var old record
		if ttl == store.Keep {
			var err error
			if old, _, err = p.load(head); err != nil {
				return err
			}
		}
		return p.write(value, deadlineAfter(p.now, ttl, old.deadline))
	})
}

// SetMany stores items one after the other.
func (s *Store) SetMany(ctx context.Context, items []store.Item, ttl time.Duration) error {
	if err := store.CheckTTL(ttl); err != nil {
		return err
	}
	failed := store.KeyErrors{}
	for _, item := range items {
		err := s.Set(ctx, item.Key, item.Value, ttl)
		if err != nil && endsBatch(ctx, err) {
			return err
		}
		delete(failed, item.Key) // the last one of a key counts
		if err != nil {
			failed[item.Key] = err
		}
	}
	if len(failed) > 0 {
		return failed
	}
	return nil
}

// Add stores value under key if key is absent.
func (s *Store) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (stored bool, err error) {
	if err := s.admit(key, value, ttl); err != nil {
		return false, err
	}
	err = s.change(ctx, key, true, func(p *place) error {
		stored = false
		_, found, err := p.load(whole)
		if found || err != nil {
			return err
		}
		stored = true
		return p.write(value, deadlineAfter(p.now, ttl, 0))
	})
	return stored && err == nil, err
}

// Touch moves the expiry of key. It rewrites 12 bytes of the record.
func (s *Store) Touch(ctx context.Context, key string, ttl time.Duration) (found bool, err error) {
	if err := store.CheckTTL(ttl); err != nil {
		return false, err
	}
	err = s.change(ctx, key, false, func(p *place) error {
		var err error
		_, found, err = p.load(head)
		if !found || err != nil || ttl == store.Keep {
			return err
		}
		return p.touch(deadlineAfter(p.now, ttl, 0))
	})
	return found && err == nil, err
}

// Delete removes keys, in their order. If it fails for one of them the rest is not tried; removed
// counts those before it.
func (s *Store) Delete(ctx context.Context, keys ...string) (removed int, err error) {
	for _, key := range keys {
		var found bool
		err := s.change(ctx, key, false, func(p *place) error {
			var err error
			if _, found, err = p.load(head); err != nil {
				return err
			}
			return p.remove()
		})
		if err != nil {
			return removed, err
		}
		if found {
			removed++
		}
	}
	return removed, nil
}

// Incr adds delta to the decimal integer under key.
func (s *Store) Incr(ctx context.Context, key string, delta int64) (n int64, found bool, err error) {
	err = s.change(ctx, key, false, func(p *place) error {
		var old record
		var err error
		old, found, err = p.load(whole)
		if !found || err != nil {
			return err
		}
		was, ok := store.Decimal(old.value)
		if !ok {
			return fmt.Errorf("incr %q: %w", key, store.ErrNotInteger)
		}
		if n, err = store.Sum(was, delta); err != nil {
			return fmt.Errorf("incr %q: %w", key, err)
		}
		return p.write(strconv.AppendInt(nil, n, 10), old.deadline)
	})
	if !found || err != nil {
		return 0, false, err
	}
	return n, true, nil
}

// Swap replaces the value of key if it is old.
func (s *Store) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (swapped bool, err error) {
	if old == nil && new == nil {
		return false, fmt.Errorf("swap %q: both values are nil; nothing is to be compared or stored", key)
	}
	if new != nil {
		if err := s.admit(key, new, ttl); err != nil {
			return false, err
		}
	}
	err = s.change(ctx, key, old == nil, func(p *place) error {
		swapped = false
		was, found, err := p.load(whole)
		if err != nil || found != (old != nil) || string(was.value) != string(old) {
			return err
		}
		swapped = true
		if new == nil {
			return p.remove()
		}
		return p.write(new, deadlineAfter(p.now, ttl, was.deadline))
	})
	return swapped && err == nil, err
}

// admit checks what is to be stored.
func (s *Store) admit(key string, value []byte, ttl time.Duration) error {
	if err := store.CheckTTL(ttl); err != nil {
		return err
	}
	size := headerBytes + int64(len(key)) + int64(len(value))
	if len(key) > maxPart || len(value) > maxPart || blocksOf(size) > s.options.bound().blocks {
		return fmt.Errorf("file store: store an entry of %d bytes in %s: %w, MaxBytes is %d",
			size, s.path, ErrTooLarge, s.options.MaxBytes)
	}
	return nil
}

// maxAttempts bounds how often a change is tried: on a directory that keeps disappearing it fails,
// in a store that other writers keep full it exceeds the bound by its one entry.
const maxAttempts = 8

// change runs do on the place of key under the lock of its shard. do may run several times, each time
// on what is there then. Without create, there is nothing to do while there is no directory.
func (s *Store) change(ctx context.Context, key string, create bool, do func(*place) error) error {
	b := s.buffer()
	defer s.recycle(b)
	for attempt := 1; ; attempt++ {
		d, err := s.acquire(ctx, create)
		if d == nil || err != nil {
			return err
		}
		last := attempt == maxAttempts
		err = d.change(ctx, &place{d: d, name: d.layout.nameOf(key), key: key, buffer: b, force: last}, do)
		var full *noRoomError
		if errors.As(err, &full) {
			err = d.evict(ctx, full.growth)
			if err == nil {
				s.release(d)
				continue
			}
		}
		if !errors.Is(err, errGone) {
			s.release(d)
			return err
		}
		s.abandon(d)
		if last {
			return unavailable("write to", s.path, err)
		}
	}
}

func (d *dir) change(ctx context.Context, p *place, do func(*place) error) error {
	shard := shardOf(p.name.folder)
	if err := d.lock(ctx, shard); err != nil {
		return err
	}
	defer d.unlock(shard)
	if err := p.open(); err != nil {
		return err
	}
	defer func() { closeFD(p.fd) }()
	return do(p)
}

// place is the file of a key, while the lock of its shard is held.
type place struct {
	d      *dir
	name   name
	key    string
	buffer *buffer // holds the record that was loaded last, or is written
	force  bool    // write without asking for room
	now    time.Time
	fd     int // noFD if there is no file
	size   int64
}

func (p *place) open() error {
	p.now = time.Now()
	fd, err := openAt(p.d.fd, p.name.path, os.O_RDWR)
	p.fd, p.size = fd, 0
	if errors.Is(err, syscall.ENOENT) {
		return nil
	}
	if err != nil {
		return p.failed("open", err)
	}
	st, err := infoOf(fd)
	if err != nil {
		closeFD(fd)
		return p.failed("stat", err)
	}
	p.size = st.size
	return nil
}

func (p *place) failed(op string, err error) error {
	return p.d.unavailable(op, p.name.path, err)
}

// load reads the live record of the key. Nobody is writing, so one that does not parse is absent.
func (p *place) load(part part) (rec record, found bool, err error) {
	if p.fd == noFD {
		return record{}, false, nil
	}
	rec, err = p.buffer.load(p.fd, p.size, p.key, part)
	switch {
	case err == errTorn || err == errAbsent:
		return record{}, false, nil
	case err != nil:
		return record{}, false, p.failed("read", err)
	case !rec.live(p.now.UnixNano()):
		return record{}, false, nil
	}
	return rec, true, nil
}

// write makes value the value of the key. It uses the buffer, so value must not lie in it.
func (p *place) write(value []byte, deadline int64) error {
	p.buffer.bytes = appendRecord(p.buffer.bytes[:0], p.key, value, deadline)
	rec := p.buffer.bytes
	growth := tally{blocks: blocksOf(int64(len(rec))) - blocksOf(p.size)}
	if p.fd == noFD {
		growth.entries = 1
	}
	if err := p.claim(growth); err != nil {
		return err
	}
	if err := p.put(rec); err != nil {
		return err
	}
	if growth == (tally{}) {
		return nil
	}
	return p.d.adjust(p.name.folder, growth)
}

// put writes the bytes of a record. After a failure the old record stands, or the entry is removed.
func (p *place) put(rec []byte) error {
	if p.fd == noFD {
		return p.putNew(rec)
	}
	// What goes beyond the old end is written first: that is where a disk can be full, and the old
	// record is still whole then.
	split := min(p.size, int64(len(rec)))
	if err := writeAt(p.fd, rec[split:], split); err != nil {
		// The cut only gives space back, which an overwrite or the sweep would do as well.
		_ = truncate(p.fd, p.size)
		return p.failed("write", err)
	}
	if err := writeAt(p.fd, rec[:split], 0); err != nil {
		return errors.Join(p.failed("write", err), p.remove())
	}
	if blocksOf(int64(len(rec))) < blocksOf(p.size) {
		if err := truncate(p.fd, int64(len(rec))); err != nil {
			return p.failed("truncate", err)
		}
	}
	return nil
}

func (p *place) putNew(rec []byte) error {
	if err := p.create(); err != nil {
		return err
	}
	if err := writeAt(p.fd, rec, 0); err != nil {
		// It is not counted yet; if it cannot be removed, the sweep will find it.
		_ = unlink(p.d.fd, p.name.path)
		return p.failed("write", err)
	}
	return nil
}

// create makes the file, and its folder for the first entry in it.
func (p *place) create() error {
	const flags = os.O_RDWR | os.O_CREATE | os.O_EXCL
	fd, err := openAt(p.d.fd, p.name.path, flags)
	if errors.Is(err, syscall.ENOENT) {
		if err := p.createFolder(); err != nil {
			return err
		}
		fd, err = openAt(p.d.fd, p.name.path, flags)
	}
	if errors.Is(err, syscall.ENOENT) {
		return errGone
	}
	if err != nil {
		return p.failed("make", err)
	}
	p.fd = fd
	return nil
}

func (p *place) createFolder() error {
	path := p.d.layout.folderPath(p.name.folder)
	err := makeDirectory(p.d.fd, path)
	if errors.Is(err, syscall.ENOENT) {
		return errGone
	}
	if err != nil {
		return p.d.unavailable("make directory", path, err)
	}
	if err := p.d.remark(); errors.Is(err, errGone) {
		return err
	} else if err != nil {
		return p.d.unavailable("write", markerName, err)
	}
	return p.d.setCount(p.name.folder, tally{}) // an older count is of a folder that was deleted
}

// touch changes the deadline of the record whose head was loaded.
func (p *place) touch(deadline int64) error {
	h := p.buffer.bytes[:headerBytes]
	setDeadline(h, deadline)
	if err := writeAt(p.fd, h[offSum:offKeyLen], offSum); err != nil {
		return errors.Join(p.failed("write", err), p.remove())
	}
	return nil
}

// remove deletes the file, if there is one.
func (p *place) remove() error {
	if p.fd == noFD {
		return nil
	}
	err := unlink(p.d.fd, p.name.path)
	if errors.Is(err, syscall.ENOENT) {
		return nil
	}
	if err != nil {
		return p.failed("delete", err)
	}
	return p.d.adjust(p.name.folder, tally{-1, -blocksOf(p.size)})
}
