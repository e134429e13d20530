package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

// repeat says whether a command may be sent a second time when the first got no answer.
type repeat bool

const (
	once  repeat = false // sent again, it could do something else: Add, Incr, Swap
	again repeat = true  // reads, and writes that leave the same behind
)

// call is one exchange with the server under its own deadline: begin, one or more commands, end.
type call struct {
	link   *link
	client rueidis.Client
	parent context.Context // the caller's
	ctx    context.Context // parent, but with an end
	own    *deadline       // ctx if it is ours, else nil
	start  time.Time
	phase  *phase
}

// begin opens a call that ends after timeout or with parent. Without an error, the call must be ended.
func (l *link) begin(parent context.Context, timeout time.Duration) (call, error) {
	if err := l.gone(parent); err != nil {
		return call{}, err
	}
	c := call{link: l, parent: parent, start: time.Now()}
	c.ctx, c.own = l.deadlines.within(parent, c.start, timeout)
	if err := c.pass(); err != nil {
		c.end()
		return call{}, err
	}
	return c, nil
}

// gone returns the error of a call whose caller does not wait any more, or nil.
func (l *link) gone(parent context.Context) error {
	switch err := parent.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return l.overdue("not asked, the deadline has passed")
	default:
		return err
	}
}

// end gives back what the call holds.
func (c *call) end() { c.own.release() }

// pass waits until the breaker lets the call through.
func (c *call) pass() error {
	phase, err := c.link.breaker.pass(c.ctx)
	switch {
	case phase == nil && c.parent.Err() != nil:
		return c.link.gone(c.parent)
	case phase == nil:
		return c.link.overdue(fmt.Sprintf("no connection within %v", c.limit()))
	case err != nil:
		return err
	}
	c.phase, c.client = phase, *c.link.client.Load()
	return nil
}

// build begins a command.
func (c *call) build() rueidis.Builder { return c.client.B() }

// limit is the time that the call has.
func (c *call) limit() time.Duration {
	at, _ := c.ctx.Deadline()
	return at.Sub(c.start).Round(time.Millisecond)
}

// do sends a command and returns the answer, a null if the server says so. Error answers come back as
// *ServerError.
func (c *call) do(cmd rueidis.Completed, r repeat) (rueidis.RedisMessage, error) {
	result := c.client.Do(c.ctx, cmd)
	if err := result.NonRedisError(); err != nil {
		if err = c.failed(err, r); err != nil {
			return rueidis.RedisMessage{}, err
		}
		result = c.client.Do(c.ctx, cmd)
		if err = result.NonRedisError(); err != nil {
			return rueidis.RedisMessage{}, c.failed(err, once)
		}
	}
	return c.link.answer(result)
}

// doMulti sends commands in one go and returns their results, which link.answer reads. It fails as a
// whole if one of them gets no answer.
func (c *call) doMulti(cmds []rueidis.Completed, r repeat) ([]rueidis.RedisResult, error) {
	results := c.client.DoMulti(c.ctx, cmds...)
	err := unanswered(results)
	if err == nil {
		return results, nil
	}
	if err = c.failed(err, r); err != nil {
		return nil, err
	}
	results = c.client.DoMulti(c.ctx, cmds...)
	if err = unanswered(results); err != nil {
		return nil, c.failed(err, once)
	}
	return results, nil
}

// unanswered returns the first error that is not an answer of the server.
func unanswered(results []rueidis.RedisResult) error {
	for _, r := range results {
		if err := r.NonRedisError(); err != nil {
			return err
		}
	}
	return nil
}

// idle is the answer to a call that has nothing to ask the server: the error of any other call, or nil.
func (l *link) idle(parent context.Context) error {
	if l.life.Err() != nil {
		return store.ErrClosed
	}
	return l.gone(parent)
}

// answer returns what the server said.
func (l *link) answer(result rueidis.RedisResult) (rueidis.RedisMessage, error) {
	m, err := result.ToMessage()
	if answer := l.serverError(err); answer != nil {
		if errors.Is(answer, store.ErrUnavailable) {
			l.breaker.doubt()
			return m, l.unreachable(err)
		}
		return m, fmt.Errorf("redis %s: %w", l.address, answer)
	}
	return m, nil
}

// failed tells the breaker that the call got no answer because of cause, and returns the caller's error.
// It returns nil if the command may be sent again.
func (c *call) failed(cause error, r repeat) error {
	l := c.link
	switch {
	case l.life.Err() != nil:
		return store.ErrClosed
	case errors.Is(c.parent.Err(), context.Canceled):
		return c.parent.Err()
	case c.parent.Err() != nil:
		l.breaker.doubt()
		return l.overdue("no answer before the caller's deadline")
	case c.ctx.Err() != nil:
		l.breaker.doubt()
		return l.overdue(fmt.Sprintf("no answer within %v", c.limit()))
	}
	l.breaker.lost(c.phase)
	if r == once || !l.retry || !c.halfLeft() {
		return l.unreachable(cause)
	}
	return c.pass()
}

// halfLeft reports whether more than half of the call's time is left.
func (c *call) halfLeft() bool {
	at, _ := c.ctx.Deadline()
	now := time.Now()
	return at.Sub(now) > now.Sub(c.start)
}
