package pickle

import (
	"errors"
	"fmt"
)

func (m *machine) push(r ref) { m.stack = append(m.stack, r) }

// share pushes an object that is somewhere else already.
func (m *machine) share(r ref) {
	m.nodes[r].shared = true
	m.push(r)
}

// floor is where the part of the stack begins that opcodes may take from: above the last mark.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return int(m.marks[len(m.marks)-1])
}

func (m *machine) top() (ref, error) {
	if len(m.stack) <= m.floor() {
		return 0, errUnderflow
	}
	return m.stack[len(m.stack)-1], nil
}

func (m *machine) pop() (ref, error) {
	r, err := m.top()
	if err == nil {
		m.stack = m.stack[:len(m.stack)-1]
	}
	return r, err
}

// popN takes the n topmost objects. They are valid until the next push.
func (m *machine) popN(n int) ([]ref, error) {
	bottom := len(m.stack) - n
	if bottom < m.floor() {
		return nil, errUnderflow
	}
	items := m.stack[bottom:]
	m.stack = m.stack[:bottom]
	return items, nil
}

// popMarked takes the objects above the last mark, and the mark. They are valid until the next push.
func (m *machine) popMarked() ([]ref, error) {
	if len(m.marks) == 0 {
		return nil, errUnderflow
	}
	bottom := m.floor()
	m.marks = m.marks[:len(m.marks)-1]
	items := m.stack[bottom:]
	m.stack = m.stack[:bottom]
	return items, nil
}

// discard drops the topmost object, or the mark if that is on top.
func (m *machine) discard() error {
	if len(m.marks) > 0 && m.floor() == len(m.stack) {
		m.marks = m.marks[:len(m.marks)-1]
		return nil
	}
	_, err := m.pop()
	return err
}

// put keeps the topmost object in the memo. An index beyond the size of the pickle is never needed.
func (m *machine) put(index int) error {
	r, err := m.top()
	if err != nil {
		return err
	}
	if index >= len(m.data) {
		return fmt.Errorf("memo index %d is beyond what the pickle can need", index)
	}
	for index >= len(m.memo) {
		m.memo = append(m.memo, refNone)
	}
	m.memo[index] = r
	return nil
}

func (m *machine) putAt(width int) error {
	index, err := m.uint(width)
	if err != nil {
		return err
	}
	return m.put(int(index))
}

func (m *machine) getAt(width int) error {
	index, err := m.uint(width)
	if err != nil {
		return err
	}
	return m.get(int(index))
}

func (m *machine) get(index int) error {
	if index >= len(m.memo) || m.memo[index] == refNone {
		return fmt.Errorf("nothing was kept under memo index %d", index)
	}
	m.share(m.memo[index])
	return nil
}

// makeTuple pushes a tuple of the n topmost objects.
func (m *machine) makeTuple(n int) error {
	items, err := m.popN(n)
	if err != nil {
		return err
	}
	m.pushContainer(kindTuple, items)
	return nil
}

// makeMarked pushes a container of what is above the mark.
func (m *machine) makeMarked(k kind) error {
	items, err := m.popMarked()
	if err != nil {
		return err
	}
	if k == kindDict && len(items)%2 != 0 {
		return errOdd
	}
	m.pushContainer(k, items)
	return nil
}

var errOdd = errors.New("a dict gets a key without a value")

func (m *machine) pushContainer(k kind, items []ref) {
	n := node{kind: k}
	m.extend(&n, items)
	m.push(m.add(n))
}

// collect adds what is above the mark to the container below it.
func (m *machine) collect(k kind) error {
	items, err := m.popMarked()
	if err != nil {
		return err
	}
	return m.addTo(k, items)
}

// collectTop adds the n topmost objects to the container below them.
func (m *machine) collectTop(k kind, n int) error {
	items, err := m.popN(n)
	if err != nil {
		return err
	}
	return m.addTo(k, items)
}

// addTo adds items to the topmost object, which should be a k. What an opaque object gets is dropped:
// only its class could say what it means.
func (m *machine) addTo(k kind, items []ref) error {
	if k == kindDict && len(items)%2 != 0 {
		return errOdd
	}
	r, err := m.top()
	if err != nil {
		return err
	}
	n := &m.nodes[r]
	switch {
	case n.kind == kindOpaque:
	case n.kind == k, n.kind == kindOrderedDict && k == kindDict:
		m.extend(n, items)
	default:
		return fmt.Errorf("adds elements to %s", n.kind)
	}
	return nil
}
