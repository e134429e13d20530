//go:build unix

package history

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cachewright/cachewright/internal/testredis"
)

var (
	length = flag.Duration("history", 3*time.Second, "how long each history is")
	seed   = flag.Uint64("seed", 0, "the seed of all that is random; zero is a new one")
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "role=worker" {
		if err := work(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

const processes = 4

func TestRedis(t *testing.T) {
	t.Parallel()
	s := testredis.Start(t)
	run(t, assignment{Server: s.Addr, Stale: 200 * time.Millisecond}, s, *length).possible(t)
}

func TestRedisWithoutStaleValues(t *testing.T) {
	t.Parallel()
	s := testredis.Start(t)
	run(t, assignment{Server: s.Addr}, s, *length).possible(t)
}

func TestBareRedis(t *testing.T) {
	t.Parallel()
	s := testredis.Start(t)
	run(t, assignment{Server: s.Addr, Bare: true}, s, *length).possible(t)
}

func TestFile(t *testing.T) {
	t.Parallel()
	run(t, assignment{Dir: t.TempDir(), Stale: 200 * time.Millisecond}, nil, *length).possible(t)
}

// TestCarelessCacheIsCaught shows that these histories find what they are to find.
func TestCarelessCacheIsCaught(t *testing.T) {
	t.Parallel()
	s := testredis.Start(t)
	h := run(t, assignment{Server: s.Addr, Broken: true}, nil, 2*time.Second)
	if found := Check(h.events, h.last); len(found) == 0 {
		t.Errorf("seed %d: among %d events of a cache that stores whatever it has loaded there is no impossible read", h.seed, len(h.events))
	}
}

// record is what has happened.
type record struct {
	seed     uint64
	events   []Event
	oddities []string
	last     []int64
	faults   []string
}

// possible fails the test if the record has impossible reads or other oddities.
func (h record) possible(t *testing.T) {
	t.Helper()
	found := Check(h.events, h.last)
	t.Logf("seed %d: %s; %d impossible, %d oddities; faults: %s", h.seed, summary(h.events), len(found), len(h.oddities), tally(h.faults))
	for i, v := range found {
		if i == 5 {
			t.Errorf("and %d more", len(found)-i)
			break
		}
		t.Errorf("seed %d: impossible: %v", h.seed, v)
	}
	for text, n := range count(h.oddities) {
		t.Errorf("seed %d: %d times: %s", h.seed, n, text)
	}
}

// summary counts what happened, and how long it took at most.
func summary(events []Event) string {
	var hits, misses, fetches, absences, blind, writes, failures int
	longest := make(map[Op]int64)
	for _, e := range events {
		if e.End != Never {
			longest[e.Op] = max(longest[e.Op], e.End-e.Begin)
		}
		if e.Blind {
			blind++
		}
		switch {
		case !e.known():
			failures++
		case e.writes():
			writes++
		case e.Absent:
			absences++
		case e.Op == Fetch:
			fetches++
		case e.Version == 0:
			misses++
		default:
			hits++
		}
	}
	return fmt.Sprintf("%d events: %d hits and %d misses of Get, %d values and %d absences of Fetch, %d writes, %d without a known outcome, %d without the store; "+
		"longest Get %v, Fetch %v, Set %v, Delete %v", len(events), hits, misses, fetches, absences, writes, failures, blind,
		ms(longest[Get]), ms(longest[Fetch]), ms(longest[Set]), ms(longest[Delete]))
}

func ms(ns int64) time.Duration { return time.Duration(ns).Round(time.Millisecond) }

func count(texts []string) map[string]int {
	counts := make(map[string]int)
	for _, text := range texts {
		counts[text]++
	}
	return counts
}

func tally(texts []string) string {
	var parts []string
	for text, n := range count(texts) {
		parts = append(parts, fmt.Sprintf("%s %d", text, n))
	}
	return strings.Join(parts, ", ")
}

// child is a running worker.
type child struct {
	assignment
	command *exec.Cmd
	input   io.Closer
}

func (a assignment) start(t *testing.T) *child {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	text, err := json.Marshal(a)
	must(t, err)
	c := &child{a, exec.Command(self, "role=worker", string(text)), nil}
	c.command.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	c.command.Stderr = os.Stderr
	c.input, err = c.command.StdinPipe()
	must(t, err)
	must(t, c.command.Start())
	return c
}

// scene is what goes on while the workers work.
type scene struct {
	t        *testing.T
	r        *rand.Rand
	server   *testredis.Server // nil if there is none to be disturbed
	children []*child
	logs     []string
	faults   []string
	pauses   time.Duration // how long a process is frozen at most
}

// run has processes work for a while, and disturbs them.
func run(t *testing.T, a assignment, server *testredis.Server, length time.Duration) record {
	t.Helper()
	a.Processes, a.Folder, a.Seed = processes, t.TempDir(), *seed
	if a.Seed == 0 {
		a.Seed = rand.Uint64()
	}
	src, err := openSource(a.source(), keys)
	must(t, err)
	s := &scene{t: t, r: rand.New(rand.NewPCG(a.Seed, 1)), server: server, pauses: 500 * time.Millisecond}
	if length >= 30*time.Second {
		s.pauses = 5 * time.Second // longer than a lease lives
	}
	for a.Process = range processes {
		s.children = append(s.children, a.start(t))
		s.logs = append(s.logs, a.diary())
	}
	for end := time.Now().Add(length); time.Now().Before(end) && !t.Failed(); {
		time.Sleep(time.Duration(200+s.r.IntN(1200)) * time.Millisecond)
		s.disturb()
	}
	for _, c := range s.children {
		s.finish(c)
	}
	h := record{seed: a.Seed, last: src.all(), faults: s.faults}
	for _, path := range s.logs {
		events, oddities := readDiary(t, path)
		h.events, h.oddities = append(h.events, events...), append(h.oddities, oddities...)
	}
	return h
}

// disturb does one bad thing and puts it right again.
func (s *scene) disturb() {
	c := s.children[s.r.IntN(len(s.children))]
	pause := time.Duration(s.r.Int64N(int64(s.pauses)))
	kinds := 2
	if s.server != nil {
		kinds = 4
	}
	fault := s.r.IntN(kinds)
	s.faults = append(s.faults, [...]string{"process frozen", "process killed", "server frozen", "server killed"}[fault])
	switch fault {
	case 0:
		must(s.t, c.command.Process.Signal(syscall.SIGSTOP))
		time.Sleep(pause)
		must(s.t, c.command.Process.Signal(syscall.SIGCONT))
	case 1:
		must(s.t, c.command.Process.Kill())
		_ = c.command.Wait()
		_ = c.input.Close()
		next := c.assignment
		next.Life++
		*c = *next.start(s.t)
		s.logs = append(s.logs, next.diary())
	case 2:
		s.server.Pause()
		time.Sleep(min(pause, 600*time.Millisecond))
		s.server.Continue()
	case 3:
		s.server.Kill()
		time.Sleep(min(pause, 600*time.Millisecond))
		s.server.Restart()
	}
}

// finish has a worker come to its end.
func (s *scene) finish(c *child) {
	_ = c.input.Close()
	stuck := time.AfterFunc(3*patience, func() {
		s.t.Errorf("process %d does not come to its end", c.Process)
		_ = c.command.Process.Signal(syscall.SIGQUIT)
	})
	defer stuck.Stop()
	if err := c.command.Wait(); err != nil {
		s.t.Errorf("process %d: %v", c.Process, err)
	}
}
