package cachewright

import (
	"fmt"
	"strings"
)

// reporter reports faults of options at the places where they are written.
type reporter struct {
	*journal
	written *provenance // nil for a Config made in Go
}

// fault reports a fault of the option at path, at the place where it is written.
func (r reporter) fault(path []string, bad *fault) {
	if w := r.written; w != nil {
		if value, ok := w.values[dotted(path)]; ok {
			s := &setting{path: path, field: rowAt(path), place: value.place, text: value.source}
			if value.place.variable != "" {
				s.text = value.text
			}
			r.addSetting(s, bad)
			return
		}
		if at, ok := w.caches[strings.TrimPrefix(path[0], cachePrefix)]; ok && at.variable == "" {
			r.add(at, dotted(path), len(path[0]), bad)
			return
		}
	}
	if row := rowAt(path); row != nil && row.kind == kindLifetime && bad.code == "CW102" {
		bad.hint = "write a positive duration, cache.DoNotKeep to keep nothing, or cache.Forever"
	}
	r.add(place{}, goOption(path), 0, bad).layer = layerGo
}

// rowAt returns the row of the option at path.
func rowAt(path []string) *field {
	fields, rest := projectFields, path
	if strings.HasPrefix(path[0], cachePrefix) {
		fields, rest = cacheFields, path[1:]
	}
	var row *field
	for _, name := range rest {
		if row = find(fields, name); row == nil {
			return nil
		}
		fields = row.fields
	}
	return row
}

// goOption names an option as a program does.
func goOption(path []string) string {
	alias, isCache := strings.CutPrefix(path[0], cachePrefix)
	if !isCache {
		return "Config." + find(projectFields, path[0]).goName
	}
	b := fmt.Sprintf("Config.Caches[%q]", alias)
	fields := cacheFields
	for _, name := range path[1:] {
		row := find(fields, name)
		b += "." + row.goName
		fields = row.fields
	}
	return b
}
