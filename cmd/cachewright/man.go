package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (v *invocation) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages into a folder",
		Long: `Man writes a page for every command, in the form of man(1), into DIR, which it makes if it is not there. Their date
is today, or that of SOURCE_DATE_EPOCH. The exit code is 2 if they cannot be written.`,
		Example: `  cachewright man ~/.local/share/man/man1`,
		Args:    takes("DIR"),
		RunE:    func(cmd *cobra.Command, args []string) error { return v.man(cmd.Root(), v.path(args[0])) },
	}
}

// man writes the manual pages of all commands into dir.
func (v *invocation) man(root *cobra.Command, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return misuse("man: make %s: %w", dir, err)
	}
	root.DisableAutoGenTag = true // the date stands in the header of each page
	header := &doc.GenManHeader{Section: "1", Source: "cachewright " + version(), Manual: "cachewright"}
	if err := doc.GenManTree(root, header, dir); err != nil {
		return misuse("man: %w", err)
	}
	_, err := fmt.Fprintln(v.stdout, dir)
	return err
}
