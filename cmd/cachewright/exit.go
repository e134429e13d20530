package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
)

// Exit codes. They are part of the product: scripts branch on them.
const (
	exitOK          = 0
	exitNegative    = 1   // the answer is no: a cache failed, a key is missing, a file is stale
	exitUsage       = 2   // the command line or the configuration is wrong
	exitUnreachable = 3   // the store did not answer
	exitInterrupted = 130 // stopped by a signal, as shells count it
)

// exitError ends the command with an exit code.
type exitError struct {
	code int
	err  error // nil: everything was said already
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// answeredNo ends a command whose answer, already given, was no.
func answeredNo() error { return &exitError{code: exitNegative} }

// no ends a command whose answer is no, for the reason given.
func no(format string, args ...any) error {
	return &exitError{code: exitNegative, err: fmt.Errorf(format, args...)}
}

// misuse ends a command that was called wrongly.
func misuse(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// exitCode returns the exit code that err calls for.
func exitCode(ctx context.Context, err error) int {
	var (
		exit     *exitError
		problems cachewright.Problems
		key      *cache.KeyError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &exit):
		return exit.code
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &problems), errors.As(err, &key):
		return exitUsage
	case errors.Is(err, cache.ErrUnavailable):
		return exitUnreachable
	}
	return exitNegative
}

// printError says on w why the command ended with err.
func printError(w io.Writer, err error) {
	var exit *exitError
	if errors.As(err, &exit) && exit.err == nil {
		return
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintf(w, "%s interrupted\n", bad("cachewright:"))
		return
	}
	var problems cachewright.Problems
	if errors.As(err, &problems) {
		fmt.Fprintln(w, problems.Report())
		return
	}
	fmt.Fprintf(w, "%s %s\n", bad("cachewright:"), withoutName(err))
	var f *failure
	if errors.As(err, &f) {
		row(w, "fix", f.fix)
	}
}
