package hazards

import (
	"errors"
	"strings"
	"time"
)

// skew is by how much the clock of one process is behind, and that of the other one ahead.
const skew = 15 * time.Minute

// clockwork is H5: two processes whose clocks disagree meet the deletes of H1 and H1b, and some more.
func clockwork() []Hazard {
	own := []Hazard{
		{Name: "the last set counts", needs: []need{shared}, trial: lastSetCounts},
		{Name: "a value is there for both", needs: []need{shared}, trial: valueForBoth},
		{Name: "one loads, the slow clock first", needs: []need{shared, single}, trial: oneLoads(first, second)},
		{Name: "one loads, the fast clock first", needs: []need{shared, single}, trial: oneLoads(second, first)},
		{Name: "a load that failed does not stop others, the slow clock first", needs: []need{shared},
			trial: failsOnce(first, second), together: true},
		{Name: "a load that failed does not stop others, the fast clock first", needs: []need{shared},
			trial: failsOnce(second, first), together: true},
	}
	var all []Hazard
	for _, h := range own {
		h.Name, h.needs, h.apart = "H5 "+h.Name, append([]need{clocks}, h.needs...), skew
		all = append(all, h)
	}
	for _, h := range append(invalidations(), latecomers()...) {
		if !h.asks(shared) || h.asks(clearer) || strings.Contains(h.Name, " set ") {
			continue
		}
		name := strings.TrimPrefix(strings.TrimPrefix(h.Name, "H1b "), "H1 ")
		all = append(all, Hazard{Name: "H5 " + name, needs: append([]need{clocks}, h.needs...),
			trial: h.trial, together: h.together, apart: skew})
	}
	for _, h := range deaths() {
		if !h.asks(mortal) {
			h.Name, h.needs, h.apart = "H5 "+strings.TrimPrefix(h.Name, "H7 "), append([]need{clocks}, h.needs...), skew
			all = append(all, h)
		}
	}
	return all
}

// lastSetCounts has both set in turn. A clock that is far ahead may take a fresh value for an old one, which
// is a miss; a value that was set before the last one is wrong.
func lastSetCounts(t *trial) {
	for _, m := range []*member{t.x, t.y, t.x, t.y} {
		t.change()
		if !t.done("set", m.Set(t.ctx, t.key, t.current())) || !t.settled() {
			return
		}
	}
	if !t.done("delete", t.y.Delete(t.ctx, t.key)) {
		return
	}
	t.change()
	_ = t.done("set", t.x.Set(t.ctx, t.key, t.current())) && t.settled()
}

// valueForBoth has a value that lives longer than the clocks are apart be served, or loaded anew.
func valueForBoth(t *trial) {
	for _, m := range []*member{t.x, t.y} {
		t.change()
		if !t.done("set", m.Set(t.ctx, t.key, t.current())) || !t.settled() {
			return
		}
	}
}

// oneLoads has one process wait for the load of the other one.
func oneLoads(loader, waiter who) func(*trial) {
	return func(t *trial) {
		l, a, ok := t.begin(loader(t))
		if !ok {
			return
		}
		b := t.fetch(waiter(t), t.direct)
		begun()
		l.open()
		if !t.answer(a, "the call that loads", 1) || !t.answer(b, "the call that waits", 1) {
			return
		}
		t.loadedOnce()
	}
}

// errSource is the failure of a source.
var errSource = errors.New("the source failed")

// failsOnce has a load fail in one process; the other one gets a value before long.
func failsOnce(failing, other who) func(*trial) {
	return func(t *trial) {
		a := t.fetch(failing(t), immediate("", errSource))
		if !t.await(a.done, "a failing load to end") {
			return
		}
		if !errors.Is(a.err, errSource) {
			t.violated("a failing load answered %q, %v", a.value, a.err)
			return
		}
		t.eventually("a load in the other process after one has failed", func() bool {
			b := t.fetch(other(t), t.direct)
			<-b.done
			return b.err == nil && b.value == t.current()
		})
	}
}
