//go:build unix

package testredis_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
)

func TestStartedServerAnswersUntilTheTestEnds(t *testing.T) {
	var pid int
	t.Run("while the test runs", func(t *testing.T) {
		s := testredis.Start(t)
		pid = s.Pid()
		if got, want := s.Do("PING"), "PONG"; got != want {
			t.Errorf("PING = %q, want %q", got, want)
		}
		if got, want := s.Do("CONFIG", "GET", "save"), "save\n"; got != want {
			t.Errorf("CONFIG GET save = %q, want %q: it must not write to disk", got, want)
		}
		if got, want := s.URL(3), "redis://"+s.Addr+"/3"; got != want {
			t.Errorf("URL(3) = %q, want %q", got, want)
		}
	})
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("after the test, signalling process %d = %v, want %v", pid, err, syscall.ESRCH)
	}
}

func TestRestartKeepsThePortAndForgetsTheData(t *testing.T) {
	for name, end := range map[string]func(*testredis.Server){
		"after Stop": (*testredis.Server).Stop,
		"after Kill": (*testredis.Server).Kill,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := testredis.Start(t)
			addr := s.Addr
			s.Do("SET", "k", "v")
			end(s)
			if c, err := net.Dial("tcp", addr); err == nil {
				c.Close()
				t.Errorf("somebody still listens on %s", addr)
			}
			s.Restart()
			if s.Addr != addr {
				t.Errorf("address = %s, want %s", s.Addr, addr)
			}
			if got, want := s.Do("GET", "k"), "(nil)"; got != want {
				t.Errorf("GET k = %q, want %q", got, want)
			}
		})
	}
}

func TestReservedServerRunsAfterRestart(t *testing.T) {
	s := testredis.Reserve(t)
	if c, err := net.Dial("tcp", s.Addr); err == nil {
		c.Close()
		t.Errorf("somebody listens on %s before Restart", s.Addr)
	}
	s.Restart()
	if got, want := s.Do("PING"), "PONG"; got != want {
		t.Errorf("PING = %q, want %q", got, want)
	}
}

func TestPausedServerIsSilentUntilItContinues(t *testing.T) {
	s := testredis.Start(t)
	s.Pause()
	c, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatalf("dialling a paused server: %v", err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		t.Fatal(err)
	}
	reply := make([]byte, 7)
	c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	if n, err := c.Read(reply); err == nil {
		t.Fatalf("a paused server answered %q", reply[:n])
	}
	s.Continue()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Read(reply); err != nil || string(reply) != "+PONG\r\n" {
		t.Errorf("after Continue: %q, %v, want +PONG", reply, err)
	}
}

func TestPausedServerIsStoppedWithItsTest(t *testing.T) {
	var pid int
	t.Run("a test that forgets to continue", func(t *testing.T) {
		s := testredis.Start(t)
		pid = s.Pid()
		s.Pause()
	})
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("after the test, signalling process %d = %v, want %v", pid, err, syscall.ESRCH)
	}
}

func TestOptions(t *testing.T) {
	s := testredis.StartWith(t, testredis.Options{
		Password: "hidden",
		Users:    []string{"alice on >wonder ~* +@all"},
		Args:     []string{"--maxmemory", "2mb"},
	})
	if got, want := s.Do("ACL", "WHOAMI"), "default"; got != want {
		t.Errorf("ACL WHOAMI = %q, want %q", got, want)
	}
	if got, want := s.Do("AUTH", "alice", "wonder"), "OK"; got != want {
		t.Errorf("AUTH as the extra user = %q, want %q", got, want)
	}
	if got, want := s.Do("CONFIG", "GET", "maxmemory"), "maxmemory\n2097152"; got != want {
		t.Errorf("CONFIG GET maxmemory = %q, want %q", got, want)
	}
	if got, want := s.URL(0), "redis://:hidden@"+s.Addr+"/0"; got != want {
		t.Errorf("URL(0) = %q, want %q", got, want)
	}
}

// verdict records what a failing test says, without failing this one.
type verdict struct {
	testing.TB
	fatal string
}

func (v *verdict) Helper() {}

func (v *verdict) Fatal(args ...any) {
	v.fatal = strings.TrimSpace(strings.Join(toStrings(args), " "))
	panic(v)
}

func toStrings(args []any) []string {
	var out []string
	for _, a := range args {
		if err, ok := a.(error); ok {
			a = err.Error()
		}
		out = append(out, a.(string))
	}
	return out
}

// fatalOf returns what f says to the test that it fails.
func fatalOf(t *testing.T, f func(testing.TB)) (said string) {
	v := &verdict{TB: t}
	defer func() {
		if r := recover(); r != nil && r != any(v) {
			panic(r)
		}
		said = v.fatal
	}()
	f(v)
	return ""
}

func TestMissingServerFailsTheTestWithAnInstruction(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	said := fatalOf(t, func(tb testing.TB) { testredis.Start(tb) })
	if !strings.Contains(said, "make deps") {
		t.Errorf("without redis-server a test fails with %q, want a hint at make deps", said)
	}
}

func TestServerThatRefusesToStartFailsTheTestWithItsWords(t *testing.T) {
	said := fatalOf(t, func(tb testing.TB) {
		testredis.StartWith(tb, testredis.Options{Args: []string{"--no-such-option", "1"}})
	})
	if !strings.Contains(said, "no-such-option") {
		t.Errorf("a test fails with %q, want what redis-server said about no-such-option", said)
	}
}

func TestPortThatIsTakenIsTriedAgainOnAnother(t *testing.T) {
	// A redis-server that finds its port taken twice before it starts.
	dir := t.TempDir()
	real := lookPath(t)
	script := "#!/bin/sh\n" +
		"cd " + dir + "\n" +
		"if [ ! -e twice ]; then\n" +
		"  if [ -e once ]; then touch twice; fi; touch once\n" +
		"  echo 'Could not create server TCP listening socket: bind: Address already in use'; exit 1\n" +
		"fi\n" +
		"exec " + real + " \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "redis-server"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	s := testredis.Start(t)
	if got, want := s.Do("PING"), "PONG"; got != want {
		t.Errorf("PING = %q, want %q", got, want)
	}
	if _, err := os.Stat(filepath.Join(dir, "twice")); err != nil {
		t.Errorf("the port was not taken twice: %v", err)
	}
}

func lookPath(t *testing.T) string {
	t.Helper()
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if path := filepath.Join(dir, "redis-server"); isFile(path) {
			return path
		}
	}
	t.Fatal("no redis-server in PATH: run `make deps`")
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
