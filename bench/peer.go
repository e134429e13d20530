package main

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"
)

//go:embed peer.py
var peerScript string

// peer is a Python cache in a process that measures itself: no call crosses the border between the
// languages while a clock runs.
type peer struct {
	title   string // name and version
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// peerAnswer is a line of a peer.
type peerAnswer struct {
	Title  string  // the first line only
	Count  int     // operations
	Nanos  float64 // per operation
	CPU    float64 // the same of the processors
	Missed float64 // share of the reads
	Error  string
}

// startPeer starts the Python cache named name on dir and has it filled with size entries.
func startPeer(python, name, dir string, size int) (*peer, error) {
	return startPeerOf(python, name, dir, size, strconv.Itoa(valueBytes))
}

// startPeerOf starts the peer named name with size values of a kind. place is what the peer needs to find them.
func startPeerOf(python, name, place string, size int, kind string) (*peer, error) {
	cmd := exec.Command(python, "-c", peerScript, name, place, strconv.Itoa(size), kind)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s (-python names the interpreter): %w", python, err)
	}
	p := &peer{command: cmd, in: in, out: bufio.NewReader(out)}
	a, err := p.answer()
	if err != nil {
		p.close()
		return nil, fmt.Errorf("%s, which needs Debian's python3-django, -django-redis, -diskcache and -msgpack: %w", name, err)
	}
	p.title = a.Title
	return p, nil
}

// measure lets the peer do op.
func (p *peer) measure(op string) func(time.Duration) (sample, error) {
	return func(d time.Duration) (sample, error) {
		if _, err := fmt.Fprintf(p.in, "%s %f\n", op, d.Seconds()); err != nil {
			return sample{}, err
		}
		a, err := p.answer()
		return sample{ops: a.Count, nanos: a.Nanos, cpu: a.CPU, missed: a.Missed, allocs: -1, bytes: -1}, err
	}
}

func (p *peer) answer() (a peerAnswer, err error) {
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return a, fmt.Errorf("no answer: %w", err)
	}
	if err := json.Unmarshal(line, &a); err != nil {
		return a, err
	}
	if a.Error != "" {
		return a, fmt.Errorf("%s", a.Error)
	}
	return a, nil
}

func (p *peer) close() {
	_ = p.in.Close()
	_ = p.command.Wait()
}
