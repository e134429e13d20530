package session_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/session"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
	"github.com/cachewright/cachewright/store/redis"
)

// eachStore runs a test on two stores that share one backend, as two processes do; in memory that is one.
func eachStore(t *testing.T, test func(t *testing.T, a, b *session.Store)) {
	t.Run("memory", func(t *testing.T) {
		s := open(t, openMemory(t), session.Options{Idle: time.Hour})
		test(t, s, s)
	})
	t.Run("file", func(t *testing.T) {
		dir := t.TempDir()
		one := func() *session.Store {
			s, err := file.Open(dir, file.Options{})
			must(t, err)
			t.Cleanup(func() { _ = s.Close() })
			return open(t, s, session.Options{Idle: time.Hour})
		}
		test(t, one(), one())
	})
	t.Run("redis", func(t *testing.T) {
		server := testredis.Start(t)
		one := func() *session.Store {
			s, err := redis.Open(redis.Options{Address: server.Addr, Pool: redis.PoolOptions{SocketTimeout: 5 * time.Second}})
			must(t, err)
			t.Cleanup(func() { _ = s.Close() })
			return open(t, s, session.Options{Idle: time.Hour})
		}
		test(t, one(), one())
	})
}

func TestConcurrentUpdatesLoseNothing(t *testing.T) {
	const workers, updates = 50, 1000
	eachStore(t, func(t *testing.T, a, b *session.Store) {
		token := newToken()
		commit(t, a, token, "0")
		var wg sync.WaitGroup
		for worker := range workers {
			s := []*session.Store{a, b}[worker%2]
			wg.Go(func() {
				for range updates / workers {
					if err := s.Update(t.Context(), token, increment); err != nil {
						t.Errorf("Update: %v", err)
						return
					}
				}
			})
		}
		wg.Wait()
		wantData(t, a, token, strconv.Itoa(updates))
	})
}

func increment(data []byte) ([]byte, error) {
	n, err := strconv.Atoi(string(data))
	return strconv.AppendInt(nil, int64(n+1), 10), err
}

// A logout comes while many requests that have read the session are still at work. None of them brings
// it back, whether it commits or updates.
func TestALogoutDuringSlowRequestsIsNeverUndone(t *testing.T) {
	const requests = 200
	eachStore(t, func(t *testing.T, a, b *session.Store) {
		token := newToken()
		commit(t, a, token, "ann:1")
		var read, done sync.WaitGroup
		loggedOut := make(chan struct{})
		for i := range requests {
			s := []*session.Store{a, b}[i%2]
			read.Add(1)
			done.Go(func() {
				_, found, err := s.FindCtx(t.Context(), token)
				read.Done()
				if !found || err != nil {
					t.Errorf("Find = %v, %v", found, err)
				}
				if i%3 > 0 {
					<-loggedOut // the others race with it
				}
				switch err := slowRequest(t.Context(), s, token, i); {
				case err == nil, errors.Is(err, session.ErrNoSession), errors.Is(err, session.ErrConflict):
				default:
					t.Errorf("request %d: %v", i, err)
				}
			})
		}
		read.Wait()
		must(t, b.DeleteCtx(t.Context(), token))
		close(loggedOut)
		done.Wait()
		wantNone(t, a, token)
		if l, err := a.List(t.Context(), "ann"); len(l) != 0 || err != nil {
			t.Errorf("List = %v, %v; want none", l, err)
		}
	})
}

func slowRequest(ctx context.Context, s *session.Store, token string, i int) error {
	data := []byte("ann:" + strconv.Itoa(i))
	if i%2 == 0 {
		return s.CommitCtx(ctx, token, data, time.Now().Add(time.Hour))
	}
	return s.Update(ctx, token, func([]byte) ([]byte, error) { return data, nil })
}

// Revoking begins while sessions of the owner are being made. Those that were there before it are gone.
func TestRevokeDuringLogins(t *testing.T) {
	eachStore(t, func(t *testing.T, a, b *session.Store) {
		var before []string
		for range 20 {
			token := newToken()
			commit(t, a, token, "ann:x")
			before = append(before, token)
		}
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { commit(t, b, newToken(), "ann:y") })
		}
		for i := range before {
			wg.Go(func() { _ = b.CommitCtx(t.Context(), before[i], []byte("ann:again"), time.Time{}) })
		}
		_, err := a.Revoke(t.Context(), "ann")
		must(t, err)
		wg.Wait()
		for _, token := range before {
			wantNone(t, b, token)
		}
		// The list knows all that are left: a second Revoke leaves none.
		_, err = a.Revoke(t.Context(), "ann")
		must(t, err)
		if all, err := a.AllCtx(t.Context()); len(all) != 0 || err != nil {
			t.Errorf("All = %d sessions, %v; want none", len(all), err)
		}
	})
}

// Each read of one of them is overtaken by another writer, so that a commit never comes first.
type overtaking struct {
	raw  store.Store
	next *int
}

func (overtaking) Before(ctx context.Context, _ *store.Call) (context.Context, error) {
	return ctx, nil
}

func (o overtaking) After(ctx context.Context, c *store.Call) {
	if c.Op != store.OpGet || *o.next == 0 {
		return
	}
	*o.next--
	other := append([]byte{}, c.Value...)
	other[len(other)-1]++
	_ = o.raw.Set(ctx, c.Key, other, time.Hour)
}

func TestACommitThatIsAlwaysOvertakenGivesUp(t *testing.T) {
	raw, next := openMemory(t), 0
	conflicts := 0
	hooks := session.Hooks{Conflict: func(context.Context, string) { conflicts++ }}
	s := open(t, store.Intercept(raw, overtaking{raw, &next}), session.Options{Hooks: hooks})
	token := newToken()
	commit(t, s, token, "1")
	next = 3
	if err := s.CommitCtx(t.Context(), token, []byte("9"), time.Time{}); !errors.Is(err, session.ErrConflict) {
		t.Errorf("Commit = %v, want ErrConflict", err)
	}
	next = 5
	must(t, s.Update(t.Context(), token, increment))
	wantData(t, s, token, "10") // 1, three others, five others, and ours
	if want := int64(3 + 5); conflicts != 8 || s.Stats().Conflicts != want {
		t.Errorf("%d conflicts, Stats %+v; want %d", conflicts, s.Stats(), want)
	}
	next = 1 << 30
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Update(ctx, token, func(d []byte) ([]byte, error) { return append(d, 'x'), nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Update = %v, want the end of its context", err)
	}
}

// counter counts calls by operation. It is for concurrent use.
type counter struct {
	mu    sync.Mutex
	calls map[store.Op]int
}

func (*counter) Before(ctx context.Context, _ *store.Call) (context.Context, error) { return ctx, nil }

func (c *counter) After(_ context.Context, call *store.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[call.Op]++
}

func TestALoadOnRedisIsOneRoundTrip(t *testing.T) {
	server := testredis.Start(t)
	raw, err := redis.Open(redis.Options{Address: server.Addr, Pool: redis.PoolOptions{SocketTimeout: 5 * time.Second}})
	must(t, err)
	defer raw.Close()
	calls := &counter{calls: map[store.Op]int{}}
	s := open(t, store.Intercept(raw, calls), session.Options{Idle: time.Hour})
	token := newToken()
	commit(t, s, token, "ann:1")
	clear(calls.calls)
	server.Do("CONFIG", "RESETSTAT")
	wantData(t, s, token, "ann:1") // reads and puts off the idle timeout
	wantData(t, s, token, "ann:1") // reads
	if diff := cmp.Diff(map[store.Op]int{store.OpRenew: 1, store.OpGet: 1}, calls.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	stats := server.Do("INFO", "commandstats")
	if !strings.Contains(stats, "cmdstat_getex:calls=1,") || !strings.Contains(stats, "cmdstat_get:calls=1,") {
		t.Errorf("Redis was asked:\n%s", stats)
	}
}

// A process may end between giving a session to another owner and taking it off the list of the one before.
func TestAnOwnersSurplusIsOnlyTheirOwn(t *testing.T) {
	inBubble(t, session.Options{MaxPerOwner: 1}, func(t *testing.T, s *session.Store, raw store.Store) {
		moved := newToken()
		commit(t, s, moved, "ann:1")
		lists := make(map[string][]byte)
		for key, err := range inspector(t, raw).Scan(t.Context(), "session:owner:", "*") {
			must(t, err)
			value, _, err := raw.Get(t.Context(), key)
			must(t, err)
			lists[key] = value
		}
		if len(lists) != 1 {
			t.Fatalf("%d lists, want that of ann", len(lists))
		}
		commit(t, s, moved, "bob:1")
		for key, value := range lists {
			must(t, raw.Set(t.Context(), key, value, time.Hour))
		}
		time.Sleep(time.Second)
		commit(t, s, newToken(), "ann:2")
		wantData(t, s, moved, "bob:1")
	})
}
