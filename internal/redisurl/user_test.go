package redisurl_test

import (
	"testing"

	"github.com/cachewright/cachewright/internal/redisurl"
)

func TestUsersAreHidden(t *testing.T) {
	for _, tt := range []struct{ text, value, message string }{
		{"nothing", "nothing", "nothing"},
		{"ann@home", "ann@home", "ann@home"},
		{"redis://host/0", "redis://host/0", "redis://host/0"},
		{"redis://u:p@host/0", "redis://***@host/0", "redis://***@host/0"},
		{"redis://u:p@ss@host/0", "redis://***@host/0", "redis://***@host/0"},
		{"redis://u:my pass@host/0", "redis://***@host/0", "redis://u:my pass@host/0"},
		{`"redis://u:p@a" or "redis://u:p@b"`, `"redis://***@b"`, `"redis://***@a" or "redis://***@b"`},
	} {
		if got := redisurl.HideUser(tt.text); got != tt.value {
			t.Errorf("HideUser(%q) = %q, want %q", tt.text, got, tt.value)
		}
		if got := redisurl.HideUsers(tt.text); got != tt.message {
			t.Errorf("HideUsers(%q) = %q, want %q", tt.text, got, tt.message)
		}
	}
}
