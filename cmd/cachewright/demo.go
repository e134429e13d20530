package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func (v *invocation) demoCommand() *cobra.Command {
	var fast bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show in a minute what the caches do, on real ones",
		Long: `Demo shows in about a minute how a backend is chosen, what happens when a thousand callers ask at once,
what versions are for, and what a cache does while its source or its Redis is down.

Nothing is staged: every line comes from caches that it opens, and from a source that counts its calls. It needs no
configuration and reads none. If a redis-server is on the PATH it starts one of its own, on a free port of the loopback
address and in a temporary folder, and ends it. With --fast there are no pauses for reading.`,
		Example: `  cachewright demo
  cachewright demo --fast | less`,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if v.json {
				return misuse("demo is for people; cachewright check --json tells a program what works")
			}
			d := demo{stage: stage{w: v.report, live: v.showsATerminal(), reading: readingTime}}
			d.redisServer, _ = exec.LookPath("redis-server") // without one its act says so
			if fast {
				d.reading = 0
			}
			return d.run(cmd.Context(), v.calledAs())
		},
	}
	cmd.Flags().BoolVar(&fast, "fast", false, "make no pauses")
	return cmd
}

// readingTime is the pause behind a part of the demo.
const readingTime = 10 * time.Second

// showsATerminal reports whether stdout is a screen on which a line can be written over.
func (p process) showsATerminal() bool {
	f, ok := p.stdout.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && p.getenv("TERM") != "dumb"
}

// demo is one call of the command.
type demo struct {
	stage
	redisServer string // the path of redis-server; empty for none
	acts        int    // that have begun
}

// run plays the acts in their order.
func (d *demo) run(ctx context.Context, calledAs string) error {
	for _, act := range []func(context.Context) error{d.choose, d.stampede, d.sourceDown, d.versions, d.onRedis} {
		if err := act(ctx); err != nil {
			return err
		}
	}
	d.sayf("\n%s", bold("Next"))
	table(d.w, optionIndent, [][]string{
		{calledAs + " check", "what is configured here, proved"},
		{calledAs + " init", "a config.yaml to begin with"},
		{calledAs + " plan", "every option, and where its value comes from"},
	})
	return nil
}

// begin prints the title of an act and what it is about, when what is there already has been read.
func (d *demo) begin(ctx context.Context, title, about string) error {
	if d.acts > 0 {
		d.sayf("")
		if err := d.wait(ctx, d.reading); err != nil {
			return err
		}
	}
	d.acts++
	d.sayf("%s\n%s\n", bold(fmt.Sprintf("%d  %s", d.acts, title)), dim(indented(about)))
	return ctx.Err()
}
