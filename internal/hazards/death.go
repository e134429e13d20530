package hazards

import "time"

// deaths are H7: the process that loads dies, or may as well have; others take over.
func deaths() []Hazard {
	alone := []need{shared, single, takeover}
	return []Hazard{
		{Name: "H7 the process that loads loses its store", needs: append(alone, taps), trial: holderIsCut, together: true},
		{Name: "H7 the process that loads stands still and comes back", needs: append(alone, taps), trial: holderStands, together: true},
		{Name: "H7 the process that loads is killed", needs: append(alone, mortal), trial: holderIsKilled, together: true},
		{Name: "H7 the process that loads is frozen and comes back", needs: append(alone, mortal), trial: holderFreezes, together: true},
		{Name: "H7 the process that refreshes a stale value loses its store", needs: append(alone, taps, aging),
			trial: refresherIsCut(first, second), together: true},
		{Name: "H7 the other process, which refreshes a stale value, loses its store", needs: append(alone, taps, aging),
			trial: refresherIsCut(second, first), together: true},
		{Name: "H7 a load ends before its waiter begins to wait", needs: []need{shared, single, taps}, trial: wakesEarly},
	}
}

// takesOver has a call of the other process wait for the load of a process that was lost at the time since,
// and reports whether it got what the source holds now, in time.
func (t *trial) takesOver(b *call, since time.Time) bool {
	if !reached(b.done, t.lib.Takeover+pace) {
		t.violated("waited %v for another process to take over, want %v", time.Since(since), t.lib.Takeover)
		return false
	}
	t.waited(time.Since(since))
	return t.answer(b, "the call that took over", t.version.Load())
}

func holderIsCut(t *trial) {
	l, a, began := t.begin(t.x)
	t.all(func() {})
	if !began {
		return
	}
	t.change()
	cut := time.Now()
	t.cut(t.x)
	if !t.takesOver(t.fetch(t.y, t.direct), cut) {
		return
	}
	l.open()
	if !t.await(a.done, "the call that lost its store to return") {
		return
	}
	value, found, err := t.y.Get(t.ctx, t.key)
	if t.done("Get", err) && (!found || value != t.current()) {
		t.violated("Get returned %q, %v after the process that had lost its store was done; want %q", value, found, t.current())
	}
}

// refresherIsCut has a process disappear that loads behind a stale value. The others are not held up; before
// long one of them loads instead.
func refresherIsCut(refresher, other who) func(*trial) {
	return func(t *trial) {
		l := t.gated()
		began := t.done("store a value that ages", t.x.Cache.(Aging).SetStale(t.ctx, t.key, t.current()))
		var a *call
		if began {
			a = t.fetch(refresher(t), l.run)
			began = t.await(l.began, "the load to begin") && t.answer(a, "the call that has a stale value", 1)
		}
		t.all(func() {})
		if !began {
			return
		}
		t.change()
		cut := time.Now()
		t.cut(refresher(t))
		l.open()
		if !t.eventually("another process to refresh the value", func() bool {
			b := t.fetch(other(t), t.direct)
			return !t.answer(b, "a call that has a stale value", 1, 2) || b.value == t.current()
		}) {
			return
		}
		t.waited(time.Since(cut))
		if waited := time.Since(cut); waited > t.lib.Takeover+pace {
			t.violated("another process refreshed the value after %v, want %v", waited, t.lib.Takeover)
		}
	}
}

// holderStands stops the writes of the process that loads until another one has stored: what it wrote then
// comes too late.
func holderStands(t *trial) {
	l, a, began := t.begin(t.x)
	t.all(func() {})
	if !began {
		return
	}
	since := time.Now()
	stop := t.hold(t.x, true, 0)
	t.change()
	l.open()
	if !t.writes(stop, a) {
		return
	}
	if !t.takesOver(t.fetch(t.y, t.direct), since) {
		return
	}
	stop.open()
	if !t.answer(a, "the call that stood still", 1, 2) {
		return
	}
	t.hits()
}

func holderIsKilled(t *trial) {
	_, _, began := t.begin(t.x)
	var b *call
	if began {
		b = t.fetch(t.y, t.direct)
	}
	t.all(func() { t.done("kill", t.x.Cache.(Mortal).Kill()) })
	if !began {
		return
	}
	killed := time.Now()
	if !t.await(b.done, "another process to take over") {
		return
	}
	t.waited(time.Since(killed))
	if waited := time.Since(killed); waited > t.lib.Takeover+pace {
		t.violated("another process took over after %v, want %v", waited, t.lib.Takeover)
		return
	}
	t.answer(b, "the call that took over", 1)
}

// holderFreezes stops the whole process that loads, as a long pause does, and lets it go on afterwards.
func holderFreezes(t *trial) {
	l, a, began := t.begin(t.x)
	t.all(func() { t.done("pause", t.x.Cache.(Mortal).Pause()) })
	defer t.resume()
	if !began {
		return
	}
	t.change()
	paused := time.Now()
	if !t.takesOver(t.fetch(t.y, t.direct), paused) {
		return
	}
	t.resume()
	l.open()
	if !t.answer(a, "the call that was frozen", 1, 2) {
		return
	}
	t.hits()
}

// resume lets the first process go on, once for all trials, when the last of them has called it.
func (t *trial) resume() {
	t.tookOver.Do(t.frozen.Done)
	t.frozen.Wait()
	t.thaw.Do(func() { t.done("resume", t.x.Cache.(Mortal).Resume()) })
}

// wakesEarly has a load end after another process has found it under way, and before that process does
// anything about it.
func wakesEarly(t *trial) {
	l, a, ok := t.begin(t.x)
	if !ok {
		return
	}
	step := t.hold(t.y, false, 2)
	b := t.fetch(t.y, t.direct)
	select {
	case <-step.reached:
	case <-b.done:
	case <-time.After(moment): // it waits without a further step
	}
	l.open()
	if !t.answer(a, "the call that loads", 1) {
		return
	}
	step.open()
	since := time.Now()
	if !t.answer(b, "the call that waits", 1) {
		return
	}
	t.waited(time.Since(since))
	t.loadedOnce()
}

// loadedOnce reports whether there was one load. Where a clock that is ahead takes the new value for a stale one
// it is loaded again, and that is all right.
func (t *trial) loadedOnce() {
	if _, ok := t.x.Cache.(Aging); ok && t.apart > 0 {
		return
	}
	if n := t.loads.Load(); n != 1 {
		t.violated("%d loads, want 1", n)
	}
}
