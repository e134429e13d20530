package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
)

// onRedis shows one cache of two processes, and that its end is not theirs.
func (d *demo) onRedis(ctx context.Context) error {
	err := d.begin(ctx, "The same program on Redis, which ends in the middle of it", "redis_url: is all that changes.")
	if err != nil {
		return err
	}
	if d.redisServer == "" {
		d.sayf("    There is no redis-server on the PATH, so this part is left out. Everything above ran without one.\n"+
			"    %s", dim("apt install redis-server, brew install redis: then call the demo again"))
		return nil
	}
	server, err := startOwnRedis(ctx, d.redisServer)
	if err != nil {
		return err
	}
	defer server.remove()
	d.sayf("    %s", dim("redis-server "+server.address+", process "+strconv.Itoa(server.cmd.Process.Pid)+", started for this"))
	return d.twoProcesses(ctx, server)
}

// twoProcesses opens the cache twice, as two processes would.
func (d *demo) twoProcesses(ctx context.Context, server *ownRedis) error {
	out, writer, err := openDemo(ctx, cachewright.CacheConfig{}, server.url())
	if err != nil {
		return err
	}
	defer writer.Close()
	in, reader, err := openDemo(ctx, cachewright.CacheConfig{}, server.url())
	if err != nil {
		return err
	}
	defer reader.Close()
	if err := until(ctx, func() error { return out.Set(ctx, "greeting", "hello") }); err != nil {
		return err
	}
	value, found, err := in.Get(ctx, "greeting")
	if err != nil {
		return err
	}
	if !found {
		return errors.New("one process does not see what another has written")
	}
	d.sayf("    one process writes, another reads     %s", good(strconv.Quote(value)))

	var turn atomic.Int64
	err = d.rush(ctx, "two processes", func(ctx context.Context, s *source) error {
		values := in
		if turn.Add(1)%2 == 0 {
			values = out
		}
		_, err := values.Fetch(ctx, "42", s.load)
		return err
	})
	if err != nil {
		return err
	}

	return d.killed(ctx, server, in)
}

// killed shows what a process gets while its server is gone, and afterwards.
func (d *demo) killed(ctx context.Context, server *ownRedis, in *cache.Cache[string]) error {
	server.stop()
	d.sayf("    redis-server is ended                 %s", dim("no warning, as in life"))
	start := time.Now()
	_, _, err := in.Get(ctx, "greeting")
	d.sayf("    Get says so                           %s", warn(unwrapped(err)))
	answer, err := in.Fetch(ctx, "greeting", (&source{}).load)
	if err != nil {
		return err
	}
	d.sayf("    Fetch answers from the source         %s %s", good(strconv.Quote(answer)),
		dim(fmt.Sprintf("both after %v", time.Since(start).Round(100*time.Microsecond))))

	start = time.Now()
	if err := server.start(ctx); err != nil {
		return err
	}
	d.during(func() string { return "redis-server is back; nobody has told the caches" }, func() {
		err = until(ctx, func() error {
			_, _, err := in.Get(ctx, "greeting")
			return err
		})
	})
	if err != nil {
		return err
	}
	d.sayf("    it is started again                   %s",
		good(fmt.Sprintf("in use again %v after its start, by itself", time.Since(start).Round(time.Millisecond))))
	return nil
}

// unwrapped is the first line of an error without the name of the program.
func unwrapped(err error) string {
	if err == nil {
		return "no error"
	}
	line, _, _ := strings.Cut(withoutName(err), "\n")
	return line
}

// patience is how long a server of the demo may take to answer.
const patience = 10 * time.Second

// until repeats try until it succeeds, its patience ends, or ctx does.
func until(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(frame):
		}
	}
}

// ownRedis is a redis-server that belongs to the demo: on the loopback address, in a folder of its own, gone with it.
type ownRedis struct {
	program string
	dir     string
	address string
	cmd     *exec.Cmd
	ended   chan struct{} // closed when cmd has ended
}

func startOwnRedis(ctx context.Context, program string) (*ownRedis, error) {
	dir, err := os.MkdirTemp("", "cachewright-demo")
	if err != nil {
		return nil, fmt.Errorf("make a folder for redis-server: %w", err)
	}
	r := &ownRedis{program: program, dir: dir}
	if r.address, err = freeAddress(); err == nil {
		err = r.start(ctx)
	}
	if err != nil {
		r.remove()
		return nil, err
	}
	return r, nil
}

// freeAddress is an address of the loopback that nobody listens on at this moment.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("look for a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// start starts the server at its address and waits until it takes connections.
func (r *ownRedis) start(ctx context.Context) error {
	_, port, _ := net.SplitHostPort(r.address)
	r.cmd = exec.Command(r.program, "--bind", "127.0.0.1", "--port", port, "--dir", r.dir,
		"--save", "", "--appendonly", "no", "--daemonize", "no", "--logfile", filepath.Join(r.dir, "log"))
	if err := r.cmd.Start(); err != nil {
		r.cmd = nil
		return fmt.Errorf("start %s: %w", r.program, err)
	}
	r.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) {
		_ = cmd.Wait() // how it ends is of no interest: stop ends it, or it does not answer
		close(ended)
	}(r.cmd, r.ended)
	err := until(ctx, func() error {
		c, err := net.DialTimeout("tcp", r.address, time.Second)
		if err != nil {
			return err
		}
		return c.Close()
	})
	if err != nil {
		return fmt.Errorf("%s does not answer: %w", r.program, err)
	}
	return nil
}

func (r *ownRedis) url() string { return "redis://" + r.address + "/0" }

// stop kills the process of r, and no other, and waits until it is gone.
func (r *ownRedis) stop() {
	if r.cmd == nil {
		return
	}
	_ = r.cmd.Process.Kill() // one that has ended already is as good
	<-r.ended
	r.cmd = nil
}

// remove ends the server and removes its folder.
func (r *ownRedis) remove() {
	r.stop()
	_ = os.RemoveAll(r.dir) // a folder of the system's temporary ones
}
