package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/internal/native"
	"github.com/cachewright/cachewright/store/file"
	"github.com/cachewright/cachewright/store/memory"
)

// path is one way through our code, for the question where its time goes.
type path struct {
	name    string
	callers int
	call    func(i int) error
}

// askBounds profiles our own paths: what is each made of?
func askBounds(r *run) (err error) {
	dir, err := os.MkdirTemp(r.dir, "cachewright-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	v, err := newRivals(r.ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.close()) }()
	disk, err := file.Open(filepath.Join(dir, "files"), file.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, disk.Close()) }()
	inMemory, err := memoryPaths(r.ctx)
	if err != nil {
		return err
	}
	inRedis, err := redisPaths(r.ctx, v)
	if err != nil {
		return err
	}
	onDisk, err := filePaths(r.ctx, disk)
	if err != nil {
		return err
	}
	coded, err := codecPaths()
	if err != nil {
		return err
	}
	project := filepath.Join(dir, "project")
	if err := writeProject(project, fourCaches); err != nil {
		return err
	}
	configured := []path{{"Load and Resolve, four caches", 1, func(int) error {
		c, err := cachewright.Load(cachewright.LoadOptions{Path: project, Environment: "production"})
		if err == nil {
			_, err = c.Resolve(cachewright.Env{Environment: "production"})
		}
		return err
	}}}
	var paths []path
	for _, some := range [][]path{inMemory, inRedis, onDisk, coded, configured} {
		paths = append(paths, some...)
	}
	return r.profile(paths)
}

func memoryPaths(ctx context.Context) ([]path, error) {
	points, _, err := newPoints(valueEntries)
	if err != nil {
		return nil, err
	}
	s, err := memory.New(memory.Options{MaxBytes: 1 << 30})
	if err != nil {
		return nil, err
	}
	blobs, err := cache.New[[]byte](s, cache.Options{TTL: lifetime})
	if err != nil {
		return nil, err
	}
	o, value := shuffled(keysOf(valueEntries)), newValue()
	for i := range o {
		if err := errors.Join(points.Set(ctx, o.at(i), point{}), blobs.Set(ctx, o.at(i), value)); err != nil {
			return nil, err
		}
	}
	keys := fresh{prefix: "miss:"}
	return []path{
		{"memory: Get of four scalars", 1, func(i int) error { _, found, err := points.Get(ctx, o.at(i)); return here(found, err) }},
		{"memory: Get of 1 KiB of bytes", 1, func(i int) error { _, found, err := blobs.Get(ctx, o.at(i)); return here(found, err) }},
		{"memory: Set of four scalars", 1, func(i int) error { return points.Set(ctx, o.at(i), point{ID: int64(i)}) }},
		{"memory: Fetch of a new key", 1, func(int) error { _, err := points.Fetch(ctx, keys.next(), loader); return err }},
	}, nil
}

func redisPaths(ctx context.Context, v *rivals) ([]path, error) {
	keys, value := keysOf(manyKeys), make([]byte, 100)
	for _, key := range append(keys, "k") {
		if err := v.typed.Set(ctx, key, value); err != nil {
			return nil, err
		}
	}
	return []path{
		{"Redis: Get of 100 B, 1 goroutine", 1, func(int) error { _, found, err := v.typed.Get(ctx, "k"); return here(found, err) }},
		{"Redis: Get of 100 B, 64 goroutines", 64, func(int) error { _, found, err := v.typed.Get(ctx, "k"); return here(found, err) }},
		{"Redis: Set of 100 B, 64 goroutines", 64, func(int) error { return v.typed.Set(ctx, "k", value) }},
		{"Redis: GetMany of 100 × 100 B, 16 goroutines", 16, func(int) error {
			values, err := v.typed.GetMany(ctx, keys)
			return all(len(values), err)
		}},
	}, nil
}

func filePaths(ctx context.Context, s *file.Store) ([]path, error) {
	o, value, sum := shuffled(keysOf(valueEntries)), newValue(), 0
	for i := range valueEntries * 10 {
		if err := s.Set(ctx, o.at(i), value, lifetime); err != nil {
			return nil, err
		}
	}
	return []path{
		{"files: View of 1 KiB", 1, func(i int) error {
			_, err := s.View(ctx, o.at(i), func(value []byte) error { sum += int(value[0]); return nil })
			return err
		}},
		{"files: Set of 1 KiB", 1, func(i int) error { return s.Set(ctx, o.at(i), value, lifetime) }},
	}, nil
}

func codecPaths() ([]path, error) {
	records := list.make(1)
	own, err := native.Compile(reflect.TypeFor[[]record]())
	if err != nil {
		return nil, err
	}
	paths := []path{}
	add := func(name string, e cache.Encoding) error {
		data, err := e.Append(nil, &records)
		var into []record
		paths = append(paths, path{name + ": decode 100 structs", 1, func(int) error { return e.Decode(data, &into) }})
		return err
	}
	if err := add("native", own); err != nil {
		return nil, err
	}
	for _, s := range []django.Serializer{django.Pickle, django.JSON, django.MsgPack} {
		e, err := (django.Codec{Serializer: s}).Compile(reflect.TypeFor[[]record]())
		if err != nil {
			return nil, err
		}
		if err := add(string(s), e); err != nil {
			return nil, err
		}
	}
	return paths, nil
}
