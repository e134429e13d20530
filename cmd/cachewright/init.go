package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/cachewright/cachewright"
	"github.com/spf13/cobra"
)

// configName is the configuration of a folder; otherConfigName is what some take for it.
const (
	configName      = "config.yaml"
	otherConfigName = "config.yml"
)

// beginning is one call of init.
type beginning struct {
	redis    string // --redis
	sessions bool   // --sessions
	project  string // --project
}

func (v *invocation) initCommand() *cobra.Command {
	var b beginning
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a commented config.yaml to begin with",
		Long: `Init writes a config.yaml with what the flags say and, switched off, the options that come next, each
with a comment. It writes into the working directory, or where --config points, and never over a file
that is there.

A password does not get into the file. If the URL of --redis holds one, the file refers to the variable
REDIS_URL instead.

The exit code is 2 if nothing was written.`,
		Example: `  cachewright init
  cachewright init --redis redis://localhost:6379/0 --project "My Shop"
  cachewright init --redis '${REDIS_URL}' --sessions`,
		Args: takes(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range []string{"redis", "project"} {
				if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
					return misuse("--%s is empty; leave it out, or give it a value", name)
				}
			}
			return v.init(b)
		},
	}
	cmd.Flags().StringVar(&b.redis, "redis", "", "the `URL` of the project's Redis, or ${NAME} for a variable that holds it")
	cmd.Flags().BoolVar(&b.sessions, "sessions", false, "configure a cache for sessions")
	cmd.Flags().StringVar(&b.project, "project", "", "the `NAME` of the project")
	return cmd
}

// initJSON is the answer of init.
type initJSON struct {
	File     string `json:"file"`     // absolute
	Variable string `json:"variable"` // that must be set before the file can be read; empty for none
}

func (v *invocation) init(b beginning) error {
	if v.environment != "" {
		return misuse("init writes %s, which every environment reads; leave --env out", configName)
	}
	if err := checkProjectName(b.project); err != nil {
		return err
	}
	redis, err := addressFrom(b.redis)
	if err != nil {
		return err
	}
	path, err := v.initialPath()
	if err != nil {
		return err
	}
	text, err := starter{
		HasSchema: isFile(filepath.Join(filepath.Dir(path), schemaName)),
		Project:   quoteYAML(strings.ReplaceAll(b.project, "${", "$${")), // no variable, but text
		Redis:     quoteYAML(redis.url),
		Sessions:  b.sessions, SessionsRedis: quoteYAML(redis.sessions),
		Variable: redis.variable,
	}.render()
	if err != nil {
		return err
	}
	err = v.createFile(path, text)
	if errors.Is(err, fs.ErrExist) {
		return misuse("%s is there already, and init writes over nothing; edit it, or move it away", v.relative(path))
	}
	if err != nil {
		return err
	}
	if v.json {
		return v.printJSON(initJSON{File: path, Variable: redis.variable})
	}
	v.sayInitialized(path, redis)
	return nil
}

// checkProjectName asks the loader's own rules about a name.
func checkProjectName(name string) error {
	c := cachewright.Config{ProjectName: name, Logger: slog.New(slog.DiscardHandler)}
	_, err := c.Resolve(cachewright.Env{})
	if problems, ok := errors.AsType[cachewright.Problems](err); ok {
		return misuse("--project: %s; %s", problems[0].Message, problems[0].Hint)
	}
	return err
}

// initialPath is the file to write. A file that is no YAML by its name is taken for a folder that is
// missing.
func (v *invocation) initialPath() (string, error) {
	path := v.projectPath()
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if other := filepath.Join(path, otherConfigName); isFile(other) {
			return "", misuse("%s is there already, and only %s is read; rename it", v.relative(other), configName)
		}
		return filepath.Join(path, configName), nil
	}
	if ext := filepath.Ext(path); ext != ".yaml" && ext != ".yml" {
		return "", misuse("there is no folder %s; make it, or name a file that ends in .yaml", v.relative(path))
	}
	return path, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// createFile writes a file that is not there yet. If it is, the error is fs.ErrExist.
func (v *invocation) createFile(path string, text []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return misuse("write the configuration: %w", err)
	}
	_, err = f.Write(text)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return misuse("write the configuration: %w", errors.Join(err, os.Remove(path)))
	}
	return nil
}

// sayInitialized says what was written, what is missing and what to do next.
func (v *invocation) sayInitialized(path string, redis address) {
	v.sayf("wrote %s", v.relative(path))
	if redis.withheld {
		v.sayf("%s a login does not belong into the file: redis_url is ${%s} there",
			warn("note:"), redis.variable)
	}
	if redis.variable != "" && v.getenv(redis.variable) == "" {
		v.sayf("%s set %s to the whole URL, in the environment or in a .env file that is not under version control",
			warn("first:"), redis.variable)
	}
	next := v.calledAs()
	if v.configPath != "" {
		next += " --config " + quoteShell(v.configPath)
	}
	v.sayf("next:  %s check", next)
}

// quoteYAML is text as a scalar of YAML, whatever is in it. Empty text stays empty.
func quoteYAML(text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf("%q", text)
}
