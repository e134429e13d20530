package django

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"

	"github.com/cachewright/cachewright/cache"
)

// authHashSalt is key_salt in get_session_auth_hash of Django's AbstractBaseUser.
const authHashSalt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"

// AuthHash returns the hash that Django keeps in a session of a user with that password column
// (AbstractBaseUser.get_session_auth_hash, since Django 3.1): a hex HMAC-SHA256 whose key is the SHA-256 of
// a salt and SECRET_KEY. A project that overrides the method has a hash of its own.
func AuthHash(secretKey, passwordColumn string) string {
	key := sha256.Sum256([]byte(authHashSalt + secretKey))
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte(passwordColumn)) // never fails
	return hex.EncodeToString(mac.Sum(nil))
}

// VerifyAuthHash reports whether hash was made of passwordColumn with one of secretKeys, SECRET_KEY and its
// fallbacks. It takes the same time for every hash.
func VerifyAuthHash(hash, passwordColumn string, secretKeys ...string) bool {
	ok := false
	for _, secret := range secretKeys {
		if hmac.Equal([]byte(hash), []byte(AuthHash(secret, passwordColumn))) {
			ok = true
		}
	}
	return ok
}

type contextKey struct{}

// FromContext returns the session of a request behind [Sessions.Middleware] whose user is logged in.
func FromContext(ctx context.Context) (*Session, bool) {
	session, ok := ctx.Value(contextKey{}).(*Session)
	return session, ok
}

// UserID returns the primary key of the Django user who makes a request behind [Sessions.Middleware], ""
// for nobody.
func UserID(ctx context.Context) string {
	session, ok := FromContext(ctx)
	if !ok {
		return ""
	}
	return session.UserID()
}

// Middleware puts the session of Django's cookie into the request's context, if a user is logged in there;
// see [UserID] and [FromContext]. A store that cannot be reached is answered with 503, and the cookie is
// left alone: the session is still there. A session that does not decode is nobody's, and goes to the
// Logger.
func (s *Sessions) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, err := s.ofRequest(r)
		switch {
		case err == nil:
			r = r.WithContext(context.WithValue(r.Context(), contextKey{}, session))
		case !errors.Is(err, ErrNoSession):
			s.options.Logger.ErrorContext(r.Context(), "session", slog.Int("status", http.StatusServiceUnavailable), slog.Any("error", err))
			w.Header().Set("Retry-After", "1")
			w.Header().Set("Cache-Control", "no-store")
			http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ofRequest returns the session of a request whose user is logged in, or ErrNoSession.
func (s *Sessions) ofRequest(r *http.Request) (*Session, error) {
	// Of several cookies of one name Django takes the last.
	cookies := r.CookiesNamed(s.options.Cookie)
	if len(cookies) == 0 {
		return nil, ErrNoSession
	}
	session, err := s.Load(r.Context(), cookies[len(cookies)-1].Value)
	if _, unreadable := errors.AsType[*cache.DecodeError](err); unreadable {
		s.options.Logger.WarnContext(r.Context(), "session", slog.Any("error", err))
		return nil, ErrNoSession
	}
	if err != nil {
		return nil, err
	}
	if session.UserID() == "" {
		return nil, ErrNoSession
	}
	return session, s.verify(r.Context(), session)
}

// verify checks the hash of a session against the user's password of today.
func (s *Sessions) verify(ctx context.Context, session *Session) error {
	if s.options.Password == nil {
		return nil
	}
	password, err := s.options.Password(ctx, session.UserID())
	if err != nil {
		return err
	}
	hash, _ := session.Values[hashKey].(string)
	if !VerifyAuthHash(hash, password, s.options.Secrets...) {
		return ErrNoSession
	}
	return nil
}
