package hazards

import (
	"context"
	"errors"
	"time"
)

// cancellations are H8: who gives up fails alone, and a load goes on without the call that began it.
func cancellations() []Hazard {
	return []Hazard{
		{Name: "H8 the first caller is cancelled, another of its process waits", trial: firstLeaves(first)},
		{Name: "H8 the first caller is cancelled, another process waits", needs: []need{shared, single}, trial: firstLeaves(second)},
		{Name: "H8 a waiter of the same process is cancelled", trial: waiterLeaves(first)},
		{Name: "H8 a waiter of another process is cancelled", needs: []need{shared, single}, trial: waiterLeaves(second)},
		{Name: "H8 all callers are cancelled", trial: allLeave},
	}
}

// joins waits until one more call of m has joined a load or, where that cannot be seen or it waits in another
// way, for a moment.
func (t *trial) joins(m *member, call func() *call) *call {
	joined := func() int64 { return 0 }
	if j, ok := m.Cache.(Joining); ok {
		joined = j.Joined
	}
	before := joined()
	c := call()
	for end := time.Now().Add(10 * moment); joined() == before && time.Now().Before(end); {
		time.Sleep(moment / 20)
	}
	return c
}

func firstLeaves(waiter who) func(*trial) {
	return func(t *trial) {
		l, a, ok := t.begin(t.x)
		if !ok {
			return
		}
		b := t.joins(waiter(t), func() *call { return t.fetch(waiter(t), t.direct) })
		a.cancel()
		if !t.leaves(a, "the first caller") {
			return
		}
		if err := l.ctx.Err(); err != nil {
			t.violated("the load was cancelled together with the call that began it: %v", err)
			return
		}
		l.open()
		if !t.answer(b, "the call that waited", 1) {
			return
		}
		if n := t.loads.Load(); n != 1 {
			t.violated("%d loads, want the one that was under way", n)
			return
		}
		_ = t.settled()
	}
}

// leaves reports whether a cancelled call returns while the load stands, with the error of its context.
func (t *trial) leaves(c *call, who string) bool {
	if !t.await(c.done, who+" to leave when it was cancelled") {
		return false
	}
	if !errors.Is(c.err, context.Canceled) {
		t.violated("%s was cancelled and got %q, %v", who, c.value, c.err)
		return false
	}
	return true
}

func waiterLeaves(waiter who) func(*trial) {
	return func(t *trial) {
		l, a, ok := t.begin(t.x)
		if !ok {
			return
		}
		b := t.joins(waiter(t), func() *call { return t.fetch(waiter(t), t.direct) })
		c := t.joins(waiter(t), func() *call { return t.fetch(waiter(t), t.direct) })
		b.cancel()
		if !t.leaves(b, "the waiter") {
			return
		}
		l.open()
		_ = t.answer(a, "the call that loads", 1) && t.answer(c, "the waiter that stayed", 1) && t.settled()
	}
}

// allLeave has a load go on that nobody waits for any more, and be stored.
func allLeave(t *trial) {
	l, a, ok := t.begin(t.x)
	if !ok {
		return
	}
	b := t.joins(t.x, func() *call { return t.fetch(t.x, t.direct) })
	a.cancel()
	b.cancel()
	if !t.leaves(a, "the first caller") || !t.leaves(b, "the waiter") {
		return
	}
	l.open()
	t.eventually("the load to be stored that nobody waits for", func() bool {
		value, found, err := t.y.Get(t.ctx, t.key)
		return err == nil && found && value == t.current()
	})
}
