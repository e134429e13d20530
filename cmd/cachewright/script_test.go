package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "rewrite what the scripts compare with")

func TestMain(m *testing.M) {
	testscript.Main(leakFree{m}, map[string]func(){"cachewright": main})
}

// leakFree runs tests and then fails if a goroutine is left.
type leakFree struct{ tests *testing.M }

func (l leakFree) Run() int {
	code := l.tests.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// TestScript runs the how-tos in testdata/script against the real command, each call a process.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("TERM", "xterm-256color")
			// Under the race detector every process would linger for a second.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			env.Values[serverKey{}] = new(server)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"redis":  func(ts *testscript.TestScript, _ bool, args []string) { redisCommand(t, ts, args) },
			"steady": steady,
		},
	})
}

// exits runs a command and expects its exit code: exits CODE PROGRAM ARGS...
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

type serverKey struct{}

// server is the Redis of one script.
type server struct{ *testredis.Server }

// redisCommand gives a script a real Redis of its own:
//
//	redis start [PASSWORD]   starts it and sets $REDIS_ADDR and $REDIS
//	redis stop | pause | continue
//	redis do COMMAND...      prints the reply
func redisCommand(t *testing.T, ts *testscript.TestScript, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: redis start|stop|pause|continue|do")
	}
	s := ts.Value(serverKey{}).(*server)
	switch args[0] {
	case "start":
		s.Server = testredis.StartWith(scriptTB{TB: t, ts: ts}, testredis.Options{Password: strings.Join(args[1:], "")})
		ts.Setenv("REDIS_ADDR", s.Addr)
		ts.Setenv("REDIS", s.URL(0))
	case "stop":
		s.Stop()
	case "pause":
		s.Pause()
	case "continue":
		s.Continue()
	case "do":
		_, err := fmt.Fprintln(ts.Stdout(), s.Do(args[1:]...))
		ts.Check(err)
	default:
		ts.Fatalf("redis %s is unknown", args[0])
	}
}

// scriptTB lets what is made for a test end with its script, and fail it.
type scriptTB struct {
	testing.TB
	ts *testscript.TestScript
}

func (t scriptTB) Helper()                           {}
func (t scriptTB) Cleanup(f func())                  { t.ts.Defer(f) }
func (t scriptTB) Fatal(args ...any)                 { t.ts.Fatalf("%s", fmt.Sprint(args...)) }
func (t scriptTB) Fatalf(format string, args ...any) { t.ts.Fatalf(format, args...) }

// unsteady are the parts of an output that differ from run to run, each with what stands in for it.
var unsteady = []struct {
	pattern *regexp.Regexp
	steady  string
}{
	{regexp.MustCompile(`(round trip|p50|p99|failed after) [0-9.]+ (µs|ms|s)`), "$1 #"},
	{regexp.MustCompile(`"round_trip_us": [1-9][0-9]*`), `"round_trip_us": 1`},
	{regexp.MustCompile(`127\.0\.0\.1:[0-9]+/0 +`), "127.0.0.1:PORT/0   "},
	{regexp.MustCompile(`127\.0\.0\.1:[0-9]+`), "127.0.0.1:PORT"},
	{regexp.MustCompile(`Redis [0-9.]+ ·(.*) · [0-9]+ MiB, no limit ·`), "Redis # ·$1 · # ·"},
	{regexp.MustCompile(`[0-9]+ open here · [0-9]+ of 10000 clients · clock (the same|[0-9.]+ (µs|ms|s) (ahead|behind))`), "# open here · # clients · clock #"},
	{regexp.MustCompile(`[0-9]+ [KMG]iB of disk free`), "# of disk free"},
	{regexp.MustCompile(` +\n`), "\n"},
}

// steady writes the last output into a file, without what differs from run to run: steady stdout FILE
func steady(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: steady stdout|stderr FILE")
	}
	text := ts.ReadFile(args[0])
	for _, u := range unsteady {
		text = u.pattern.ReplaceAllString(text, u.steady)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}
