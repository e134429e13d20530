package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxData is the largest pickle that is read; numbers of objects fit an int32 then.
const maxData = 1 << 30

var (
	errShort     = errors.New("the pickle ends too early")
	errTooLarge  = errors.New("the pickle is larger than 1 GiB")
	errUnderflow = errors.New("the pickle takes more from its stack than there is")
	errNoText    = errors.New("the pickle has a str that is not UTF-8")
)

// machine runs the pickle virtual machine, and all that it can do is to put objects together: it builds
// a tree of them. Its memory is bounded by the size of the pickle, because every opcode adds at most a
// few entries to its lists, and lengths are held against the bytes that are there.
type machine struct {
	tree
	pos   int
	stack []ref
	marks []int32 // where the stack was at each mark
	memo  []ref   // by its index; refNone where nothing was put, because None never is
}

// keptData is the size of pickles up to which a machine keeps its lists for the next one.
const keptData = 1 << 18

// forget drops what the machine holds of its last run.
func (m *machine) forget() {
	if len(m.data) > keptData {
		*m = machine{}
	}
	m.data = nil
}

// run reads the pickle at the front of data and returns its object and what follows the pickle.
func (m *machine) run(data []byte) (top ref, rest []byte, err error) {
	if len(data) > maxData {
		return 0, nil, errTooLarge
	}
	m.reset(data)
	m.pos, m.stack, m.marks, m.memo = 0, m.stack[:0], m.marks[:0], m.memo[:0]
	for m.pos < len(data) {
		op := data[m.pos]
		m.pos++
		if op == opStop {
			top, err = m.pop()
			return top, data[m.pos:], at(m.pos-1, op, err)
		}
		start := m.pos - 1
		if err := m.step(op); err != nil {
			return 0, nil, at(start, op, err)
		}
	}
	return 0, nil, errShort
}

// at says where err happened, if there is one.
func at(pos int, op byte, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("opcode %#02x at byte %d: %w", op, pos, err)
}

// step runs the opcodes that Python writes most; the others are in stepOld and stepObject.
func (m *machine) step(op byte) error {
	switch op {
	case opMemoize:
		return m.put(len(m.memo))
	case opBinGet:
		index, err := m.byte()
		if err != nil {
			return err
		}
		return m.get(index)
	case opShortBinUnicode:
		n, err := m.byte()
		if err != nil {
			return err
		}
		return m.pushText(kindString, n)
	case opBinInt1:
		i, err := m.byte()
		if err != nil {
			return err
		}
		m.push(m.add(node{kind: kindInt, a: int64(i)}))
	case opBinInt2:
		return m.pushInt(2)
	case opBinInt:
		return m.pushInt(4)
	case opMark:
		m.marks = append(m.marks, int32(len(m.stack)))
	case opNone:
		m.push(refNone)
	case opNewTrue:
		m.push(refTrue)
	case opNewFalse:
		m.push(refFalse)
	case opBinFloat:
		b, err := m.take(8)
		if err != nil {
			return err
		}
		m.push(m.add(node{kind: kindFloat, a: int64(binary.BigEndian.Uint64(b))}))
	case opEmptyDict:
		m.push(m.add(node{kind: kindDict}))
	case opEmptyList:
		m.push(m.add(node{kind: kindList}))
	case opSetItems:
		return m.collect(kindDict)
	case opAppends:
		return m.collect(kindList)
	case opSetItem:
		return m.collectTop(kindDict, 2)
	case opAppend:
		return m.collectTop(kindList, 1)
	case opEmptyTuple:
		m.push(refEmptyTuple)
	case opTuple1, opTuple2, opTuple3:
		return m.makeTuple(int(op-opTuple1) + 1)
	case opTuple:
		return m.makeMarked(kindTuple)
	case opBinUnicode:
		return m.pushSized(kindString, 4)
	case opShortBinBytes:
		return m.pushSized(kindBytes, 1)
	case opLong1:
		return m.pushLong(1)
	case opStackGlobal, opReduce, opNewObj, opNewObjEx, opBuild, opInst, opObj, opGlobal:
		return m.stepObject(op)
	case opFrame:
		_, err := m.length(8) // the frame's own opcodes follow: nothing to do but to see that they are there
		return err
	default:
		return m.stepOld(op)
	}
	return nil
}

// stepOld runs opcodes that are rare, or of protocols that nobody writes any more.
func (m *machine) stepOld(op byte) error {
	switch op {
	case opProto:
		return m.protocol()
	case opLongBinGet:
		return m.getAt(4)
	case opBinPut:
		return m.putAt(1)
	case opLongBinPut:
		return m.putAt(4)
	case opBinUnicode8:
		return m.pushSized(kindString, 8)
	case opBinBytes:
		return m.pushSized(kindBytes, 4)
	case opBinBytes8:
		return m.pushSized(kindBytes, 8)
	case opByteArray8:
		return m.pushSized(kindByteArray, 8)
	case opShortBinString:
		return m.pushASCII(1)
	case opBinString:
		return m.pushASCII(4)
	case opLong4:
		return m.pushLong(4)
	case opEmptySet:
		m.push(m.add(node{kind: kindSet}))
	case opAddItems:
		return m.collect(kindSet)
	case opFrozenSet:
		return m.makeMarked(kindFrozenSet)
	case opList:
		return m.makeMarked(kindList)
	case opDict:
		return m.makeMarked(kindDict)
	case opPop:
		return m.discard()
	case opPopMark:
		_, err := m.popMarked()
		return err
	case opDup:
		top, err := m.top()
		if err == nil {
			m.share(top)
		}
		return err
	case opFloat, opInt, opLong, opString, opUnicode, opGet, opPut:
		return m.stepText(op)
	case opPersID, opBinPersID:
		return errors.New("refers to an object that is kept outside of the pickle")
	case opNextBuffer, opReadOnlyBuffer:
		return errors.New("refers to a buffer that is kept outside of the pickle")
	case opExt1, opExt2, opExt4:
		return errors.New("refers to a class by a number that only the writer's copyreg knows")
	default:
		return errors.New("no opcode of the protocols 0 to 5")
	}
	return nil
}

func (m *machine) protocol() error {
	b, err := m.take(1)
	if err == nil && b[0] > highestProtocol {
		return fmt.Errorf("protocol %d is not known", b[0])
	}
	return err
}

// take returns the next n bytes, which must not be changed.
func (m *machine) take(n int) ([]byte, error) {
	if n > len(m.data)-m.pos {
		return nil, errShort
	}
	b := m.data[m.pos : m.pos+n]
	m.pos += n
	return b, nil
}

// byte reads a number of one byte.
func (m *machine) byte() (int, error) {
	if m.pos >= len(m.data) {
		return 0, errShort
	}
	b := m.data[m.pos]
	m.pos++
	return int(b), nil
}

// uint reads a number of width bytes, the least significant first.
func (m *machine) uint(width int) (uint64, error) {
	b, err := m.take(width)
	if err != nil {
		return 0, err
	}
	var u uint64
	for i := len(b) - 1; i >= 0; i-- {
		u = u<<8 | uint64(b[i])
	}
	return u, nil
}

// length reads a length of width bytes. So many bytes do follow.
func (m *machine) length(width int) (int, error) {
	u, err := m.uint(width)
	if err == nil && u > uint64(len(m.data)-m.pos) {
		return 0, errShort
	}
	return int(u), err
}

// pushSized pushes the text that follows its length of width bytes.
func (m *machine) pushSized(k kind, width int) error {
	n, err := m.length(width)
	if err != nil {
		return err
	}
	return m.pushText(k, n)
}

// pushText pushes the next n bytes as text.
func (m *machine) pushText(k kind, n int) error {
	if n > len(m.data)-m.pos {
		return errShort
	}
	from := m.pos
	m.pos += n
	if k == kindString && !utf8.Valid(m.data[from:m.pos]) && !validText(m.data[from:m.pos]) {
		return errNoText
	}
	m.push(m.add(node{kind: k, a: int64(from), b: int64(m.pos)}))
	return nil
}

// pushASCII pushes a string of Python 2, which Python 3 takes for a str if it is ASCII.
func (m *machine) pushASCII(width int) error {
	n, err := m.length(width)
	if err != nil {
		return err
	}
	if !ascii(m.data[m.pos : m.pos+n]) {
		return errNoASCII
	}
	return m.pushText(kindString, n)
}

func ascii(text []byte) bool {
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

var errNoASCII = errors.New("the pickle has a string of Python 2 that is not ASCII")

func (m *machine) pushInt(width int) error {
	u, err := m.uint(width)
	if err != nil {
		return err
	}
	i := int64(u)
	if width == 4 {
		i = int64(int32(u))
	}
	m.push(m.add(node{kind: kindInt, a: i}))
	return nil
}

// pushLong pushes the int that follows its length of width bytes.
func (m *machine) pushLong(width int) error {
	n, err := m.length(width)
	if err != nil {
		return err
	}
	from := m.pos
	m.pos += n
	b := trimSign(m.data[from:m.pos])
	if len(b) <= 8 {
		m.push(m.add(node{kind: kindInt, a: smallInt(b)}))
		return nil
	}
	m.push(m.add(node{kind: kindBig, a: int64(from), b: int64(from + len(b))}))
	return nil
}
