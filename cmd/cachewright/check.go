package main

import (
	"time"

	"github.com/spf13/cobra"
)

// defaultCheckTimeout is how long one cache may take to prove itself.
const defaultCheckTimeout = 2 * time.Second

func (v *invocation) checkCommand() *cobra.Command {
	var timeout time.Duration
	var strict bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Prove every cache by a real round trip",
		Long: `Check reads the configuration, opens every cache and proves it: set, get, another version misses,
add, incr, touch, ttl, delete. It writes two random keys below "` + reserved + `", which live for
a minute at most, and removes them. Without any configuration it checks the default cache.

The exit code is 0 if every cache works, 1 if one does not, 2 if the configuration is wrong.`,
		Example: `  cachewright check
  cachewright check --env production --strict
  cachewright check --json --timeout 500ms`,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if timeout <= 0 {
				return misuse("--timeout %v: write a positive duration, as 2s", timeout)
			}
			p, err := v.plan()
			if err == nil {
				err = p.CheckFiles()
			}
			if err != nil {
				return v.withProblems(err)
			}
			verdicts := judgeAll(cmd.Context(), p, timeout)
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			c := newChecked(p, verdicts)
			if v.json {
				err = v.printJSON(c.json())
			} else {
				v.printChecked(c)
			}
			if err == nil && (c.failed() > 0 || strict && len(c.findings) > 0) {
				return answeredNo()
			}
			return err
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", defaultCheckTimeout, "how long one cache may take, as a `DURATION`")
	cmd.Flags().BoolVar(&strict, "strict", false, "also fail if there are findings")
	return cmd
}
