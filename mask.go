package cachewright

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Format prints c for every verb as String does, so that no verb shows a secret.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// String lists the options that are set under their YAML names, with secrets masked.
func (c Config) String() string { return show(c.options()) }

// GoString is String: %#v must not show a secret either.
func (c Config) GoString() string { return c.String() }

// LogValue groups the options that are set, with secrets masked.
func (c Config) LogValue() slog.Value { return logGroup(c.options()) }

// MarshalJSON writes the options that are set under their YAML names, with secrets masked.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(asMap(c.options())) }

// MarshalYAML returns the options that are set under their YAML names, with secrets masked.
func (c Config) MarshalYAML() (any, error) { return asMap(c.options()), nil }

// Format prints c for every verb as String does, so that no verb shows a secret.
func (c CacheConfig) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// String lists the options that are set under their YAML names, with secrets masked.
func (c CacheConfig) String() string { return show(c.options()) }

// GoString is String: %#v must not show a secret either.
func (c CacheConfig) GoString() string { return c.String() }

// LogValue groups the options that are set, with secrets masked.
func (c CacheConfig) LogValue() slog.Value { return logGroup(c.options()) }

// MarshalJSON writes the options that are set under their YAML names, with secrets masked.
func (c CacheConfig) MarshalJSON() ([]byte, error) { return json.Marshal(asMap(c.options())) }

// MarshalYAML returns the options that are set under their YAML names, with secrets masked.
func (c CacheConfig) MarshalYAML() (any, error) { return asMap(c.options()), nil }

// setOption is an option that is set, ready to be shown. Its value may be a list of such.
type setOption struct {
	name  string
	value any
}

func (c Config) options() []setOption {
	all := setOptions(projectFields, reflect.ValueOf(c))
	for _, alias := range slices.Sorted(maps.Keys(c.Caches)) {
		all = append(all, setOption{cachePrefix + alias, c.Caches[alias].options()})
	}
	return all
}

func (c CacheConfig) options() []setOption { return setOptions(cacheFields, reflect.ValueOf(c)) }

// setOptions returns the options of v that are not zero, with secrets masked.
func setOptions(fields []field, v reflect.Value) []setOption {
	all := []setOption{}
	for i := range fields {
		row := &fields[i]
		if row.goName == "" {
			continue
		}
		value := v.FieldByName(row.goName)
		switch {
		case value.IsZero():
		case row.kind == kindGroup:
			all = append(all, setOption{row.name, setOptions(row.fields, value)})
		default:
			all = append(all, setOption{row.name, row.shownAs(plainValue(value))})
		}
	}
	return all
}

// shownAs is plain with words for the lifetimes that are none.
func (f *field) shownAs(value any) any {
	if f.kind == kindLifetime && value == Forever {
		return "never"
	}
	return f.plain(value)
}

func show(options []setOption) string {
	parts := make([]string, len(options))
	for i, o := range options {
		if inner, ok := o.value.([]setOption); ok {
			parts[i] = o.name + ":" + show(inner)
			continue
		}
		parts[i] = fmt.Sprintf("%s:%v", o.name, o.value)
	}
	return "{" + strings.Join(parts, " ") + "}"
}

func asMap(options []setOption) map[string]any {
	m := make(map[string]any, len(options))
	for _, o := range options {
		if inner, ok := o.value.([]setOption); ok {
			m[o.name] = asMap(inner)
			continue
		}
		m[o.name] = o.value
	}
	return m
}

func logGroup(options []setOption) slog.Value {
	attrs := make([]slog.Attr, len(options))
	for i, o := range options {
		if inner, ok := o.value.([]setOption); ok {
			attrs[i] = slog.Attr{Key: o.name, Value: logGroup(inner)}
			continue
		}
		attrs[i] = slog.Any(o.name, o.value)
	}
	return slog.GroupValue(attrs...)
}
