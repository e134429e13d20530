package redis

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

type name struct{}

func TestDeadline(t *testing.T) {
	const timeout = 100 * time.Millisecond
	tests := []struct {
		name   string
		parent func(*testing.T) context.Context
		lasts  time.Duration
		want   error
	}{
		{"a parent without an end -> after the timeout", func(t *testing.T) context.Context {
			return context.Background()
		}, timeout, context.DeadlineExceeded},
		{"a parent with an earlier deadline -> with the parent", func(t *testing.T) context.Context {
			ctx, cancel := context.WithTimeout(t.Context(), timeout/2)
			t.Cleanup(cancel)
			return ctx
		}, timeout / 2, context.DeadlineExceeded},
		{"a parent with a later deadline -> after the timeout", func(t *testing.T) context.Context {
			ctx, cancel := context.WithTimeout(t.Context(), 2*timeout)
			t.Cleanup(cancel)
			return ctx
		}, timeout, context.DeadlineExceeded},
		{"a parent that is cancelled -> with the parent", func(t *testing.T) context.Context {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(timeout/4, cancel)
			return ctx
		}, timeout / 4, context.Canceled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var pool deadlines
				for range 3 { // used again or not, each must behave alike
					start := time.Now()
					ctx, d := pool.within(context.WithValue(tt.parent(t), name{}, "x"), start, timeout)
					if err := ctx.Err(); err != nil {
						t.Fatalf("Err at the start = %v", err)
					}
					if got := ctx.Value(name{}); got != "x" {
						t.Errorf("Value = %v, want that of the parent", got)
					}
					if at, ok := ctx.Deadline(); !ok || at.Sub(start) > timeout {
						t.Errorf("Deadline = %v, %v, want at most %v from now", at, ok, timeout)
					}
					<-ctx.Done()
					if got := time.Since(start); got != tt.lasts {
						t.Errorf("it lasted %v, want %v", got, tt.lasts)
					}
					if got := ctx.Err(); got != tt.want {
						t.Errorf("Err = %v, want %v", got, tt.want)
					}
					d.release()
				}
			})
		})
	}
}

func TestDeadlineThatWasReleasedDoesNotEndTheNextCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pool deadlines
		parent, cancel := context.WithCancel(t.Context())
		_, first := pool.within(parent, time.Now(), 50*time.Millisecond)
		first.release()
		ctx, second := pool.within(context.Background(), time.Now(), time.Second)
		defer second.release()
		cancel()
		time.Sleep(900 * time.Millisecond)
		synctest.Wait()
		if err := ctx.Err(); err != nil {
			t.Errorf("Err = %v, want nil: it is the end of an earlier call", err)
		}
		time.Sleep(101 * time.Millisecond)
		synctest.Wait()
		if err := ctx.Err(); err != context.DeadlineExceeded {
			t.Errorf("after its own time, Err = %v, want %v", err, context.DeadlineExceeded)
		}
	})
}

func TestDeadlineThatMayBeHeldIsNotUsedAgain(t *testing.T) {
	tests := []struct {
		name string
		use  func(*deadline)
	}{
		{"it was kept", (*deadline).keep},
		{"it has ended", func(d *deadline) { <-d.Done() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var pool deadlines
			_, first := pool.within(context.Background(), time.Now(), time.Millisecond)
			tt.use(first)
			first.release()
			_, second := pool.within(context.Background(), time.Now(), time.Minute)
			defer second.release()
			if first == second {
				t.Error("the same deadline was given out again")
			}
		})
	}
}

// A timer is left to run from one call to the next, which may have more time than the one before, or less.
func TestDeadlinesOfDifferentCallsOnOneTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDeadline(new(deadlines))
		for _, timeout := range []time.Duration{50, 1000, 30, 30, 2000, 10, 500} {
			timeout *= time.Millisecond
			d.begin(time.Now().Add(timeout), timeout)
			time.Sleep(timeout / 2)
			synctest.Wait()
			if !d.finish() {
				t.Fatalf("a call of %v was over after half of its time", timeout)
			}
		}
		time.Sleep(time.Hour) // the timer fires for nobody
		synctest.Wait()
		start := time.Now()
		d.begin(start.Add(time.Second), time.Second)
		time.Sleep(time.Millisecond)
		d.finish()
		d.begin(time.Now().Add(20*time.Millisecond), 20*time.Millisecond)
		<-d.Done()
		if got, want := time.Since(start), 21*time.Millisecond; got != want || d.Err() != context.DeadlineExceeded {
			t.Errorf("the last call ended after %v with %v, want %v", got, d.Err(), want)
		}
		if d.finish() {
			t.Error("a context that has ended is used again")
		}
	})
}
