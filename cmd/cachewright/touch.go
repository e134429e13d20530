package main

import (
	"context"

	"github.com/spf13/cobra"
)

// foundJSON is the answer of touch.
type foundJSON struct {
	Key   string `json:"key"`
	Found bool   `json:"found"`
}

func (v *invocation) touchCommand() *cobra.Command {
	var t target
	var life lifetime
	cmd := &cobra.Command{
		Use:   "touch KEY",
		Short: "Give a key a new lifetime",
		Long: `Touch gives a key a new lifetime from now on and creates nothing. With a lifetime of 0 it deletes the
key.

The exit code is 1 if the key has no value.`,
		Example: `  cachewright touch user:42 --ttl 1h`,
		Args:    takes("KEY"),
		RunE: func(_ *cobra.Command, args []string) error {
			return v.use(&t, func(ctx context.Context, c opened) error {
				found, err := c.Touch(ctx, args[0], life.options()...)
				switch {
				case err != nil:
					return err
				case v.json:
					return v.answer(found, foundJSON{Key: args[0], Found: found})
				case !found:
					return noValue(c, args[0])
				}
				v.sayf("touched %q in cache %q", args[0], c.plan.Alias)
				return nil
			})
		},
	}
	t.bind(v, cmd)
	cmd.Flags().Var(&life, "ttl", "the new lifetime: 300, 5m, never, 0 (default: the cache's timeout)")
	return cmd
}
