package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"
)

// server is a redis-server that this program may kill.
type server struct {
	address, port, dir string
	cmd                *exec.Cmd
}

// newServer chooses a port and a folder.
func newServer() (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	s := &server{address: l.Addr().String()}
	_, s.port, _ = net.SplitHostPort(s.address)
	s.dir, err = os.MkdirTemp("", "failure")
	return s, err
}

// start starts the process and waits until it takes connections.
func (s *server) start(ctx context.Context) error {
	s.cmd = exec.Command("redis-server", "--bind", "127.0.0.1", "--port", s.port, "--dir", s.dir, "--save", "", "--loglevel", "warning")
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return fmt.Errorf("this example needs a redis-server (apt install redis-server, brew install redis): %w", err)
	}
	for range 500 {
		if c, err := net.Dial("tcp", s.address); err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return errors.New("redis-server does not answer at " + s.address)
}

// kill ends the process at once, as a crash does.
func (s *server) kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// remove ends the process and removes its folder.
func (s *server) remove() {
	s.kill()
	_ = os.RemoveAll(s.dir)
}
