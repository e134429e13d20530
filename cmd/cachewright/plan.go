package main

import "github.com/spf13/cobra"

func (v *invocation) planCommand() *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what will run, and where every option came from",
		Long: `Plan reads the configuration and shows what it comes to: the backend of every cache with the rule
that chose it, and every option with its value and its origin. It opens nothing, connects to nothing
and writes nothing.

The exit code is 0, or 2 if the configuration is wrong.`,
		Example: `  cachewright plan
  cachewright plan --env production
  cachewright plan --json`,
		Args: takes(),
		RunE: func(*cobra.Command, []string) error {
			p, err := v.plan()
			if err != nil {
				return err
			}
			if v.json {
				err = v.printJSON(planJSONOf(p))
			} else {
				v.printPlan(p)
			}
			if err == nil && strict && len(p.Findings) > 0 {
				return answeredNo()
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "exit with 1 if there are findings")
	return cmd
}
