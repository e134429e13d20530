package django_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/memory"
)

const (
	secretKey = "s3cret-key"
	password  = "pbkdf2_sha256$260000$abc$def"
	// What Django 3.2 computes for them.
	djangosHash = "6963227ef59b96e36274fe1f7e482c0074a89a250de63bf3b3da69f9429c850c"
)

// sessionCodecs are the serializers that Django projects keep sessions with.
var sessionCodecs = []django.Codec{
	{}, {Serializer: django.JSON}, {Serializer: django.MsgPack}, {Serializer: django.JSON, Compress: true}, {Compress: true},
}

func keptInMemory(t *testing.T) store.Store {
	t.Helper()
	s, err := memory.New(memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func newSessions(t *testing.T, s store.Store, o django.SessionOptions) *django.Sessions {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	sessions, err := django.NewSessions(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return sessions
}

func begin(t *testing.T, s *django.Sessions, login django.Login) string {
	t.Helper()
	if login.UserID == "" {
		login.UserID, login.AuthHash = "42", django.AuthHash(secretKey, password)
	}
	key, err := s.Create(t.Context(), login)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAuthHashIsDjangos(t *testing.T) {
	if got := django.AuthHash(secretKey, password); got != djangosHash {
		t.Errorf("AuthHash = %s, want %s", got, djangosHash)
	}
	if !django.VerifyAuthHash(djangosHash, password, "newer", secretKey) {
		t.Error("a fallback key is not tried")
	}
	if django.VerifyAuthHash(djangosHash, password, "newer") || django.VerifyAuthHash("", password, secretKey) || django.VerifyAuthHash(djangosHash, "other", secretKey) {
		t.Error("a wrong hash is accepted")
	}
}

func TestASessionFromCreateToDelete(t *testing.T) {
	for _, codec := range sessionCodecs {
		t.Run(fmt.Sprintf("%+v", codec), func(t *testing.T) {
			raw := keptInMemory(t)
			s := newSessions(t, raw, django.SessionOptions{Prefix: "shop", Version: 2, Codec: codec})
			key := begin(t, s, django.Login{UserID: "7", AuthHash: "h", Values: map[string]any{"cart": []any{"tea", int64(2)}, "_auth_user_id": "1"}})
			if len(key) != 32 || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
				t.Errorf("the key is %q, want 32 letters and digits", key)
			}
			if _, found, err := raw.Get(t.Context(), "shop:2:django.contrib.sessions.cache"+key); !found || err != nil {
				t.Errorf("not under Django's key: %v, %v", found, err)
			}
			got, err := s.Load(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"_auth_user_id": "7", "_auth_user_backend": "django.contrib.auth.backends.ModelBackend", "_auth_user_hash": "h", "cart": []any{"tea", int64(2)}}
			if diff := cmp.Diff(want, got.Values); diff != "" || got.ReadOnly || got.UserID() != "7" {
				t.Errorf("read only %v, user %q, values (-want +got):\n%s", got.ReadOnly, got.UserID(), diff)
			}
			if err := s.Delete(t.Context(), key); err != nil {
				t.Error(err)
			}
			if _, err := s.Load(t.Context(), key); !errors.Is(err, django.ErrNoSession) {
				t.Errorf("Load behind Delete: %v", err)
			}
			if err := s.Update(t.Context(), key, func(map[string]any) error { return nil }); !errors.Is(err, django.ErrNoSession) {
				t.Errorf("Update behind Delete: %v", err)
			}
		})
	}
}

func TestUpdatesLoseNothingAndKeepTheLifetime(t *testing.T) {
	for _, codec := range sessionCodecs {
		s := newSessions(t, keptInMemory(t), django.SessionOptions{Codec: codec})
		key := begin(t, s, django.Login{})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				for range 20 {
					err := s.Update(t.Context(), key, func(values map[string]any) error {
						n, _ := values["n"].(int64)
						values["n"] = n + 1
						return nil
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		got, err := s.Load(t.Context(), key)
		if err != nil || got.Values["n"] != int64(1000) {
			t.Errorf("%+v: %v updates are left, %v; want 1000", codec, got.Values["n"], err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		raw, err := memory.New(memory.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer raw.Close()
		s := newSessions(t, raw, django.SessionOptions{Age: time.Hour})
		key := begin(t, s, django.Login{})
		time.Sleep(59 * time.Minute)
		if err := s.Update(t.Context(), key, func(v map[string]any) error { v["late"] = true; return nil }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if _, err := s.Load(t.Context(), key); !errors.Is(err, django.ErrNoSession) {
			t.Errorf("an update has put off the end: %v", err)
		}
	})
}

func TestAnUpdateThatFailsChangesNothing(t *testing.T) {
	s := newSessions(t, keptInMemory(t), django.SessionOptions{Codec: django.Codec{Serializer: django.JSON}})
	key := begin(t, s, django.Login{})
	refused := errors.New("refused")
	for name, fn := range map[string]func(map[string]any) error{
		"an error":                     func(v map[string]any) error { v["x"] = 1; return refused },
		"a value that does not encode": func(v map[string]any) error { v["x"] = make(chan int); return nil },
	} {
		if err := s.Update(t.Context(), key, fn); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	got, err := s.Load(t.Context(), key)
	if _, there := got.Values["x"]; there || err != nil {
		t.Errorf("the values are %v, %v", got.Values, err)
	}
}

func TestWhatGoCannotWriteBackIsReadOnly(t *testing.T) {
	raw := keptInMemory(t)
	s := newSessions(t, raw, django.SessionOptions{})
	for name, pickled := range map[string]string{
		"an object of a class of the project": "(dS'_auth_user_id'\nS'5'\nsS'cart'\ncshop.models\nCart\n)R.",
		"one in a list":                       "(dS'_auth_user_id'\nS'5'\nsS'all'\n(lcshop.models\nCart\n)Ras.",
	} {
		pickled = strings.Replace(pickled, ")R.", ")Rs.", 1)
		final := ":1:django.contrib.sessions.cacheabcdefgh"
		if err := raw.Set(t.Context(), final, []byte(pickled), time.Hour); err != nil {
			t.Fatal(err)
		}
		got, err := s.Load(t.Context(), "abcdefgh")
		if err != nil || !got.ReadOnly || got.UserID() != "5" || string(got.Raw) != pickled {
			t.Errorf("%s: %+v, %v; want it read-only, of user 5", name, got, err)
			continue
		}
		if err := s.Update(t.Context(), "abcdefgh", func(map[string]any) error { t.Error("fn was called"); return nil }); !errors.Is(err, django.ErrReadOnly) {
			t.Errorf("%s: Update = %v, want ErrReadOnly", name, err)
		}
		if there, _, _ := raw.Get(t.Context(), final); string(there) != pickled {
			t.Errorf("%s: the bytes have changed", name)
		}
	}
}

// site serves the user of each request behind the middleware.
func site(s *django.Sessions) http.Handler {
	return s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, there := django.FromContext(r.Context())
		fmt.Fprintf(w, "user=%s %v", django.UserID(r.Context()), there)
	}))
}

func ask(h http.Handler, cookie string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestMiddlewareKnowsDjangosUser(t *testing.T) {
	raw := keptInMemory(t)
	o := django.SessionOptions{Cookie: "sid", Secrets: []string{"newer", secretKey}, Password: func(_ context.Context, user string) (string, error) {
		switch user {
		case "42":
			return password, nil
		case "43":
			return "changed", nil
		case "44":
			return "", fmt.Errorf("user 44 is inactive: %w", django.ErrNoSession)
		}
		return "", errors.New("the database is away")
	}}
	s := newSessions(t, raw, o)
	hash := django.AuthHash(secretKey, password)
	good := begin(t, s, django.Login{UserID: "42", AuthHash: hash})
	for name, test := range map[string]struct {
		cookie string
		status int
		body   string
	}{
		"logged in":              {"sid=" + good, 200, "user=42 true"},
		"the last cookie counts": {"sid=other; sid=" + good, 200, "user=42 true"},
		"no cookie":              {"", 200, "user= false"},
		"another cookie":         {"sessionid=" + good, 200, "user= false"},
		"an unknown session":     {"sid=abcdefghijkl", 200, "user= false"},
		"no session key":         {"sid=../../etc", 200, "user= false"},
		"the password changed":   {"sid=" + begin(t, s, django.Login{UserID: "43", AuthHash: hash}), 200, "user= false"},
		"the user is inactive":   {"sid=" + begin(t, s, django.Login{UserID: "44", AuthHash: hash}), 200, "user= false"},
		"no password to be had":  {"sid=" + begin(t, s, django.Login{UserID: "45", AuthHash: hash}), 503, ""},
	} {
		w := ask(site(s), test.cookie)
		if w.Code != test.status || test.body != "" && w.Body.String() != test.body || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: %d %q %v", name, w.Code, w.Body, w.Header())
		}
	}
	if err := raw.Set(t.Context(), ":1:django.contrib.sessions.cachebrokenone", []byte("\x80"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if w := ask(site(s), "sid=brokenone"); w.Code != 200 || w.Body.String() != "user= false" {
		t.Errorf("bytes that are no session: %d %q", w.Code, w.Body)
	}
}

// away answers every call with an unreachable store.
type away struct{}

func (away) Before(ctx context.Context, _ *store.Call) (context.Context, error) {
	return ctx, store.ErrUnavailable
}
func (away) After(context.Context, *store.Call) {}

func TestAStoreThatIsDownIs503AndLeavesTheCookie(t *testing.T) {
	s := newSessions(t, store.Intercept(keptInMemory(t), away{}), django.SessionOptions{})
	w := ask(site(s), "sessionid=abcdefghijkl")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("answer: %d %v", w.Code, w.Header())
	}
	for name, err := range map[string]error{
		"Load":   func() error { _, err := s.Load(t.Context(), "abcdefgh"); return err }(),
		"Update": s.Update(t.Context(), "abcdefgh", nil),
		"Create": func() error { _, err := s.Create(t.Context(), django.Login{UserID: "1", AuthHash: "h"}); return err }(),
		"Delete": s.Delete(t.Context(), "abcdefgh"),
	} {
		if !errors.Is(err, cache.ErrUnavailable) || errors.Is(err, django.ErrNoSession) {
			t.Errorf("%s: %v, want ErrUnavailable", name, err)
		}
	}
}

func TestSessionOptionsAreChecked(t *testing.T) {
	raw := keptInMemory(t)
	for want, o := range map[string]django.SessionOptions{
		"Age -1ns":           {Age: -1},
		"and an end":         {Age: store.Forever},
		"needs Secrets":      {Password: func(context.Context, string) (string, error) { return "", nil }},
		"unknown serializer": {Codec: django.Codec{Serializer: "yaml"}},
	} {
		if _, err := django.NewSessions(raw, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewSessions: %v, want an error with %q", err, want)
		}
	}
	if _, err := django.NewSessions(nil, django.SessionOptions{}); err == nil {
		t.Error("a nil store is accepted")
	}
	if _, err := django.NewSessions(struct{ store.Store }{raw}, django.SessionOptions{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a store without Swapper: %v", err)
	}
	s := newSessions(t, raw, django.SessionOptions{})
	if _, err := s.Create(t.Context(), django.Login{UserID: "1"}); err == nil {
		t.Error("a login without a hash is accepted")
	}
}
