package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/internal/testredis"
)

// serve starts the service on a Redis.
func serve(t *testing.T, url string, source *catalogue) string {
	t.Helper()
	caches, err := cachewright.Open(t.Context(), cachewright.Config{
		ProjectName: "Shop", Environment: cachewright.Development, RedisURL: url,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = caches.Close() })
	s, err := newService(caches, source)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.routes())
	t.Cleanup(server.Close)
	return server.URL
}

func ask(t *testing.T, method, url string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	r, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	return r.StatusCode, string(body)
}

func TestManyRequestsAskTheSourceOnce(t *testing.T) {
	source := newCatalogue(300 * time.Millisecond)
	url := serve(t, "", source)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if code, body := ask(t, http.MethodGet, url+"/products/7"); code != 200 || body != "{\"name\":\"product 7\",\"price\":17}\n" {
				t.Errorf("%d %q", code, body)
			}
		})
	}
	all.Wait()
	if source.queries != 1 {
		t.Errorf("%d queries for 50 requests", source.queries)
	}
}

func TestTwoProcessesShareAndSeeChanges(t *testing.T) {
	redis := testredis.Start(t)
	source := newCatalogue(0)
	one, other := serve(t, redis.URL(0), source), serve(t, redis.URL(0), source)
	for _, url := range []string{one, other} {
		if code, body := ask(t, http.MethodGet, url+"/products/3"); code != 200 || body != "{\"name\":\"product 3\",\"price\":13}\n" {
			t.Errorf("%d %q", code, body)
		}
	}
	if source.queries != 1 {
		t.Errorf("%d queries by two processes", source.queries)
	}
	if code, _ := ask(t, http.MethodPut, one+"/products/3?price=99"); code != http.StatusNoContent {
		t.Errorf("changing the price: %d", code)
	}
	if _, body := ask(t, http.MethodGet, other+"/products/3"); body != "{\"name\":\"product 3\",\"price\":99}\n" {
		t.Errorf("the other process still says %q", body)
	}
}

func TestBadRequestsGetTheirAnswer(t *testing.T) {
	url := serve(t, "", newCatalogue(0))
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/products/none", http.StatusNotFound},
		{http.MethodPut, "/products/none?price=1", http.StatusNotFound},
		{http.MethodPut, "/products/3?price=much", http.StatusBadRequest},
		{http.MethodGet, "/stats", http.StatusOK},
	} {
		if code, body := ask(t, c.method, url+c.path); code != c.want {
			t.Errorf("%s %s: %d %q, want %d", c.method, c.path, code, body, c.want)
		}
	}
}
