package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// server is a redis-server of ours, with a connection to look at it.
type server struct {
	addr string
	stop func()
	eye  *goredis.Client
	pid  int
}

// newServer starts a server on a free loopback port.
func newServer(ctx context.Context) (*server, error) {
	addr, stop, err := startServer()
	if err != nil {
		return nil, err
	}
	s := &server{addr: addr, stop: stop, eye: goredis.NewClient(&goredis.Options{Addr: addr, PoolSize: 1})}
	info, err := s.info(ctx)
	if err == nil {
		s.pid, err = strconv.Atoi(info["process_id"])
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *server) url() string { return "redis://" + s.addr + "/0" }

func (s *server) close() {
	_ = s.signal(syscall.SIGCONT) // a frozen one could not end
	_ = s.eye.Close()
	s.stop()
}

// signal freezes (SIGSTOP) or thaws (SIGCONT) the server.
func (s *server) signal(sig syscall.Signal) error {
	if s.pid == 0 {
		return nil
	}
	return syscall.Kill(s.pid, sig)
}

// info returns what INFO says, by name.
func (s *server) info(ctx context.Context) (map[string]string, error) {
	text, err := s.eye.Info(ctx, "server", "cpu", "stats").Result()
	if err != nil {
		return nil, err
	}
	info := make(map[string]string)
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info, nil
}

// work is what a server has done since it started.
type work struct {
	cpu      time.Duration
	commands int
}

// work asks the server, which counts that as one command.
func (s *server) work(ctx context.Context) (w work, err error) {
	info, err := s.info(ctx)
	if err != nil {
		return w, err
	}
	for _, name := range []string{"used_cpu_user", "used_cpu_sys"} {
		seconds, err := strconv.ParseFloat(info[name], 64)
		if err != nil {
			return w, fmt.Errorf("INFO %s: %w", name, err)
		}
		w.cpu += time.Duration(seconds * float64(time.Second))
	}
	w.commands, err = strconv.Atoi(info["total_commands_processed"])
	return w, err
}

// watched adds what the server did for each operation to what measure measures.
func (s *server) watched(ctx context.Context, measure func(time.Duration) (sample, error)) func(time.Duration) (sample, error) {
	return func(d time.Duration) (sample, error) {
		before, err := s.work(ctx)
		if err != nil {
			return sample{}, err
		}
		result, err := measure(d)
		if err != nil {
			return sample{}, err
		}
		after, err := s.work(ctx)
		if err != nil || result.ops == 0 {
			return result, err
		}
		result.server = float64(after.cpu-before.cpu) / float64(result.ops)
		result.commands = float64(after.commands-before.commands-1) / float64(result.ops)
		return result, nil
	}
}
