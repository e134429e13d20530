package main

import (
	"context"

	"github.com/spf13/cobra"
)

// gotJSON is the answer of get.
type gotJSON struct {
	Key      string `json:"key"`
	Found    bool   `json:"found"`
	Value    any    `json:"value"`              // null if not found
	Encoding string `json:"encoding,omitempty"` // base64 for bytes
}

func (v *invocation) getCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:   "get KEY",
		Short: "Print the value of a key",
		Long: `Get prints text and bytes as they are and any other value as JSON.

The exit code is 1 if the key has no value.`,
		Example: `  cachewright get greeting
  cachewright get user:42 --cache sessions --json`,
		Args: takes("KEY"),
		RunE: func(_ *cobra.Command, args []string) error {
			return v.use(&t, func(ctx context.Context, c opened) error { return v.get(ctx, c, args[0]) })
		},
	}
	t.bind(v, cmd)
	return cmd
}

func (v *invocation) get(ctx context.Context, c opened, key string) error {
	value, found, err := c.Get(ctx, key)
	if err != nil {
		return err
	}
	if v.json {
		answer := gotJSON{Key: key, Found: found, Value: shownValue(value)}
		if _, ok := value.([]byte); ok {
			answer.Encoding = "base64"
		}
		return v.answer(found, answer)
	}
	if !found {
		return noValue(c, key)
	}
	return printValue(v.stdout, value)
}

// answer prints the JSON answer of a data command. If it is a no, that shows in the exit code.
func (v *invocation) answer(yes bool, document any) error {
	if err := jsonEncoder(v.stdout).Encode(document); err != nil || yes {
		return err
	}
	return answeredNo()
}

// noValue says that key is missing, with all that makes up its real name.
func noValue(c opened, key string) error {
	return no("no value under %q in cache %q (keys %s<key>)", key, c.plan.Alias, c.lead())
}
