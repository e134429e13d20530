package main

import (
	"context"

	"github.com/cachewright/cachewright/cache"
	"github.com/spf13/cobra"
)

// storedJSON is the answer of set and add.
type storedJSON struct {
	Key    string `json:"key"`
	Stored bool   `json:"stored"`
}

// writing is a value on its way into a cache: the flags of set and add.
type writing struct {
	target
	life lifetime
	text bool
}

func (w *writing) bind(v *invocation, cmd *cobra.Command) {
	w.target.bind(v, cmd)
	cmd.Flags().Var(&w.life, "ttl", "how long to keep it: 300, 5m, never, 0 (default: the cache's timeout)")
	cmd.Flags().BoolVar(&w.text, "text", false, "store VALUE as text, also if it is JSON")
}

// value is the argument as it will be stored.
func (w *writing) value(arg string) (any, error) {
	if w.text {
		return arg, nil
	}
	value, err := parseValue(arg)
	if err != nil {
		return nil, misuse("%w", err)
	}
	return value, nil
}

// kept reports whether a value will be kept at all.
func (w *writing) kept(c opened) bool {
	if w.life.given {
		return w.life.ttl > 0
	}
	return c.plan.Timeout != cache.DoNotKeep
}

func (v *invocation) setCommand() *cobra.Command {
	var w writing
	cmd := &cobra.Command{
		Use:   "set KEY VALUE",
		Short: "Store a value, whatever was there",
		Long: `Set stores a VALUE that is JSON as what it is: 5 is an integer that incr can count, 5.0 a float,
{"a": [1]} an object, "5" text, null the value None. Anything else is text; --text makes it text in
any case. With a lifetime of 0 nothing is stored and what was there is deleted.`,
		Example: `  cachewright set greeting hello --ttl 5m
  cachewright set visits 5
  cachewright set user:42 '{"name": "Ada"}' --ttl never`,
		Args: takes("KEY", "VALUE"),
		RunE: func(_ *cobra.Command, args []string) error {
			value, err := w.value(args[1])
			if err != nil {
				return err
			}
			return v.use(&w.target, func(ctx context.Context, c opened) error {
				if err := c.Set(ctx, args[0], value, w.life.options()...); err != nil {
					return err
				}
				return v.stored(&w, c, args[0])
			})
		},
	}
	w.bind(v, cmd)
	return cmd
}

// stored says what became of a value that the cache took.
func (v *invocation) stored(w *writing, c opened, key string) error {
	kept := w.kept(c)
	switch {
	case v.json:
		return v.answer(true, storedJSON{Key: key, Stored: kept})
	case !kept:
		v.sayf("%q is not kept: its lifetime is 0", key)
	default:
		v.sayf("stored %q in cache %q", key, c.plan.Alias)
	}
	return nil
}
