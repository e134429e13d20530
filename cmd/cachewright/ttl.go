package main

import (
	"context"
	"fmt"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/spf13/cobra"
)

// remainingJSON is the answer of ttl.
type remainingJSON struct {
	Key        string `json:"key"`
	Found      bool   `json:"found"`
	TTLSeconds any    `json:"ttl_seconds"` // begun seconds count; null for never; 0 if not found
}

func (v *invocation) ttlCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:   "ttl KEY",
		Short: "Print how many seconds a key has left",
		Long: `Ttl prints the seconds that a key has left, begun ones counted, or "never": what --ttl takes.

The exit code is 1 if the key has no value.`,
		Example: `  cachewright ttl greeting`,
		Args:    takes("KEY"),
		RunE: func(_ *cobra.Command, args []string) error {
			return v.use(&t, func(ctx context.Context, c opened) error {
				ttl, found, err := c.TTL(ctx, args[0])
				switch {
				case err != nil:
					return err
				case v.json:
					return v.answer(found, remainingJSON{Key: args[0], Found: found, TTLSeconds: remaining(ttl)})
				case !found:
					return noValue(c, args[0])
				case ttl == cache.Forever:
					_, err = fmt.Fprintln(v.stdout, "never")
					return err
				}
				_, err = fmt.Fprintln(v.stdout, wholeSeconds(ttl))
				return err
			})
		},
	}
	t.bind(v, cmd)
	return cmd
}

// remaining is a remaining lifetime as JSON shows it.
func remaining(ttl time.Duration) any {
	switch {
	case ttl == cache.Forever:
		return nil
	case ttl <= 0:
		return 0
	}
	return wholeSeconds(ttl)
}
