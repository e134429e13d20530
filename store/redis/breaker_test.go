package redis

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var errGone = errors.New("gone")

// flaky is a server as the breaker sees it: it answers, refuses, or hangs until the probe gives up.
type flaky struct {
	mu     sync.Mutex // guards err, delay and probes
	err    error
	delay  time.Duration
	probes int

	reports []error // of the breaker; nobody reads them while it runs
}

func (p *flaky) set(err error, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err, p.delay, p.probes = err, delay, 0
}

func (p *flaky) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.probes
}

func (p *flaky) probe(ctx context.Context, _ bool) error {
	p.mu.Lock()
	p.probes++
	err, delay := p.err, p.delay
	p.mu.Unlock()
	sleep(ctx, delay)
	return err
}

// inBreaker runs f in a bubble with a breaker in front of p.
func inBreaker(t *testing.T, p *flaky, f func(*testing.T, *breaker)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(p.probe, func(err error) { p.reports = append(p.reports, err) }, checkInterval)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { b.run(ctx) })
		f(t, b)
		cancel()
		running.Wait()
	})
}

// passed returns the phase of a call that must pass.
func passed(t *testing.T, b *breaker) *phase {
	t.Helper()
	p, err := b.pass(t.Context())
	if err != nil {
		t.Fatalf("pass = %v, want the call to pass", err)
	}
	return p
}

func TestBreakerLetsCallsWaitForTheFirstConnection(t *testing.T) {
	p := &flaky{delay: 70 * time.Millisecond}
	inBreaker(t, p, func(t *testing.T, b *breaker) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := b.pass(ctx); err != context.DeadlineExceeded {
			t.Errorf("a call with less time than the connection takes: %v, want %v", err, context.DeadlineExceeded)
		}
		start := time.Now()
		passed(t, b)
		if got, want := time.Since(start), 20*time.Millisecond; got != want {
			t.Errorf("a call with more time passed after another %v, want %v", got, want)
		}
	})
	if len(p.reports) != 0 {
		t.Errorf("reports = %v, want none", p.reports)
	}
}

func TestBreakerRefusesAtOnceWhileTheServerIsGone(t *testing.T) {
	p := &flaky{err: errGone}
	inBreaker(t, p, func(t *testing.T, b *breaker) {
		synctest.Wait()
		start := time.Now()
		for range 1000 {
			if _, err := b.pass(t.Context()); err != errGone {
				t.Fatalf("pass = %v, want %v", err, errGone)
			}
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("refused calls waited %v", waited)
		}
	})
	if len(p.reports) != 1 || p.reports[0] != errGone {
		t.Errorf("reports = %v, want one", p.reports)
	}
}

func TestBreakerFindsAServerThatReturnsWithinTheLongestPause(t *testing.T) {
	p := &flaky{err: errGone}
	inBreaker(t, p, func(t *testing.T, b *breaker) {
		p.set(errGone, 0)
		time.Sleep(time.Minute)
		if n := p.count(); n < 4*60 || n > 8*60+20 {
			t.Errorf("%d attempts in a minute, want 4 to 8 in a second", n)
		}
		p.set(nil, 0)
		time.Sleep(longestPause)
		passed(t, b)
	})
	if len(p.reports) != 2 || p.reports[1] != nil {
		t.Errorf("reports = %v, want the loss and the return", p.reports)
	}
}

func TestBreakerKnocksRarelyWhereItIsTurnedAway(t *testing.T) {
	p := &flaky{err: &ServerError{Code: "WRONGPASS"}}
	inBreaker(t, p, func(t *testing.T, b *breaker) {
		time.Sleep(time.Minute)
		if n := p.count(); n < 60/5 || n > 60/2 {
			t.Errorf("%d attempts in a minute, want one in 2.5 to 5 seconds", n)
		}
	})
}

func TestBreakerFindsOutAboutADoubtBeforeItCloses(t *testing.T) {
	p := &flaky{}
	inBreaker(t, p, func(t *testing.T, b *breaker) {
		before := passed(t, b)
		p.set(nil, 30*time.Millisecond)
		b.doubt()
		b.doubt()
		synctest.Wait()
		passed(t, b)
		time.Sleep(100 * time.Millisecond)
		if after := passed(t, b); after != before {
			t.Error("a doubt without reason changed the phase")
		}

		p.set(errGone, 30*time.Millisecond)
		b.doubt()
		synctest.Wait()
		passed(t, b)
		time.Sleep(31 * time.Millisecond)
		if _, err := b.pass(t.Context()); err != errGone {
			t.Errorf("after the probe has failed, pass = %v, want %v", err, errGone)
		}
	})
}

func TestBreakerLetsCallsWaitForTheNextConnection(t *testing.T) {
	p := &flaky{}
	inBreaker(t, p, func(t *testing.T, b *breaker) {
		before := passed(t, b)
		p.set(nil, 10*time.Millisecond)
		b.lost(before)
		start := time.Now()
		after := passed(t, b)
		if got, want := time.Since(start), 10*time.Millisecond; got != want {
			t.Errorf("the call passed after %v, want %v", got, want)
		}
		synctest.Wait()
		probes := p.count()
		b.lost(before)
		if passed(t, b) != after {
			t.Error("a call of the connection before the last closed the breaker")
		}
		time.Sleep(time.Second)
		if p.count() != probes {
			t.Error("a call of the connection before the last caused a probe")
		}
	})
}

func TestBreakerChecksAnIdleServerOnceAMinute(t *testing.T) {
	p := &flaky{}
	inBreaker(t, p, func(t *testing.T, b *breaker) {
		passed(t, b)
		p.set(nil, 0)
		time.Sleep(10*time.Minute + time.Second)
		if n := p.count(); n != 10 {
			t.Errorf("%d probes in ten minutes, want 10", n)
		}
	})
}

func TestBreakerLetsCallsWaitForAHandover(t *testing.T) {
	p := &flaky{}
	inBreaker(t, p, func(t *testing.T, b *breaker) {
		before := passed(t, b)
		p.set(errDemoted, 0)
		b.lost(before)
		time.AfterFunc(50*time.Millisecond, func() { p.set(nil, 0) })
		start := time.Now()
		passed(t, b)
		if waited := time.Since(start); waited < 50*time.Millisecond {
			t.Errorf("the call passed after %v, before there was a master", waited)
		}
	})
	if len(p.reports) != 0 {
		t.Errorf("reports = %v, want none", p.reports)
	}
}

func TestBreakerRefusesAfterAHandoverThatDoesNotEnd(t *testing.T) {
	p := &flaky{}
	inBreaker(t, p, func(t *testing.T, b *breaker) {
		before := passed(t, b)
		p.set(errDemoted, 0)
		b.lost(before)
		start := time.Now()
		if _, err := b.pass(t.Context()); err != errDemoted {
			t.Errorf("pass = %v, want %v", err, errDemoted)
		}
		if waited := time.Since(start); waited > time.Second {
			t.Errorf("the call was refused after %v", waited)
		}
	})
}

func TestClosedBreakerStaysClosed(t *testing.T) {
	errClosed := errors.New("closed")
	p := &flaky{delay: 30 * time.Millisecond}
	inBreaker(t, p, func(t *testing.T, b *breaker) {
		var waiter atomic.Value
		go func() {
			_, err := b.pass(t.Context())
			waiter.Store(err)
		}()
		synctest.Wait()
		b.closeWith(errClosed)
		synctest.Wait()
		if err := waiter.Load(); err != errClosed {
			t.Errorf("a waiting call got %v, want %v", err, errClosed)
		}
		time.Sleep(time.Second) // the probe has worked in the meantime
		if _, err := b.pass(t.Context()); err != errClosed {
			t.Errorf("pass = %v, want %v", err, errClosed)
		}
	})
	if len(p.reports) != 0 {
		t.Errorf("reports = %v, want none: to be closed is no loss", p.reports)
	}
}

func TestPauseGrowsToItsBound(t *testing.T) {
	for attempt := range 100 {
		if d := pause(attempt, false); d < firstPause/2 || d > longestPause {
			t.Errorf("pause %d = %v, want %v to %v", attempt, d, firstPause/2, longestPause)
		}
	}
	if d := pause(1<<30, true); d < longestPauseRefused/2 || d > longestPauseRefused {
		t.Errorf("pause after many refusals = %v, want half of %v to all of it", d, longestPauseRefused)
	}
}
