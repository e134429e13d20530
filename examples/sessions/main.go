// Command sessions keeps users logged in with alexedwards/scs, on the cache that the configuration calls sessions:
//
//	go run ./examples/sessions
//	curl -c jar -b jar 'localhost:8080/login?user=ann'
//	curl -c jar -b jar localhost:8080/me
//	curl -c jar -b jar localhost:8080/logout
//
// Without a Redis they live in this process. With SESSIONS_URL=redis://localhost:6379/1 every process shares them, and a
// restart ends none.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/session"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, "localhost:8080", os.Getenv("SESSIONS_URL")); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, address, redisURL string) error {
	caches, err := open(ctx, redisURL)
	if err != nil {
		return err
	}
	defer caches.Close()
	handler, err := site(caches)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	log.Print("listening on http://", address)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// open opens two caches: the one of the data, and that of the sessions, which last a day at most.
func open(ctx context.Context, redisURL string) (*cachewright.Caches, error) {
	sessions := cachewright.CacheConfig{RedisURL: redisURL, KeyPrefix: "sessions", Timeout: 24 * time.Hour}
	return cachewright.Open(ctx, cachewright.Config{
		ProjectName: "Shop", Environment: cachewright.Development,
		Caches: map[string]cachewright.CacheConfig{"sessions": sessions},
	})
}

// site is the application. Its sessions also end when nobody has come by for half an hour.
func site(caches *cachewright.Caches) (http.Handler, error) {
	sessions, err := cachewright.Sessions(caches, session.Options{Idle: 30 * time.Minute})
	if err != nil {
		return nil, err
	}
	manager := scs.New()
	manager.Store, manager.ErrorFunc, manager.Lifetime = sessions, sessions.ErrorFunc, sessions.Lifetime()

	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		// A real one asks for a password. A new token keeps a session that somebody planted from becoming this user's.
		if err := manager.RenewToken(r.Context()); err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		manager.Put(r.Context(), "user", r.FormValue("user"))
		fmt.Fprintln(w, "logged in")
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "user %q\n", manager.GetString(r.Context(), "user"))
	})
	mux.HandleFunc("GET /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := manager.Destroy(r.Context()); err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "logged out")
	})
	return manager.LoadAndSave(mux), nil
}
