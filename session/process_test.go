package session_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/session"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
	"github.com/cachewright/cachewright/store/redis"
)

// roles are what this test binary does when it is started as "binary role=name backend token".
var roles = map[string]func(s *session.Store, token string) error{
	"update": updateMany,
	"slow":   slowRequests,
}

// playRole runs the role that the arguments name and reports whether there is one.
func playRole() bool {
	if len(os.Args) != 4 || !strings.HasPrefix(os.Args[1], "role=") {
		return false
	}
	raw, err := openBackend(os.Args[2])
	if err == nil {
		var s *session.Store
		if s, err = session.New(raw, processOptions()); err == nil {
			err = roles[strings.TrimPrefix(os.Args[1], "role=")](s, os.Args[3])
		}
		err = errors.Join(err, raw.Close())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

func processOptions() session.Options {
	return session.Options{Idle: time.Hour, Owner: ownerOf}
}

// openBackend opens "file:directory", "redis:address" or "cluster:address".
func openBackend(name string) (store.Store, error) {
	kind, place, _ := strings.Cut(name, ":")
	pool := redis.PoolOptions{SocketTimeout: 20 * time.Second, SocketConnectTimeout: 20 * time.Second}
	switch kind {
	case "file":
		return file.Open(place, file.Options{})
	case "cluster":
		host, port, err := net.SplitHostPort(place)
		if err != nil {
			return nil, err
		}
		number, err := strconv.Atoi(port)
		if err != nil {
			return nil, err
		}
		pool.StartupNodes = []redis.Node{{Host: host, Port: number}}
	}
	return redis.Open(redis.Options{Address: place, Pool: pool})
}

const (
	processes         = 4
	workersPerProcess = 13 // 52 in all
	updatesPerProcess = 250
)

func updateMany(s *session.Store, token string) error {
	var left sync.Mutex
	todo, failed := updatesPerProcess, error(nil)
	next := func() bool {
		left.Lock()
		defer left.Unlock()
		todo--
		return todo >= 0
	}
	var wg sync.WaitGroup
	for range workersPerProcess {
		wg.Go(func() {
			for next() {
				if err := s.Update(context.Background(), token, increment); err != nil {
					left.Lock()
					failed = errors.Join(failed, err)
					left.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return failed
}

// requestsPerProcess are 200 in all.
const requestsPerProcess = 50

// slowRequests reads the session, says so, and stores it when the standard input ends, as often as requests
// that were all under way.
func slowRequests(s *session.Store, token string) error {
	ctx := context.Background()
	if _, found, err := s.FindCtx(ctx, token); !found || err != nil {
		return fmt.Errorf("find: %v, %w", found, err)
	}
	fmt.Println("read")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make([]error, requestsPerProcess)
	for i := range requestsPerProcess {
		wg.Go(func() { errs[i] = slowRequest(ctx, s, token, i) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, session.ErrNoSession) && !errors.Is(err, session.ErrConflict) {
			return err
		}
	}
	return nil
}

// eachBackend runs a test on every backend that several processes share.
func eachBackend(t *testing.T, test func(t *testing.T, backend string, s *session.Store)) {
	for name, start := range map[string]func(*testing.T) string{
		"file":  func(t *testing.T) string { return "file:" + t.TempDir() },
		"redis": func(t *testing.T) string { return "redis:" + testredis.Start(t).Addr },
		"cluster": func(t *testing.T) string {
			return "cluster:" + testredis.StartCluster(t, testredis.ClusterOptions{}).Addresses()[0]
		},
	} {
		t.Run(name, func(t *testing.T) {
			backend := start(t)
			raw, err := openBackend(backend)
			must(t, err)
			t.Cleanup(func() { _ = raw.Close() })
			s, err := session.New(raw, processOptions())
			must(t, err)
			test(t, backend, s)
		})
	}
}

// process is this binary in a role.
func process(t *testing.T, role, backend, token string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self, "role="+role, backend, token)
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // the race detector likes to sleep at the end
	cmd.Stderr = os.Stderr
	return cmd
}

func TestProcessesUpdateOneSessionAndLoseNothing(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string, s *session.Store) {
		token := newToken()
		must(t, s.CommitCtx(t.Context(), token, []byte("0"), time.Now().Add(2*time.Hour)))
		var wg sync.WaitGroup
		for range processes {
			wg.Go(func() {
				if err := process(t, "update", backend, token).Run(); err != nil {
					t.Errorf("a process: %v", err)
				}
			})
		}
		wg.Wait()
		wantData(t, s, token, strconv.Itoa(processes*updatesPerProcess))
	})
}

func TestALogoutIsNotUndoneByOtherProcesses(t *testing.T) {
	eachBackend(t, func(t *testing.T, backend string, s *session.Store) {
		token := newToken()
		commit(t, s, token, "ann:1")
		var stop []func()
		for range processes {
			cmd := process(t, "slow", backend, token)
			in, err := cmd.StdinPipe()
			must(t, err)
			out, err := cmd.StdoutPipe()
			must(t, err)
			must(t, cmd.Start())
			stop = append(stop, func() {
				if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
					t.Errorf("a process: %v", err)
				}
			})
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "read\n" {
				t.Errorf("a process says %q, %v", line, err)
			}
		}
		must(t, s.DeleteCtx(t.Context(), token))
		var wg sync.WaitGroup
		for _, end := range stop {
			wg.Go(end)
		}
		wg.Wait()
		wantNone(t, s, token)
		if l, err := s.List(t.Context(), "ann"); len(l) != 0 || err != nil {
			t.Errorf("List = %v, %v; want none", l, err)
		}
	})
}
