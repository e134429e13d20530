package main

import (
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"golang.org/x/term"
)

// process is what the operating system gives to a command, so that a test can give it too.
type process struct {
	args           []string // args[0] is the name that the command was called by
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string // as os.Environ
	dir            string   // the working directory, absolute
}

// getenv returns the value of an environment variable. As for the shell, the last one of a name counts.
func (p process) getenv(name string) string {
	value := ""
	for _, entry := range p.environ {
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			value = v
		}
	}
	return value
}

// asksATerminal reports whether somebody sits at stdin who can answer a question.
func (p process) asksATerminal() bool {
	f, ok := p.stdin.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// packagePath is how go run names this command outside its own module.
const packagePath = "github.com/cachewright/cachewright/cmd/cachewright"

// calledAs returns how the command was called, to be repeated in advice: a name on the PATH, a path, or
// go run with the package.
func (p process) calledAs() string {
	name := p.args[0]
	// go run builds into a temporary folder, or into the build cache; both carry this name.
	if !strings.Contains(filepath.ToSlash(name), "/go-build") {
		return name
	}
	if _, err := os.Stat(filepath.Join(p.dir, "cmd", "cachewright", "main.go")); err == nil {
		return "go run ./cmd/cachewright"
	}
	return "go run " + packagePath
}

// tilde shortens a path below the home directory, as shells show it.
func (p process) tilde(path string) string {
	home := p.getenv("HOME")
	if home == "" || home == "/" {
		return path
	}
	if path == home {
		return "~"
	}
	if rest, ok := strings.CutPrefix(path, home+string(filepath.Separator)); ok {
		return filepath.Join("~", rest)
	}
	return path
}

// version is the released version that this program was built from, or "dev".
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	return releaseOf(info.Main.Version)
}

// releaseOf returns a module version as users know it. A build that no tag names is "dev": its number
// was made up by the toolchain.
func releaseOf(module string) string {
	v, ok := strings.CutPrefix(module, "v")
	if !ok || strings.Contains(v, "+dirty") || strings.HasPrefix(v, "0.0.0-") || strings.Contains(v, "-0.") {
		return "dev"
	}
	return v
}
