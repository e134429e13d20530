package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// call is one exchange with a server under its own deadline: begin, one or more commands, end.
type call struct {
	link    *link
	shard   *shard // who is asked
	client  rueidis.Client
	parent  context.Context // the caller's
	ctx     context.Context // parent, but with an end
	own     *deadline       // ctx if it is ours, else nil
	start   time.Time
	phase   *phase
	retried bool // an attempt got no answer, and the command was sent once more
}

// begin opens a call about key. Without an error, the call must be ended.
func (l *link) begin(parent context.Context, key string) (call, error) {
	c, err := l.open(parent, l.socketTimeout)
	if err != nil {
		return call{}, err
	}
	for err = errRetired; err == errRetired; { // who served key may have left while the call waited for it
		if err = c.route(key); err == nil {
			err = c.pass()
		}
	}
	if err != nil {
		c.end()
		return call{}, err
	}
	return c, nil
}

// begin opens a call to sh that ends after timeout or with parent. Without an error, it must be ended.
func (sh *shard) begin(parent context.Context, timeout time.Duration) (call, error) {
	c, err := sh.link.open(parent, timeout)
	if err != nil {
		return call{}, err
	}
	c.shard = sh
	if err := c.pass(); err != nil {
		c.end()
		return call{}, err
	}
	return c, nil
}

// open starts the time of a call that ends after timeout or with parent.
func (l *link) open(parent context.Context, timeout time.Duration) (call, error) {
	if err := l.gone(parent); err != nil {
		return call{}, err
	}
	if d, ok := store.PatienceOf(parent); ok {
		timeout = min(timeout, d)
	}
	c := call{link: l, parent: parent, start: time.Now()}
	c.ctx, c.own = l.deadlines.within(parent, c.start, timeout)
	return c, nil
}

// gone returns the error of a call whose caller does not wait any more, or nil.
func (l *link) gone(parent context.Context) error {
	switch err := parent.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return overdue(l.place, "not asked, the deadline has passed")
	default:
		return err
	}
}

// end gives back what the call holds.
func (c *call) end() { c.own.release() }

// place names who is asked, in messages.
func (c *call) place() string {
	if c.shard == nil {
		return c.link.place
	}
	return c.shard.address()
}

// route finds out who serves key.
func (c *call) route(key string) error {
	if c.link.cluster == nil {
		c.shard = c.link.whole
		return nil
	}
	sh, phase, err := c.link.cluster.serving(c.ctx, key)
	c.shard = sh
	return c.admitted(phase, err)
}

// pass waits until the shard's breaker lets the call through.
func (c *call) pass() error {
	phase, err := c.shard.breaker.pass(c.ctx)
	if err := c.admitted(phase, err); err != nil {
		return err
	}
	c.phase, c.client = phase, *c.link.client.Load()
	return nil
}

// admitted returns the caller's error of a call that was not let through, from what a breaker said.
func (c *call) admitted(phase *phase, err error) error {
	switch {
	case phase == nil && c.parent.Err() != nil:
		return c.link.gone(c.parent)
	case phase == nil:
		return overdue(c.place(), fmt.Sprintf("no connection within %v", c.limit()))
	}
	return err
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
	if replica := c.link.replicas.ready(); replica != nil && mayLag(cmd) {
		result := replica.Do(c.ctx, cmd.Pin())
		if c.settled(result.Error()) {
			return c.answer(result)
		}
		cmd = repeated(cmd)
	}
	result := c.send(cmd)
	if err := result.NonRedisError(); err != nil {
		if err = c.failed(err, r); err != nil {
			return rueidis.RedisMessage{}, err
		}
		c.retried = true
		result = c.send(repeated(cmd))
		if err = result.NonRedisError(); err != nil {
			return rueidis.RedisMessage{}, c.failed(err, once)
		}
	}
	return c.answer(result)
}

// send sends cmd once. The client of a cluster would divide what is sent together among the nodes first.
func (c *call) send(cmd rueidis.Completed) rueidis.RedisResult {
	if c.link.cluster != nil {
		return c.client.Do(c.ctx, cmd)
	}
	return c.link.pipeline.do(c.ctx, c.client, cmd)
}

// settled reports whether a replica has answered, for which err is the error. Else it is doubted, and the
// master is to answer in its place.
func (c *call) settled(err error) bool {
	if err == nil || rueidis.IsRedisNil(err) {
		return true
	}
	answer := c.link.serverError(err)
	if answer != nil && !errors.Is(answer, store.ErrUnavailable) {
		return true
	}
	if !errors.Is(c.parent.Err(), context.Canceled) {
		c.link.replicas.breaker.doubt()
	}
	return false
}

// repeated returns cmd for its second attempt. It is pinned, because the first may still be on its way out
// of a connection that is being given up; and marked, so that it goes to the master, see mayLag.
func repeated(cmd rueidis.Completed) rueidis.Completed { return cmd.Pin().ToPipe() }

// repeatAll is repeated for many. It leaves cmds alone, which the connection may still be reading.
func repeatAll(cmds []rueidis.Completed) []rueidis.Completed {
	marked := make([]rueidis.Completed, len(cmds))
	for i, cmd := range cmds {
		marked[i] = repeated(cmd)
	}
	return marked
}

// doMulti sends commands in one go and returns their results, which answer reads. It fails as a whole if
// one of them gets no answer. The commands must be pinned: the client would use those that were answered
// for other calls, and they are sent again with the others.
func (c *call) doMulti(cmds []rueidis.Completed, r repeat) ([]rueidis.RedisResult, error) {
	if replica := c.link.replicas.ready(); replica != nil && !slices.ContainsFunc(cmds, mustNotLag) {
		results := replica.DoMulti(c.ctx, cmds...)
		if !slices.ContainsFunc(results, func(r rueidis.RedisResult) bool { return !c.settled(r.Error()) }) {
			return results, nil
		}
		cmds = repeatAll(cmds)
	}
	results := c.client.DoMulti(c.ctx, cmds...)
	err := unanswered(results)
	if err == nil {
		return results, nil
	}
	if err = c.failed(err, r); err != nil {
		return nil, err
	}
	c.retried = true
	results = c.client.DoMulti(c.ctx, repeatAll(cmds)...)
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
func (c *call) answer(result rueidis.RedisResult) (rueidis.RedisMessage, error) {
	m, err := result.ToMessage()
	answer := c.link.serverError(err)
	switch {
	case answer == nil:
		return m, nil
	case answer.Code == "READONLY" && c.link.topology == sentinel: // a failover is under way
		c.shard.breaker.lost(c.phase)
		return m, c.link.unreachable(c.place(), err)
	case errors.Is(answer, store.ErrUnavailable):
		c.doubt()
		return m, c.link.unreachable(c.place(), err)
	case answer.Code == "READONLY" && c.link.topology == single:
		c.link.redial()
	}
	return m, fmt.Errorf("redis %s: %w", c.place(), answer)
}

// doubt has it found out whether the server is able to work, and whether it is the right one.
func (c *call) doubt() {
	c.shard.breaker.doubt()
	c.link.lookAgain()
}

// failed tells the breaker that the call got no answer because of cause, and returns the caller's error.
// It returns nil if the command may be sent again.
func (c *call) failed(cause error, r repeat) error {
	switch {
	case c.link.life.Err() != nil:
		return store.ErrClosed
	case errors.Is(c.parent.Err(), context.Canceled):
		return c.parent.Err()
	case c.parent.Err() != nil:
		c.doubt()
		return overdue(c.place(), "no answer before the caller's deadline")
	case c.ctx.Err() != nil:
		c.doubt()
		return overdue(c.place(), fmt.Sprintf("no answer within %v", c.limit()))
	}
	c.shard.breaker.lost(c.phase)
	c.link.lookAgain()
	if r == once || !c.link.retry || !c.halfLeft() {
		return c.link.unreachable(c.place(), cause)
	}
	return c.pass()
}

// halfLeft reports whether more than half of the call's time is left.
func (c *call) halfLeft() bool {
	at, _ := c.ctx.Deadline()
	now := time.Now()
	return at.Sub(now) > now.Sub(c.start)
}
