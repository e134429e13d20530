package cache

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/cachewright/cachewright/store"
)

const (
	// leaseTTL is how long a lease outlives its holder. While the load runs it is extended every leaseStep.
	leaseTTL  = 3 * time.Second
	leaseStep = time.Second

	// toldFor is how long the error of a load stands in the store for those who wait for it.
	toldFor = time.Second

	// maxTold is how much of an error's text they are told.
	maxTold = 512

	// mostMaybe is how many extensions without an answer are remembered. What stands longer has ended.
	mostMaybe = int(leaseTTL/leaseStep) + 1

	// commitTimeout bounds a step of a load in the store, for stores that have no deadline of their own.
	commitTimeout = 5 * time.Second

	// The pause after a load of a value that is still there has failed: twice as long after each failure in a
	// row, of which a random half is waited.
	leastBackoff = time.Second
	mostBackoff  = time.Minute
)

// way is how a flight stores what it loads.
type way uint8

const (
	notAtAll way = iota // the store cannot be read, or holds what is not ours to replace
	bySet               // the store knows no leases
	byAdd               // there is no room for a lease; a value is not replaced
	byLease             // as long as the lease stands
)

// hold is the right of a flight to store what it loads. In the store it is a lease or, where a value is to be
// replaced that can still be served, a pause of that value, by which all others leave it alone.
type hold struct {
	base     *Base
	key      string // final
	way      way
	token    uint64
	keyCheck uint64
	cost     uint32 // of earlier loads of the value there, milliseconds
	backoff  uint32 // after the last load of it, milliseconds
	degraded bool   // the store is out of reach: the load waits for its turn
	value    bool   // there is a value
	until    int64  // the end of that value

	mu    sync.Mutex // guards the rest
	there []byte     // what stands in the store
	maybe [][]byte   // what may stand there instead: of extensions without an answer, the latest
	timer *time.Timer
	over  bool
}

// newToken returns what nobody else calls a lease.
func newToken() uint64 { return rand.Uint64() | 1 }

// lease is the record of a lease that ends leaseTTL from now.
func (b *Base) lease(token, keyCheck uint64) []byte {
	now := b.now()
	return placeholder(header{
		kind: kindLease, created: now, hard: now + leaseTTL.Microseconds(), generation: token, keyCheck: keyCheck,
	}, "")
}

// placeholder is a record that is no value.
func placeholder(h header, payload string) []byte {
	record := make([]byte, headerSize, headerSize+len(payload))
	record = append(record, payload...)
	sealRecord(record, h)
	return record
}

// next is what the hold puts in the place of there to go on for leaseTTL from now. A value that is about to end
// stays in the store for that long, as a lease: its record says when it ends as a value.
func (h *hold) next(there []byte) (next []byte, ttl time.Duration) {
	if !h.value {
		return h.base.lease(h.token, h.keyCheck), leaseTTL
	}
	now := h.base.now()
	next = pauseRecord(there, pause{h.token, now + leaseTTL.Microseconds()}, h.backoff)
	left := time.Duration(h.until-now) * time.Microsecond
	if left > leaseTTL+leaseStep {
		return next, store.Keep
	}
	return endRecord(next, h.until), max(left, leaseTTL)
}

// take puts the hold in the place of there, a void lease or a value, and reports whether it did.
func (h *hold) take(ctx context.Context, there []byte) (bool, error) {
	next, ttl := h.next(there)
	taken, err := h.base.leaser.Extend(ctx, h.key, there, next, ttl)
	h.there = next
	return taken, err
}

// keep extends the hold from time to time until it is over. lost is called if it is gone.
func (h *hold) keep(ctx context.Context, lost func()) {
	if h.way != byLease {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return
	}
	h.timer = time.AfterFunc(leaseStep, func() {
		if !h.extend(ctx) {
			lost()
		}
	})
}

// extend extends the hold once and reports whether it stands, as far as is known.
func (h *hold) extend(ctx context.Context) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, leaseStep)
	defer cancel()
	next, ttl := h.next(h.there)
	held, err := h.stands(func(there []byte) (bool, error) {
		return h.base.leaser.Extend(ctx, h.key, there, next, ttl)
	})
	switch {
	case err != nil: // it may have happened all the same
		h.maybe = append(h.maybe[max(0, len(h.maybe)-mostMaybe+1):], next)
	case !held:
		return false
	default:
		h.there, h.maybe = next, nil
	}
	h.timer.Reset(leaseStep)
	return true
}

// stands tries a step of the lease on what stands in the store, and on what may stand there instead.
func (h *hold) stands(step func(there []byte) (bool, error)) (held bool, err error) {
	held, err = step(h.there)
	for i := 0; !held && err == nil && i < len(h.maybe); i++ {
		held, err = step(h.maybe[i])
	}
	return held, err
}

// end ends the hold and reports whether it had not ended before. The caller carries out what ends it in the
// store; nothing else changes it any more.
func (h *hold) end() (first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	first = !h.over
	h.over = true
	if h.timer != nil {
		h.timer.Stop()
	}
	return first
}

// settling returns a context for a write behind a load: with the values of ctx and a deadline of its own, unless the
// store is one that never waits.
func (h *hold) settling(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx = context.WithoutCancel(ctx)
	if h.base.objects != nil {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, commitTimeout)
}

// commit stores value for ttl and ends the hold.
func (h *hold) commit(ctx context.Context, value []byte, ttl time.Duration) error {
	if !h.end() {
		return nil
	}
	ctx, cancel := h.settling(ctx)
	defer cancel()
	var err error
	switch h.way {
	case bySet:
		err = h.base.store.Set(ctx, h.key, value, ttl)
	case byAdd:
		_, err = h.base.store.Add(ctx, h.key, value, ttl)
	case byLease:
		_, err = h.stands(func(there []byte) (bool, error) { return h.base.leaser.Commit(ctx, h.key, there, value, ttl) })
		if err != nil { // too large, or the store too full: others need not wait for it
			h.giveBack(ctx)
		}
	}
	return err
}

// remove ends the hold and leaves nothing.
func (h *hold) remove(ctx context.Context) error {
	if !h.end() || h.way != byLease {
		return nil
	}
	ctx, cancel := h.settling(ctx)
	defer cancel()
	return h.yield(ctx, nil, store.Forever)
}

func (h *hold) yield(ctx context.Context, note []byte, ttl time.Duration) error {
	_, err := h.stands(func(there []byte) (bool, error) { return h.base.leaser.Yield(ctx, h.key, there, note, ttl) })
	return err
}

// release ends the hold as if it had never been.
func (h *hold) release(ctx context.Context) error {
	if !h.end() || h.way != byLease {
		return nil
	}
	ctx, cancel := h.settling(ctx)
	defer cancel()
	return h.giveBack(ctx)
}

// giveBack ends the hold in the store: a value that is there stays, to be loaded anew by whoever asks for it.
func (h *hold) giveBack(ctx context.Context) error {
	if h.value {
		return h.rest(ctx, 0, h.backoff)
	}
	return h.yield(ctx, nil, store.Forever)
}

// fail ends the hold after a load that has failed with told. A value that is there gets a pause before the next
// load; otherwise those who wait are told, and with Options.ErrorFor everybody who asks. Nobody is told of what
// the closing of the alias has cancelled: that says nothing of the source.
func (h *hold) fail(ctx context.Context, told string) error {
	if !h.end() || h.way != byLease {
		return nil
	}
	ctx, cancel := h.settling(ctx)
	defer cancel()
	if h.base.flights.ctx.Err() != nil {
		return h.giveBack(ctx)
	}
	if h.value {
		backoff := min(max(2*time.Duration(h.backoff)*time.Millisecond, leastBackoff), mostBackoff)
		return h.rest(ctx, backoff/2+rand.N(backoff/2), uint32(backoff.Milliseconds()))
	}
	now, errorFor := h.base.now(), h.base.options.ErrorFor
	ttl := max(errorFor, toldFor)
	failure := header{
		kind: kindFailed, created: now, hard: now + ttl.Microseconds(), generation: h.token, keyCheck: h.keyCheck,
	}
	if errorFor > 0 {
		failure.soft = now + errorFor.Microseconds()
	}
	return h.yield(ctx, placeholder(failure, strings.ToValidUTF8(told[:min(len(told), maxTold)], "")), ttl)
}

// rest ends the hold of a value in the store, so that nobody loads it for a while.
func (h *hold) rest(ctx context.Context, length time.Duration, backoff uint32) error {
	_, err := h.stands(func(there []byte) (bool, error) {
		rested := pauseRecord(there, pause{0, h.base.now() + length.Microseconds()}, backoff)
		return h.base.leaser.Extend(ctx, h.key, there, rested, store.Keep)
	})
	return err
}
