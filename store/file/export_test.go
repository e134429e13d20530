package file

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Path returns the path of the file that belongs to key in the store's directory dir.
func Path(dir, key string) string {
	text, err := os.ReadFile(filepath.Join(dir, markerName))
	if err != nil {
		panic(err)
	}
	l, ok, _ := parseMarker(string(text))
	if !ok {
		panic("no layout in " + dir)
	}
	return filepath.Join(dir, l.nameOf(key).path)
}

// LayOut makes dir the directory of a store with so many folders, whatever its bounds will be.
func LayOut(dir string, folders int) error {
	for _, l := range layouts {
		if l.folders() == folders {
			return errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, markerName), []byte(l.marker()), 0o600))
		}
	}
	return errors.ErrUnsupported
}

// FoldersFor is how many folders a directory gets that is made with o.
func FoldersFor(o Options) (int, error) {
	o, err := o.resolve()
	return o.layout().folders(), err
}

// SweepAll sweeps every folder, as one round of the sweep does.
func SweepAll(s *Store) error {
	d, err := s.acquire(context.Background(), false)
	if d == nil || err != nil {
		return err
	}
	defer s.release(d)
	for folder := range d.layout.folders() {
		if err := d.sweep(context.Background(), folder); err != nil {
			return err
		}
	}
	return nil
}

// TakeTurn claims the folder that is due at now, as the sweep does before it begins.
func TakeTurn(s *Store, now time.Time, step time.Duration) (folder int, due bool, err error) {
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
	for folder := range d.layout.folders() {
		counted, known, err := d.count(folder)
		if err != nil {
			return err
		}
		if err := d.recount(folder); err != nil {
			return err
		}
		found, _, err := d.count(folder)
		if err != nil {
			return err
		}
		if known && counted != found {
			errs = append(errs, fmt.Errorf("folder %d: counted %v, found %v", folder, counted, found))
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
	shard := shardOf(d.layout.nameOf(key).folder)
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
