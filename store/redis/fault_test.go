//go:build unix

package redis_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
	"github.com/redis/rueidis"
)

// journal collects log lines. It is safe for concurrent use.
type journal struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) has(text string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Contains(j.text.String(), text)
}

func (j *journal) logger() *slog.Logger { return slog.New(slog.NewTextHandler(j, nil)) }

const (
	lostLine = "redis is not available"
	backLine = "redis is back"
)

func TestServerThatStartsAfterOpenIsFound(t *testing.T) {
	server := testredis.Reserve(t)
	s := open(t, at(server))
	_, _, err := s.Get(t.Context(), "k")
	if !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("without a server, Get = %v, want store.ErrUnavailable", err)
	}
	for _, want := range []string{server.Addr, "refused"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error %q does not mention %q", err, want)
		}
	}
	if _, ok := store.As[rueidis.Client](s); ok {
		t.Error("there is a native client of a server that was never reached")
	}
	server.Restart()
	ready(t, s)
	if err := s.Set(t.Context(), "k", []byte("v"), store.Forever); err != nil {
		t.Errorf("with the server, Set = %v", err)
	}
}

func TestServerThatCrashesAndReturnsIsFound(t *testing.T) {
	server := testredis.Start(t)
	var lines journal
	o := at(server)
	o.Logger = lines.logger()
	s := open(t, o)
	if err := s.Set(t.Context(), "n", []byte("1"), time.Hour); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	for range 3 {
		if _, _, err := s.Get(t.Context(), "n"); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("after the crash, Get = %v, want store.ErrUnavailable", err)
		}
	}
	eventually(t, "the loss is logged", func() bool { return lines.has(lostLine) })
	server.Restart()
	ready(t, s)
	eventually(t, "the return is logged", func() bool { return lines.has(backLine) })
	if _, found, err := s.Get(t.Context(), "n"); found || err != nil {
		t.Errorf("on the new server, Get = %v, %v, want a miss", found, err)
	}
}

func TestServerThatHangsCostsNoMoreThanTheDeadline(t *testing.T) {
	server := testredis.Start(t)
	var lines journal
	s := open(t, redis.Options{
		Address: server.Addr, Logger: lines.logger(),
		Pool: redis.PoolOptions{SocketTimeout: 300 * time.Millisecond},
	})
	ready(t, s)
	server.Pause()

	t.Run("the store's own deadline", func(t *testing.T) {
		_, _, err := s.Get(t.Context(), "k")
		if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Get = %v, want store.ErrUnavailable and context.DeadlineExceeded", err)
		}
	})
	t.Run("many callers at once", func(t *testing.T) {
		var calls sync.WaitGroup
		for range 3000 {
			calls.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				if err := s.Set(ctx, "k", nil, time.Hour); !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("Set = %v, want store.ErrUnavailable", err)
				}
			})
		}
		calls.Wait()
	})
	t.Run("calls are refused at once, after a while", func(t *testing.T) {
		eventually(t, "the breaker opens", func() bool {
			_, _, _ = s.Get(t.Context(), "k")
			return lines.has(lostLine)
		})
		// Were each of them to wait for the deadline, they would take an hour.
		for range 10_000 {
			if _, _, err := s.Get(t.Context(), "k"); !errors.Is(err, store.ErrUnavailable) {
				t.Fatalf("Get = %v, want store.ErrUnavailable", err)
			}
		}
	})
	t.Run("the server is found when it continues", func(t *testing.T) {
		server.Continue()
		ready(t, s)
		eventually(t, "the return is logged", func() bool { return lines.has(backLine) })
		if err := s.Set(t.Context(), "k", []byte("v"), time.Hour); err != nil {
			t.Errorf("Set = %v", err)
		}
	})
}

func TestCallersOwnEndOfPatience(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, at(server))
	ready(t, s)
	server.Pause()
	t.Run("a deadline that passes is an unavailable store", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		_, _, err := s.Get(ctx, "k")
		if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Get = %v, want store.ErrUnavailable and context.DeadlineExceeded", err)
		}
	})
	t.Run("a deadline that has passed before, too", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), -time.Second)
		defer cancel()
		_, _, err := s.Get(ctx, "k")
		if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Get = %v, want store.ErrUnavailable and context.DeadlineExceeded", err)
		}
	})
	t.Run("a cancellation is just that", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		_, _, err := s.Get(ctx, "k")
		if err != context.Canceled {
			t.Errorf("Get = %v, want context.Canceled", err)
		}
	})
	t.Run("also while the store waits for a connection", func(t *testing.T) {
		s := open(t, at(server)) // the server still stands still: no greeting
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		if _, _, err := s.Get(ctx, "k"); err != context.Canceled {
			t.Errorf("Get = %v, want context.Canceled", err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, _, err := s.Get(ctx, "k")
		if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Get = %v, want store.ErrUnavailable and context.DeadlineExceeded", err)
		}
	})
}

func TestCloseWhileTheServerHangs(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		before func(*testing.T, *redis.Store, *testredis.Server)
	}{
		{"after it was reached", func(t *testing.T, s *redis.Store, server *testredis.Server) {
			ready(t, s)
			server.Pause()
		}},
		{"under a call", func(t *testing.T, s *redis.Store, server *testredis.Server) {
			ready(t, s)
			server.Pause()
			called := make(chan struct{})
			t.Cleanup(func() { <-called })
			go func() {
				defer close(called)
				if _, _, err := s.Get(context.Background(), "k"); err != store.ErrClosed {
					t.Errorf("Get = %v, want store.ErrClosed", err)
				}
			}()
		}},
		{"and then crashes", func(t *testing.T, s *redis.Store, server *testredis.Server) {
			ready(t, s)
			server.Pause()
			server.Kill()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := testredis.Start(t)
			s, err := redis.Open(redis.Options{Address: server.Addr, Pool: redis.PoolOptions{SocketTimeout: time.Minute}})
			if err != nil {
				t.Fatal(err)
			}
			tt.before(t, s, server)
			if err := s.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
			if _, _, err := s.Get(t.Context(), "k"); err != store.ErrClosed {
				t.Errorf("Get = %v, want store.ErrClosed", err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("the second Close = %v", err)
			}
		})
	}
}

func TestCloseOfAStoreThatIsGreetedByNobody(t *testing.T) {
	server := testredis.Start(t)
	server.Pause()
	s, err := redis.Open(redis.Options{Address: server.Addr, Pool: redis.PoolOptions{SocketConnectTimeout: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	if _, ok := store.As[rueidis.Client](s); ok {
		t.Error("a closed store hands out a client")
	}
	for name, err := range map[string]error{
		"GetMany": second(s.GetMany(t.Context(), nil)),
		"SetMany": s.SetMany(t.Context(), nil, time.Hour),
		"Delete":  second(s.Delete(t.Context())),
		"Ping":    s.Ping(t.Context()),
		"Info":    second(s.Info(t.Context())),
	} {
		if err != store.ErrClosed {
			t.Errorf("%s without keys = %v, want store.ErrClosed", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestSecretsStayOutOfErrorsAndLogs(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-and-wrong"
	server := testredis.StartWith(t, testredis.Options{Password: "right"})
	tests := []struct {
		name     string
		username string
		password string
		code     string
	}{
		{"a wrong password", "", secret, "WRONGPASS"},
		{"an unknown user", "bob", secret, "WRONGPASS"},
		{"no password", "", "", "NOAUTH"},
	}
	for _, tt := range tests {
		for _, protocol := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s, protocol %d", tt.name, protocol), func(t *testing.T) {
				t.Parallel()
				var lines journal
				o := redis.Options{
					Address: server.Addr, Username: tt.username, Password: tt.password, Logger: lines.logger(),
					Pool: redis.PoolOptions{Protocol: protocol, SocketTimeout: 5 * time.Second},
				}
				s := open(t, o)
				_, _, err := s.Get(t.Context(), "k")
				var answer *redis.ServerError
				if !errors.As(err, &answer) || answer.Code != tt.code {
					t.Errorf("Get = %v, want a *redis.ServerError with the code %s", err, tt.code)
				}
				if !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("Get = %v, want store.ErrUnavailable", err)
				}
				eventually(t, "it is logged", func() bool { return lines.has(lostLine) })
				shown := fmt.Sprintf("%v %+v %#v %s %v %+v %#v %v %+v", err, err, err, answer, s, s, s, o, o)
				if strings.Contains(shown, secret) || lines.has(secret) {
					t.Errorf("the password shows in one of %s", shown)
				}
			})
		}
	}
}

func TestRightPasswordOpensTheDoor(t *testing.T) {
	t.Parallel()
	server := testredis.StartWith(t, testredis.Options{
		Password: "right", Users: []string{"alice on >wonder ~* +@all"},
	})
	tests := []struct {
		name string
		set  func(*redis.Options)
	}{
		{"of the default user", func(o *redis.Options) { o.Password = "right" }},
		{"of a user", func(o *redis.Options) { o.Username, o.Password = "alice", "wonder" }},
		{"in the pool options", func(o *redis.Options) { o.Pool.Username, o.Pool.Password = "alice", "wonder" }},
		{"user there, password here", func(o *redis.Options) { o.Pool.Username, o.Password = "alice", "wonder" }},
		{"the options come before the pool options", func(o *redis.Options) {
			o.Username, o.Password = "alice", "wonder"
			o.Pool.Username, o.Pool.Password = "bob", "builder"
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := at(server)
			tt.set(&o)
			if err := open(t, o).Ping(t.Context()); err != nil {
				t.Errorf("Ping = %v", err)
			}
		})
	}
}
