package hazards

// overwriting leaves something under the key, done by somebody else.
var overwriting = invalidation{"SET", nil, func(t *trial, _ *member) error { return t.lib.Outside.Overwrite(t.key, t.current()) }}

// removing is what leaves nothing, done by somebody else.
var removing = []invalidation{
	{"DEL", nil, func(t *trial, _ *member) error { return t.lib.Outside.Delete(t.key) }},
	{"EXPIRE", nil, func(t *trial, _ *member) error { return t.lib.Outside.Expire(t.key) }},
	{"FLUSHDB", nil, func(t *trial, _ *member) error { return t.lib.Outside.Flush() }},
	{"eviction", []need{evicts}, func(t *trial, _ *member) error { return t.lib.Outside.Evict(t.key) }},
}

// meddling are H10: changes that pass by the library. It sees them at once, nobody gets stuck, and, unless
// values are bare, what was read from the source before is not stored after them.
func meddling() []Hazard {
	all := []Hazard{
		{Name: "H10 SET of a value", needs: []need{outside}, trial: overwritten},
		{Name: "H10 SET during a load", needs: []need{outside}, trial: overwrittenDuringLoad},
		{Name: "H10 SET between a load and its write", needs: []need{outside, taps}, trial: overwrittenBeforeWrite},
		{Name: "H10 SET during a load that another process waits for", needs: []need{outside, shared}, trial: meddledWaiting(overwriting)},
	}
	for _, c := range removing {
		needs := append([]need{outside}, c.needs...)
		all = append(all,
			Hazard{Name: "H10 " + c.name + " of a value", needs: needs, trial: removed(c)},
			Hazard{Name: "H10 " + c.name + " during a load", needs: needs, trial: removedDuringLoad(c)},
			Hazard{Name: "H10 " + c.name + " during a load, then a call", needs: append([]need{records}, needs...), trial: late(c, first, first)},
			Hazard{Name: "H10 " + c.name + " between a load and its write", needs: append([]need{taps, records}, needs...), trial: beforeWrite(c)},
			Hazard{Name: "H10 " + c.name + " during a load that another process waits for",
				needs: append([]need{shared}, needs...), trial: meddledWaiting(c)},
		)
	}
	return all
}

// warm has everybody know the key's value.
func (t *trial) warm() bool {
	return t.done("set", t.x.Set(t.ctx, t.key, t.current())) && t.hits()
}

func removed(c invalidation) func(*trial) {
	return func(t *trial) {
		if !t.warm() {
			return
		}
		t.change()
		if t.invalidates(c, nil) && t.misses() {
			t.settled()
		}
	}
}

// misses reports whether nobody's Get finds anything.
func (t *trial) misses() bool {
	for _, m := range t.everybody() {
		value, found, err := m.Get(t.ctx, t.key)
		if !t.done("Get of "+t.nameOf(m), err) {
			return false
		}
		if found {
			t.violated("Get of %s returned %q, want a miss", t.nameOf(m), value)
			return false
		}
	}
	return true
}

// overwritten puts something under a key that has a value. Bare bytes are a hit, others are not there.
func overwritten(t *trial) {
	if !t.warm() {
		return
	}
	t.change()
	if !t.invalidates(overwriting, nil) {
		return
	}
	if t.lib.Bare {
		_ = t.hits() && t.settled()
		return
	}
	_ = t.misses() && t.settled() && t.hits()
}

func overwrittenDuringLoad(t *trial) {
	l, a, ok := t.begin(t.x)
	if !ok {
		return
	}
	t.change()
	if !t.invalidates(overwriting, nil) {
		return
	}
	l.open()
	if !t.answer(a, "the call that began before", 1, 2) {
		return
	}
	t.keepsForeign()
}

// keepsForeign reports whether what others have put under the key is still there where it is a value, and
// whether everybody gets along with it where it is none.
func (t *trial) keepsForeign() {
	if t.lib.Bare {
		_ = t.hits() && t.settled()
		return
	}
	t.settled()
}

func overwrittenBeforeWrite(t *trial) {
	l, a, ok := t.begin(t.x)
	if !ok {
		return
	}
	write := t.hold(t.x, true, 0)
	t.change()
	l.open()
	if !t.writes(write, a) || !t.invalidates(overwriting, nil) {
		return
	}
	write.open()
	if t.answer(a, "the call that began before", 1, 2) {
		t.keepsForeign()
	}
}

func removedDuringLoad(c invalidation) func(*trial) {
	return func(t *trial) {
		l, a, ok := t.begin(t.x)
		if !ok {
			return
		}
		if !t.lib.Bare {
			t.change() // the removal tells of it
		}
		if !t.invalidates(c, nil) {
			return
		}
		l.open()
		_ = t.answer(a, "the call that began before", 1, 2) && t.settled()
	}
}

// meddledWaiting has another process wait for a load that somebody interferes with.
func meddledWaiting(c invalidation) func(*trial) {
	return func(t *trial) {
		l, a, ok := t.begin(t.x)
		if !ok {
			return
		}
		b := t.fetch(t.y, t.direct)
		begun()
		if !t.lib.Bare || c.name == overwriting.name {
			t.change()
		}
		if !t.invalidates(c, nil) {
			return
		}
		l.open()
		switch {
		case !t.answer(a, "the call that loads", 1, 2) || !t.answer(b, "the call that waits", 1, 2):
		case c.name == overwriting.name:
			t.keepsForeign()
		default:
			t.settled()
		}
	}
}
