package redis

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/redis/rueidis"
)

const (
	// mostSending is how many calls and senders the client works for at the same time.
	mostSending = 16

	// mostTogether is how many commands a sender sends in one go.
	mostTogether = 64
)

// pipeline sends the commands of many calls together. The client passes each command, and each answer, through
// three queues and between three goroutines, which costs more than what the server does with it. So only the
// first of the calls that are under way go to the client by themselves, without loss of time; the commands of the
// others are queued, and whoever comes back from the client leaves a sender in its place, which sends all that has
// queued meanwhile in one go.
//
// A call that is queued leaves at its deadline and costs nobody anything any more, whatever the client waits for.
// The zero value is ready to use.
type pipeline struct {
	entries sync.Pool // of *entry

	mu      sync.Mutex    // guards what follows
	sending int           // calls and senders at the client
	first   *entry        // of the queue; nil unless mostSending are at the client
	last    *entry        // of the queue
	senders int           // goroutines
	idle    chan struct{} // closed when there are no senders; nil unless somebody waits for that
}

// entry is a queued command.
type entry struct {
	cmd    rueidis.Completed
	next   *entry
	left   atomic.Bool // nobody waits for the result
	result rueidis.RedisResult
	done   chan struct{} // says that there is a result; has room for one, so that no sender waits
}

// do is client.Do. All calls use the same client.
func (p *pipeline) do(ctx context.Context, client rueidis.Client, cmd rueidis.Completed) rueidis.RedisResult {
	e := p.enter(cmd)
	if e == nil {
		defer p.leave(client)
		return client.Do(ctx, cmd)
	}
	select {
	case <-e.done:
		result := e.result
		e.cmd, e.result = rueidis.Completed{}, rueidis.RedisResult{}
		p.entries.Put(e)
		return result
	case <-ctx.Done():
		e.left.Store(true) // a sender has it, or will
		return rueidis.NewErrorResult(ctx.Err())
	}
}

// enter returns nil if the call may go to the client; leave then ends that. Else it returns the queued cmd.
func (p *pipeline) enter(cmd rueidis.Completed) *entry {
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
	e.cmd = cmd
	if p.first == nil {
		p.first = e
	} else {
		p.last.next = e
	}
	p.last = e
	return e
}

// leave ends the stay of a call at the client. A sender takes its place if something has queued.
func (p *pipeline) leave(client rueidis.Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first == nil {
		p.sending--
		return
	}
	p.senders++
	go p.send(client)
}

// send sends what has queued, and what queues meanwhile, until there is nothing.
func (p *pipeline) send(client rueidis.Client) {
	var entries []*entry
	var cmds []rueidis.Completed
	for {
		entries, cmds = p.take(entries[:0], cmds[:0])
		if len(entries) == 0 {
			return
		}
		// The calls have deadlines, each its own. This one gets an answer, or the connection breaks.
		results := client.DoMulti(context.Background(), cmds...)
		for i, e := range entries {
			if results[i].NonRedisError() != nil {
				cmds = nil // the connection may still be reading them
			}
			e.result = results[i]
			e.done <- struct{}{}
		}
	}
}

// take appends the next entries and their commands. It ends the sender if there are none.
func (p *pipeline) take(entries []*entry, cmds []rueidis.Completed) ([]*entry, []rueidis.Completed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.first != nil && len(entries) < mostTogether {
		e := p.first
		p.first, e.next = e.next, nil
		if !e.left.Load() {
			entries, cmds = append(entries, e), append(cmds, e.cmd)
		}
	}
	if len(entries) == 0 {
		p.sending--
		p.senders--
		if p.senders == 0 && p.idle != nil {
			close(p.idle)
			p.idle = nil
		}
	}
	return entries, cmds
}

// wait waits until there is no sender. Once the client is closed, that is at once.
func (p *pipeline) wait() {
	p.mu.Lock()
	if p.senders == 0 {
		p.mu.Unlock()
		return
	}
	p.idle = make(chan struct{})
	idle := p.idle
	p.mu.Unlock()
	<-idle
}
