package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// On a screen the line of progress is written over, and taken back before the result is printed.
func TestProgressIsShownOnAScreenOnly(t *testing.T) {
	for _, live := range []bool{true, false} {
		var out bytes.Buffer
		s := stage{w: &out, live: live}
		s.during(func() string { return "half way" }, func() { time.Sleep(4 * frame) })
		s.sayf("done")
		if got := strings.Contains(out.String(), clearLine) && strings.Contains(out.String(), "half way"); got != live {
			t.Errorf("live %v: shown %v: %q", live, got, out.String())
		}
		if !strings.HasSuffix(out.String(), "done\n") || live && !strings.HasSuffix(out.String(), clearLine+"done\n") {
			t.Errorf("live %v: %q does not end with the result in a line of its own", live, out.String())
		}
	}
}

// Who interrupts the demo does not wait for the end of a pause.
func TestTheDemoEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := demo{stage: stage{w: new(bytes.Buffer), reading: time.Hour}}
	time.AfterFunc(frame, cancel)
	if err := d.run(ctx, "cachewright"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
