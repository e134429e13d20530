package pydata

import (
	"fmt"
	"math"
	"math/big"
)

// Kind is what a value is.
type Kind byte

// The kinds of values.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	Bytes
	List
	Dict
)

// String returns the kind as messages name it.
func (k Kind) String() string {
	return [...]string{"None", "a bool", "an int", "a float", "a str", "bytes", "a list", "a dict"}[k]
}

// Mismatch says that the next value is not what was wanted.
func Mismatch(found Kind, want string) error {
	if found == Null {
		return fmt.Errorf("found None, want %s; a pointer takes None too", want)
	}
	return fmt.Errorf("found %s, want %s", found, want)
}

// Number is an int of any size or a float.
type Number struct {
	Kind  Kind     // Int or Float
	Int   int64    // of an Int, unless Big is set
	Big   *big.Int // of an Int beyond 64 bits
	Float float64  // of a Float
}

// int64 returns the number as an int64; ok is false if it is not exactly one.
func (n Number) int64() (i int64, ok bool) {
	if n.Kind == Int {
		return n.Int, n.Big == nil
	}
	if n.Float < -1<<63 || n.Float >= 1<<63 || n.Float != math.Trunc(n.Float) {
		return 0, false
	}
	return int64(n.Float), true
}

// uint64 returns the number as a uint64; ok is false if it is not exactly one.
func (n Number) uint64() (u uint64, ok bool) {
	switch {
	case n.Kind == Int && n.Big != nil:
		return n.Big.Uint64(), n.Big.IsUint64()
	case n.Kind == Int:
		return uint64(n.Int), n.Int >= 0
	case n.Float < 0 || n.Float >= 1<<64 || n.Float != math.Trunc(n.Float):
		return 0, false
	}
	return uint64(n.Float), true
}

// float64 returns the number as a float64, rounded; ok is false if it is an int beyond its range.
func (n Number) float64() (f float64, ok bool) {
	switch {
	case n.Kind == Float:
		return n.Float, true
	case n.Big == nil:
		return float64(n.Int), true
	}
	f, _ = new(big.Float).SetInt(n.Big).Float64()
	return f, !math.IsInf(f, 0)
}

// any returns the number as an any holds it.
func (n Number) any() any {
	switch {
	case n.Kind == Float:
		return n.Float
	case n.Big != nil:
		return n.Big
	}
	return n.Int
}
