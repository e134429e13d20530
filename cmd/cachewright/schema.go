package main

import (
	"github.com/cachewright/cachewright"
	"github.com/spf13/cobra"
)

func (v *invocation) schemaCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of config.yaml, for editors",
		Long: `Schema prints the JSON Schema (draft-07) of config.yaml and config.<environment>.yaml. Editors with a
YAML language server complete, explain and check the file by it, once its first line is

    # yaml-language-server: $schema=./` + schemaName + `

With --out it writes the schema to FILE. A schema belongs to the version that wrote it: write it again
after an upgrade. The exit code is 2 if it cannot be written.`,
		Example: `  cachewright schema --out ` + schemaName,
		Args:    takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("out") && out == "" {
				return misuse("--out needs the name of a file, as --out %s", schemaName)
			}
			return v.schema(out)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write to this `FILE` instead of the standard output")
	return cmd
}

// schema prints the schema, or writes it into a file.
func (v *invocation) schema(out string) error {
	if out != "" {
		return v.writeOut("schema", out, cachewright.Schema(), 0o644)
	}
	_, err := v.stdout.Write(cachewright.Schema())
	return err
}
