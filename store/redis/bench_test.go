//go:build unix

package redis_test

import (
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
	"github.com/redis/rueidis"
)

// BenchmarkAgainstTheClient compares the store with the bare client under the same profile, for one
// caller and for 64 per core.
func BenchmarkAgainstTheClient(b *testing.B) {
	server := testredis.Start(b)
	s, err := redis.Open(redis.Options{Address: server.Addr})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress: []string{server.Addr}, ForceSingleClient: true, DisableRetry: true, AlwaysPipelining: true,
		DisableCache: true, PipelineMultiplex: -1, RingScaleEachConn: 10,
		ReadBufferEachConn: 64 << 10, WriteBufferEachConn: 64 << 10,
		Dialer: net.Dialer{Timeout: time.Second, KeepAlive: time.Second}, ConnWriteTimeout: time.Second,
	})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()

	ctx := context.Background()
	request, cancel := context.WithCancel(ctx) // as a handler's: it can end, but has no deadline
	defer cancel()
	value := bytes.Repeat([]byte("x"), 100)
	if err := s.Set(ctx, "k", value, store.Forever); err != nil {
		b.Fatal(err)
	}
	for _, bm := range []struct {
		name string
		call func() error
	}{
		{"get/store", func() error { _, _, err := s.Get(ctx, "k"); return err }},
		{"get/store, request context", func() error { _, _, err := s.Get(request, "k"); return err }},
		{"get/client", func() error { _, err := client.Do(ctx, client.B().Get().Key("k").Build()).AsBytes(); return err }},
		{"get/client, WithTimeout", func() error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			_, err := client.Do(ctx, client.B().Get().Key("k").Build()).AsBytes()
			return err
		}},
		{"set/store", func() error { return s.Set(ctx, "k", value, time.Hour) }},
		{"set/client", func() error {
			set := client.B().Set().Key("k").Value(string(value)).PxMilliseconds(3600_000).Build()
			return client.Do(ctx, set).Error()
		}},
	} {
		b.Run(bm.name+"/1 caller", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := bm.call(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(bm.name+"/64 per core", func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(64)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := bm.call(); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
