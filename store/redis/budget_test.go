//go:build unix

package redis_test

import (
	"context"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store/redis"
)

// What a call allocates: the reply and the command of the client.
func TestCallsKeepTheirBudgetOfAllocations(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, redis.Options{Address: server.Addr, Pool: redis.PoolOptions{SocketTimeout: ample}})
	value := make([]byte, 100)
	if err := s.Set(t.Context(), "k", value, time.Hour); err != nil {
		t.Fatal(err)
	}
	background := context.Background()
	deadline, cancel := context.WithTimeout(background, ample-time.Second)
	defer cancel()
	cancellable, cancel := context.WithCancel(background)
	defer cancel()
	for _, tt := range []struct {
		name   string
		budget float64
		call   func() error
	}{
		{"Get", 2, func() error { return third(s.Get(background, "k")) }},
		{"Get under a deadline", 2, func() error { return third(s.Get(deadline, "k")) }},
		{"Get under a context that can be cancelled", 8, func() error { return third(s.Get(cancellable, "k")) }},
		{"Set", 2, func() error { return s.Set(background, "k", value, time.Hour) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			budget := tt.budget
			if raced {
				budget += 3 // the race detector has pools lose what is put into them
			}
			got := testing.AllocsPerRun(1000, func() {
				if err := tt.call(); err != nil {
					t.Fatal(err)
				}
			})
			t.Logf("%.0f allocations", got)
			if got > budget {
				t.Errorf("%v allocations, want at most %v", got, budget)
			}
		})
	}
}
