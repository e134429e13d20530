package main

import "github.com/spf13/cobra"

func (v *invocation) planCommand() *cobra.Command {
	var strict bool
	var diff string
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what will run, and where every option came from",
		Long: `Plan reads the configuration and shows what it comes to: the backend of every cache with the rule
that chose it, and every option with its value, its origin and the values it replaced. It opens
nothing, connects to nothing and writes nothing.

With --diff it compares the plan of the current environment with that of another one: caches that only
one of them has, every value that differs with both origins, and findings that are added or removed. Where a
value comes from makes no difference, and passwords are compared but not shown.

The exit code is 0, or 2 if the configuration is wrong. With --diff it is 1 if the plans differ, with
--strict if there are findings.`,
		Example: `  cachewright plan
  cachewright plan --env production
  cachewright plan --env staging --diff production
  cachewright plan --json`,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			compares := cmd.Flags().Changed("diff")
			switch {
			case compares && strict:
				return misuse("--strict and --diff give the exit code different meanings; use one of them")
			case compares:
				return v.planDiff(diff)
			}
			p, err := v.plan()
			if err != nil {
				return v.withProblems(err)
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
	cmd.Flags().StringVar(&diff, "diff", "", "compare with the environment `NAME`")
	return cmd
}
