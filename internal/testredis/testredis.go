//go:build unix

// Package testredis runs real Redis servers for tests: one alone, one that speaks TLS, a master with replicas
// and sentinels, a cluster.
//
// Servers listen on free loopback ports, keep nothing on disk outside temporary folders, and end with
// their test, however that ends. Every test starts its own: one server takes some ten milliseconds, a group
// with sentinels about two seconds, a cluster about three.
package testredis

import (
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// Options says what a server is to be like. The zero value is a server without a password.
type Options struct {
	// Password is the password of the default user (requirepass). Empty means none.
	Password string

	// Users are ACL users, each as in an ACL file behind the word user: "alice on >secret ~* +@all".
	Users []string

	// Args are further arguments of redis-server: "--maxmemory", "1mb".
	Args []string
}

// Server is a running redis-server. Its methods fail the test instead of returning errors. They are for one
// goroutine at a time.
type Server struct {
	// Addr is host:port. It stays the same over Restart.
	Addr string

	// Port is the port in Addr.
	Port int

	t         testing.TB
	options   Options
	dir       string
	process   *process
	identity  *identity // nil: no TLS
	watch     *watch    // what it watches as a sentinel; nil: it is none
	clustered bool      // it is a node of a cluster and has a second port, the bus
}

// Start starts a server without a password and stops it at the end of the test.
func Start(t testing.TB) *Server {
	t.Helper()
	return StartWith(t, Options{})
}

// StartWith starts a server as o says and stops it at the end of the test.
func StartWith(t testing.TB, o Options) *Server {
	t.Helper()
	s := newServer(t, o)
	if err := launch(s); err != nil {
		t.Fatal(err)
	}
	return s
}

// Reserve returns an address of a server that does not run yet: Restart starts it.
func Reserve(t testing.TB) *Server {
	t.Helper()
	s := Start(t)
	s.Kill()
	return s
}

// newServer returns a server that has no port yet. It ends with the test, if anything started it.
func newServer(t testing.TB, o Options) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Fatal("this test needs a real redis-server, and none is in PATH: run `make deps`, or install the package redis-server")
	}
	s := &Server{t: t, options: o, dir: t.TempDir()}
	t.Cleanup(s.end)
	return s
}

// URL returns the URL of database db, with the password of the default user: redis://, or rediss:// if
// the server speaks TLS.
func (s *Server) URL(db int) string {
	u := url.URL{Scheme: "redis", Host: s.Addr, Path: "/" + strconv.Itoa(db)}
	if s.identity != nil {
		u.Scheme = "rediss"
	}
	if s.options.Password != "" {
		u.User = url.UserPassword("", s.options.Password)
	}
	return u.String()
}

// Pid returns the process id of the running server.
func (s *Server) Pid() int { return s.process.pid }

// Running reports whether the server is neither ended nor paused.
func (s *Server) Running() bool { return s.process.running() }

// Stop asks the server to end (SIGTERM) and waits until it has.
func (s *Server) Stop() {
	s.t.Helper()
	s.signal(terminate)
	<-s.process.ended
}

// Kill ends the server at once (SIGKILL), as a crash does, and waits until it is gone.
func (s *Server) Kill() {
	s.t.Helper()
	s.signal(kill)
	<-s.process.ended
}

// Restart starts the server again on the same port, empty. The server must have been stopped or killed.
//
// A node of a group starts with the part that it had in the beginning, and the group puts that right in a
// moment (see Settle there). What a sentinel and a node of a cluster know of the others, they still know.
func (s *Server) Restart() {
	s.t.Helper()
	if err := s.start(); err != nil {
		s.t.Fatal(err)
	}
}

// Pause freezes the server (SIGSTOP): connections stand, new ones are accepted by the kernel, nothing is
// answered. It returns when the server stands still.
func (s *Server) Pause() {
	s.t.Helper()
	s.signal(pause)
	s.process.waitPaused()
}

// Continue lets a paused server go on (SIGCONT).
func (s *Server) Continue() {
	s.t.Helper()
	s.signal(resume)
	s.process.paused = false
}

// Do runs one command on a connection of its own, as the default user, and returns the reply as text:
// elements of arrays on lines of their own, a missing value as "(nil)". An error reply fails the test.
func (s *Server) Do(args ...string) string {
	s.t.Helper()
	reply, err := s.ask(args...)
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Join(reply, "\n")
}

func (s *Server) signal(sig signal) {
	s.t.Helper()
	if err := s.process.send(sig); err != nil {
		s.t.Fatalf("redis-server at %s, process %d: %v", s.Addr, s.process.pid, err)
	}
}
