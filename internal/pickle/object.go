package pickle

import (
	"errors"
	"fmt"
)

// stepObject runs the opcodes by which Python finds classes and makes objects of them.
func (m *machine) stepObject(op byte) error {
	switch op {
	case opGlobal:
		r, err := m.readGlobal()
		if err == nil {
			m.push(r)
		}
		return err
	case opStackGlobal:
		items, err := m.popN(2)
		if err != nil {
			return err
		}
		r, err := m.addGlobal(items[0], items[1])
		if err == nil {
			m.push(r)
		}
		return err
	case opReduce:
		items, err := m.popN(2)
		if err != nil {
			return err
		}
		return m.pushCall(items[0], items[1])
	case opNewObj:
		items, err := m.popN(2)
		if err != nil {
			return err
		}
		return m.pushNew(items[0], items[1])
	case opNewObjEx:
		items, err := m.popN(3)
		if err != nil {
			return err
		}
		return m.pushOpaque(items[0]) // it has keyword arguments, which no class that is known gets
	case opInst:
		return m.instance()
	case opObj:
		items, err := m.popMarked()
		if err != nil || len(items) == 0 {
			return errors.Join(err, errUnderflow)
		}
		return m.pushOpaque(items[0])
	}
	return m.build()
}

// readGlobal returns the class that two lines name.
func (m *machine) readGlobal() (ref, error) {
	var names [2]ref
	for i := range names {
		from, to, err := m.line()
		if err != nil {
			return 0, err
		}
		if !validText(m.data[from:to]) {
			return 0, errNoText
		}
		names[i] = m.add(node{kind: kindString, a: int64(from), b: int64(to)})
	}
	return m.addGlobal(names[0], names[1])
}

func (m *machine) addGlobal(module, name ref) (ref, error) {
	a, b := &m.nodes[module], &m.nodes[name]
	if a.kind != kindString || b.kind != kindString {
		return 0, errors.New("names a class by something that is no str")
	}
	known := globalOf(m.text(a), m.text(b))
	return m.add(node{kind: kindGlobal, global: known, a: int64(module), b: int64(name)}), nil
}

// instance makes an object of an old-style class of Python 2: nothing that is known.
func (m *machine) instance() error {
	class, err := m.readGlobal()
	if err != nil {
		return err
	}
	if _, err := m.popMarked(); err != nil {
		return err
	}
	return m.pushOpaque(class)
}

// pushOpaque pushes an object of which nothing is known but class, the global that would make it.
func (m *machine) pushOpaque(class ref) error {
	switch n := &m.nodes[class]; n.kind {
	case kindGlobal:
		m.push(m.add(node{kind: kindOpaque, link: class}))
	case kindOpaque:
		m.push(m.add(node{kind: kindOpaque, link: n.link}))
	default:
		return fmt.Errorf("calls %s", n.kind)
	}
	return nil
}

// pushCall pushes what class would return for args, if that is known to be plain data.
func (m *machine) pushCall(class, args ref) error {
	if m.nodes[args].kind != kindTuple {
		return fmt.Errorf("calls with %s instead of a tuple", m.nodes[args].kind)
	}
	if m.nodes[class].kind != kindGlobal {
		return m.pushOpaque(class)
	}
	arguments := m.elements(&m.nodes[args])
	switch g := m.nodes[class].global; g {
	case globalReconstructor, globalNewObj, globalNewObjEx:
		if len(arguments) == 0 {
			return errors.New("makes an object without a class")
		}
		class = arguments[0]
		if len(arguments) == 1 && g == globalNewObj || m.plainReconstruction(g, arguments) {
			return m.pushNew(class, refEmptyTuple)
		}
	case globalGetattr:
		if len(arguments) > 0 && m.nodes[arguments[0]].kind == kindGlobal {
			class = arguments[0] // a method of that class, which then makes the object
		}
	default:
		n, ok := m.call(g, arguments)
		if ok {
			if n.kind == kindOrderedDict {
				n.link = class
			}
			m.push(m.add(n))
			return nil
		}
		class = m.culprit(class, arguments)
	}
	return m.pushOpaque(class)
}

// culprit returns the opaque argument for which a call of class is not understood, or else class.
func (m *machine) culprit(class ref, arguments []ref) ref {
	for _, r := range arguments {
		if m.nodes[r].kind == kindOpaque {
			return r
		}
	}
	return class
}

// plainReconstruction reports whether g and arguments make an empty object of a class that derives from
// object alone.
func (m *machine) plainReconstruction(g global, arguments []ref) bool {
	return g == globalReconstructor && len(arguments) == 3 && arguments[2] == refNone &&
		m.nodes[arguments[1]].kind == kindGlobal && m.nodes[arguments[1]].global == globalObject
}

// pushNew pushes a new object of class. Of the classes that are known only UUID is made so.
func (m *machine) pushNew(class, args ref) error {
	n := &m.nodes[class]
	if n.kind == kindGlobal && n.global == globalUUID && args == refEmptyTuple {
		m.push(m.add(node{kind: kindUUID}))
		return nil
	}
	return m.pushOpaque(class)
}

// build gives the topmost object its state. That of a UUID is its int; no other object that is known
// has one.
func (m *machine) build() error {
	state, err := m.pop()
	if err != nil {
		return err
	}
	r, err := m.top()
	if err != nil {
		return err
	}
	n := &m.nodes[r]
	switch n.kind {
	case kindUUID:
		n.link = m.lookup(state, "int")
		return nil
	case kindOpaque:
		return nil
	case kindOrderedDict:
		*n = node{kind: kindOpaque, shared: n.shared, link: n.link} // it has attributes, which have no place here
		return nil
	}
	return fmt.Errorf("gives %s a state", n.kind)
}

// lookup returns the value that the dict has for key, refNone if there is none.
func (m *machine) lookup(dict ref, key string) ref {
	n := &m.nodes[dict]
	if n.kind != kindDict {
		return refNone
	}
	items := m.elements(n)
	for i := len(items) - 2; i >= 0; i -= 2 {
		if k := &m.nodes[items[i]]; k.kind == kindString && string(m.text(k)) == key {
			return items[i+1]
		}
	}
	return refNone
}

// call returns what g returns for args; ok is false if the arguments are not those that Python writes.
func (m *machine) call(g global, args []ref) (n node, ok bool) {
	switch g {
	case globalBytes:
		return node{kind: kindBytes}, len(args) == 0
	case globalByteArray:
		return m.callByteArray(args)
	case globalEncode:
		return m.callEncode(args)
	case globalSet:
		return m.callSet(kindSet, args)
	case globalFrozenSet:
		return m.callSet(kindFrozenSet, args)
	case globalComplex:
		return m.callComplex(args)
	case globalOrderedDict:
		return node{kind: kindOrderedDict}, len(args) == 0
	case globalDecimal:
		return m.callDecimal(args)
	case globalDate, globalDateTime, globalTime:
		return m.callPacked(g, args)
	case globalTimeDelta:
		return m.callTimeDelta(args)
	case globalTimezone:
		return m.callTimezone(args)
	case globalPytzUTC:
		return node{kind: kindTimezone}, len(args) == 0
	}
	return node{}, false
}

// callByteArray is bytearray(), bytearray(bytes) or bytearray(str, "latin-1").
func (m *machine) callByteArray(args []ref) (n node, ok bool) {
	switch len(args) {
	case 0:
		return node{kind: kindByteArray}, true
	case 1:
		n, ok = m.nodes[args[0]], m.nodes[args[0]].kind == kindBytes
	default:
		n, ok = m.callEncode(args)
	}
	n.kind, n.shared = kindByteArray, false
	return n, ok
}

// callEncode is encode(str, "latin1").
func (m *machine) callEncode(args []ref) (n node, ok bool) {
	if len(args) != 2 || m.nodes[args[0]].kind != kindString || m.nodes[args[1]].kind != kindString {
		return node{}, false
	}
	encoding := string(m.text(&m.nodes[args[1]]))
	n = m.nodes[args[0]]
	n.kind, n.shared, n.latin = kindBytes, false, true
	return n, encoding == "latin1" || encoding == "latin-1"
}

// callSet is set(list), or set() itself.
func (m *machine) callSet(k kind, args []ref) (n node, ok bool) {
	if len(args) == 0 {
		return node{kind: k}, true
	}
	n = m.nodes[args[0]]
	ok = len(args) == 1 && (n.kind == kindList || n.kind == kindTuple)
	n.kind, n.shared = k, false // the elements are those of the list; nothing is copied
	return n, ok
}

func (m *machine) callComplex(args []ref) (n node, ok bool) {
	if len(args) != 2 || m.nodes[args[0]].kind != kindFloat || m.nodes[args[1]].kind != kindFloat {
		return node{}, false
	}
	return node{kind: kindComplex, a: m.nodes[args[0]].a, b: m.nodes[args[1]].a}, true
}

func (m *machine) callDecimal(args []ref) (n node, ok bool) {
	if len(args) != 1 || m.nodes[args[0]].kind != kindString {
		return node{}, false
	}
	n = m.nodes[args[0]]
	n.kind, n.shared = kindDecimal, false
	return n, validDecimal(string(m.text(&n)))
}

// callPacked is date, time or datetime of the bytes that their own __reduce__ packs, and of a tzinfo.
func (m *machine) callPacked(g global, args []ref) (n node, ok bool) {
	if len(args) == 0 || m.nodes[args[0]].kind != kindBytes {
		return node{}, false
	}
	n = m.nodes[args[0]]
	n.shared = false
	packed, ok := m.bytes(&n)
	if !ok {
		return node{}, false
	}
	switch g {
	case globalDate:
		n.kind, ok = kindDate, len(args) == 1 && validDate(packed)
		return n, ok
	case globalTime:
		n.kind, ok = kindTime, validTime(packed)
	default:
		n.kind, ok = kindDateTime, validDateTime(packed)
	}
	switch len(args) {
	case 1:
		return n, ok
	case 2:
		n.link = args[1]
		tz := m.nodes[n.link].kind
		return n, ok && (tz == kindTimezone || tz == kindNone)
	}
	return node{}, false
}

// callTimeDelta is timedelta(days, seconds, microseconds), all in their ranges.
func (m *machine) callTimeDelta(args []ref) (n node, ok bool) {
	var numbers [3]int
	if len(args) != len(numbers) {
		return node{}, false
	}
	for i, r := range args {
		if arg := &m.nodes[r]; arg.kind == kindInt && arg.a >= -maxDays && arg.a <= maxDays {
			numbers[i] = int(arg.a)
		} else {
			return node{}, false
		}
	}
	t := TimeDelta{numbers[0], numbers[1], numbers[2]}
	return node{kind: kindTimeDelta, a: int64(t.Days), b: int64(t.Seconds)*1e6 + int64(t.Microseconds)}, t.valid()
}

// delta returns n, a kindTimeDelta.
func (n *node) delta() TimeDelta {
	return TimeDelta{int(n.a), int(n.b / 1e6), int(n.b % 1e6)}
}

// callTimezone is timezone(timedelta) or timezone(timedelta, name). Go has no zones that differ from
// UTC by a part of a second.
func (m *machine) callTimezone(args []ref) (n node, ok bool) {
	if len(args) == 0 || len(args) > 2 || m.nodes[args[0]].kind != kindTimeDelta {
		return node{}, false
	}
	t := m.nodes[args[0]].delta()
	n = node{kind: kindTimezone, a: int64(t.Days)*86400 + int64(t.Seconds)}
	if len(args) == 2 {
		if n.link = args[1]; m.nodes[n.link].kind != kindString {
			return node{}, false
		}
	}
	return n, t.Microseconds == 0 && n.a > -86400 && n.a < 86400
}
