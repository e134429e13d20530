package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"

	"github.com/cachewright/cachewright/internal/testredis"
)

func TestALoginLastsUntilTheLogout(t *testing.T) {
	redis := testredis.Start(t)
	for name, url := range map[string]string{"in this process": "", "on Redis": redis.URL(1)} {
		t.Run(name, func(t *testing.T) {
			caches, err := open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer caches.Close()
			handler, err := site(caches)
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(handler)
			defer server.Close()
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			browser := &http.Client{Jar: jar}
			for _, step := range [][2]string{
				{"/me", "user \"\"\n"}, {"/login?user=ann", "logged in\n"}, {"/me", "user \"ann\"\n"},
				{"/logout", "logged out\n"}, {"/me", "user \"\"\n"},
			} {
				if got := get(t, browser, server.URL+step[0]); got != step[1] {
					t.Errorf("%s says %q, want %q", step[0], got, step[1])
				}
			}
		})
	}
}

func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	r, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
