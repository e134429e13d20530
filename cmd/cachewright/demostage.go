package main

import (
	"context"
	"fmt"
	"io"
	"time"
)

// stage is where a demo is shown.
type stage struct {
	w       io.Writer
	live    bool          // a screen: a line of progress is written over by the next one
	reading time.Duration // the pause behind a part; zero for none
}

// frame is the time between two pictures of a progress.
const frame = 50 * time.Millisecond

// clearLine takes back what stands in the line.
const clearLine = "\r\x1b[2K"

func (s *stage) sayf(format string, args ...any) { fmt.Fprintf(s.w, format+"\n", args...) }

// wait waits for d, or for the end of ctx, whose error it returns then.
func (s *stage) wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// during runs work and meanwhile shows on a screen how far it is. In a pipe only the result counts, and work's
// caller prints that.
func (s *stage) during(progress func() string, work func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	if !s.live {
		<-done
		return
	}
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			fmt.Fprint(s.w, clearLine+indented(dim(progress())))
		case <-done:
			fmt.Fprint(s.w, clearLine)
			return
		}
	}
}
