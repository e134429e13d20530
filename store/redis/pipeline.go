package redis

import (
	"context"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

const (
	// mostSending is how many calls and senders the client works for at the same time.
	mostSending = 16

	// mostTogether is how many commands a sender sends in one go.
	mostTogether = 64

	// afterAll is how much longer a sender waits than the last of its calls, which so has left before.
	afterAll = 50 * time.Millisecond
)

// pipeline sends the commands of many calls together. The client passes each command, and each answer, through
// three queues and between three goroutines, which costs more than what the server does with it. So only the
// first of the calls that are under way go to the client by themselves, without loss of time; the commands of the
// others are queued, and whoever comes back from the client leaves a sender in its place, which sends all that has
// queued meanwhile in one go.
//
// A call that is queued leaves the queue at its deadline, with its command. The zero value is ready to use.
type pipeline struct {
	entries   sync.Pool // of *entry
	deadlines deadlines // of senders

	mu      sync.Mutex    // guards what follows
	sending int           // calls and senders at the client
	first   *entry        // of the queue; nil unless mostSending are at the client
	last    *entry        // of the queue
	idle    chan struct{} // closed when nobody is at the client; nil unless somebody waits for that
}

// entry is a queued command.
type entry struct {
	cmd        rueidis.Completed
	until      time.Time // the end of the call
	prev, next *entry
	queued     bool
	result     rueidis.RedisResult
	done       chan struct{} // says that there is a result; has room for one, so that no sender waits
}

// do is client.Do, of a call that has a deadline. All calls use the same client.
func (p *pipeline) do(ctx context.Context, client rueidis.Client, cmd rueidis.Completed) rueidis.RedisResult {
	e := p.enter(ctx, cmd)
	if e == nil {
		defer p.leave(client)
		return client.Do(ctx, cmd)
	}
	select {
	case <-e.done:
		result := e.result
		p.give(e)
		return result
	case <-ctx.Done():
		if p.unqueue(e) {
			p.give(e)
		}
		return rueidis.NewErrorResult(ctx.Err())
	}
}

// enter returns nil if the call may go to the client; leave then ends that. Else it returns the queued cmd.
func (p *pipeline) enter(ctx context.Context, cmd rueidis.Completed) *entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.sending < mostSending {
		p.sending++
		return nil
	}
	e, ok := p.entries.Get().(*entry)
	if !ok {
		e = &entry{done: make(chan struct{}, 1)}
	}
	e.cmd, e.queued, e.prev = cmd, true, p.last
	e.until, _ = ctx.Deadline()
	if p.first == nil {
		p.first = e
	} else {
		p.last.next = e
	}
	p.last = e
	return e
}

// unqueue takes e out of the queue and reports whether it was there. Else a sender has it.
func (p *pipeline) unqueue(e *entry) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !e.queued {
		return false
	}
	p.remove(e)
	return true
}

// remove takes e, which is queued, out of the queue. The caller holds mu.
func (p *pipeline) remove(e *entry) {
	if e.prev == nil {
		p.first = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		p.last = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.prev, e.next, e.queued = nil, nil, false
}

// give gives e back, which nobody else has any more.
func (p *pipeline) give(e *entry) {
	e.cmd, e.result = rueidis.Completed{}, rueidis.RedisResult{}
	p.entries.Put(e)
}

// leave ends the stay of a call at the client. A sender takes its place if something has queued.
func (p *pipeline) leave(client rueidis.Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first == nil {
		p.gone()
		return
	}
	go p.send(client)
}

// gone counts one less at the client. The caller holds mu.
func (p *pipeline) gone() {
	p.sending--
	if p.sending == 0 && p.idle != nil {
		close(p.idle)
		p.idle = nil
	}
}

// send sends what has queued, and what queues meanwhile, until there is nothing.
func (p *pipeline) send(client rueidis.Client) {
	var entries []*entry
	var cmds []rueidis.Completed
	for {
		var until time.Time
		entries, cmds, until = p.take(entries[:0], cmds[:0])
		if len(entries) == 0 {
			return
		}
		// When all calls have left there is nothing to wait for: the next may be better off on another connection.
		now := time.Now()
		ctx, own := p.deadlines.within(context.Background(), now, until.Add(afterAll).Sub(now))
		results := client.DoMulti(ctx, cmds...)
		own.release()
		for i, e := range entries {
			if results[i].NonRedisError() != nil {
				cmds = nil // the connection may still be reading them
			}
			e.result = results[i]
			e.done <- struct{}{}
		}
	}
}

// take appends the next entries and their commands, and returns when the last of their calls ends. Without any
// the sender is gone.
func (p *pipeline) take(entries []*entry, cmds []rueidis.Completed) (_ []*entry, _ []rueidis.Completed, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.first != nil && len(entries) < mostTogether {
		e := p.first
		p.remove(e)
		entries, cmds = append(entries, e), append(cmds, e.cmd)
		if e.until.After(until) {
			until = e.until
		}
	}
	if len(entries) == 0 {
		p.gone()
	}
	return entries, cmds, until
}

// wait waits until nobody is at the client. That has been closed, so all come back at once.
func (p *pipeline) wait() {
	p.mu.Lock()
	if p.sending == 0 {
		p.mu.Unlock()
		return
	}
	p.idle = make(chan struct{})
	idle := p.idle
	p.mu.Unlock()
	<-idle
}
