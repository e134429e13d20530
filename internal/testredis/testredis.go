//go:build unix

// Package testredis runs real Redis servers for tests.
//
// A server listens on a free loopback port, keeps nothing on disk outside a temporary folder, and ends
// with its test, however that ends. Every test starts its own: starting one takes some ten milliseconds.
package testredis

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	// patience is how long a server may take to answer after its start.
	patience = 10 * time.Second

	// ports is how many ports are tried before a test fails: the port that is free when it is chosen may be
	// taken when the server binds it, because packages are tested in parallel.
	ports = 10

	// poll is the time between two looks at something that is about to happen.
	poll = 2 * time.Millisecond
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

	t       testing.TB
	options Options
	dir     string
	process *process
}

// Start starts a server without a password and stops it at the end of the test.
func Start(t testing.TB) *Server {
	t.Helper()
	return StartWith(t, Options{})
}

// StartWith starts a server as o says and stops it at the end of the test.
func StartWith(t testing.TB, o Options) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Fatal("this test needs a real redis-server, and none is in PATH: run `make deps`, or install the package redis-server")
	}
	s := &Server{t: t, options: o, dir: t.TempDir()}
	t.Cleanup(s.end)
	for range ports {
		s.Port = freePort(t)
		s.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port))
		err := s.start()
		if err == nil {
			return s
		}
		if !errors.Is(err, errPortTaken) {
			t.Fatal(err)
		}
	}
	t.Fatalf("no port for redis-server in %d attempts", ports)
	return nil
}

// Reserve returns an address of a server that does not run yet: Restart starts it.
func Reserve(t testing.TB) *Server {
	t.Helper()
	s := Start(t)
	s.Kill()
	return s
}

// URL returns the redis:// URL of database db, with the password of the default user.
func (s *Server) URL(db int) string {
	u := url.URL{Scheme: "redis", Host: s.Addr, Path: "/" + strconv.Itoa(db)}
	if s.options.Password != "" {
		u.User = url.UserPassword("", s.options.Password)
	}
	return u.String()
}

// Pid returns the process id of the running server.
func (s *Server) Pid() int { return s.process.pid }

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
}

// Do runs one command on a connection of its own, as the default user, and returns the reply as text:
// elements of arrays on lines of their own, a missing value as "(nil)". An error reply fails the test.
func (s *Server) Do(args ...string) string {
	s.t.Helper()
	conn, err := dialServer(s.Addr, s.options.Password)
	if err != nil {
		s.t.Fatalf("redis-server at %s: %v", s.Addr, err)
	}
	defer conn.close()
	reply, err := conn.do(args...)
	if err != nil {
		s.t.Fatalf("redis-server at %s: %s: %v", s.Addr, strings.Join(args, " "), err)
	}
	return reply
}

// start runs a process on the port and waits until it answers.
func (s *Server) start() error {
	p, err := startProcess(s.args())
	if err != nil {
		return fmt.Errorf("starting redis-server: %w", err)
	}
	s.process = p
	if err := p.waitReady(s.Addr, patience); err != nil {
		s.end()
		return err
	}
	return nil
}

func (s *Server) args() []string {
	args := []string{
		"--port", strconv.Itoa(s.Port), "--bind", "127.0.0.1", "--dir", s.dir,
		"--save", "", "--appendonly", "no", "--daemonize", "no",
	}
	if s.options.Password != "" {
		args = append(args, "--requirepass", s.options.Password)
	}
	for _, user := range s.options.Users {
		args = append(args, "--user")
		args = append(args, strings.Fields(user)...)
	}
	return append(args, s.options.Args...)
}

func (s *Server) signal(sig signal) {
	s.t.Helper()
	if err := s.process.send(sig); err != nil {
		s.t.Fatalf("redis-server at %s, process %d: %v", s.Addr, s.process.pid, err)
	}
}

// end kills the server if it still runs, also a paused one.
func (s *Server) end() {
	if s.process == nil {
		return
	}
	if err := s.process.send(kill); err == nil {
		<-s.process.ended
	}
}

// freePort returns a port that nobody listens on at this moment.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("looking for a free port: %v", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
