//go:build unix

package testredis

import (
	"strings"
	"testing"
)

func TestFailingGroupQuotesItsProcesses(t *testing.T) {
	t.Parallel()
	silent, loud := newServer(t, Options{}), Start(t)
	said := words([]*Server{silent, loud})
	for _, want := range []string{loud.Addr, "Ready to accept connections"} {
		if !strings.Contains(said, want) {
			t.Errorf("words = %q, want %q in it", said, want)
		}
	}
}
