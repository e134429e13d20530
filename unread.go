package cachewright

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cachewright/cachewright/internal/spell"
	"github.com/cachewright/cachewright/internal/yamltree"
	"github.com/cachewright/cachewright/store/redis"
)

// loadFindings collects the advice that only the layers themselves can give.
func (l *loader) loadFindings(merged layers) {
	l.unreadFile()
	l.unreadVariables(merged)
	l.repeatedVariables()
	l.keepaliveNumbers(merged)
}

func (l *loader) inform(code, origin, fix, format string, args ...any) {
	l.written.findings = append(l.written.findings, Finding{Code: code, Level: levelInfo, Origin: origin, Fix: fix, Message: fmt.Sprintf(format, args...)})
}

// unreadFile finds a config.yml with options of ours where config.yaml is looked for.
func (l *loader) unreadFile() {
	const other = "config.yml"
	if l.base != defaultFile || slices.Contains(l.written.files, defaultFile) {
		return
	}
	text, err := readFile(filepath.Join(l.dir, other))
	if err != nil {
		return
	}
	root, err := yamltree.Parse(text)
	if err != nil || root == nil {
		return
	}
	for _, f := range root.Fields() {
		if name := f.Key.Text(); find(projectFields, name) != nil || strings.HasPrefix(name, cachePrefix) {
			l.written.findings = append(l.written.findings, Finding{Code: "CW319", Level: levelWarning, Origin: other + ":1:1",
				Message: other + " is not read, only " + defaultFile + " is", Fix: "mv " + other + " " + defaultFile})
			return
		}
	}
}

// unreadVariables finds variables of the process that look like ours. They are never errors: the
// process environment is shared with other programs.
func (l *loader) unreadVariables(merged layers) {
	for _, name := range l.variables.names() {
		meant, ok := l.meantVariable(name, merged)
		if !ok {
			continue
		}
		if _, there := l.variables.get(meant); there {
			continue
		}
		v, _ := l.variables.get(name)
		l.inform("CW323", v.place.origin(), meant+"=...", "%s is not read; %s would be", name, meant)
	}
}

// meantVariable returns the variable that name is close to.
func (l *loader) meantVariable(name string, merged layers) (string, bool) {
	rest, ok := strings.CutPrefix(name, cacheVariables)
	if !ok {
		return nearVariable(name)
	}
	if strings.Contains(rest, levels) {
		return "", false
	}
	for _, alias := range l.knownAliases(merged) {
		option, ok := strings.CutPrefix(rest, strings.ToUpper(alias)+"_")
		if ok && find(cacheFields, strings.ToLower(option)) != nil {
			return cacheVariables + strings.ToUpper(alias) + levels + option, true
		}
	}
	return "", false
}

func (l *loader) knownAliases(merged layers) []string {
	all := []string{aliasDefault, aliasSessions}
	for alias := range merged.caches {
		all = append(all, alias)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// nearVariable returns our name for a variable that looks like a slip of one.
func nearVariable(name string) (string, bool) {
	ours := []string{configVariable, environmentVariables[0]}
	for _, f := range projectFields {
		ours = append(ours, f.env)
	}
	if slices.Contains(ours, name) {
		return "", false
	}
	near, ok := spell.Near(name, ours)
	return near, ok && nearByWords(name, near)
}

// repeatedVariables tells of names that .env has twice.
func (l *loader) repeatedVariables() {
	for _, v := range l.variables.repeated {
		l.inform("CW324", v.origin(), "", "%s is written twice in %s; the last one counts", v.variable, v.source.name)
	}
}

// keepaliveNumbers tells those who write the numbers 1, 2 and 3 that they are no names.
func (l *loader) keepaliveNumbers(merged layers) {
	for _, path := range merged.paths() {
		stack := merged.settings[path]
		s := stack[len(stack)-1]
		if s.field.kind != kindKeepalive || s.node == nil || !keepaliveByNumber(s.node) {
			continue
		}
		alias := strings.TrimPrefix(s.path[0], cachePrefix)
		l.written.findings = append(l.written.findings, Finding{Code: "CW314", Level: levelWarning, Alias: alias, Origin: s.place.origin(),
			Message: dotted(s.path) + ": 1, 2 and 3 are read as idle, interval and count, although for Linux they are other options",
			Fix:     "socket_keepalive_options: " + l.keepaliveByName(path)})
	}
}

// keepaliveByName writes decoded numbers under their names.
func (l *loader) keepaliveByName(path string) string {
	options, _ := l.written.values[path].decoded.(redis.KeepaliveOptions)
	numbers := plainKeepalive(options)
	var entries []string
	for _, row := range keepaliveFields {
		if n, ok := numbers[row.name]; ok {
			entries = append(entries, fmt.Sprintf("%s: %v", row.name, n))
		}
	}
	return "{" + strings.Join(entries, ", ") + "}"
}
