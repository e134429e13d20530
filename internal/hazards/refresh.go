package hazards

// refreshes are about loads behind calls that have returned a stale value.
func refreshes() []Hazard {
	return []Hazard{
		{Name: "Stampede: a refresh that begins when another process has ended its own", needs: []need{shared, single, taps, aging},
			trial: refreshesLate},
	}
}

// refreshesLate has two processes find the same stale value. One loads it anew before the other one, which has
// decided to do so too, gets as far as the store.
func refreshesLate(t *trial) {
	if !t.done("store a value that ages", t.x.Cache.(Aging).SetStale(t.ctx, t.key, t.current())) {
		return
	}
	t.change()
	step, answer := t.hold(t.x, true, 0), t.holdAnswer(t.x)
	a := t.fetch(t.x, t.direct)
	if !t.answer(a, "the call that finds a stale value", 1) || !t.await(step.reached, "the refresh to begin") {
		return
	}
	if !t.eventually("the other process to refresh the value", func() bool { // its clock may be a little behind
		b := t.fetch(t.y, t.direct)
		return !t.answer(b, "a call that finds the same value", 1, 2) || b.value == t.current()
	}) {
		return
	}
	step.open()
	if !t.await(answer.reached, "the answer of the store") {
		return
	}
	answer.open()
	begun()
	t.loadedOnce()
}
