package hazards

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
)

// valves stand before the steps of one process.
type valves struct {
	mu  sync.Mutex // guards the rest
	all []*valve
}

// valve stops the steps that it is about, or answers them.
type valve struct {
	key     string
	writes  bool          // only writes
	answers bool          // their answers instead of the steps themselves
	single  bool          // only the first one
	skip    int           // how many steps pass before
	reached chan struct{} // closed when the first step has come
	once    sync.Once
	gate    chan struct{} // open when closed
	opens   sync.Once
	err     error // the answer instead of a passage
}

// errCut is what a process is told that has lost its store.
var errCut = errors.New("cut off by the test")

// pass is a Process.Tap.
func (v *valves) pass(ctx context.Context, s Step) error {
	valve := v.find(s)
	if valve == nil {
		return nil
	}
	valve.once.Do(func() { close(valve.reached) })
	if valve.err != nil {
		return valve.err
	}
	select {
	case <-valve.gate:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (v *valves) find(s Step) *valve {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, found := range v.all {
		if found.writes && !s.Write || found.answers != s.Answered || !s.concerns(found.key) {
			continue
		}
		if found.skip > 0 {
			found.skip--
			continue
		}
		if found.single {
			v.all = slices.Delete(v.all, i, i+1)
		}
		return found
	}
	return nil
}

func (s Step) concerns(key string) bool {
	return slices.ContainsFunc(s.Keys, func(k string) bool { return strings.Contains(k, key) })
}

// hold stops the steps of m about the trial's key, or its writes only, after the first few of them.
func (t *trial) hold(m *member, writes bool, skip int) *valve {
	return t.place(m, &valve{writes: writes, skip: skip})
}

// holdAnswer stops the answer to the next write of m about the trial's key.
func (t *trial) holdAnswer(m *member) *valve {
	return t.place(m, &valve{writes: true, answers: true, single: true})
}

// cut has all steps of m about the trial's key fail from now on.
func (t *trial) cut(m *member) *valve { return t.place(m, &valve{err: errCut}) }

func (t *trial) place(m *member, valve *valve) *valve {
	valve.key, valve.reached, valve.gate = t.key, make(chan struct{}), make(chan struct{})
	m.taps.mu.Lock()
	m.taps.all = append(m.taps.all, valve)
	m.taps.mu.Unlock()
	t.mu.Lock()
	t.gates = append(t.gates, func() { valve.open(); m.taps.remove(valve) })
	t.mu.Unlock()
	return valve
}

// open lets all steps pass that stand before the valve. Later ones pass as well.
func (v *valve) open() { v.opens.Do(func() { close(v.gate) }) }

func (v *valves) remove(old *valve) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all = slices.DeleteFunc(v.all, func(other *valve) bool { return other == old })
}
