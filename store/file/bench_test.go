//go:build linux || darwin

package file_test

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"testing"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
)

func BenchmarkStore(b *testing.B) {
	const keys = 1000
	for _, size := range []int{100, 4 << 10, 100 << 10} {
		s, err := file.Open(b.TempDir(), file.Options{})
		if err != nil {
			b.Fatal(err)
		}
		ctx, value := context.Background(), bytes.Repeat([]byte("v"), size)
		key := func(i int) string { return "benchmark:key:" + strconv.Itoa(i%keys) }
		for i := range keys {
			if err := s.Set(ctx, key(i), value, store.Forever); err != nil {
				b.Fatal(err)
			}
		}
		run := func(name string, op func(i int) error) {
			b.Run(fmt.Sprintf("%s/%dB", name, size), func(b *testing.B) {
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					if err := op(i); err != nil {
						b.Fatal(err)
					}
					i++
				}
			})
		}
		run("Get", func(i int) error { _, _, err := s.Get(ctx, key(i)); return err })
		run("View", func(i int) error {
			_, err := s.View(ctx, key(i), func([]byte) error { return nil })
			return err
		})
		run("Set", func(i int) error { return s.Set(ctx, key(i), value, store.Forever) })
		run("Touch", func(i int) error { _, err := s.Touch(ctx, key(i), store.Forever); return err })
		run("Miss", func(i int) error { _, _, err := s.Get(ctx, "absent:"+strconv.Itoa(i)); return err })
		run("Swap", func(i int) error {
			swapped, err := s.Swap(ctx, key(i), value, value, store.Forever)
			if err == nil && !swapped {
				err = fmt.Errorf("%s has changed", key(i))
			}
			return err
		})
		run("AddDelete", func(i int) error {
			k := "fresh:" + strconv.Itoa(i)
			if _, err := s.Add(ctx, k, value, store.Forever); err != nil {
				return err
			}
			_, err := s.Delete(ctx, k)
			return err
		})
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAdd measures what a new entry costs in directories of different layouts: it reads the counts of
// all folders, or in the largest one of them now and then.
func BenchmarkAdd(b *testing.B) {
	for _, folders := range []int{16, 256, 4096} {
		b.Run(strconv.Itoa(folders)+"folders", func(b *testing.B) {
			dir := b.TempDir()
			if err := file.LayOut(dir, folders); err != nil {
				b.Fatal(err)
			}
			s, err := file.Open(dir, file.Options{MaxBytes: 1 << 40})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			i := 0
			for b.Loop() {
				if err := s.Set(context.Background(), "benchmark:key:"+strconv.Itoa(i), []byte("v"), store.Forever); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}
