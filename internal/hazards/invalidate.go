package hazards

import (
	"context"
	"time"
)

// who is one of the two processes.
type who func(*trial) *member

func first(t *trial) *member  { return t.x }
func second(t *trial) *member { return t.y }

// invalidation ends what a key had. The source has been changed before.
type invalidation struct {
	name  string
	needs []need
	run   func(*trial, *member) error
}

var (
	deleting = invalidation{"delete", nil, func(t *trial, m *member) error { return m.Delete(t.ctx, t.key) }}
	setting  = invalidation{"set", nil, func(t *trial, m *member) error { return m.Set(t.ctx, t.key, t.current()) }}
	clearing = invalidation{"clear", []need{clearer}, func(t *trial, m *member) error { return m.Cache.(Clearer).Clear(t.ctx) }}
)

// invalidates reports whether m invalidates, and returns from it whatever is being loaded.
func (t *trial) invalidates(inv invalidation, m *member) bool {
	return t.perform(inv.name, func() error { return inv.run(t, m) })
}

// invalidations are H1: what a load read from the source before an invalidation returned is not stored
// after it.
func invalidations() []Hazard {
	var all []Hazard
	for _, inv := range []invalidation{deleting, setting, clearing} {
		all = append(all,
			Hazard{Name: "H1 " + inv.name + " by the process that loads, during the load",
				needs: inv.needs, trial: duringLoad(inv, first)},
			Hazard{Name: "H1 " + inv.name + " by another process, during the load",
				needs: append([]need{shared}, inv.needs...), trial: duringLoad(inv, second)},
			Hazard{Name: "H1 " + inv.name + " by another process, between the load and its write",
				needs: append([]need{shared, taps}, inv.needs...), trial: beforeWrite(inv)},
			Hazard{Name: "H1 " + inv.name + " by the process that loads, while the load writes",
				needs: append([]need{taps}, inv.needs...), trial: whileWriting(inv)},
			Hazard{Name: "H1 " + inv.name + " during a load that another process waits for",
				needs: append([]need{shared}, inv.needs...), trial: whileWaiting(inv)},
			Hazard{Name: "H1 " + inv.name + " by the process that loads, behind a stale value",
				needs: append([]need{aging}, inv.needs...), trial: behindStale(inv, first)},
			Hazard{Name: "H1 " + inv.name + " by another process, behind a stale value",
				needs: append([]need{aging, shared}, inv.needs...), trial: behindStale(inv, second)},
		)
	}
	return all
}

func duringLoad(inv invalidation, by who) func(*trial) {
	return func(t *trial) {
		l, a, ok := t.begin(t.x)
		if !ok {
			return
		}
		t.change()
		if !t.invalidates(inv, by(t)) {
			return
		}
		l.open()
		_ = t.answer(a, "the call that began before", 1, 2) && t.settled()
	}
}

// beforeWrite has the invalidation pass when the load has come back and its write is on its way.
func beforeWrite(inv invalidation) func(*trial) {
	return func(t *trial) {
		l, a, ok := t.begin(t.x)
		if !ok {
			return
		}
		write := t.hold(t.x, true, 0)
		t.change()
		l.open()
		if !t.writes(write, a) {
			return
		}
		if !t.invalidates(inv, t.y) {
			return
		}
		write.open()
		_ = t.answer(a, "the call that began before", 1, 2) && t.settled()
	}
}

// writes waits until the load of a is about to write. It reports whether that happened.
func (t *trial) writes(write *valve, a *call) bool {
	select {
	case <-write.reached:
		return true
	case <-a.done:
		t.unforced()
		return false
	case <-t.ctx.Done():
		return false
	}
}

// whileWriting begins the invalidation while the load's write is on its way; it may wait for it.
func whileWriting(inv invalidation) func(*trial) {
	return func(t *trial) {
		l, a, ok := t.begin(t.x)
		if !ok {
			return
		}
		write := t.hold(t.x, true, 0)
		t.change()
		l.open()
		if !t.writes(write, a) {
			return
		}
		time.AfterFunc(moment, write.open)
		_ = t.invalidates(inv, t.x) && t.answer(a, "the call that began before", 1, 2) && t.settled()
	}
}

// whileWaiting has a call of the other process wait for the load that is invalidated under it.
func whileWaiting(inv invalidation) func(*trial) {
	return func(t *trial) {
		l, a, ok := t.begin(t.x)
		if !ok {
			return
		}
		b := t.fetch(t.y, t.direct)
		begun()
		t.change()
		if !t.invalidates(inv, t.y) {
			return
		}
		l.open()
		_ = t.answer(a, "the call that loads", 1, 2) && t.answer(b, "the call that waits", 1, 2) && t.settled()
	}
}

// behindStale has a stale value be served while it is loaded anew.
func behindStale(inv invalidation, by who) func(*trial) {
	return func(t *trial) {
		if !t.done("store a value that ages", t.x.Cache.(Aging).SetStale(t.ctx, t.key, t.current())) {
			return
		}
		t.change()
		l, a, ok := t.begin(t.x)
		if !ok || !t.answer(a, "the call that has a stale value, during the load", 1) {
			return
		}
		t.change()
		if !t.invalidates(inv, by(t)) {
			return
		}
		l.open()
		_ = t.settled()
	}
}

// latecomers are H1b: a call that begins after an invalidation gets nothing that was read before it.
func latecomers() []Hazard {
	return []Hazard{
		{Name: "H1b a call after a delete by the process that loads", trial: late(deleting, first, first)},
		{Name: "H1b a call of another process after a delete by the process that loads",
			needs: []need{shared}, trial: late(deleting, first, second)},
		{Name: "H1b a call in the process that loads after a delete by another",
			needs: []need{shared}, trial: late(deleting, second, first)},
		{Name: "H1b a call of another process after its own delete",
			needs: []need{shared}, trial: late(deleting, second, second)},
		{Name: "H1b a call after a clear by the process that loads",
			needs: []need{clearer}, trial: late(clearing, first, first)},
		{Name: "H1b a call in the process that loads after a clear by another",
			needs: []need{clearer, shared}, trial: late(clearing, second, first)},
		{Name: "H1b a call behind a stale value that another process deletes",
			needs: []need{aging, shared}, trial: lateBehindStale},
		{Name: "H1b a call after a delete by another, when the load began without the store",
			needs: []need{shared, taps}, trial: lateAfterOutage},
		{Name: "H1b a call after a delete by another, when a value of a third is on its way to the load",
			needs: []need{shared, single, taps}, trial: lateAfterAnswer},
	}
}

// late has caller fetch while the load from before the invalidation still stands at its gate.
func late(inv invalidation, by, caller who) func(*trial) {
	return func(t *trial) {
		l, a, ok := t.begin(t.x)
		if !ok {
			return
		}
		t.change()
		if !t.invalidates(inv, by(t)) {
			return
		}
		t.getsNew(caller(t), l, a)
	}
}

// getsNew has m fetch while l, which read before an invalidation, stands at its gate.
func (t *trial) getsNew(m *member, l *load, a *call) {
	b := t.fetch(m, t.direct)
	prompt := reached(b.done, min(pace, t.lib.Patience))
	l.open()
	if !t.answer(b, "the call of "+t.nameOf(m)+" that began after", t.version.Load()) {
		return
	}
	if !prompt {
		t.violated("the call of %s that began after waited for the load from before", t.nameOf(m))
		return
	}
	_ = t.answer(a, "the call that began before", 1, 2) && t.settled()
}

func lateBehindStale(t *trial) {
	if !t.done("store a value that ages", t.x.Cache.(Aging).SetStale(t.ctx, t.key, t.current())) {
		return
	}
	t.change()
	l, a, ok := t.begin(t.x)
	if !ok || !t.answer(a, "the call that has a stale value, during the load", 1) {
		return
	}
	t.change()
	if t.invalidates(deleting, t.y) {
		t.getsNew(t.x, l, a)
	}
}

// lateAfterOutage has the process load while it does not reach its store, and reach it again before the
// delete.
func lateAfterOutage(t *trial) {
	outage := t.cut(t.x)
	l, a, ok := t.begin(t.x)
	if !ok {
		return
	}
	t.x.taps.remove(outage)
	t.change()
	if t.invalidates(deleting, t.y) {
		t.getsNew(t.x, l, a)
	}
}

// lateAfterAnswer has a call miss, and find a value when it wants to load. The value is deleted while the call
// does not know it yet; another call comes after that.
func lateAfterAnswer(t *trial) {
	step, answer := t.hold(t.x, true, 0), t.holdAnswer(t.x)
	l := t.gated()
	a := t.fetch(t.x, l.run)
	if !t.writes(step, a) {
		return
	}
	if !t.perform("set", func() error { return t.y.Set(t.ctx, t.key, t.current()) }) {
		return
	}
	step.open()
	if !t.writes(answer, a) {
		return
	}
	t.change()
	if !t.invalidates(deleting, t.y) {
		return
	}
	b := t.fetch(t.x, t.direct)
	begun()
	answer.open()
	l.open()
	_ = t.answer(b, "the call that began after", 2) && t.answer(a, "the call that began before", 1, 2) && t.settled()
}

// immediate is a loader of a value that does not come from the source.
func immediate(value string, err error) func(context.Context) (string, error) {
	return func(context.Context) (string, error) { return value, err }
}
