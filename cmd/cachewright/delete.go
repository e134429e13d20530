package main

import (
	"context"

	"github.com/spf13/cobra"
)

// removedJSON is the answer of delete and clear.
type removedJSON struct {
	Removed int `json:"removed"`
}

func (v *invocation) deleteCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:   "delete KEY...",
		Short: "Remove keys",
		Long: `Delete removes keys and says how many of them were there.

The exit code is 1 if none was.`,
		Example: `  cachewright delete greeting
  cachewright delete user:42 user:43 --at-version 2`,
		Args: takes("KEY..."),
		RunE: func(_ *cobra.Command, args []string) error {
			return v.use(&t, func(ctx context.Context, c opened) error {
				removed, err := c.Delete(ctx, args...)
				switch {
				case err != nil:
					return err
				case v.json:
					return v.answer(removed > 0, removedJSON{Removed: removed})
				case removed == 0:
					return no("nothing to delete: cache %q holds none of these keys (%s<key>)", c.plan.Alias, c.lead())
				}
				v.sayf("removed %s from cache %q", count(removed, "key"), c.plan.Alias)
				return nil
			})
		},
	}
	t.bind(v, cmd)
	return cmd
}
