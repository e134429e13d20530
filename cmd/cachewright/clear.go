package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (v *invocation) clearCommand() *cobra.Command {
	var t target
	var yes bool
	cmd := &cobra.Command{
		Use:   "clear",
		Short: "Remove every key of a cache",
		Long: `Clear removes every key that carries the cache's prefix and version, and nothing else: other versions,
other caches and foreign keys in the same Redis or directory stay. It asks first, on a terminal;
elsewhere it needs --yes.`,
		Example: `  cachewright clear
  cachewright clear --cache sessions --at-version 1 --yes`,
		Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			return v.use(&t, func(ctx context.Context, c opened) error {
				if err := v.confirm(c, yes); err != nil {
					return err
				}
				return v.clear(ctx, c)
			})
		},
	}
	t.bind(v, cmd)
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// confirm asks whether c may be cleared.
func (v *invocation) confirm(c opened, yes bool) error {
	if yes {
		return nil
	}
	if !v.asksATerminal() {
		return misuse("clear asks before it removes the keys %s* of cache %q, and nobody can answer here; add --yes",
			c.lead(), c.plan.Alias)
	}
	fmt.Fprintf(v.stderr, "Remove the keys %s* of cache %q (%s)? [y/N] ", c.lead(), c.plan.Alias, c.plan.Location)
	line, err := bufio.NewReader(v.stdin).ReadString('\n')
	answer := strings.ToLower(strings.TrimSpace(line))
	if answer != "y" && answer != "yes" {
		if err != nil {
			fmt.Fprintln(v.stderr) // the question's line is still open
		}
		return no("nothing removed")
	}
	return nil
}

func (v *invocation) clear(ctx context.Context, c opened) error {
	removed, err := c.DeletePattern(ctx, "*")
	switch {
	case err != nil:
		return err
	case v.json:
		return v.answer(true, removedJSON{Removed: removed})
	}
	v.sayf("removed %s from cache %q", count(removed, "key"), c.plan.Alias)
	return nil
}
