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
