package main

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/cachewright/cachewright/internal/testredis"
)

// browser is one user's browser.
type browser struct {
	t *testing.T
	http.Client
}

func (b *browser) wants(url, want string) {
	b.t.Helper()
	r, err := b.Get(url)
	if err != nil {
		b.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if !strings.Contains(string(body), want) {
		b.t.Errorf("%s says %d %q, want %q", url, r.StatusCode, body, want)
	}
}

// visit runs the site under the variables of environ and has a browser visit it.
func visit(t *testing.T, environ []string, tour func(b *browser, django, service string)) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, Client: http.Client{Jar: jar}}
	defer b.CloseIdleConnections()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	visited := false
	err = run(ctx, environ, func(django, service string) {
		go func() {
			defer cancel()
			visited = true
			tour(b, django, service)
		}()
	})
	if err != nil {
		t.Error(err)
	}
	if !visited {
		t.Error("nobody visited the site")
	}
}

func TestALoginIsKnownOnBothSides(t *testing.T) {
	redis := testredis.Start(t)
	visit(t, []string{"REDIS_URL=" + redis.URL(0), "SESSIONS_URL=" + redis.URL(1)}, func(b *browser, django, service string) {
		b.wants(service+"/me", "go: nobody")
		b.wants(django+"/login?user=ann&password=wrong", "wrong user or password")
		b.wants(django+"/login?user=ann&password=opensesame", "django: ann, id 1, cart ['tea']")
		b.wants(service+"/me", "go: user 1, cart [tea]")
		b.wants(service+"/cart?add=cake", "go: added")
		b.wants(django+"/me", "django: ann, id 1, cart ['tea', 'cake']")
		b.wants(service+"/logout", "go: logged out")
		b.wants(django+"/me", "django: nobody")
		b.wants(service+"/me", "go: nobody")

		b.wants(django+"/login?user=ann&password=opensesame", "cart ['tea']")
		redis.Pause()
		b.wants(service+"/me", "Service Unavailable")
		redis.Continue()
		b.wants(service+"/me", "go: user 1")
		b.wants(django+"/logout", "django: logged out")
		b.wants(service+"/me", "go: nobody")
	})
}

// Without a Redis that is there already, the command brings one along.
func TestOneCommandIsEnough(t *testing.T) {
	visit(t, nil, func(b *browser, django, service string) {
		b.wants(django+"/login?user=ann&password=opensesame", "django: ann")
		b.wants(service+"/me", "go: user 1")
		b.wants(service+"/logout", "go: logged out")
		b.wants(django+"/me", "django: nobody")
	})
}
