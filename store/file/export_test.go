package file

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Path returns the path of the file that belongs to key, relative to the store's directory.
func Path(key string) string { return nameOf(key).path }

// SweepAll sweeps every folder, as one round of the sweep does.
func SweepAll(s *Store) error {
	d, err := s.acquire(context.Background(), false)
	if d == nil || err != nil {
		return err
	}
	defer s.release(d)
	for folder := range folders {
		if err := d.sweep(context.Background(), byte(folder)); err != nil {
			return err
		}
	}
	return nil
}

// TakeTurn claims the folder that is due at now, as the sweep does before it begins.
func TakeTurn(s *Store, now time.Time, step time.Duration) (folder byte, due bool, err error) {
	d, err := s.acquire(context.Background(), false)
	if d == nil || err != nil {
		return 0, false, err
	}
	defer s.release(d)
	return d.takeTurn(context.Background(), now, step)
}

// Check compares the counts with what is on disk.
func Check(s *Store) error {
	d, err := s.acquire(context.Background(), false)
	if d == nil || err != nil {
		return err
	}
	defer s.release(d)
	var errs []error
	for folder := range folders {
		counted, known, err := d.count(byte(folder))
		if err != nil {
			return err
		}
		if err := d.recount(byte(folder)); err != nil {
			return err
		}
		found, _, err := d.count(byte(folder))
		if err != nil {
			return err
		}
		if known && counted != found {
			errs = append(errs, fmt.Errorf("folder %02x: counted %v, found %v", folder, counted, found))
		}
	}
	return errors.Join(errs...)
}

// HoldLock takes the lock of key's shard until release is called.
func HoldLock(s *Store, key string) (release func(), err error) {
	d, err := s.acquire(context.Background(), true)
	if err != nil {
		return nil, err
	}
	shard := shardOf(nameOf(key).folder)
	if err := d.lock(context.Background(), shard); err != nil {
		s.release(d)
		return nil, err
	}
	return func() { d.unlock(shard); s.release(d) }, nil
}

// Recheck makes the next call look whether the directory is still in place.
func Recheck(s *Store) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checked = time.Time{}
}
