package cachewright

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/cachewright/cachewright/internal/spell"
)

// Environments whose names the rules know. Any other name behaves as production does, but keeps debug.
const (
	Development = "development"
	Testing     = "testing"
	Staging     = "staging"
	Production  = "production"
)

// environments are the full names.
var environments = []string{Development, Testing, Staging, Production}

// shortNames are other words for them.
var shortNames = map[string]string{
	"dev": Development, "devel": Development, "develop": Development, "local": Development,
	"test": Testing, "tst": Testing,
	"stage": Staging, "stg": Staging,
	"prod": Production, "prd": Production,
}

// environmentVariables name the environment, the strongest first. Only the first is ours: another
// program may give the others a meaning of its own.
var environmentVariables = []string{"CACHEWRIGHT_ENV", "DJANGO_ENV", "APP_ENV", "GO_ENV", "ENVIRONMENT"}

// flagVariables say yes or no to one environment.
var flagVariables = []struct{ name, environment string }{
	{"IS_PROD", Production}, {"IS_DEV", Development}, {"IS_TEST", Testing},
}

// Env is what [Config.Resolve] knows of the world: which environment it is, and whether a directory can
// be used.
//
// The zero Env is valid: the environment is the Config's own, or development, and every directory is
// taken for usable.
type Env struct {
	// Environment is development, testing, staging, production or a name of your own. A Config that
	// names one in Go beats it.
	Environment string

	// Origin says where Environment was found, as "env APP_ENV" or "default". Empty stands for a name
	// that the program itself has put here.
	Origin string

	// Vars are the names of the environment variables that are set and would configure a loaded
	// Config, in their order; never their values. Findings tell a program that reads none of them.
	Vars []string

	// Usable reports whether a file cache can live in dir, an absolute path: nil, or why not. Whether
	// it may create the directory is the caller's choice. A nil Usable is not asked.
	Usable func(dir string) error

	dir      string // that Detect was asked about
	rank     rank
	findings []Finding
}

// rank orders the sources of an environment's name.
type rank int

const (
	rankDefault rank = iota
	rankDebug        // debug, DEBUG
	rankFlag         // IS_PROD and its like
	rankFile         // environment: in a file
	rankNamed        // a variable that names it
	rankGo           // a program, or --env
)

// origin is where an environment's name was found, and how strong that is.
type origin struct {
	name string
	rank rank
}

// Detect finds the name of the environment in environ, which has the form of os.Environ, and in the
// .env file of dir, if there is one. It looks at CACHEWRIGHT_ENV, DJANGO_ENV, APP_ENV, GO_ENV and
// ENVIRONMENT, then IS_PROD, IS_DEV and IS_TEST, then DEBUG; without any of them it is development. It
// does not read config.yaml, whose environment [Load] takes into account.
//
// A value of the generic ones that cannot be the name of an environment is ignored, and becomes a
// finding of the plan; so does a line of .env that cannot be read, because the file may be another
// program's. A name close to one of the four full names is an error, unless dir has a
// config file of that name. Errors are of type [Problems].
func Detect(environ []string, dir string) (Env, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	j := &journal{}
	vars := newVariables(environ)
	unread := &journal{}
	readDotenv(unread, vars, abs)
	d := detector{journal: j, variables: vars, dir: abs, base: defaultFile}
	name, from := d.detect(nil)
	if err := j.problems.asError(); err != nil {
		return Env{}, err
	}
	for _, p := range unread.problems {
		d.findings = append(d.findings, Finding{Code: p.Code, Level: levelInfo, Message: p.Summary(), Origin: p.Where(), Fix: p.Fix})
	}
	return Env{Environment: name, Origin: from.name, Vars: vars.ours(), dir: abs, rank: from.rank, findings: d.findings}, nil
}

// ours returns the names of the variables that configure a loaded Config.
func (v *variables) ours() []string {
	var all []string
	for _, name := range v.names() {
		isProject := slices.ContainsFunc(projectFields, func(f field) bool { return f.env == name })
		isCache := strings.HasPrefix(name, cacheVariables) && strings.Contains(name[len(cacheVariables):], levels)
		if isProject || isCache || name == configVariable || slices.Contains(environmentVariables, name) {
			all = append(all, name)
		}
	}
	return all
}

// detector finds the environment.
type detector struct {
	*journal
	variables *variables
	dir, base string // the configuration's folder, and the name of its file
	findings  []Finding
}

// projectSettings are the settings of the base file that bear on the environment; either may be nil.
type projectSettings struct {
	environment, debug *setting
}

// detect goes through the sources, the strongest first.
func (d *detector) detect(file *projectSettings) (string, origin) {
	for _, name := range environmentVariables {
		v, ok := d.variables.get(name)
		if !ok {
			continue
		}
		value, _ := d.variables.lookup(name)
		if environment, ok := d.named(value, v.place, name, name != environmentVariables[0]); ok {
			return environment, origin{v.place.origin(), rankNamed}
		}
	}
	if file != nil && file.environment != nil {
		if environment, ok := d.fromFile(file.environment); ok {
			return environment, origin{file.environment.place.origin(), rankFile}
		}
	}
	for _, flag := range flagVariables {
		if value, at, ok := d.truth(flag.name); ok && value {
			return flag.environment, origin{at.origin(), rankFlag}
		}
	}
	if debug, at, ok := d.debug(file); ok {
		if debug {
			return Development, origin{at.origin(), rankDebug}
		}
		return Production, origin{at.origin(), rankDebug}
	}
	return Development, origin{"default", rankDefault}
}

func (d *detector) fromFile(s *setting) (string, bool) {
	dec := decoder{journal: d.journal, variables: d.variables, written: &provenance{dir: d.dir}}
	value, _, bad := dec.value(s)
	if bad != nil {
		d.addSetting(s, bad)
		return "", false
	}
	name, bad := canonical(value.(string), d.hasFile)
	if bad != nil {
		d.addSetting(s, bad)
		return "", false
	}
	return name, true
}

// named reads the value of a variable that names the environment. An empty one says nothing.
func (d *detector) named(value string, at place, variable string, generic bool) (string, bool) {
	if value == "" {
		return "", false
	}
	name, bad := canonical(value, d.hasFile)
	switch {
	case bad == nil:
		return name, true
	case generic && bad.code == "CW031":
		d.ignore(variable, at, "it is not the name of an environment")
	default:
		s := &setting{path: []string{"environment"}, field: find(projectFields, "environment"), place: at, text: value}
		d.addSetting(s, bad)
	}
	return "", false
}

// truth reads a variable that says yes or no.
func (d *detector) truth(name string) (value bool, at place, ok bool) {
	v, found := d.variables.get(name)
	text, _ := d.variables.lookup(name)
	if !found || text == "" {
		return false, place{}, false
	}
	value, ok = asBool(strings.TrimSpace(text))
	if !ok {
		d.ignore(name, v.place, "it is neither true nor false")
	}
	return value, v.place, ok
}

// debug returns whether debug is written, DEBUG before the file.
func (d *detector) debug(file *projectSettings) (value bool, at place, ok bool) {
	if value, at, ok = d.truth("DEBUG"); ok {
		return value, at, true
	}
	if file == nil || file.debug == nil {
		return false, place{}, false
	}
	dec := decoder{journal: &journal{}, variables: d.variables, written: &provenance{dir: d.dir}}
	decoded, _, bad := dec.value(file.debug)
	if bad != nil {
		return false, place{}, false // decoding the whole will report it
	}
	return decoded.(bool), file.debug.place, true
}

// ignore records that a generic variable carries a value of somebody else's.
func (d *detector) ignore(variable string, at place, reason string) {
	d.findings = append(d.findings, Finding{Code: "CW318", Level: levelInfo, Origin: at.origin(),
		Message: "the value of " + variable + " is ignored: " + reason,
		Fix:     "CACHEWRIGHT_ENV=" + Production + "   # names the environment for these caches alone"})
}

// hasFile says whether there is a file for an environment of that name.
func (d *detector) hasFile(name string) bool {
	_, err := os.Stat(filepath.Join(d.dir, environmentFile(d.base, name)))
	return err == nil
}

// environmentName is what can be part of a file's name and of a word.
var environmentName = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// canonical returns the full name of an environment. HasFile, which may be nil, says whether files
// know a name; then it is no slip.
func canonical(value string, hasFile func(name string) bool) (string, *fault) {
	name := strings.ToLower(strings.TrimSpace(value))
	if full, ok := shortNames[name]; ok {
		return full, nil
	}
	if slices.Contains(environments, name) {
		return name, nil
	}
	if !environmentName.MatchString(name) || len(name) > 40 {
		return "", faultf("CW031", "write development, testing, staging, production or a name of your own, in letters, digits, - and _",
			"%s is not the name of an environment", oneLine(value)).fixed(Production)
	}
	near, ok := spell.Near(name, environments)
	endsInDigit := name[len(name)-1] >= '0' && name[len(name)-1] <= '9'
	if ok && !endsInDigit && (hasFile == nil || !hasFile(name)) {
		return "", faultf("CW030", "did you mean "+near+"? A name of your own that is this close needs a file config."+name+".yaml",
			"%s is no environment that is known", oneLine(value)).fixed(near)
	}
	return name, nil
}

// readDotenv reads the .env file of dir into vars, if there is one, and says so.
func readDotenv(j *journal, vars *variables, dir string) bool {
	const name = ".env"
	src := newSource(layerDotenv, name, dir, nil)
	text, err := readFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		j.add(place{source: src}, "", 0, cannotRead(err))
		return false
	}
	src = newSource(layerDotenv, name, dir, text)
	vars.addDotenv(j, src, text)
	return true
}
