package session_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/cachewright/cachewright/session"
	"github.com/cachewright/cachewright/store"
)

var (
	_ scs.Store            = (*session.Store)(nil)
	_ scs.CtxStore         = (*session.Store)(nil)
	_ scs.IterableStore    = (*session.Store)(nil)
	_ scs.IterableCtxStore = (*session.Store)(nil)
)

// site is a small web application behind scs.
type site struct {
	*scs.SessionManager
	server *httptest.Server
	client *http.Client
	slow   chan struct{} // closed when the slow request may go on
	slowIn chan struct{} // closed when the slow request has begun
}

// ownerOfSCS is how an application that uses scs finds the owner in its data.
func ownerOfSCS(data []byte) string {
	_, values, err := scs.GobCodec{}.Decode(data)
	if err != nil {
		return ""
	}
	user, _ := values["user"].(string)
	return user
}

func newSite(t *testing.T, s store.Store, hash bool) (*site, *session.Store) {
	t.Helper()
	sessions, err := session.New(s, session.Options{Owner: ownerOfSCS, Idle: time.Hour, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	m := &site{SessionManager: scs.New(), slow: make(chan struct{}), slowIn: make(chan struct{})}
	m.Store, m.ErrorFunc, m.Lifetime, m.HashTokenInStore = sessions, sessions.ErrorFunc, sessions.Lifetime(), hash
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(_ http.ResponseWriter, r *http.Request) {
		_ = m.RenewToken(r.Context())
		m.Put(r.Context(), "user", r.FormValue("user"))
	})
	mux.HandleFunc("/logout", func(_ http.ResponseWriter, r *http.Request) { _ = m.Destroy(r.Context()) })
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "user="+m.GetString(r.Context(), "user"))
	})
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) {
		close(m.slowIn)
		<-m.slow
		m.Put(r.Context(), "slow", "done")
	})
	m.server = httptest.NewServer(m.LoadAndSave(mux))
	t.Cleanup(m.server.Close)
	m.client = m.browser(t)
	return m, sessions
}

// browser is a client with cookies of its own.
func (m *site) browser(t *testing.T) *http.Client {
	jar, err := cookiejar.New(nil)
	must(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport}
}

func (m *site) get(t *testing.T, client *http.Client, path string) (status int, body string, header http.Header) {
	t.Helper()
	r, err := client.Get(m.server.URL + path)
	must(t, err)
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	must(t, err)
	return r.StatusCode, string(text), r.Header
}

func (m *site) wantUser(t *testing.T, client *http.Client, user string) {
	t.Helper()
	if _, body, _ := m.get(t, client, "/who"); body != "user="+user {
		t.Errorf("the site says %q, want user=%s", body, user)
	}
}

func TestSCSLogsInAndOut(t *testing.T) {
	for _, hash := range []bool{false, true} {
		m, sessions := newSite(t, openMemory(t), hash)
		m.get(t, m.client, "/login?user=ann")
		m.wantUser(t, m.client, "ann")
		other := m.browser(t)
		m.get(t, other, "/login?user=ann")
		l, err := sessions.List(t.Context(), "ann")
		if len(l) != 2 || err != nil {
			t.Errorf("List = %v, %v; want 2 sessions", l, err)
		}
		m.get(t, m.client, "/logout")
		m.wantUser(t, m.client, "")
		m.wantUser(t, other, "ann")
		if n, err := sessions.Revoke(t.Context(), "ann"); n != 1 || err != nil {
			t.Errorf("Revoke = %d, %v; want 1", n, err)
		}
		m.wantUser(t, other, "")
	}
}

// The store hashes tokens itself, so that scs need not, and what Iterate hands out can be destroyed.
func TestSCSIterateAndDestroyEndsSessions(t *testing.T) {
	m, _ := newSite(t, openMemory(t), false)
	clients := []*http.Client{m.browser(t), m.browser(t), m.browser(t)}
	for _, c := range clients {
		m.get(t, c, "/login?user=ann")
	}
	count := 0
	must(t, m.Iterate(t.Context(), func(ctx context.Context) error {
		count++
		return m.Destroy(ctx)
	}))
	if count != len(clients) {
		t.Errorf("Iterate met %d sessions, want %d", count, len(clients))
	}
	for _, c := range clients {
		m.wantUser(t, c, "")
	}
}

func TestSCSDoesNotBringBackALoggedOutSession(t *testing.T) {
	m, sessions := newSite(t, openMemory(t), false)
	m.get(t, m.client, "/login?user=ann")
	cookie := m.client.Jar.Cookies(mustURL(t, m.server.URL))
	late := m.browser(t)
	late.Jar.SetCookies(mustURL(t, m.server.URL), cookie)
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.get(t, late, "/slow")
	}()
	<-m.slowIn
	m.get(t, m.client, "/logout")
	close(m.slow)
	<-done
	m.wantUser(t, late, "")
	if got := sessions.Stats().Dropped; got != 1 {
		t.Errorf("%d commits were dropped, want 1", got)
	}
}

func TestAStoreThatIsDownIs503AndLeavesTheCookie(t *testing.T) {
	down := &switched{}
	m, _ := newSite(t, store.Intercept(openMemory(t), down), false)
	m.get(t, m.client, "/login?user=ann")
	down.on.Store(true)
	status, body, header := m.get(t, m.client, "/who")
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || header.Get("Set-Cookie") != "" || header.Get("Cache-Control") != "no-store" {
		t.Errorf("answer: %d, %v", status, header)
	}
	if strings.Contains(body, "unavailable:") {
		t.Errorf("the answer shows the cause: %q", body)
	}
	down.on.Store(false)
	m.wantUser(t, m.client, "ann")
	// What is no matter of the store's reach is 500.
	w := httptest.NewRecorder()
	sessions, err := session.New(openMemory(t), session.Options{Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	sessions.ErrorFunc(w, httptest.NewRequest(http.MethodGet, "/", nil), session.ErrTooLarge)
	if w.Code != http.StatusInternalServerError || w.Header().Get("Retry-After") != "" {
		t.Errorf("answer: %d, %v", w.Code, w.Header())
	}
}

// switched fails every call while it is on.
type switched struct{ on atomic.Bool }

func (s *switched) Before(ctx context.Context, _ *store.Call) (context.Context, error) {
	if s.on.Load() {
		return ctx, store.ErrUnavailable
	}
	return ctx, nil
}
func (*switched) After(context.Context, *store.Call) {}

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	must(t, err)
	return u
}
