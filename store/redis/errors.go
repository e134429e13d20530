package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

// ServerError is an error that the server answered: a key of another type, a user without the right, a
// memory that is full. Look for it with errors.As.
//
// It wraps [store.ErrUnavailable] if it speaks of the server as a whole (LOADING, a wrong password)
// rather than of one command, [store.ErrNotInteger] and [store.ErrOverflow] where it means that. It never
// contains a password.
type ServerError struct {
	// Code is the first word of the answer: WRONGTYPE, NOAUTH, WRONGPASS, NOPERM, OOM, READONLY, LOADING.
	// It is ERR for all that has no code of its own.
	Code string

	// Message is the answer without the code.
	Message string
}

// Error returns what the server said.
func (e *ServerError) Error() string { return e.Code + " " + e.Message }

// Unwrap returns the error of package store that the answer stands for, or nil.
func (e *ServerError) Unwrap() error {
	switch e.Code {
	case "LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "BUSY", "NOAUTH", "WRONGPASS":
		return store.ErrUnavailable
	}
	switch {
	case strings.HasPrefix(e.Message, "max number of clients reached"):
		return store.ErrUnavailable
	case strings.Contains(e.Message, "value is not an integer"):
		return store.ErrNotInteger
	case strings.Contains(e.Message, "would overflow"):
		return store.ErrOverflow
	}
	return nil
}

// isRefusal reports whether the server is there and turns us away for a reason that does not pass by
// itself.
func isRefusal(err error) bool {
	var answer *ServerError
	if !errors.As(err, &answer) {
		return false
	}
	switch answer.Code {
	case "LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN":
		return false
	}
	return true
}

// parseServerError reads the text of an error reply. Whatever secret it contains is masked: a server that
// does not know a command repeats its arguments, and HELLO carries the password.
func parseServerError(text, secret string) *ServerError {
	text, _, _ = strings.Cut(text, ", with args beginning with:")
	if secret != "" {
		text = strings.ReplaceAll(text, secret, masked)
	}
	// Errors inside a script: version 7 appends where it happened, older ones wrap the original.
	text, _, _ = strings.Cut(text, " script: ")
	if strings.HasPrefix(text, "ERR Error running script") {
		if _, rest, ok := strings.Cut(text, "@user_script:"); ok {
			_, text, _ = strings.Cut(rest, ": ")
		}
	}
	code, message, ok := strings.Cut(strings.TrimSpace(text), " ")
	if !ok || code != strings.ToUpper(code) {
		return &ServerError{Code: "ERR", Message: text}
	}
	return &ServerError{Code: code, Message: message}
}

// serverError returns err as the answer of the server that it is, or nil.
func (s *settings) serverError(err error) *ServerError {
	if err == nil || rueidis.IsRedisNil(err) {
		return nil
	}
	var answer *rueidis.RedisError
	if !errors.As(err, &answer) {
		return nil
	}
	return parseServerError(answer.Error(), s.password)
}

// unreachable returns the error of a call that could not be carried out, because of cause.
func (s *settings) unreachable(cause error) error {
	if answer := s.serverError(cause); answer != nil {
		return fmt.Errorf("%w: redis %s: %w", store.ErrUnavailable, s.address, answer)
	}
	if errors.Is(cause, context.Canceled) {
		// A connection that several calls waited for was given up with the call that made it. To the
		// others that is no cancellation: errors.Is must not say so.
		cause = errors.New(cause.Error())
	}
	var op *net.OpError
	if errors.As(cause, &op) {
		// The error says the address itself, and ours has it already.
		return fmt.Errorf("%w: redis %s: %s: %w", store.ErrUnavailable, s.address, op.Op, op.Err)
	}
	return fmt.Errorf("%w: redis %s: %w", store.ErrUnavailable, s.address, cause)
}

// overdue returns the error of a call that was not answered by its deadline: why.
func (s *settings) overdue(why string) error {
	return fmt.Errorf("%w: redis %s: %s: %w", store.ErrUnavailable, s.address, why, context.DeadlineExceeded)
}
