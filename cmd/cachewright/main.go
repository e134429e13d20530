// Command cachewright shows, proves and uses the caches of a project: what will run and why (plan),
// whether it works (check), the same caches as Django settings (django), and single keys (get, set,
// keys and others).
//
// It reads the configuration that the project's own programs read: config.yaml and
// config.<environment>.yaml in the working directory or where --config points, .env and the process
// environment. Exit codes: 0 yes, 1 no (a cache failed, a key is missing), 2 bad usage or
// configuration, 3 unreachable server.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "cachewright: find the working directory:", err)
		os.Exit(exitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, process{
		args: os.Args, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		environ: os.Environ(), dir: dir,
	})
	stop()
	os.Exit(code)
}
