package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// shieldNegatives moves the arguments of a command behind "--" if a negative number is among them, so
// that "incr visits -5" means what it says: the flag parser would take -5 for a flag.
func shieldNegatives(root *cobra.Command, args []string) []string {
	cmd, _, err := root.Find(args)
	if err != nil || cmd == root {
		return args
	}
	var flags, plain []string
	shield := false
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			plain = append(plain, args[i+1:]...)
			i = len(args)
		case negative(arg):
			shield = true
			plain = append(plain, arg)
		case !strings.HasPrefix(arg, "-") || arg == "-":
			plain = append(plain, arg)
		default:
			flags = append(flags, arg)
			if i+1 < len(args) && takesNext(cmd, arg) {
				i++
				flags = append(flags, args[i])
			}
		}
	}
	if !shield {
		return args
	}
	// The first plain argument is the command's own name, which must stand before the "--".
	return append(append(flags, plain[0], "--"), plain[1:]...)
}

// negative reports whether arg is a negative number rather than a flag.
func negative(arg string) bool {
	return len(arg) > 1 && arg[0] == '-' && (arg[1] >= '0' && arg[1] <= '9' || arg[1] == '.')
}

// takesNext reports whether arg is a flag of cmd whose value is the next argument.
func takesNext(cmd *cobra.Command, arg string) bool {
	name, long := strings.CutPrefix(arg, "--")
	if !long || strings.Contains(name, "=") {
		return false
	}
	// Flags of every command are merged into a command's own only when it is parsed.
	for _, set := range []*pflag.FlagSet{cmd.Flags(), cmd.InheritedFlags()} {
		if f := set.Lookup(name); f != nil {
			return f.NoOptDefVal == ""
		}
	}
	return false
}
