package django_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/django/settings"
)

// djangoSessions is a real Django that logs users in and out.
type djangoSessions struct {
	stdin  io.Writer
	stdout *bufio.Scanner
}

func startDjangoSessions(t *testing.T, s *sides, o settings.Options) *djangoSessions {
	t.Helper()
	module, err := settings.Python(s.plan, o)
	must(t, err)
	path := filepath.Join(t.TempDir(), "cache_settings.py")
	write(t, path, string(module))
	cmd := exec.Command(interpreter, "-I", "-X", "utf8", filepath.Join("testdata", "sessions.py"), path)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		if err := stdin.Close(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the Python side: %v\n%s", err, &complaints)
		}
	})
	return &djangoSessions{stdin, bufio.NewScanner(stdout)}
}

// do asks Django, about the session of key in the cache alias.
func (d *djangoSessions) do(t *testing.T, op, alias, key string, value any) any {
	t.Helper()
	request, err := json.Marshal(map[string]any{"op": op, "alias": alias, "key": key, "value": value})
	must(t, err)
	if _, err := d.stdin.Write(append(request, '\n')); err != nil {
		t.Fatalf("the Python side has gone: %v", err)
	}
	if !d.stdout.Scan() {
		t.Fatalf("the Python side has gone: %v", d.stdout.Err())
	}
	var answer struct {
		Result any    `json:"result"`
		Error  string `json:"error"`
	}
	must(t, json.Unmarshal(d.stdout.Bytes(), &answer))
	if answer.Error != "" {
		t.Errorf("Django's %s in %s: %s", op, alias, answer.Error)
	}
	return answer.Result
}

func (d *djangoSessions) wantUser(t *testing.T, alias, key string, want ...any) {
	t.Helper()
	if diff := cmp.Diff(any(want), d.do(t, "user", alias, key, nil)); diff != "" {
		t.Errorf("%s: Django's user and cart (-want +got):\n%s", alias, diff)
	}
}

// One session, made by either side, is read, changed and ended by both, under every serializer.
func TestDjangoAndGoShareSessions(t *testing.T) {
	s := bothSides(t)
	shareSessions(t, s, startDjangoSessions(t, s, settings.Options{}), shared...)
}

func shareSessions(t *testing.T, s *sides, d *djangoSessions, aliases ...string) {
	t.Helper()
	for _, alias := range aliases {
		raw, err := s.caches.Store(alias)
		must(t, err)
		plan, _ := s.plan.Cache(alias)
		codec := django.Codec{Serializer: django.Serializer(plan.Serializer), Compress: plan.Compress}
		sessions := newSessions(t, raw, django.SessionOptions{Prefix: plan.KeyPrefix, Codec: codec, Age: time.Hour})

		ofDjango, _ := d.do(t, "login", alias, "", []any{"tea", 1, 2.5, nil, true}).(string)
		got, err := sessions.Load(t.Context(), ofDjango)
		if err != nil {
			t.Errorf("%s: Django's session: %v", alias, err)
			continue
		}
		hash, _ := got.Values["_auth_user_hash"].(string)
		if diff := cmp.Diff(any([]any{"tea", int64(1), 2.5, nil, true}), got.Values["cart"]); diff != "" || got.UserID() != "42" || got.ReadOnly ||
			!django.VerifyAuthHash(hash, password, secretKey) {
			t.Errorf("%s: user %q, read only %v, hash %s, cart (-want +got):\n%s", alias, got.UserID(), got.ReadOnly, hash, diff)
		}

		ofGo, err := sessions.Create(t.Context(), django.Login{
			UserID: "42", Backend: "__main__.Backend", AuthHash: django.AuthHash(secretKey, password), Values: map[string]any{"cart": []any{"cake"}},
		})
		must(t, err)
		d.wantUser(t, alias, ofGo, "42", []any{"cake"})

		for _, key := range []string{ofDjango, ofGo} {
			d.do(t, "put", alias, key, []any{"from Django"})
			must(t, sessions.Update(t.Context(), key, func(values map[string]any) error {
				values["cart"] = append(values["cart"].([]any), "from Go", "ü")
				return nil
			}))
			d.wantUser(t, alias, key, "42", []any{"from Django", "from Go", "ü"})
		}
		d.do(t, "logout", alias, ofDjango, nil)
		if _, err := sessions.Load(t.Context(), ofDjango); !errors.Is(err, django.ErrNoSession) {
			t.Errorf("%s: logged out in Django, and Go says %v", alias, err)
		}
		must(t, sessions.Delete(t.Context(), ofGo))
		d.wantUser(t, alias, ofGo, nil, nil)

		wrong, err := sessions.Create(t.Context(), django.Login{UserID: "42", Backend: "__main__.Backend", AuthHash: django.AuthHash(secretKey, "another password")})
		must(t, err)
		d.wantUser(t, alias, wrong, nil, nil)
	}
}

// sessionsPerSerializer are written by Go and read by Django.
const sessionsPerSerializer = 40

// Whatever Go keeps in a session, Django takes it for a login of its own and finds the same in it.
func TestDjangoTakesEverySessionOfGo(t *testing.T) {
	s := bothSides(t)
	d := startDjangoSessions(t, s, settings.Options{})
	r := random{rand.New(rand.NewPCG(7, 7)), kinds{}}
	for _, alias := range shared {
		raw, err := s.caches.Store(alias)
		must(t, err)
		plan, _ := s.plan.Cache(alias)
		codec := django.Codec{Serializer: django.Serializer(plan.Serializer), Compress: plan.Compress}
		sessions := newSessions(t, raw, django.SessionOptions{Prefix: plan.KeyPrefix, Codec: codec})
		for range sessionsPerSerializer {
			// What comes back travels as JSON, which has no ints beyond those of a float64.
			cart := r.cart(3)
			key, err := sessions.Create(t.Context(), django.Login{
				UserID: "42", Backend: "__main__.Backend", AuthHash: django.AuthHash(secretKey, password), Values: map[string]any{"cart": cart},
			})
			must(t, err)
			d.wantUser(t, alias, key, "42", asJSON(t, cart))
			must(t, sessions.Update(t.Context(), key, func(values map[string]any) error {
				values["cart"] = []any{values["cart"], "more"}
				return nil
			}))
			d.wantUser(t, alias, key, "42", asJSON(t, []any{cart, "more"}))
		}
	}
}

// cart returns a value that contains others to a depth.
func (r random) cart(depth int) any {
	kinds := 7
	if depth > 0 {
		kinds = 11
	}
	switch r.IntN(kinds) {
	case 0:
		return nil
	case 1:
		return r.IntN(2) == 0
	case 2:
		return int64(r.Int32()) - 1<<30
	case 3:
		return float64(r.Int32()) / 64
	case 4, 5, 6:
		return r.text()
	case 7, 8:
		all := map[string]any{}
		for range r.IntN(4) {
			all[r.text()] = r.cart(depth - 1)
		}
		return all
	}
	all := []any{}
	for range r.IntN(4) {
		all = append(all, r.cart(depth-1))
	}
	return all
}

func asJSON(t *testing.T, v any) any {
	t.Helper()
	data, err := json.Marshal(v)
	must(t, err)
	var plain any
	must(t, json.Unmarshal(data, &plain))
	return plain
}
