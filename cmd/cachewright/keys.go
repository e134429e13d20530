package main

import (
	"bufio"
	"context"
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
)

// keyJSON is one line of the answer of keys.
type keyJSON struct {
	Key string `json:"key"`
}

func (v *invocation) keysCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:   "keys [PATTERN]",
		Short: "List the keys that match a pattern",
		Long: `Keys prints the keys of a cache that match a Redis pattern, without prefix and version, one a line, in
no order, as they are found: * is any text, ? one character, [abc] one of them. A key with line breaks
or control characters is quoted. With --json every line is an object.`,
		Example: `  cachewright keys
  cachewright keys 'user:*' --json`,
		Args: takes("[PATTERN]"),
		RunE: func(_ *cobra.Command, args []string) error {
			pattern := "*"
			if len(args) == 1 {
				pattern = args[0]
			}
			return v.use(&t, func(ctx context.Context, c opened) error { return v.keys(ctx, c, pattern) })
		},
	}
	t.bind(v, cmd)
	return cmd
}

func (v *invocation) keys(ctx context.Context, c opened, pattern string) error {
	out := bufio.NewWriter(v.stdout)
	lines := jsonEncoder(out)
	for key, err := range c.Keys(ctx, pattern) {
		if err == nil && v.json {
			err = lines.Encode(keyJSON{Key: key})
		} else if err == nil {
			_, err = fmt.Fprintln(out, oneLine(key))
		}
		if err != nil {
			out.Flush()
			return err
		}
	}
	return out.Flush()
}

// oneLine quotes a key that would not stay on its line, or would talk to the terminal.
func oneLine(key string) string {
	if strings.IndexFunc(key, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 {
		return key
	}
	return strconv.Quote(key)
}
