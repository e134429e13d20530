package native

import (
	"errors"
	"strings"
)

// valueError is what is wrong with a value, and where in the whole value that one is.
type valueError struct {
	steps []string // the innermost first, as the error travels outwards
	err   error
}

func (e *valueError) Error() string {
	var path strings.Builder
	for i := len(e.steps) - 1; i >= 0; i-- {
		path.WriteString(e.steps[i])
	}
	return strings.TrimPrefix(path.String(), ".") + ": " + e.err.Error()
}

func (e *valueError) Unwrap() error { return e.err }

// at adds to err, which may be nil, the step that led to the place it speaks of: ".Name" for a field,
// "[]" for an element. Which element is not said, because the keys of maps are data. What nests too
// deep has no place worth telling.
func at(step string, err error) error {
	if err == nil || errors.Is(err, errTooDeep) {
		return err
	}
	if e, ok := err.(*valueError); ok {
		e.steps = append(e.steps, step)
		return e
	}
	return &valueError{steps: []string{step}, err: err}
}
