//go:build unix

package redis_test

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// TestWritesThatAreGivenUpArriveAsTheyWere stops a server while more is written than the network holds, has the callers
// give up and write something else, and looks at what the server finds when it goes on.
func TestWritesThatAreGivenUpArriveAsTheyWere(t *testing.T) {
	t.Parallel()
	const (
		writers = 16
		size    = 900 << 10
	)
	const lease = "the lease"
	writes := map[string]func(s *redis.Store, ctx context.Context, key string, value []byte) error{
		"Set": func(s *redis.Store, ctx context.Context, key string, value []byte) error {
			return s.Set(ctx, key, value, time.Hour)
		},
		"Add": func(s *redis.Store, ctx context.Context, key string, value []byte) error {
			_, err := s.Add(ctx, key, value, time.Hour)
			return err
		},
		"SetMany": func(s *redis.Store, ctx context.Context, key string, value []byte) error {
			return s.SetMany(ctx, []store.Item{{Key: key, Value: value}}, time.Hour)
		},
		"Swap": func(s *redis.Store, ctx context.Context, key string, value []byte) error {
			_, err := s.Swap(ctx, key, []byte(lease), value, time.Hour)
			return err
		},
		"Commit": func(s *redis.Store, ctx context.Context, key string, value []byte) error {
			leaser, _ := store.As[store.Leaser](s)
			_, err := leaser.Commit(ctx, key, []byte(lease), value, time.Hour)
			return err
		},
	}
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			server := testredis.Start(t)
			s := open(t, redis.Options{Address: server.Addr, Pool: redis.PoolOptions{SocketTimeout: ample}})
			ready(t, s)
			var values [3 * writers][]byte
			for n := range values {
				values[n] = bytes.Repeat([]byte{byte(n)}, size)
			}
			if err := write(s, t.Context(), "known", []byte("the script, if there is one")); err != nil {
				t.Fatal(err)
			}
			for n := range values {
				if name == "Add" {
					break // of keys that are absent
				}
				if err := s.Set(t.Context(), strconv.Itoa(n), []byte(lease), time.Hour); err != nil {
					t.Fatal(err)
				}
			}
			server.Pause()
			for round := range slices.Chunk(values[:], writers) {
				var callers sync.WaitGroup
				for _, value := range round {
					callers.Go(func() {
						ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
						defer cancel()
						if err := write(s, ctx, strconv.Itoa(int(value[0])), value); err == nil {
							t.Error("a server that does not run has answered")
						}
					})
				}
				callers.Wait()
			}
			server.Continue()
			arrived := 0
			for n, value := range values {
				got, found, err := s.Get(t.Context(), strconv.Itoa(n))
				if err != nil {
					t.Fatal(err)
				}
				if found = found && string(got) != lease; found {
					arrived++
				}
				if found && !bytes.Equal(got, value) {
					t.Errorf("what has arrived under %d is not what its caller wrote", n)
				}
			}
			t.Logf("%d of %d writes have arrived", arrived, len(values))
			if arrived == 0 {
				t.Error("no write has arrived late")
			}
		})
	}
}

// TestWhatWasSentTwiceIsNotUsedAgain breaks the connection of a Set, whose second attempt works.
func TestWhatWasSentTwiceIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	proxy := newCutter(t, server)
	s := open(t, redis.Options{Address: proxy.addr, Pool: redis.PoolOptions{SocketTimeout: ample}})
	ready(t, s)
	set := func() (again bool) {
		again, err := redis.SetsAgain(s, t.Context(), "k", []byte("the word"))
		if err != nil {
			t.Fatal(err)
		}
		return again
	}
	eventually(t, "the memory of a Set that went well is used again", set) // a pool may lose some of it
	proxy.word.Store(new("the word"))
	if set() {
		t.Error("the memory of a Set whose first attempt was cut off is used again")
	}
}
