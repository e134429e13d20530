package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cachewright/cachewright/internal/spell"
	"github.com/charmbracelet/colorprofile"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// invocation is one call of the command: its process and the flags that every command has.
type invocation struct {
	process
	report io.Writer // stdout for what people read: colours are taken out where they do not belong

	configPath  string // --config
	environment string // --env
	json        bool   // --json
}

// Groups of commands, in the order of the help.
const (
	groupProject = "project"
	groupData    = "data"
	groupMore    = "more"
)

// run runs the command that p asks for and returns its exit code. Nothing is written but to p.stdout,
// p.stderr and the files that the command names.
func run(ctx context.Context, p process) int {
	p.stderr = colorprofile.NewWriter(p.stderr, p.environ)
	v := &invocation{process: p, report: colorprofile.NewWriter(p.stdout, p.environ)}
	root := v.command()
	root.SetArgs(shieldNegatives(root, p.args[1:]))
	err := root.ExecuteContext(ctx)
	if err != nil {
		printError(p.stderr, err)
	}
	return exitCode(ctx, err)
}

// command returns the whole tree of commands. A new command is one file and one line here.
func (v *invocation) command() *cobra.Command {
	var asksVersion bool
	root := &cobra.Command{
		Use:           "cachewright",
		Short:         "Caches from one typed configuration: what runs, why, and whether it works",
		Args:          v.noSuchCommand,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asksVersion {
				return v.printVersion()
			}
			return cmd.Help()
		},
	}
	root.SetIn(v.stdin)
	root.SetOut(v.stdout)
	root.SetErr(v.stderr)
	root.SetUsageTemplate(usageTemplate)
	root.SetFlagErrorFunc(flagError)

	root.Flags().BoolVarP(&asksVersion, "version", "v", false, "print the version")
	flags := root.PersistentFlags()
	flags.StringVar(&v.configPath, "config", "", "configuration `PATH`: a file or a folder (also CACHEWRIGHT_CONFIG)")
	flags.StringVar(&v.environment, "env", "", "environment `NAME`: development, testing, staging, production or your own")
	flags.BoolVar(&v.json, "json", false, "print JSON")

	root.AddGroup(
		&cobra.Group{ID: groupProject, Title: "The project"},
		&cobra.Group{ID: groupData, Title: "Values in a cache"},
		&cobra.Group{ID: groupMore, Title: "More"},
	)
	root.SetHelpCommandGroupID(groupMore)
	root.SetCompletionCommandGroupID(groupMore)
	add := func(group string, commands ...*cobra.Command) {
		for _, cmd := range commands {
			cmd.GroupID = group
			root.AddCommand(cmd)
		}
	}
	add(groupProject, v.checkCommand(), v.planCommand(), v.djangoCommand(), v.fromDjangoCommand(), v.initCommand())
	add(groupData, v.getCommand(), v.setCommand(), v.addCommand(), v.deleteCommand(), v.incrCommand(),
		v.touchCommand(), v.ttlCommand(), v.keysCommand(), v.clearCommand())
	add(groupMore, v.demoCommand(), v.explainCommand(), v.schemaCommand(), v.manCommand(), v.versionCommand())
	return root
}

// noSuchCommand refuses what is no command and says which one was probably meant.
func (v *invocation) noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	hint := "cachewright --help lists the commands"
	if near, ok := spell.Near(args[0], names); ok {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return misuse("unknown command %q; %s", args[0], hint)
}

// flagError says what is wrong with a flag, and for an unknown one which was probably meant.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return misuse("%w; see %s --help", err, cmd.CommandPath())
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	hint := cmd.CommandPath() + " --help lists the flags"
	if near, ok := spell.Near(unknown.GetSpecifiedName(), names); ok {
		hint = fmt.Sprintf("did you mean --%s?", near)
	}
	return misuse("unknown flag %s; %s", dashed(unknown.GetSpecifiedName()), hint)
}

func dashed(flag string) string {
	if len(flag) == 1 {
		return "-" + flag
	}
	return "--" + flag
}

// takes returns a check for the arguments of a command: the names of those it needs, then of one that
// may be left out in brackets, or of any number with dots: takes("KEY", "[N]"), takes("KEY...").
func takes(names ...string) cobra.PositionalArgs {
	least, most := 0, len(names)
	for _, name := range names {
		if !strings.HasPrefix(name, "[") {
			least++
		}
		if strings.HasSuffix(name, "...") {
			most = -1
		}
	}
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return misuse("%s needs %s; usage: %s", cmd.Name(), strings.Join(names[len(args):least], " and "), cmd.UseLine())
		case most >= 0 && len(args) > most:
			return misuse("%s does not take %q; usage: %s", cmd.Name(), args[most], cmd.UseLine())
		}
		return nil
	}
}

// sayf prints a sentence about what was done. It is no data, so it goes to stderr.
func (v *invocation) sayf(format string, args ...any) {
	fmt.Fprintf(v.stderr, format+"\n", args...)
}

// usageTemplate is the help of a command, examples first.
const usageTemplate = `Usage
  {{if .Runnable}}{{.UseLine}}{{end}}{{if .HasAvailableSubCommands}}
  {{.CommandPath}} COMMAND --help{{end}}
{{- if .HasExample}}

Examples
{{.Example}}{{end}}
{{- if .HasAvailableSubCommands}}{{$cmds := .Commands}}{{range $group := .Groups}}

{{.Title}}{{range $cmds}}{{if (and (eq .GroupID $group.ID) (or .IsAvailableCommand (eq .Name "help")))}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{end}}
{{- if .HasAvailableLocalFlags}}

Flags
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
{{- if .HasAvailableInheritedFlags}}

Flags of every command
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
`
