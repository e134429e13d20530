package redis

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

const (
	// firstPause is the time between the first two attempts to reach a server that is gone.
	firstPause = 10 * time.Millisecond

	// longestPause bounds the time between attempts. A server that returns is noticed within it.
	longestPause = 250 * time.Millisecond

	// longestPauseRefused bounds the time between attempts at a server that turns us away, because a
	// wrong password does not get right by trying, and some servers lock out who tries too often.
	longestPauseRefused = 5 * time.Second

	// handoverProbes is how many probes in a row may meet a master that was just demoted before calls are
	// refused because of it: about a quarter of a second, which is longer than a failover in good order.
	handoverProbes = 5

	// checkInterval is the time between probes of a server that nobody doubts.
	checkInterval = time.Minute
)

// phase is what the breaker knows about the server. It never changes; the breaker moves from one to the
// next, so that a pointer to a phase also says when something was seen.
//
//	         lost                 probe works
//	up ----------------> trying ---------------> up
//	 |                     |                     ^
//	 | doubted, and        | probe fails         | probe works
//	 | the probe fails     v                     |
//	 +------------------> down ------------------+
//
// up lets calls pass, trying lets them wait for the outcome, down refuses them with the reason.
type phase struct {
	refusal error         // why calls are refused; nil unless down
	decided chan struct{} // closed at the end of the phase; nil unless trying
	final   bool          // there is no way out
}

func (p *phase) up() bool { return p.refusal == nil && p.decided == nil }

// breaker keeps calls away from a server that does not answer. One goroutine, in run, finds out whether
// the server is there whenever a call has reason to doubt it, so that a server that is gone or hangs
// costs each call an instant instead of a timeout, and is found again without risking a call.
type breaker struct {
	current atomic.Pointer[phase]

	// doubts wakes run. Its buffer of one remembers that there is something to find out.
	doubts chan struct{}

	// probe asks the server for a sign of life. patient says that a connection may have to be made.
	probe func(ctx context.Context, patient bool) error

	// changed hears of each way into and out of down, with the reason or nil. It is called by run.
	changed func(refusal error)

	// interval is the time between probes that nobody asked for.
	interval time.Duration
}

// newBreaker returns a breaker in the phase trying. Its run must be started.
func newBreaker(probe func(ctx context.Context, patient bool) error, changed func(error), interval time.Duration) *breaker {
	b := &breaker{doubts: make(chan struct{}, 1), probe: probe, changed: changed, interval: interval}
	b.current.Store(&phase{decided: make(chan struct{})})
	b.doubts <- struct{}{}
	return b
}

// pass lets a call through and returns the phase that it started in, waits while it is being found out
// whether there is a server, or returns why calls are refused. If ctx ends first, it returns ctx's error.
func (b *breaker) pass(ctx context.Context) (*phase, error) {
	for {
		p := b.current.Load()
		if p.decided == nil {
			return p, p.refusal
		}
		select {
		case <-p.decided:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// doubt says that a call got no answer. Calls still pass until a probe has failed too.
func (b *breaker) doubt() {
	select {
	case b.doubts <- struct{}{}:
	default:
	}
}

// lost says that the connection broke under a call that started in p. Further calls wait for the outcome
// of a probe. A call that started before the latest change says nothing about the server of today.
func (b *breaker) lost(p *phase) {
	if p.up() && b.current.CompareAndSwap(p, &phase{decided: make(chan struct{})}) {
		b.doubt()
	}
}

// closeWith refuses all calls from now on, for good, and returns the phase before.
func (b *breaker) closeWith(refusal error) (before *phase) {
	return b.move(&phase{refusal: refusal, final: true})
}

// move changes the phase, unless the present one is final, and returns the one before.
func (b *breaker) move(next *phase) (before *phase) {
	for {
		p := b.current.Load()
		if p.final {
			return p
		}
		if b.current.CompareAndSwap(p, next) {
			if p.decided != nil {
				close(p.decided)
			}
			return p
		}
	}
}

// run finds out about the server when asked to, until ctx ends.
func (b *breaker) run(ctx context.Context) {
	check := time.NewTicker(b.interval)
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.doubts:
		case <-check.C:
		}
		b.settle(ctx)
	}
}

// settle probes the server until it answers or ctx ends.
func (b *breaker) settle(ctx context.Context) {
	for attempt := 0; ; attempt++ {
		err := b.probe(ctx, !b.current.Load().up())
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			b.answered()
			return
		}
		if isHandover(err) && attempt < handoverProbes && b.current.Load().refusal == nil {
			b.lost(b.current.Load()) // calls wait
		} else if before := b.move(&phase{refusal: err}); before.refusal == nil {
			b.changed(err)
		}
		if !sleep(ctx, pause(attempt, isRefusal(err))) {
			return
		}
	}
}

// answered moves up, unless nothing but a doubt has to be laid to rest.
func (b *breaker) answered() {
	if b.current.Load().up() {
		return
	}
	if before := b.move(&phase{}); before.refusal != nil && !before.final {
		b.changed(nil)
	}
}

// pause returns the time to wait after a failed attempt: it doubles, up to a bound, and half of it is
// chance, so that many processes do not knock at the same moment.
func pause(attempt int, refused bool) time.Duration {
	bound := longestPause
	if refused {
		bound = longestPauseRefused
	}
	d := min(firstPause<<min(attempt, 20), bound)
	return d/2 + rand.N(d/2)
}

// sleep waits for d and reports whether ctx lasted that long.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
