package fromdjango

import (
	"bytes"
	"cmp"
	"context"
	_ "embed" // for the Python below
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// observer is the program that runs a settings module.
//
//go:embed observe.py
var observer string

const (
	// DefaultPatience is how long one run of a settings module may take unless [Python] says otherwise.
	DefaultPatience = 30 * time.Second

	// maxAnswer bounds what is read of the answer of a run, in bytes.
	maxAnswer = 4 << 20
)

// Python runs settings modules.
type Python struct {
	// Interpreter is the Python to run: /usr/bin/python3, or that of the project's virtual environment.
	Interpreter string

	// Dir is the working directory of the runs, where the project's manage.py is.
	Dir string

	// Environ are the environment variables of the runs, in the form of os.Environ.
	Environ []string

	// Patience is how long one run may take. Zero means [DefaultPatience].
	Patience time.Duration
}

// observation is what a run of a settings module shows.
type observation struct {
	settings *value
	asked    []string // the variables that it looked up, in the order of the first time
}

// observe runs the module once, with environ after the variables of p.
func (p Python) observe(ctx context.Context, file string, environ ...string) (observation, error) {
	patience := cmp.Or(p.Patience, DefaultPatience)
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(limited, p.Interpreter, "-c", observer, file)
	cmd.Dir = p.Dir
	cmd.Env = append(append([]string{"PYTHONDONTWRITEBYTECODE=1"}, p.Environ...), environ...) // leave no files behind
	cmd.WaitDelay = time.Second
	var answer bytes.Buffer
	cmd.Stdout = &head{to: &answer, left: maxAnswer}
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return observation{}, ctx.Err()
	case limited.Err() != nil:
		return observation{}, fmt.Errorf("%s: no end after %v: %w", filepath.Base(file), patience, limited.Err())
	case err != nil:
		return observation{}, fmt.Errorf("run %s with %s: %w", filepath.Base(file), p.Interpreter, err)
	}
	return readObservation(answer.Bytes())
}

func readObservation(data []byte) (observation, error) {
	var answer struct {
		Settings json.RawMessage `json:"settings"`
		Asked    []string        `json:"asked"`
		Error    string          `json:"error"`
		Where    string          `json:"where"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return observation{}, errors.New("the settings cannot be read: what they hold is no data")
	}
	if answer.Error != "" {
		return observation{asked: answer.Asked}, &ModuleError{Message: answer.Error, Where: answer.Where}
	}
	settings, err := read(answer.Settings)
	return observation{settings: settings, asked: answer.Asked}, err
}

// ModuleError is returned when a settings module fails by itself.
type ModuleError struct {
	Message string // Python's, without values
	Where   string // file and line; empty if they are not known
}

// Error returns the message with its place, and what to do about the usual reasons.
func (e *ModuleError) Error() string {
	message := "the settings fail: " + e.Message
	if e.Where != "" {
		message += " (" + e.Where + ")"
	}
	switch {
	case strings.HasPrefix(e.Message, "ModuleNotFoundError"), strings.HasPrefix(e.Message, "ImportError"):
		message += "; run them with the Python that the project runs with, as --python .venv/bin/python"
	case strings.HasPrefix(e.Message, "KeyError"):
		message += "; set that variable, to anything if it is a secret"
	}
	return message
}

// head writes up to a number of bytes and drops the rest.
type head struct {
	to   io.Writer
	left int
}

func (h *head) Write(b []byte) (int, error) {
	n := min(len(b), h.left)
	h.left -= n
	if _, err := h.to.Write(b[:n]); err != nil {
		return 0, err
	}
	return len(b), nil
}
