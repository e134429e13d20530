package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"github.com/cachewright/cachewright/store/file"
)

// djangoLimit is the size up to which Django's file cache is measured: each of its sets lists all entries.
const djangoLimit = 1000

// askFile compares reads and overwriting writes of 1 KiB on disk.
func askFile(r *run) error {
	for _, size := range r.sizes {
		if err := askFileOf(r, size); err != nil {
			return err
		}
	}
	return nil
}

func askFileOf(r *run, size int) error {
	dir, err := os.MkdirTemp(r.dir, "cachewright-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	keys, value := keysOf(size), newValue()
	o := shuffled(keys)
	gets := question{name: fmt.Sprintf("get of 1 KiB from disk, %d entries", size)}
	sets := question{name: fmt.Sprintf("set of 1 KiB on disk, overwriting, %d entries", size)}
	add := func(name string, get, set func(time.Duration) (sample, error)) {
		gets.contenders = append(gets.contenders, contender{name, get})
		sets.contenders = append(sets.contenders, contender{name, set})
	}

	s, err := fillStore(filepath.Join(dir, "ours"), keys, value)
	if err != nil {
		return err
	}
	defer s.Close()
	ctx, sum := context.Background(), 0
	add("store/file", reading(func(i int) (bool, error) {
		return s.View(ctx, o.at(i), func(value []byte) error { sum += int(value[0]); return nil })
	}), writing(func(i int) error { return s.Set(ctx, o.at(i), value, lifetime) }))

	peers := []string{"diskcache"}
	if size <= djangoLimit {
		peers = []string{"django", "diskcache"}
	}
	for _, name := range peers {
		p, err := startPeer(r.python, name, filepath.Join(dir, name), size)
		if err != nil {
			return err
		}
		defer p.close()
		add(p.title, p.measure("get"), p.measure("set"))
	}

	bolt, err := fillBolt(filepath.Join(dir, "bolt"), keys, value)
	if err != nil {
		return err
	}
	defer bolt.Close()
	add("bbolt, one process", reading(func(i int) (found bool, err error) {
		err = bolt.View(func(tx *bbolt.Tx) error {
			found = tx.Bucket(bucket).Get([]byte(o.at(i))) != nil
			return nil
		})
		return found, err
	}), writing(func(i int) error {
		return bolt.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucket).Put([]byte(o.at(i)), value) })
	}))

	if err := r.ask(gets); err != nil {
		return err
	}
	return r.ask(sets)
}

// fillStore opens a store whose bounds are on, with room for twice what it is filled with.
func fillStore(dir string, keys []string, value []byte) (*file.Store, error) {
	s, err := file.Open(dir, file.Options{MaxBytes: 2 * 4096 * int64(len(keys)), MaxEntries: 2 * len(keys)})
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if err := s.Set(context.Background(), key, value, lifetime); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

var bucket = []byte("cache")

// fillBolt opens a database that, like a cache, does not wait for the disk.
func fillBolt(path string, keys []string, value []byte) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoSync: true, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(bucket)
		for _, key := range keys {
			if err == nil {
				err = b.Put([]byte(key), value)
			}
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}
