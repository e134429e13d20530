package structs

import (
	"errors"
	"strings"
)

// ErrTooDeep is returned when a value, or the data of one, nests deeper than [MaxDepth].
var ErrTooDeep = errors.New("nests deeper than 1000 levels, or contains itself")

// MaxDepth is how deep lists and maps may nest, in both directions. It turns a value that contains
// itself, and input made to exhaust the stack, into [ErrTooDeep].
const MaxDepth = 1000

// valueError is what is wrong with a value, and where in the whole value that one is.
type valueError struct {
	steps []string // the innermost first, as the error travels outwards
	err   error
}

// maxSteps is how many steps a message names. Who nests deeper finds the place by the first ones.
const maxSteps = 20

func (e *valueError) Error() string {
	var path strings.Builder
	for i := len(e.steps) - 1; i >= 0; i-- {
		if len(e.steps)-i > maxSteps {
			path.WriteString("...")
			break
		}
		path.WriteString(e.steps[i])
	}
	return strings.TrimPrefix(path.String(), ".") + ": " + e.err.Error()
}

func (e *valueError) Unwrap() error { return e.err }

// At adds to err, which may be nil, the step that led to the place it speaks of: ".Name" for a field,
// "[]" for an element, "[key]" for a key. Which element is not said, because the keys of maps are data.
// What nests too deep has no place worth telling.
func At(step string, err error) error {
	if err == nil || errors.Is(err, ErrTooDeep) {
		return err
	}
	if e, ok := err.(*valueError); ok {
		e.steps = append(e.steps, step)
		return e
	}
	return &valueError{steps: []string{step}, err: err}
}
