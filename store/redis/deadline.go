package redis

import (
	"context"
	"sync"
	"time"
)

// deadlines makes contexts that end after a time and uses them again, because every call needs one and
// context.WithTimeout costs as much as the rest of the call. The zero value is ready to use.
type deadlines struct {
	pool sync.Pool // of *deadline
}

// within returns a context that ends with parent, or after timeout, whatever comes first. Whoever calls
// it calls release on the *deadline, which may be nil, when nobody uses the context any more.
func (p *deadlines) within(parent context.Context, now time.Time, timeout time.Duration) (context.Context, *deadline) {
	at := now.Add(timeout)
	if end, ok := parent.Deadline(); ok && !end.After(at) {
		return parent, nil
	}
	d, ok := p.pool.Get().(*deadline)
	if !ok {
		d = newDeadline(p)
	}
	d.parent = parent
	d.begin(at, timeout)
	if parent.Done() != nil {
		d.detach = context.AfterFunc(parent, d.follow)
	}
	return d, d
}

// deadline is a context with a deadline. It is used for one call after the other until it has ended once.
type deadline struct {
	pool   *deadlines
	parent context.Context
	at     time.Time   // changes under mu, and only while nobody else has the context
	timer  *time.Timer // calls expire
	follow func()      // ends it as parent has ended; made once, for context.AfterFunc
	detach func() bool // undoes context.AfterFunc; nil if parent never ends
	kept   bool        // somebody may hold on to it after the call
	done   chan struct{}

	mu      sync.Mutex // guards what follows
	used    bool       // by a call
	running bool       // the timer; it is not stopped with each call, but finds out whose time it is
	err     error      // set before done is closed
}

var _ context.Context = (*deadline)(nil)

// newDeadline returns a deadline whose timer does not run.
func newDeadline(p *deadlines) *deadline {
	d := &deadline{pool: p, done: make(chan struct{})}
	d.follow = func() { d.end(d.parent.Err()) }
	d.timer = time.AfterFunc(time.Hour, d.expire)
	d.timer.Stop()
	return d
}

// begin starts the time of a call.
func (d *deadline) begin(at time.Time, timeout time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	// A timer that still runs for an earlier call fires before this one is over, unless that had more time.
	if d.running && at.Before(d.at) {
		d.running = !d.timer.Stop()
	}
	d.at, d.used = at, true
	if !d.running {
		d.running = true
		d.timer.Reset(timeout)
	}
}

// expire ends the context if it is time. A timer that was started for an earlier call is started again for the
// rest of this one's.
func (d *deadline) expire() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running = false
	if !d.used {
		return
	}
	if left := time.Until(d.at); left > 0 {
		d.running = true
		d.timer.Reset(left)
		return
	}
	d.over(context.DeadlineExceeded)
}

func (d *deadline) end(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over(err)
}

// over ends the context. The caller holds mu.
func (d *deadline) over(err error) {
	if d.err == nil {
		d.err = err
		close(d.done)
	}
}

// finish ends the time of a call, and reports whether it had any left.
func (d *deadline) finish() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.used = false
	return d.err == nil
}

// keep says that the context is handed to somebody who may use it after the call, as a dialer does. It
// is then not used again. Only the goroutine that called within may call it.
func (d *deadline) keep() { d.kept = true }

// release gives the context back. A nil deadline is fine.
func (d *deadline) release() {
	if d == nil {
		return
	}
	// False from either means that it has ended, or is about to in another goroutine.
	untouched := d.finish()
	if d.detach != nil {
		untouched = d.detach() && untouched
	}
	if !untouched || d.kept {
		return
	}
	d.parent, d.detach = nil, nil
	d.pool.pool.Put(d)
}

// Deadline implements context.Context.
func (d *deadline) Deadline() (time.Time, bool) { return d.at, true }

// Done implements context.Context.
func (d *deadline) Done() <-chan struct{} { return d.done }

// Err implements context.Context.
func (d *deadline) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// Value implements context.Context.
func (d *deadline) Value(key any) any { return d.parent.Value(key) }
