package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// versionJSON is the answer of version.
type versionJSON struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (v *invocation) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  takes(),
		RunE:  func(*cobra.Command, []string) error { return v.printVersion() },
	}
}

// printVersion prints what this program is.
func (v *invocation) printVersion() error {
	answer := versionJSON{Version: version(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if v.json {
		return v.printJSON(answer)
	}
	_, err := fmt.Fprintf(v.stdout, "cachewright %s (%s, %s)\n", answer.Version, answer.Go, answer.Platform)
	return err
}
