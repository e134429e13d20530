package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/internal/fromdjango"
	"github.com/spf13/cobra"
)

// systemPython is where systems keep their own Python, which has the packages of the system.
const systemPython = "/usr/bin/python3"

// adoption is one call of from-django.
type adoption struct {
	file   string
	out    string // --out
	python string // --python
}

func (v *invocation) fromDjangoCommand() *cobra.Command {
	var a adoption
	cmd := &cobra.Command{
		Use:   "from-django FILE",
		Short: "Write the config.yaml for the caches of a Django project",
		Long: `From-django reads the CACHES of a Django project and writes the configuration that comes to the same
caches, with comments about what has no equivalent. FILE is a settings module, or JSON: an object with
CACHES in it, or CACHES alone.

A module is run, with the environment of this command and in the working directory: once, and once more
for each variable that it looks up, to see what it takes from there. Name the project's own Python with
--python if the settings import its packages.

What the settings take from a variable refers to that variable. No other password gets into the
configuration: it refers to a variable, too, and a note says which to set.

Nothing is written over a file that is there. The exit code is 2 if something cannot be read or the
result needs a correction by hand, which is then said.`,
		Example: `  cachewright from-django shop/settings.py
  cachewright from-django shop/settings/production.py --python .venv/bin/python --out config.yaml
  cachewright from-django caches.json`,
		Args: takes("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			a.file = args[0]
			return v.fromDjango(cmd.Context(), a)
		},
	}
	cmd.Flags().StringVar(&a.out, "out", "", "write to this `FILE` instead of the standard output")
	cmd.Flags().StringVar(&a.python, "python", "", "the Python to run a module with, as a `PATH` (default "+systemPython+", or the first python3 on the PATH)")
	return cmd
}

func (v *invocation) fromDjango(ctx context.Context, a adoption) error {
	s, err := v.djangoSettings(ctx, a)
	if err != nil {
		return err
	}
	c, err := s.Config(filepath.Base(a.file))
	if err != nil {
		return misuse("%s: %w", a.file, err)
	}
	if err := v.writeConfig(a.out, c); err != nil {
		return err
	}
	if !v.json {
		v.sayAdopted(c)
	}
	return verify(c)
}

// djangoSettings reads the settings in a file.
func (v *invocation) djangoSettings(ctx context.Context, a adoption) (*fromdjango.Settings, error) {
	path := v.path(a.file)
	if module := filepath.Join(path, "__init__.py"); isFile(module) {
		path = module
	}
	switch ext := filepath.Ext(path); {
	case !isFile(path):
		return nil, misuse("there is no file %s", a.file)
	case ext == ".json":
		return readSettings(path, a.file)
	case ext != ".py":
		return nil, misuse("%s is neither a Python module (.py) nor JSON (.json)", a.file)
	}
	python, err := v.interpreter(a.python)
	if err != nil {
		return nil, err
	}
	s, err := fromdjango.Python{Interpreter: python, Dir: v.dir, Environ: v.environ}.Run(ctx, path)
	switch {
	case errors.Is(err, context.Canceled):
		return nil, err
	case err != nil:
		return nil, misuse("%s: %w", a.file, err)
	}
	return s, nil
}

func readSettings(path, name string) (*fromdjango.Settings, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, misuse("read the settings: %w", err)
	}
	s, err := fromdjango.ReadJSON(data)
	if err != nil {
		return nil, misuse("%s: %w", name, err)
	}
	return s, nil
}

// interpreter finds the Python to run.
func (v *invocation) interpreter(named string) (string, error) {
	switch {
	case named != "":
		path := named
		if filepath.Base(named) != named {
			path = v.path(named)
		}
		found, err := exec.LookPath(path)
		if err != nil {
			return "", misuse("--python: %s cannot be run", named)
		}
		return found, nil
	case isFile(systemPython):
		return systemPython, nil
	}
	found, err := exec.LookPath("python3")
	if err != nil {
		return "", misuse("a settings module is run, and there is no python3; install it, name one with --python, or give CACHES as JSON")
	}
	return found, nil
}

// adoptionJSON is the answer of from-django.
type adoptionJSON struct {
	File      string         `json:"file,omitempty"`   // absolute; empty without --out
	Config    string         `json:"config,omitempty"` // the text; empty with --out
	Notes     []string       `json:"notes"`
	Variables []variableJSON `json:"variables"` // that must be set before the configuration can be read
}

type variableJSON struct {
	Name string `json:"name"`
	Is   string `json:"is"`
}

// writeConfig writes the configuration where it belongs.
func (v *invocation) writeConfig(out string, c fromdjango.Config) error {
	answer := adoptionJSON{Config: string(c.Text), Notes: append([]string{}, c.Notes...), Variables: []variableJSON{}}
	if out != "" {
		answer.File, answer.Config = v.path(out), ""
		err := v.createFile(answer.File, c.Text)
		if errors.Is(err, fs.ErrExist) {
			return misuse("%s is there already, and nothing is written over; name another file, or move it away", out)
		}
		if err != nil {
			return err
		}
	}
	for _, variable := range c.Variables {
		answer.Variables = append(answer.Variables, variableJSON(variable))
	}
	switch {
	case v.json:
		return v.printJSON(answer)
	case out == "":
		_, err := v.stdout.Write(c.Text)
		return err
	}
	v.sayf("wrote %s", out)
	return nil
}

// sayAdopted says what the comments of the configuration say.
func (v *invocation) sayAdopted(c fromdjango.Config) {
	for _, n := range c.Notes {
		v.sayf("%s %s", warn("note:"), n)
	}
	for _, variable := range c.Variables {
		v.sayf("%s set %s to the %s", warn("first:"), variable.Name, variable.Is)
	}
}

// verify reads the configuration as a program would, under the variables of the settings.
func verify(c fromdjango.Config) (err error) {
	dir, err := os.MkdirTemp("", "cachewright")
	if err != nil {
		return misuse("check the configuration: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.WriteFile(filepath.Join(dir, configName), c.Text, 0o600); err != nil {
		return misuse("check the configuration: %w", err)
	}
	config, err := cachewright.Load(cachewright.LoadOptions{Path: dir, Environment: cachewright.Production, Environ: c.Environ})
	if err != nil {
		return err
	}
	config.Logger = slog.New(slog.DiscardHandler)
	_, err = config.Resolve(cachewright.Env{})
	return err
}
