//go:build unix

package hazards_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	enact()
	goleak.VerifyTestMain(m)
}
