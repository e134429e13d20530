package rueidisqueue_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	_ "unsafe" // for go:linkname

	"github.com/cachewright/cachewright/internal/rueidisqueue"
	_ "github.com/redis/rueidis"
)

// seen is what rueidis has read while it was initialised.
//
//go:linkname seen github.com/redis/rueidis.queueTypeFromEnv
var seen string

// report makes the test binary print what rueidis has seen instead of running tests.
const report = "RUEIDISQUEUE_TEST_REPORT"

func TestMain(m *testing.M) {
	if os.Getenv(report) != "" {
		fmt.Print(seen)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestQueueThatRueidisSees(t *testing.T) {
	tests := []struct {
		name string
		env  []string
		want string
	}{
		{"nobody has chosen -> flow buffer", nil, rueidisqueue.FlowBuffer},
		{"the user has chosen the ring -> ring", []string{rueidisqueue.Variable + "=ring"}, "ring"},
		{"the user has chosen the default -> default", []string{rueidisqueue.Variable + "="}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(tt.env, report+"=1")
			got, err := cmd.Output()
			if err != nil {
				t.Fatalf("running the test binary: %v", err)
			}
			if string(got) != tt.want {
				t.Errorf("rueidis saw %q, want %q", got, tt.want)
			}
		})
	}
}
