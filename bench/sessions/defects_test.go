// Package sessions compares session stores behind scs: the one that comes with scs for Redis, and ours.
package sessions

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/goredisstore"
	"github.com/alexedwards/scs/v2"
	goredis "github.com/redis/go-redis/v9"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/session"
	"github.com/cachewright/cachewright/store/redis"
)

// contender is a store behind scs, and how scs is to be set up for it.
type contender struct {
	name  string
	ours  bool
	store func(t *testing.T, server *testredis.Server, prefix string, idle time.Duration) scs.Store
}

var contenders = []contender{
	{"goredisstore", false, func(t *testing.T, server *testredis.Server, prefix string, _ time.Duration) scs.Store {
		client := goredis.NewClient(&goredis.Options{Addr: server.Addr})
		t.Cleanup(func() { _ = client.Close() })
		return goredisstore.NewWithPrefix(client, prefix)
	}},
	{"ours", true, func(t *testing.T, server *testredis.Server, prefix string, idle time.Duration) scs.Store {
		s, err := redis.Open(redis.Options{Address: server.Addr, Pool: redis.PoolOptions{SocketTimeout: 5 * time.Second}})
		must(t, err)
		t.Cleanup(func() { _ = s.Close() })
		sessions, err := session.New(s, session.Options{Prefix: prefix, Idle: idle, Logger: slog.New(slog.DiscardHandler)})
		must(t, err)
		return sessions
	}},
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// compare runs a scenario with each store. It reports whether the defect shows, which it must with the
// other store, or the scenario proves nothing, and must not with ours.
func compare(t *testing.T, shows func(t *testing.T, c contender, server *testredis.Server) bool) {
	for _, c := range contenders {
		t.Run(c.name, func(t *testing.T) {
			if got := shows(t, c, testredis.Start(t)); got == c.ours {
				t.Errorf("the defect shows: %v, want %v", got, !c.ours)
			}
		})
	}
}

const token = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ" // 43 characters

func TestACommitBehindTheDeadlineMakesTheSessionImmortal(t *testing.T) {
	compare(t, func(t *testing.T, c contender, server *testredis.Server) bool {
		s := c.store(t, server, "s:", 0).(scs.CtxStore)
		must(t, s.CommitCtx(t.Context(), token, []byte("data"), time.Now().Add(-time.Second)))
		_, found, err := s.FindCtx(t.Context(), token)
		must(t, err)
		return found
	})
}

// site is an application behind scs. Its slow request waits for slow.
type site struct {
	*scs.SessionManager
	url           string
	begun, slowly chan struct{}
}

func newSite(t *testing.T, s scs.Store) *site {
	t.Helper()
	m := &site{SessionManager: scs.New(), begun: make(chan struct{}), slowly: make(chan struct{})}
	m.Store = s
	mux := http.NewServeMux()
	mux.HandleFunc("/put", func(_ http.ResponseWriter, r *http.Request) {
		for name := range r.URL.Query() {
			m.Put(r.Context(), name, r.FormValue(name))
		}
	})
	mux.HandleFunc("/get", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, m.GetString(r.Context(), r.FormValue("name")))
	})
	mux.HandleFunc("/logout", func(_ http.ResponseWriter, r *http.Request) { _ = m.Destroy(r.Context()) })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) {
		_ = m.GetString(r.Context(), "user")
		close(m.begun)
		<-m.slowly
		if r.FormValue("write") != "" {
			m.Put(r.Context(), "slow", "done")
		}
	})
	server := httptest.NewServer(m.LoadAndSave(mux))
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

func (m *site) browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &http.Client{Jar: jar}
}

func (m *site) get(t *testing.T, c *http.Client, path string) string {
	t.Helper()
	r, err := c.Get(m.url + path)
	must(t, err)
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	must(t, err)
	return string(body)
}

// during runs meanwhile while a slow request of the same browser is under way.
func (m *site) during(t *testing.T, c *http.Client, path string, meanwhile func()) {
	t.Helper()
	u, err := url.Parse(m.url)
	must(t, err)
	late := m.browser(t)
	late.Jar.SetCookies(u, c.Jar.Cookies(u))
	var wg sync.WaitGroup
	wg.Go(func() { m.get(t, late, path) })
	<-m.begun
	meanwhile()
	close(m.slowly)
	wg.Wait()
}

func TestALogoutIsUndoneByASlowRequest(t *testing.T) {
	compare(t, func(t *testing.T, c contender, server *testredis.Server) bool {
		m := newSite(t, c.store(t, server, "s:", 0))
		ann := m.browser(t)
		m.get(t, ann, "/put?user=ann")
		u, err := url.Parse(m.url)
		must(t, err)
		stolen := m.browser(t)
		stolen.Jar.SetCookies(u, ann.Jar.Cookies(u))
		m.during(t, ann, "/slow?write=yes", func() { m.get(t, ann, "/logout") })
		return m.get(t, stolen, "/get?name=user") == "ann"
	})
}

func TestAReaderOverwritesAWriter(t *testing.T) {
	compare(t, func(t *testing.T, c contender, server *testredis.Server) bool {
		m := newSite(t, c.store(t, server, "s:", time.Hour))
		if !c.ours {
			m.IdleTimeout = time.Hour // ours keeps the idle timeout itself
		}
		ann := m.browser(t)
		m.get(t, ann, "/put?user=ann")
		m.during(t, ann, "/slow", func() { m.get(t, ann, "/put?cart=tea") })
		return m.get(t, ann, "/get?name=cart") != "tea"
	})
}

func TestIterateAndDestroyWithHashedTokensEndNothing(t *testing.T) {
	compare(t, func(t *testing.T, c contender, server *testredis.Server) bool {
		m := newSite(t, c.store(t, server, "s:", 0))
		m.HashTokenInStore = !c.ours // ours hashes them itself
		var all []*http.Client
		for range 3 {
			b := m.browser(t)
			m.get(t, b, "/put?user=ann")
			all = append(all, b)
		}
		must(t, m.Iterate(t.Context(), func(ctx context.Context) error { return m.Destroy(ctx) }))
		left := 0
		for _, b := range all {
			if m.get(t, b, "/get?name=user") == "ann" {
				left++
			}
		}
		return left > 0
	})
}

func TestAPrefixWithGlobCharactersHidesSessions(t *testing.T) {
	compare(t, func(t *testing.T, c contender, server *testredis.Server) bool {
		s := c.store(t, server, "shop[1]:", 0)
		must(t, s.(scs.CtxStore).CommitCtx(t.Context(), token, []byte("data"), time.Now().Add(time.Hour)))
		all, err := s.(scs.IterableCtxStore).AllCtx(t.Context())
		must(t, err)
		return len(all) != 1
	})
}
