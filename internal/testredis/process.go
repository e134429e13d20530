//go:build unix

package testredis

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// errPortTaken is returned when the server cannot bind its port.
var errPortTaken = errors.New("port taken")

// signal is what can be done to a process.
type signal = syscall.Signal

const (
	terminate = syscall.SIGTERM
	kill      = syscall.SIGKILL
	pause     = syscall.SIGSTOP
	resume    = syscall.SIGCONT
)

// process is one run of redis-server.
type process struct {
	pid   int
	cmd   *exec.Cmd
	log   log
	ended chan struct{} // closed when the process is gone

	paused bool // since the last waitPaused
}

// startProcess runs redis-server with args.
func startProcess(args []string) (*process, error) {
	p := &process{ended: make(chan struct{}), cmd: exec.Command("redis-server", args...)}
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	dieWithParent(p.cmd)
	started := make(chan error)
	go func() {
		// The kernel ties the promise of dieWithParent to the thread, so the thread stays until the end.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // how it ended is of no interest: we ended it, or the log says why
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	p.pid = p.cmd.Process.Pid
	return p, nil
}

func (p *process) send(sig signal) error {
	return p.cmd.Process.Signal(sig)
}

// running reports whether the process is there and not frozen.
func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return !p.paused
	}
}

// waitReady waits until the process prints the words that mean readiness, and answers.
func (p *process) waitReady(words string, answers func() bool, limit time.Duration) error {
	for end := time.Now().Add(limit); time.Now().Before(end); {
		select {
		case <-p.ended:
			return p.failure("ended at once")
		case <-time.After(poll):
		}
		// The log is asked first: whoever answers on the port may be somebody else.
		if strings.Contains(p.log.String(), words) && answers() {
			return nil
		}
	}
	return p.failure(fmt.Sprintf("does not answer after %v", limit))
}

func (p *process) failure(what string) error {
	log := p.log.String()
	if strings.Contains(log, "Address already in use") {
		return fmt.Errorf("redis-server: %w", errPortTaken)
	}
	return fmt.Errorf("redis-server %s; it said:\n%s", what, log)
}

// waitPaused waits until the kernel has stopped the process: the signal alone does not say when. Where
// there is no /proc, it trusts the signal.
func (p *process) waitPaused() {
	p.paused = true
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
		if err != nil {
			return
		}
		// The state follows the name of the program, which is in brackets.
		if _, state, _ := bytes.Cut(stat, []byte(") ")); bytes.HasPrefix(state, []byte("T")) {
			return
		}
		time.Sleep(poll)
	}
}

// log collects what a process prints. It is safe for concurrent use.
type log struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
