package session

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/cachewright/cachewright/store"
)

// Find is [Store.FindCtx] without a context.
func (s *Store) Find(token string) (data []byte, found bool, err error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is [Store.CommitCtx] without a context.
func (s *Store) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is [Store.DeleteCtx] without a context.
func (s *Store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// All is [Store.AllCtx] without a context.
func (s *Store) All() (map[string][]byte, error) { return s.AllCtx(context.Background()) }

// ErrorFunc answers a request whose session could not be read or stored. A store that cannot be reached
// is 503 with a Retry-After, anything else 500. No cookie is set or removed: the session is still there,
// and the user is known again as soon as the store is. The error goes to Options.Logger, not to the
// client.
//
// It fits the ErrorFunc of scs:
//
//	manager := scs.New()
//	manager.Store = sessions
//	manager.ErrorFunc = sessions.ErrorFunc
func (s *Store) ErrorFunc(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	if unreachable(err) {
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Cache-Control", "no-store")
	s.options.Logger.ErrorContext(r.Context(), "session", slog.Int("status", status), slog.String("path", r.URL.Path), slog.Any("error", err))
	http.Error(w, http.StatusText(status), status)
}

// unreachable says that the store, and not the session, is at fault.
func unreachable(err error) bool {
	return errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrConflict)
}
