package cache

import (
	"context"
	"errors"
)

// answer returns the caller's error for a call to the store that failed with err: err with what was tried,
// or none, if errors are ignored and this one is the store's.
func (b *Base) answer(ctx context.Context, op, key string, err error) error {
	if err == nil || b.options.OnError != ErrorsIgnore || !isStores(ctx, err) {
		return b.fail(op, key, err)
	}
	b.stats.troubles.Add(1)
	if _, ok := b.ignored.next(); ok {
		b.trouble(ctx, Trouble{Alias: b.options.Name, Op: op, Key: key, Err: err})
	}
	return nil
}

// answerMany is answer for a call on many keys, of which some failed.
func (b *Base) answerMany(ctx context.Context, op string, failed KeyErrors) error {
	for key, err := range failed {
		if failed[key] = b.answer(ctx, op, key, err); failed[key] == nil {
			delete(failed, key)
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return failed
}

// isStores reports whether err is a fault of the store, and not one of the caller, of a value, or of the
// program's.
func isStores(ctx context.Context, err error) bool {
	var (
		key    *KeyError
		decode *DecodeError
		encode *encodeError
	)
	switch {
	case errors.As(err, &key), errors.As(err, &decode), errors.As(err, &encode):
		return false
	case ctx.Err() != nil && !errors.Is(err, ErrUnavailable):
		return false
	}
	for _, other := range []error{ErrClosed, ErrNotInteger, ErrOverflow, errors.ErrUnsupported} {
		if errors.Is(err, other) {
			return false
		}
	}
	return true
}

// inTurn runs load. If the store could not be read it waits for a turn first, or for the end of ctx.
func (b *Base) inTurn(ctx context.Context, degraded bool, load func() error) error {
	if !degraded || b.turns == nil {
		return load()
	}
	select {
	case b.turns <- struct{}{}:
		l := LoadFrom(ctx)
		l.setTurn(true)
		defer l.endTurns()
		return load()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lendTurn gives the turn of l, if it has one, to others while its loader waits for another load, which may need
// it. The function that it returns takes one again, or none if ctx ends first.
func (l *Load) lendTurn(ctx context.Context) (back func()) {
	if !l.setTurn(false) {
		return func() {}
	}
	<-l.base.turns
	return func() {
		select {
		case l.base.turns <- struct{}{}:
			l.mu.Lock()
			defer l.mu.Unlock()
			if l.turn = !l.over; l.over {
				<-l.base.turns
			}
		case <-ctx.Done():
		}
	}
}

// setTurn notes whether l holds a turn and reports whether it did.
func (l *Load) setTurn(holds bool) (held bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	held, l.turn = l.turn, holds
	return held
}

// endTurns gives back the turn of l whose loader has returned.
func (l *Load) endTurns() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over = true; l.turn {
		l.turn = false
		<-l.base.turns
	}
}
