package main

import (
	"context"

	"github.com/spf13/cobra"
)

func (v *invocation) addCommand() *cobra.Command {
	var w writing
	cmd := &cobra.Command{
		Use:   "add KEY VALUE",
		Short: "Store a value only if the key has none",
		Long: `Add stores VALUE, read as by set, only if the key has no value.

The exit code is 1 if it has one.`,
		Example: `  cachewright add lock:import "$HOSTNAME" --ttl 10m`,
		Args:    takes("KEY", "VALUE"),
		RunE: func(_ *cobra.Command, args []string) error {
			value, err := w.value(args[1])
			if err != nil {
				return err
			}
			return v.use(&w.target, func(ctx context.Context, c opened) error {
				stored, err := c.Add(ctx, args[0], value, w.life.options()...)
				switch {
				case err != nil:
					return err
				case stored:
					return v.stored(&w, c, args[0])
				case v.json:
					return v.answer(false, storedJSON{Key: args[0]})
				}
				return no("not stored: %q has a value in cache %q", args[0], c.plan.Alias)
			})
		},
	}
	w.bind(v, cmd)
	return cmd
}
