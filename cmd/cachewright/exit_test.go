package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
)

func TestErrorsHaveTheirExitCodes(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name string
		ctx  context.Context
		err  error
		want int
		text string
	}{
		{"nothing went wrong", t.Context(), nil, exitOK, ""},
		{"the answer is no and was given", t.Context(), answeredNo(), exitNegative, ""},
		{"the answer is no", t.Context(), no("no value under %q", "a"), exitNegative, "cachewright: no value under \"a\"\n"},
		{"the command line is wrong", t.Context(), misuse("unknown flag"), exitUsage, "cachewright: unknown flag\n"},
		{"the configuration is wrong", t.Context(),
			cachewright.Problems{{Code: "CW001", File: "a.yaml", Message: "no such file"}}, exitUsage,
			"error[CW001]: no such file\n --> a.yaml\n"},
		{"the key is not taken", t.Context(), &cache.KeyError{Key: "a", Reason: "too long"}, exitUsage,
			"cachewright: key \"a\": too long\n"},
		{"the store is out of reach", t.Context(), fmt.Errorf("cachewright: get: %w", cache.ErrUnavailable), exitUnreachable,
			"cachewright: get: store unavailable\n"},
		{"interrupted", cancelled, fmt.Errorf("cachewright: get: %w", context.Canceled), exitInterrupted,
			"cachewright: interrupted\n"},
		{"anything else", t.Context(), errors.New("value is not an integer"), exitNegative,
			"cachewright: value is not an integer\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := exitCode(tt.ctx, tt.err); got != tt.want {
				t.Errorf("exit code %d, want %d", got, tt.want)
			}
			var b bytes.Buffer
			if tt.err != nil {
				printError(uncoloured(&b), tt.err)
			}
			if got := b.String(); got != tt.text {
				t.Errorf("prints %q, want %q", got, tt.text)
			}
		})
	}
}
