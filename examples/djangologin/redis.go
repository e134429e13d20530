package main

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"
)

// withRedis returns environ with the addresses of a Redis. If it names none, one is started that ends with stop
// and keeps nothing.
func withRedis(ctx context.Context, dir string, environ []string) (_ []string, stop func(), err error) {
	for _, variable := range environ {
		if strings.HasPrefix(variable, "REDIS_URL=") || strings.HasPrefix(variable, "SESSIONS_URL=") {
			return environ, func() {}, nil
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	address := listener.Addr().String()
	_, port, _ := net.SplitHostPort(address) // it is one
	if err := listener.Close(); err != nil {
		return nil, nil, err
	}
	cmd := exec.CommandContext(ctx, "redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--dir", dir)
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("start a Redis, as REDIS_URL names none: %w", err)
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	if err := answers(ctx, address); err != nil {
		stop()
		return nil, nil, fmt.Errorf("the Redis that was started does not answer: %w", err)
	}
	return append(environ, "REDIS_URL=redis://"+address+"/0", "SESSIONS_URL=redis://"+address+"/1"), stop, nil
}

// answers waits until somebody listens at address.
func answers(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
