// Command djangologin runs a Django project and a service in Go on one Redis. Users log in on Django, are
// known in Go, log out in Go, and are logged out in Django:
//
//	go run ./examples/djangologin
//
// It needs redis-server, and Django and django-redis for python3 (Debian: redis-server python3-django
// python3-django-redis), and prints the addresses to try. REDIS_URL and SESSIONS_URL name a Redis that is there
// already. config.yaml is the one configuration of both.
package main

import (
	"bufio"
	"context"
	"embed"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/django/settings"
)

//go:embed config.yaml site.py
var files embed.FS

const secretKey = "an example's secret"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Environ(), func(djangoURL, goURL string) {
		fmt.Printf("1  log in on Django    %s/login?user=ann&password=opensesame\n", djangoURL)
		fmt.Printf("2  be known in Go      %s/me\n", goURL)
		fmt.Printf("3  log out in Go       %s/logout\n", goURL)
		fmt.Printf("4  nobody in Django    %s/me\n", djangoURL)
	})
	if err != nil {
		log.Fatal(err)
	}
}

// run serves both until ctx ends, and calls ready with their addresses. They differ in the port only, so
// that a browser sends one cookie to both.
func run(ctx context.Context, environ []string, ready func(djangoURL, goURL string)) error {
	dir, err := os.MkdirTemp("", "djangologin")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{"config.yaml", "site.py"} {
		text, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return err
		}
	}
	environ, stopRedis, err := withRedis(ctx, dir, environ)
	if err != nil {
		return err
	}
	defer stopRedis()
	config, err := cachewright.Load(cachewright.LoadOptions{Path: dir, Environ: environ})
	if err != nil {
		return err
	}
	caches, err := cachewright.Open(ctx, *config)
	if err != nil {
		return err
	}
	defer caches.Close()
	if err := caches.Ping(ctx); err != nil {
		return fmt.Errorf("no Redis at REDIS_URL and SESSIONS_URL: %w", err)
	}

	project, err := startDjango(ctx, dir, caches.Plan(), environ)
	if err != nil {
		return err
	}
	defer project.stop()
	sessions, err := cachewright.DjangoSessions(caches, django.SessionOptions{
		Secrets: []string{secretKey}, Password: project.password,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: service(sessions), ReadHeaderTimeout: time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	ready(project.url, "http://"+listener.Addr().String())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// service is the Go side.
func service(sessions *django.Sessions) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/me", func(w http.ResponseWriter, r *http.Request) {
		session, ok := django.FromContext(r.Context())
		if !ok {
			fmt.Fprint(w, "go: nobody")
			return
		}
		fmt.Fprintf(w, "go: user %s, cart %v", session.UserID(), session.Values["cart"])
	})
	mux.HandleFunc("/cart", func(w http.ResponseWriter, r *http.Request) {
		session, ok := django.FromContext(r.Context())
		if !ok {
			http.Error(w, "log in first", http.StatusForbidden)
			return
		}
		err := sessions.Update(r.Context(), session.Key, func(values map[string]any) error {
			cart, _ := values["cart"].([]any)
			values["cart"] = append(cart, r.FormValue("add"))
			return nil
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, "go: added")
	})
	mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) {
		if session, ok := django.FromContext(r.Context()); ok {
			if err := sessions.Delete(r.Context(), session.Key); err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
				return
			}
		}
		fmt.Fprint(w, "go: logged out")
	})
	return sessions.Middleware(mux)
}

// project is the Django project at work.
type project struct {
	url          string
	userID, hash string // the one user and the password column; a real service asks the database
	stop         func()
}

func (p *project) password(_ context.Context, userID string) (string, error) {
	if userID != p.userID {
		return "", django.ErrNoSession
	}
	return p.hash, nil
}

// startDjango renders the settings, starts the project and waits until it serves.
func startDjango(ctx context.Context, dir string, plan *cachewright.Plan, environ []string) (*project, error) {
	text, err := settings.Python(plan, settings.Options{AllowSecrets: true})
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "cache_settings.py"), text, 0o600); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "/usr/bin/python3", "site.py", "0")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	cmd.Env = append(environ, "SECRET_KEY="+secretKey, "DATABASE="+filepath.Join(dir, "db.sqlite3"))
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &project{stop: func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, errors.New("django did not start; it needs python3-django and python3-django-redis")
	}
	fields := strings.Fields(line)
	if len(fields) != 3 {
		p.stop()
		return nil, fmt.Errorf("django said %q", line)
	}
	p.url, p.userID, p.hash = "http://127.0.0.1:"+fields[0], fields[1], fields[2]
	return p, nil
}
