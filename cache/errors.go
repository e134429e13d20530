package cache

import (
	"errors"
	"fmt"

	"github.com/cachewright/cachewright/store"
)

var (
	// ErrNotFound is returned by a loader to say that the source has no such value, and by Fetch when
	// its loader said so. With Options.AbsentFor the absence is remembered.
	ErrNotFound = errors.New("not found")

	// ErrUnavailable is returned when the store cannot be reached or does not answer in time.
	ErrUnavailable = store.ErrUnavailable

	// ErrClosed is returned when a cache is used after its store or its Base was closed.
	ErrClosed = store.ErrClosed

	// ErrNotInteger is returned by Incr on a value, or a type of values, that is not an integer.
	ErrNotInteger = store.ErrNotInteger

	// ErrOverflow is returned by Incr when the sum does not fit into 64 bits.
	ErrOverflow = store.ErrOverflow
)

// KeyErrors is returned by calls on many keys when some of them failed: the results beside it are
// valid. It maps each failed key, as the caller wrote it, to its error.
type KeyErrors = store.KeyErrors

// KeyError is returned, before any I/O, for a key that the cache does not take.
type KeyError struct {
	Key    string // the key as the caller wrote it
	Reason string // why it is refused and what to do
}

// Error shows at most the beginning of an overlong key.
func (e *KeyError) Error() string { return fmt.Sprintf("key %s: %s", quoteKey(e.Key), e.Reason) }

// DecodeError is returned for bytes that are there but cannot be decoded into the wanted type.
type DecodeError struct {
	Key string // the key as the caller wrote it
	Err error  // what the codec said
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("key %s: stored bytes do not decode: %v", quoteKey(e.Key), e.Err)
}

// Unwrap returns the codec's error.
func (e *DecodeError) Unwrap() error { return e.Err }

// encodeError says that a value cannot be stored.
type encodeError struct {
	typ string
	err error
}

func (e *encodeError) Error() string { return fmt.Sprintf("encode %s: %v", e.typ, e.err) }

func (e *encodeError) Unwrap() error { return e.err }

// LoadError is returned by Fetch in place of a load that has failed: in another process, for which this one has
// waited, or before, with Options.ErrorFor. The error itself stayed where it happened.
type LoadError struct {
	Text string // what it said, up to 512 bytes
}

func (e *LoadError) Error() string {
	return "an earlier load, or one of another process, failed: " + e.Text
}

// PanicError carries a panic of a loader to the callers that wait for it: they panic with it, each on
// its own goroutine.
type PanicError struct {
	Value any    // what the loader panicked with
	Stack []byte // the loader's stack
}

func (e *PanicError) Error() string { return e.brief() + "\n\n" + string(e.Stack) }

func (e *PanicError) brief() string { return fmt.Sprintf("panic in a cache loader: %v", e.Value) }

// Unwrap returns the panic's value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// callError says which call on which key of which alias failed.
type callError struct {
	op, key, alias string
	err            error
}

func (e *callError) Error() string {
	if e.key == "" {
		return fmt.Sprintf("cachewright: %s in %q: %v", e.op, e.alias, e.err)
	}
	return fmt.Sprintf("cachewright: %s %s in %q: %v", e.op, quoteKey(e.key), e.alias, e.err)
}

func (e *callError) Unwrap() error { return e.err }

// fail wraps err for the caller. A KeyError names its key itself and is returned as it is, so that
// callers and programs meet the same type everywhere.
func (b *Base) fail(op, key string, err error) error {
	if err == nil {
		return nil
	}
	if keyError, ok := err.(*KeyError); ok { // and not that of a loader's own call
		return keyError
	}
	return &callError{op: op, key: key, alias: b.options.Name, err: err}
}

// quoteKey quotes key for a message, cut after 80 bytes.
func quoteKey(key string) string {
	const most = 80
	if len(key) <= most {
		return fmt.Sprintf("%q", key)
	}
	return fmt.Sprintf("%q... (%d bytes)", key[:most], len(key))
}
