package session_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/cachewright/cachewright/session"
	"github.com/cachewright/cachewright/store/memory"
)

// A web application behind scs. With a configuration at hand, cachewright.Sessions makes the store.
func Example() {
	keep, err := memory.New(memory.Options{})
	if err != nil {
		panic(err)
	}
	defer keep.Close()
	sessions, err := session.New(keep, session.Options{Idle: 30 * time.Minute, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}

	manager := scs.New()
	manager.Store, manager.ErrorFunc, manager.Lifetime = sessions, sessions.ErrorFunc, sessions.Lifetime()
	site := manager.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		manager.Put(r.Context(), "visits", manager.GetInt(r.Context(), "visits")+1)
		fmt.Fprint(w, "visit ", manager.GetInt(r.Context(), "visits"))
	}))

	var cookies []*http.Cookie
	for range 2 {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		cookies = w.Result().Cookies()
		fmt.Println(w.Body)
	}
	// Output:
	// visit 1
	// visit 2
}
