//go:build interop && unix

package settings_test

import (
	"strings"
	"testing"

	"github.com/cachewright/cachewright/django/settings"
)

// Django has a backend of its own since version 4.0, which may be newer than the system's.
func TestDjangosOwnBackendConnects(t *testing.T) {
	onlyPickle := strings.NewReplacer("serializer: json", "serializer: pickle", "serializer: msgpack", "serializer: pickle", "compress: true", "compress: false")
	connects(t, settings.Options{Target: settings.Django}, onlyPickle.Replace)
}
