package cache

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Hooks are functions that a cache calls when something happens that no return value tells. A nil
// function is off. They run on the goroutine of the call or load concerned: return quickly, do not
// block, and do not call the cache.
type Hooks struct {
	// Trouble is called for every error that was swallowed because the call could go on without:
	// a read or write that failed inside Fetch, a record that could not be read, a loader that panicked
	// when its deadline had passed. If it is nil, troubles go to the Logger, at most one line per second
	// and alias.
	Trouble func(ctx context.Context, t Trouble)
}

// Trouble is one swallowed error.
type Trouble struct {
	Alias string
	Op    string // what was tried, for people: "read", "write", "decode", "load", "lease", "sweep" or a call; more may come
	Key   string // the key as the caller wrote it; empty if there was none
	Err   error
}

// LogValue logs a trouble as a group.
func (t Trouble) LogValue() slog.Value {
	return slog.GroupValue(slog.String("cache", t.Alias), slog.String("op", t.Op),
		slog.String("key", quoteKey(t.Key)), slog.Any("error", t.Err))
}

// LogTrouble returns a Trouble hook that writes to logger, at most one line per second. It is what a cache
// uses that was given none.
func LogTrouble(logger *slog.Logger) func(ctx context.Context, t Trouble) {
	return (&troubleLog{logger: logger}).report
}

// troubleLog counts what it does not write.
type troubleLog struct {
	logger *slog.Logger
	pace   pace
}

func (l *troubleLog) report(ctx context.Context, t Trouble) {
	suppressed, ok := l.pace.next()
	if !ok {
		return
	}
	args := []any{slog.Any("trouble", t)}
	if suppressed > 0 {
		args = append(args, slog.Int("more_since_last_line", suppressed))
	}
	l.logger.WarnContext(ctx, "cache trouble", args...)
}

// pace lets one report pass per second. The zero value is ready to use.
type pace struct {
	mu         sync.Mutex // guards the rest
	last       time.Time
	suppressed int
}

// next reports whether a report may pass, and how many may not have since the last one.
func (p *pace) next() (suppressed int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !p.last.IsZero() && now.Sub(p.last) < time.Second {
		p.suppressed++
		return 0, false
	}
	suppressed = p.suppressed
	p.last, p.suppressed = now, 0
	return suppressed, true
}
