package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/django/settings"
	"github.com/spf13/cobra"
)

// formats are what django can write.
const (
	formatPython = "python"
	formatJSON   = "json"
)

// rendering is one call of django.
type rendering struct {
	format string // --format
	target string // --target
	out    string // --out
	check  string // --check

	allowSecrets bool // --allow-secrets
}

func (v *invocation) djangoCommand() *cobra.Command {
	var r rendering
	cmd := &cobra.Command{
		Use:   "django",
		Short: "Write the same caches as Django settings",
		Long: `Django writes CACHES and the session settings for a Django project that uses the same configuration.
The text depends on the configuration and the environment's name only, not on how that is chosen, so it
can be kept under version control and compared. Relative paths in the configuration are looked up from
FILE, wherever the project lies.

A Redis URL or a password that the configuration takes from a variable stays a lookup of that variable.
One that stands in the configuration itself is refused, unless --allow-secrets writes it down.

With --check nothing is written. The exit code is 1 if FILE differs from what would be, and the
differences are shown, without secrets.`,
		Example: `  cachewright django
  cachewright django --env production --out shop/cache_settings.py
  cachewright django --env production --check shop/cache_settings.py
  cachewright django --target django`,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if v.json && !cmd.Flags().Changed("format") {
				r.format = formatJSON
			}
			return v.django(r)
		},
	}
	cmd.Flags().StringVar(&r.format, "format", formatPython, "the `FORMAT`: python or json; --json is --format json")
	cmd.Flags().StringVar(&r.target, "target", string(settings.DjangoRedis),
		"the `LIBRARY` that connects to Redis: django-redis, or django for its own backend (4.0 or later)")
	cmd.Flags().StringVar(&r.out, "out", "", "write to this `FILE` instead of the standard output")
	cmd.Flags().StringVar(&r.check, "check", "", "write nothing, compare with this `FILE`")
	cmd.Flags().BoolVar(&r.allowSecrets, "allow-secrets", false, "write passwords that the configuration holds as plain text")
	cmd.MarkFlagsMutuallyExclusive("out", "check")
	return cmd
}

func (v *invocation) django(r rendering) error {
	if r.format != formatPython && r.format != formatJSON {
		return misuse("--format %q: write python or json", r.format)
	}
	if v.json && r.format != formatJSON {
		return misuse("--json is --format json, so leave out --format %s", r.format)
	}
	if t := settings.Target(r.target); t != settings.DjangoRedis && t != settings.Django {
		return misuse("--target %q: write %s or %s", r.target, settings.DjangoRedis, settings.Django)
	}
	// The settings are for another machine, perhaps: what is usable on this one must not change them.
	p, err := v.planUnder(circumstances{environment: v.environment, environ: v.environ})
	if err != nil {
		return err
	}
	text, err := v.render(p, r)
	if err != nil {
		return err
	}
	switch {
	case r.check != "":
		return v.compareSettings(r.check, text)
	case r.out != "":
		mode := fs.FileMode(0o644)
		if r.allowSecrets {
			mode = 0o600
		}
		return v.writeOut("settings", r.out, text, mode)
	}
	_, err = v.stdout.Write(text)
	return err
}

// render returns the settings and says on stderr what their reader should know.
func (v *invocation) render(p *cachewright.Plan, r rendering) ([]byte, error) {
	// No version of ours: the file must not go stale by an upgrade that changes nothing in it.
	o := settings.Options{Command: v.settingsCommand(p, r), Target: settings.Target(r.target), AllowSecrets: r.allowSecrets}
	if file := cmp.Or(r.out, r.check); file != "" {
		o.File = v.path(file)
	}
	write := settings.Python
	if r.format == formatJSON {
		write = settings.JSON
	}
	text, err := write(p, o)
	if err != nil {
		return nil, misuse("%w", err)
	}
	for _, w := range settings.Warnings(p, o) {
		v.sayf("%s %s", warn("warning:"), w)
	}
	return text, nil
}

// settingsCommand is the command that writes the same settings in the folder of their source, whoever
// runs it and however the environment was chosen this time.
func (v *invocation) settingsCommand(p *cachewright.Plan, r rendering) string {
	command := "cachewright django"
	if path := v.projectPath(); isFile(path) && filepath.Base(path) != configName {
		command += " --config " + quoteShell(filepath.Base(path))
	}
	command += " --env " + quoteShell(p.Environment)
	if r.target != string(settings.DjangoRedis) {
		command += " --target " + r.target
	}
	if r.allowSecrets {
		command += " --allow-secrets"
	}
	return command
}

// compareSettings says whether file holds text, and where it does not.
func (v *invocation) compareSettings(file string, text []byte) error {
	there, err := os.ReadFile(v.path(file))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return no("%s is missing; write it with django --out %s", file, quoteShell(file))
	case err != nil:
		return misuse("read the settings: %w", err)
	}
	// Version control may have given the file the line ends of another system.
	there = bytes.ReplaceAll(there, []byte("\r\n"), []byte("\n"))
	if bytes.Equal(there, text) {
		v.sayf("%s is up to date", file)
		return nil
	}
	if _, err := v.stdout.Write(settingsDiff(there, text)); err != nil {
		return err
	}
	return no("%s is stale: the configuration says something else; write it with django --out %s", file, quoteShell(file))
}

// writeOut replaces file by text as a whole: a reader sees the old text or the new one. A file that says
// the same already is left alone. What names the text in an error.
func (v *invocation) writeOut(what, file string, text []byte, mode fs.FileMode) error {
	path := v.path(file)
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, text) {
		v.sayf("%s is up to date", file)
		return nil
	}
	if err := replaceFile(path, text, mode); err != nil {
		return misuse("write the %s: %w", what, err)
	}
	v.sayf("wrote %s", file)
	return nil
}

// replaceFile writes text beside path and moves it there. A new file gets mode, the permissions of one
// that was there stay.
func replaceFile(path string, text []byte, mode fs.FileMode) (err error) {
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("in %s: %w", filepath.Dir(path), errors.Unwrap(err))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(text)
	if err == nil {
		err = f.Chmod(mode)
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
