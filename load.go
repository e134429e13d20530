package cachewright

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cachewright/cachewright/internal/spell"
	"github.com/cachewright/cachewright/internal/yamltree"
)

// defaultFile is the name of the configuration in its folder.
const defaultFile = "config.yaml"

// LoadOptions say what [Load] reads. The zero LoadOptions reads the files of the working directory and
// no environment variables.
type LoadOptions struct {
	// Path is a configuration file, or the folder of a config.yaml. Empty means the variable
	// CACHEWRIGHT_CONFIG of Environ, and without it the working directory. A path that is written must
	// exist; a folder need not hold any file.
	Path string

	// Environment is the name of the environment, and beats everything else that names it. Empty means
	// that it is detected (see [Detect]), with the options environment and debug of the file between
	// the variables.
	Environment string

	// Environ are environment variables in the form of os.Environ. Nil means none; a .env file beside
	// the configuration is read all the same.
	Environ []string

	// Strict makes options at the top of a file that are not ours errors, instead of leaving them to the
	// application.
	Strict bool
}

// Load reads a configuration: config.yaml, over it config.<environment>.yaml, over them the variables
// of .env, and over all the variables in o.Environ. No file has to be there.
//
// A Config that is returned knows where each value comes from, for the plan. Its Environment is the
// one that the files were chosen for. All problems of all layers are reported at once, as [Problems].
// Load reads files and nothing else: it does not look at the process environment.
func Load(o LoadOptions) (*Config, error) {
	l := &loader{options: o, journal: &journal{}, variables: newVariables(o.Environ)}
	if !l.locate() {
		return nil, l.problems.asError()
	}
	c := l.load()
	if err := l.problems.asError(); err != nil {
		return nil, err
	}
	return c, nil
}

type loader struct {
	*journal
	options   LoadOptions
	variables *variables
	dir, base string // the folder, absolute, and the file's name in it
	explicit  bool   // the file itself was named
	written   provenance
}

// locate finds the folder and the name of the file.
func (l *loader) locate() bool {
	path, at := l.options.Path, place{}
	if path == "" {
		if v, ok := l.variables.get(configVariable); ok && v.value != "" {
			path, at = v.value, v.place
		}
	}
	l.explicit = path != ""
	abs, err := filepath.Abs(path)
	if err != nil {
		l.add(at, "", 0, faultf("CW002", "name the file with its whole path", "the working directory is not known"))
		return false
	}
	info, err := os.Stat(abs)
	switch {
	case err != nil:
		bad := cannotRead(err)
		if errors.Is(err, fs.ErrNotExist) {
			bad = faultf("CW001", missingHint(abs), "there is no file or folder %s", oneLine(path))
		}
		l.add(at, at.variable, 0, bad)
		return false
	case info.IsDir():
		l.dir, l.base, l.explicit = abs, defaultFile, false
	default:
		l.dir, l.base = filepath.Dir(abs), filepath.Base(abs)
	}
	return true
}

// missingHint looks for the file that was meant.
func missingHint(path string) string {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return "correct the path: its folder does not exist either"
	}
	var files []string
	for _, e := range entries {
		files = append(files, e.Name())
	}
	if near, ok := spell.Near(filepath.Base(path), files); ok {
		return "did you mean " + near + "?"
	}
	return "correct the path, or leave it out to read " + defaultFile + " in the working directory if there is one"
}

func cannotRead(err error) *fault {
	reason := err.Error()
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		reason = e.Err.Error()
	}
	return faultf("CW002", "make it a file that this user may read", "the file cannot be read: %s", reason)
}

var errNoFile = errors.New("it is a pipe, a device or a socket")

// readFile reads a file up to a limit a little above what its parser takes, so that the parser refuses
// what is larger.
func readFile(path string) ([]byte, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, errNoFile // reading it could last for ever
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, yamltree.MaxBytes+1))
}

// environmentFile returns the name of the file for an environment: config.yaml has
// config.production.yaml beside it.
func environmentFile(base, environment string) string {
	ext := filepath.Ext(base)
	return strings.TrimSuffix(base, ext) + "." + environment + ext
}

func (l *loader) load() *Config {
	l.written = provenance{dir: l.dir, values: map[string]written{}, caches: map[string]place{}}
	settings := l.file(layerBase, l.base)
	hasDotenv := readDotenv(l.journal, l.variables, l.dir)
	environment, from := l.environment(settings)
	if environment != "" {
		settings = append(settings, l.file(layerEnvironment, environmentFile(l.base, environment))...)
	}
	if hasDotenv {
		l.written.files = append(l.written.files, ".env")
	}
	settings = append(settings, l.variables.settings(l.journal)...)
	settings = l.withDebug(settings)

	c := &Config{}
	d := decoder{journal: l.journal, variables: l.variables, written: &l.written}
	merged := merge(l.withoutEnvironment(settings, environment))
	d.decode(c, merged)
	l.loadFindings(merged)
	c.Environment = environment
	l.written.environment, l.written.environmentFrom = environment, from
	c.written = &l.written
	return c
}

// file reads one YAML file. One that is not there says nothing.
func (l *loader) file(layer int, name string) []*setting {
	src := newSource(layer, name, l.dir, nil)
	text, err := readFile(filepath.Join(l.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		l.add(place{source: src}, "", 0, cannotRead(err))
		return nil
	}
	l.written.files = append(l.written.files, name)
	src = newSource(layer, name, l.dir, text)
	l.written.silenced.read(src)
	settings, findings := readDocument(l.journal, src, text, l.options.Strict)
	l.written.findings = append(l.written.findings, findings...)
	return settings
}

// environment returns the name of the environment, or nothing if there is a problem with it.
func (l *loader) environment(settings []*setting) (string, origin) {
	d := detector{journal: l.journal, variables: l.variables, dir: l.dir, base: l.base}
	if l.options.Environment != "" {
		name, bad := canonical(l.options.Environment, d.hasFile)
		if bad != nil {
			l.add(place{}, "--env", 0, bad)
		}
		return name, origin{"--env", rankGo}
	}
	file := projectSettings{environment: lastOf(settings, "environment"), debug: lastOf(settings, "debug")}
	before := len(l.problems)
	name, from := d.detect(&file)
	l.written.findings = append(l.written.findings, d.findings...)
	if len(l.problems) > before {
		return "", from
	}
	return name, from
}

// lastOf returns the setting of a project option, or nil.
func lastOf(settings []*setting, option string) *setting {
	for i := len(settings) - 1; i >= 0; i-- {
		if s := settings[i]; len(s.path) == 1 && s.path[0] == option && !s.reset {
			return s
		}
	}
	return nil
}

// withDebug adds DEBUG where it can be read. Where it cannot, detection has said so.
func (l *loader) withDebug(settings []*setting) []*setting {
	v, ok := l.variables.get("DEBUG")
	text, _ := l.variables.lookup("DEBUG")
	if _, readable := asBool(strings.TrimSpace(text)); !ok || !readable {
		if ok && text != "" {
			l.ignoreDebug(v)
		}
		return settings
	}
	return append(settings, &setting{path: []string{"debug"}, field: find(projectFields, "debug"),
		place: v.place, text: strings.TrimSpace(v.value), literal: v.literal})
}

// ignoreDebug records that DEBUG is somebody else's, unless detection has come by it already.
func (l *loader) ignoreDebug(v variable) {
	for _, f := range l.written.findings {
		if f.Origin == v.place.origin() {
			return
		}
	}
	d := detector{}
	d.ignore("DEBUG", v.place, "it is neither true nor false")
	l.written.findings = append(l.written.findings, d.findings...)
}

// withoutEnvironment takes the option environment out of settings: it is decided already. The file for
// an environment may name no other one.
func (l *loader) withoutEnvironment(settings []*setting, environment string) []*setting {
	var rest []*setting
	for _, s := range settings {
		if s.path[0] != "environment" {
			rest = append(rest, s)
			continue
		}
		if s.place.source.layer != layerEnvironment || s.reset {
			continue
		}
		if name, bad := canonical(s.text, nil); bad != nil || name != environment {
			l.addSetting(s, faultf("CW032", "remove the line: the file is read because the environment is "+environment,
				"%s is another environment than the one this file is for", oneLine(s.text)))
		}
	}
	return rest
}
