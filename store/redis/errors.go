package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

// ErrTooLarge is returned when a value has more bytes than [Options.MaxValueBytes]. Nothing was sent; what
// was stored under the key before is still there.
var ErrTooLarge = errors.New("value too large")

// ServerError is an error that the server answered: a key of another type, a user without the right, a
// memory that is full. Look for it with errors.As.
//
// It comes with [store.ErrUnavailable] if it speaks of the server as a whole (LOADING, a wrong password, and
// READONLY behind Sentinels, where a failover is under way) rather than of one command. It wraps
// [store.ErrNotInteger] and [store.ErrOverflow] where it means that. It never contains a password.
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
	case "LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK", "BUSY", "NOAUTH", "WRONGPASS":
		return store.ErrUnavailable
	}
	switch {
	case strings.HasPrefix(e.Message, tooManyClients):
		return store.ErrUnavailable
	case strings.Contains(e.Message, "value is not an integer"):
		return store.ErrNotInteger
	case strings.Contains(e.Message, "would overflow"):
		return store.ErrOverflow
	}
	return nil
}

// tooManyClients is what a server says that has no room for another one.
const tooManyClients = "max number of clients reached"

// isRefusal reports whether the server is there and turns us away for a reason that does not pass by
// itself.
func isRefusal(err error) bool {
	var answer *ServerError
	if !errors.As(err, &answer) {
		var handshake *TLSError
		return errors.As(err, &handshake)
	}
	switch answer.Code {
	case "LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "MOVED", "ASK":
		return false
	}
	return !strings.HasPrefix(answer.Message, tooManyClients)
}

// isAstray reports whether a node of a cluster is there and says that the keys are elsewhere, or that the
// cluster has not settled who serves them. The client asks by itself then who that is.
func isAstray(err error) bool {
	var answer *ServerError
	return errors.As(err, &answer) && slices.Contains([]string{"MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN"}, answer.Code)
}

// capitals are words in capitals that are no codes.
var capitals = []string{"DB", "SELECT", "EXEC", "HELLO", "CLIENT", "CONFIG", "AUTH", "MULTI", "DISCARD", "ACL"}

// parseServerError reads the text of an error reply. Whatever secret it contains is masked: a server that
// does not know a command repeats its arguments, and HELLO carries the password.
func parseServerError(text string, secrets ...string) *ServerError {
	text, _, _ = strings.Cut(text, ", with args beginning with:")
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, masked)
		}
	}
	// Errors inside a script: version 7 appends where it happened, older ones wrap the original.
	text, _, _ = strings.Cut(text, " script: ")
	if strings.HasPrefix(text, "ERR Error running script") {
		if _, rest, ok := strings.Cut(text, "@user_script:"); ok {
			_, text, _ = strings.Cut(rest, ": ")
		}
	}
	code, message, ok := strings.Cut(strings.TrimSpace(text), " ")
	// The client takes ERR away, and then some sentences begin with a word in capitals: DB, SELECT, EXEC, HELLO.
	if !ok || code != strings.ToUpper(code) || slices.Contains(capitals, code) {
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
	return parseServerError(answer.Error(), s.password, s.sentinels.password)
}

// unreachable returns the error of a call to place that could not be carried out, because of cause.
func (s *settings) unreachable(place string, cause error) error {
	if answer := s.serverError(cause); answer != nil {
		return fmt.Errorf("%w: redis %s: %w", store.ErrUnavailable, place, answer)
	}
	if errors.Is(cause, context.Canceled) {
		// A connection that several calls waited for was given up with the call that made it. To the
		// others that is no cancellation: errors.Is must not say so.
		cause = errors.New(cause.Error())
	}
	var handshake *TLSError
	if errors.As(cause, &handshake) {
		return fmt.Errorf("%w: redis %s: %w", store.ErrUnavailable, handshake.Address, handshake)
	}
	var op *net.OpError
	switch {
	case !errors.As(cause, &op):
	case isAlert(op): // the server hangs up after the handshake if it does not like our certificate
		cause = &TLSError{place, op.Err}
	case op.Addr == nil || op.Addr.String() == place || s.topology == single:
		cause = fmt.Errorf("%s: %w", op.Op, op.Err) // without the address: ours has it already
	}
	return fmt.Errorf("%w: redis %s: %w", store.ErrUnavailable, place, cause)
}

// overdue returns the error of a call to place that was not answered by its deadline: why.
func overdue(place, why string) error {
	return fmt.Errorf("%w: redis %s: %s: %w", store.ErrUnavailable, place, why, context.DeadlineExceeded)
}
