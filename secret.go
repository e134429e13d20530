package cachewright

import (
	"fmt"
	"io"
	"log/slog"
)

// masked is what every secret prints as.
const masked = "***"

// Secret is text that prints as *** wherever it goes: with every verb of fmt, in JSON, YAML and slog,
// inside other values too. An empty Secret prints as nothing.
//
// It is a struct because a type that is a string would give itself away to %d and to encoders. The
// zero Secret is empty. Secrets may be compared with ==.
type Secret struct {
	text string
}

// NewSecret returns text as a Secret.
func NewSecret(text string) Secret { return Secret{text: text} }

// Reveal returns the text. Do not print it.
func (s Secret) Reveal() string { return s.text }

// IsZero says that the secret is empty.
func (s Secret) IsZero() bool { return s.text == "" }

// String returns *** for a secret that is not empty.
func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return masked
}

// GoString is String: %#v must not show a secret either.
func (s Secret) GoString() string { return s.String() }

// Format prints the secret as String does, for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue returns what String does.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns what String does; JSON uses it too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML returns what String does.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }
