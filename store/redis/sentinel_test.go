//go:build unix

package redis_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// writable waits until a key can be written.
func writable(t *testing.T, s *redis.Store, key string) {
	t.Helper()
	eventually(t, key+" can be written", func() bool { return s.Set(t.Context(), key, []byte(key), time.Hour) == nil })
}

func TestSentinelsAndTheDataHavePasswordsOfTheirOwn(t *testing.T) {
	t.Parallel()
	g := group(t)
	tests := []struct {
		name   string
		change func(*redis.Options)
	}{
		{"the password of the data is not sent to the Sentinels", func(o *redis.Options) {
			o.Password, o.Pool.SentinelKwargs.Password = sentinelPassword, ""
		}},
		{"nor the other way round", func(o *redis.Options) {
			o.Password, o.Pool.SentinelKwargs.Password = "", dataPassword
		}},
		{"a wrong one for the Sentinels", func(o *redis.Options) { o.Pool.SentinelKwargs.Password = "wr0ng" }},
		{"a wrong one for the data", func(o *redis.Options) { o.Password = "wr0ng" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var lines journal
			o := throughSentinels(t, g)
			o.Logger = lines.logger()
			tt.change(&o)
			_, _, err := open(t, o).Get(t.Context(), "k")
			var answer *redis.ServerError
			if !errors.Is(err, store.ErrUnavailable) || !errors.As(err, &answer) {
				t.Fatalf("Get = %v, want store.ErrUnavailable and a *redis.ServerError", err)
			}
			if answer.Code != "NOAUTH" && answer.Code != "WRONGPASS" {
				t.Errorf("the code is %s", answer.Code)
			}
			eventually(t, "it is logged", func() bool { return lines.has(lostLine) })
			for _, secret := range []string{"wr0ng", dataPassword, sentinelPassword} {
				if strings.Contains(err.Error(), secret) || lines.has(secret) {
					t.Errorf("a password shows in %q or in the log", err)
				}
			}
		})
	}
}

func TestSentinelsThatAreAwayOrIgnorant(t *testing.T) {
	g := group(t)
	t.Run("the name that none of them knows", func(t *testing.T) {
		o := throughSentinels(t, g)
		o.Pool.ServiceName = "somebody"
		_, _, err := open(t, o).Get(t.Context(), "k")
		if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "somebody") {
			t.Errorf("Get = %v, want store.ErrUnavailable and the name", err)
		}
	})
	t.Run("the first of them hangs", func(t *testing.T) {
		g.Sentinels[0].Pause()
		defer g.Sentinels[0].Continue()
		o := throughSentinels(t, g)
		o.Pool.SentinelKwargs.SocketConnectTimeout = 100 * time.Millisecond
		ready(t, open(t, o))
	})
	t.Run("all of them have ended", func(t *testing.T) {
		for _, sentinel := range g.Sentinels {
			sentinel.Kill()
		}
		_, _, err := open(t, throughSentinels(t, g)).Get(t.Context(), "k")
		if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "refused") {
			t.Errorf("Get = %v, want store.ErrUnavailable: refused", err)
		}
	})
}

func TestReadsFromReplicasBehindSentinels(t *testing.T) {
	g := testredis.StartSentinel(t, testredis.SentinelOptions{Replicas: 1, Sentinels: 1})
	o := redis.Options{Pool: redis.PoolOptions{
		Sentinels: nodes(t, g.Addresses()), ServiceName: g.Service(), SocketTimeout: ample, ReadFromReplicas: true,
	}}
	s := open(t, o)
	ready(t, s)
	master, replica := g.Master(), g.Nodes[1]
	if err := s.Set(t.Context(), "k", []byte("v"), time.Hour); err != nil {
		t.Fatal(err)
	}
	readsOf := func(server *testredis.Server) int {
		return strings.Count(server.Do("INFO", "commandstats"), "cmdstat_get:") + strings.Count(server.Do("INFO", "commandstats"), "cmdstat_mget:")
	}
	reads := func() error {
		if _, _, err := s.Get(t.Context(), "k"); err != nil {
			return err
		}
		_, err := s.GetMany(t.Context(), []string{"k", "l"})
		return err
	}
	eventually(t, "the replica answers reads", func() bool {
		replica.Do("CONFIG", "RESETSTAT")
		master.Do("CONFIG", "RESETSTAT")
		if err := reads(); err != nil {
			t.Fatal(err)
		}
		return readsOf(replica) == 2 && readsOf(master) == 0
	})
	if err := s.Set(t.Context(), "k", []byte("w"), time.Hour); err != nil {
		t.Errorf("a write = %v", err)
	}
	b := besides(t, s)
	claim(t, b, "p:1", "lease")
	if err := b.VoidMatching(t.Context(), "p:", "*"); err != nil {
		t.Errorf("VoidMatching = %v", err)
	}
	if strings.Contains(replica.Do("INFO", "commandstats"), "cmdstat_scan:") {
		t.Error("leases that are to end are looked for on the replica, which may not know of them yet")
	}
	if held, err := b.Extend(t.Context(), "p:1", []byte("lease"), []byte("next"), time.Hour); held || err != nil {
		t.Errorf("Extend after VoidMatching = %v, %v; want false", held, err)
	}
	replica.Kill()
	for range 20 {
		if err := reads(); err != nil {
			t.Fatalf("without the replica, a read = %v, want the master's answer", err)
		}
	}
	if readsOf(master) != 2 {
		t.Error("the master has not answered the reads")
	}
}
