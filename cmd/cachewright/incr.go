package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/cachewright/cachewright/cache"
	"github.com/spf13/cobra"
)

// countedJSON is the answer of incr.
type countedJSON struct {
	Key   string `json:"key"`
	Found bool   `json:"found"`
	Value int64  `json:"value"` // 0 if not found
}

func (v *invocation) incrCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:   "incr KEY [N]",
		Short: "Add to the integer under a key",
		Long: `Incr adds N (1 if it is left out) to the integer under a key and prints the sum. N may be negative. The
lifetime stays as it is.

The exit code is 1 if the key has no value, or none that is an integer.`,
		Example: `  cachewright incr visits
  cachewright incr stock:7 -3`,
		Args: takes("KEY", "[N]"),
		RunE: func(_ *cobra.Command, args []string) error {
			delta := int64(1)
			if len(args) == 2 {
				n, err := strconv.ParseInt(args[1], 10, 64)
				if err != nil {
					return misuse("N is %q; write an integer of at most 64 bits, as 1 or -3", args[1])
				}
				delta = n
			}
			return v.use(&t, func(ctx context.Context, c opened) error { return v.incr(ctx, c, args[0], delta) })
		},
	}
	t.bind(v, cmd)
	return cmd
}

func (v *invocation) incr(ctx context.Context, c opened, key string, delta int64) error {
	n, found, err := c.Incr(ctx, key, delta)
	switch {
	case errors.Is(err, cache.ErrNotInteger):
		return no("the value of %q in %q is not an integer, so it cannot be counted", key, c.plan.Alias)
	case err != nil:
		return err
	case v.json:
		return v.answer(found, countedJSON{Key: key, Found: found, Value: n})
	case !found:
		return noValue(c, key)
	}
	_, err = fmt.Fprintln(v.stdout, n)
	return err
}
