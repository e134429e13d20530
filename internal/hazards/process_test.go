//go:build unix

package hazards_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/hazards"
)

// roles are what this test binary does when it is started as "binary role=name argument". An error ends the
// process with its text and status 1.
var roles = map[string]func(argument string) error{"serve": serve, "crowd": crowd}

// parcel is a line between a process that has a cache and the one that gives it its orders: an order, the news
// that a load begins or is cancelled, what the load is to return, or the result of an order.
type parcel struct {
	ID     int    `json:"id"` // of the order
	Op     string `json:"op"`
	Key    string `json:"key,omitempty"`
	Value  string `json:"value,omitempty"`
	Found  bool   `json:"found,omitempty"`
	Error  string `json:"error,omitempty"`
	Gone   bool   `json:"gone,omitempty"`   // the error is context.Canceled
	Source bool   `json:"source,omitempty"` // the error is what the load returned
}

func (p *parcel) fail(err error) {
	if err == nil {
		return
	}
	var source sourceError
	p.Error, p.Gone, p.Source = err.Error(), errors.Is(err, context.Canceled), errors.As(err, &source)
}

// sourceError is the error of a load that runs elsewhere.
type sourceError string

func (e sourceError) Error() string { return string(e) }

// post is one end of the line.
type post struct {
	mu  sync.Mutex // guards out
	out *json.Encoder
}

func (p *post) send(l parcel) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Encode(l)
}

// background is what a process is told about itself.
type background struct {
	Site  site
	Ahead time.Duration
}

// serve has a cache and does with it what it is told, until its input ends.
func serve(argument string) error {
	var b background
	if err := json.Unmarshal([]byte(argument), &b); err != nil {
		return err
	}
	c, err := b.Site.asLibrary().Open(hazards.Process{Ahead: b.Ahead})
	if err != nil {
		return err
	}
	s := &server{cache: c, post: post{out: json.NewEncoder(os.Stdout)}, under: make(map[int]*errand)}
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	for {
		var order parcel
		if err := in.Decode(&order); err != nil {
			return nil // nobody gives orders any more
		}
		s.take(order)
	}
}

// server is the process that has the cache.
type server struct {
	cache hazards.Cache
	post  post
	mu    sync.Mutex // guards under
	under map[int]*errand
}

// errand is an order being carried out.
type errand struct {
	cancel context.CancelFunc
	loaded chan parcel
}

func (s *server) take(order parcel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.under[order.ID]; e != nil {
		switch order.Op {
		case "cancel":
			e.cancel()
		case "loaded":
			e.loaded <- order
		}
		return
	}
	if order.Op == "cancel" || order.Op == "loaded" {
		return // it came too late
	}
	ctx, cancel := context.WithCancel(context.Background())
	e := &errand{cancel, make(chan parcel, 1)}
	s.under[order.ID] = e
	go func() {
		result := parcel{ID: order.ID, Op: "result"}
		result.fail(s.carryOut(ctx, order, e, &result))
		_ = s.post.send(result)
	}()
}

func (s *server) carryOut(ctx context.Context, order parcel, e *errand, result *parcel) (err error) {
	switch order.Op {
	case "get":
		result.Value, result.Found, err = s.cache.Get(ctx, order.Key)
	case "set":
		err = s.cache.Set(ctx, order.Key, order.Value)
	case "stale":
		err = s.cache.(hazards.Aging).SetStale(ctx, order.Key, order.Value)
	case "delete":
		err = s.cache.Delete(ctx, order.Key)
	case "clear":
		err = s.cache.(hazards.Clearer).Clear(ctx)
	case "fetch":
		result.Value, err = s.cache.Fetch(ctx, order.Key, func(ctx context.Context) (string, error) {
			return s.load(ctx, order.ID, e)
		})
	case "close":
		err = s.cache.Close()
	default:
		err = fmt.Errorf("unknown order %q", order.Op)
	}
	return err
}

// load has the other side load.
func (s *server) load(ctx context.Context, id int, e *errand) (string, error) {
	if err := s.post.send(parcel{ID: id, Op: "load"}); err != nil {
		return "", err
	}
	select {
	case l := <-e.loaded:
		if l.Error != "" {
			return "", sourceError(l.Error)
		}
		return l.Value, nil
	case <-ctx.Done():
		_ = s.post.send(parcel{ID: id, Op: "drop"})
		return "", ctx.Err()
	}
}

// elsewhere is the cache of a process of its own.
type elsewhere struct {
	command *exec.Cmd
	input   io.Closer
	post    post
	ended   chan struct{} // closed when the process is gone

	mu     sync.Mutex // guards the rest
	last   int
	orders map[int]*order
}

// order is one that was given.
type order struct {
	result chan parcel
	load   func(context.Context) (string, error)
	ctx    context.Context // of the load
	cancel context.CancelFunc
	failed error // what the load returned
}

// agingElsewhere is elsewhere where stale values are served.
type agingElsewhere struct{ *elsewhere }

// processes describes this project's cache on the site, each Open of which is a process.
func (p place) processes(t *testing.T) hazards.Library {
	lib := with(p.site.asLibrary(), p.outside)
	lib.Name += ", processes"
	lib.Taps = false
	lib.Open = func(process hazards.Process) (hazards.Cache, error) {
		e, err := begin(t, background{p.site, process.Ahead})
		if err != nil || p.StaleFor == 0 {
			return e, err
		}
		return agingElsewhere{e}, nil
	}
	return lib
}

// command is this binary in a role.
func command(t *testing.T, role string, argument any) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	text, err := json.Marshal(argument)
	must(t, err)
	cmd := exec.Command(self, "role="+role, string(text))
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0") // the race detector likes to sleep at the end
	cmd.Stderr = os.Stderr
	return cmd
}

func begin(t *testing.T, b background) (*elsewhere, error) {
	e := &elsewhere{command: command(t, "serve", b), ended: make(chan struct{}), orders: make(map[int]*order)}
	in, err := e.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := e.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	e.input, e.post.out = in, json.NewEncoder(in)
	if err := e.command.Start(); err != nil {
		return nil, err
	}
	go e.listen(out)
	return e, nil
}

// listen takes what the process sends, until it is gone.
func (e *elsewhere) listen(out io.Reader) {
	defer close(e.ended)
	in := json.NewDecoder(bufio.NewReader(out))
	for {
		var p parcel
		if err := in.Decode(&p); err != nil {
			_ = e.command.Wait()
			return
		}
		e.mu.Lock()
		o := e.orders[p.ID]
		e.mu.Unlock()
		switch p.Op {
		case "result":
			o.result <- p
		case "load":
			go e.loadFor(p.ID, o)
		case "drop":
			o.cancel()
		}
	}
}

func (e *elsewhere) loadFor(id int, o *order) {
	answer := parcel{ID: id, Op: "loaded"}
	var err error
	if answer.Value, err = o.load(o.ctx); err != nil {
		answer.Error, o.failed = err.Error(), err
	}
	_ = e.post.send(answer) // to a process that may be gone
}

var errGone = errors.New("the process is gone")

func (e *elsewhere) ask(ctx context.Context, p parcel, load func(context.Context) (string, error)) (parcel, error) {
	o := &order{result: make(chan parcel, 1), load: load}
	o.ctx, o.cancel = context.WithCancel(context.WithoutCancel(ctx))
	e.mu.Lock()
	e.last++
	p.ID = e.last
	e.orders[p.ID] = o
	e.mu.Unlock()
	if err := e.post.send(p); err != nil {
		return p, errors.Join(errGone, err)
	}
	defer context.AfterFunc(ctx, func() { _ = e.post.send(parcel{ID: p.ID, Op: "cancel"}) })()
	select {
	case p = <-o.result:
	case <-e.ended:
		return p, errGone
	}
	switch {
	case p.Gone:
		return p, fmt.Errorf("%s: %w", p.Error, context.Canceled)
	case p.Source && o.failed != nil:
		return p, fmt.Errorf("%s: %w", p.Error, o.failed)
	case p.Error != "":
		return p, errors.New(p.Error)
	}
	return p, nil
}

func (e *elsewhere) Get(ctx context.Context, key string) (string, bool, error) {
	p, err := e.ask(ctx, parcel{Op: "get", Key: key}, nil)
	return p.Value, p.Found, err
}

func (e *elsewhere) Set(ctx context.Context, key, value string) error {
	_, err := e.ask(ctx, parcel{Op: "set", Key: key, Value: value}, nil)
	return err
}

func (e *elsewhere) Delete(ctx context.Context, key string) error {
	_, err := e.ask(ctx, parcel{Op: "delete", Key: key}, nil)
	return err
}

func (e *elsewhere) Fetch(ctx context.Context, key string, load func(context.Context) (string, error)) (string, error) {
	p, err := e.ask(ctx, parcel{Op: "fetch", Key: key}, load)
	return p.Value, err
}

func (e *elsewhere) Clear(ctx context.Context) error {
	_, err := e.ask(ctx, parcel{Op: "clear"}, nil)
	return err
}

func (e agingElsewhere) SetStale(ctx context.Context, key, value string) error {
	_, err := e.ask(ctx, parcel{Op: "stale", Key: key, Value: value}, nil)
	return err
}

// Close ends the process, unless it was killed.
func (e *elsewhere) Close() error {
	_, err := e.ask(context.Background(), parcel{Op: "close"}, nil)
	if errors.Is(err, errGone) {
		err = nil
	}
	_ = e.input.Close()
	<-e.ended
	return err
}

func (e *elsewhere) Kill() error {
	err := e.command.Process.Kill()
	<-e.ended
	return err
}

func (e *elsewhere) Pause() error { return e.command.Process.Signal(syscall.SIGSTOP) }

func (e *elsewhere) Resume() error { return e.command.Process.Signal(syscall.SIGCONT) }

// enact runs the role that this binary was started in, if it was.
func enact() {
	if len(os.Args) != 3 {
		return
	}
	name, ok := strings.CutPrefix(os.Args[1], "role=")
	if !ok {
		return
	}
	if err := roles[name](os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
