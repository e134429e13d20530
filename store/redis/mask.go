package redis

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"time"
)

// masked stands for every secret that is set.
const masked = "***"

// Format prints o for every verb as String does, so that no verb shows a secret.
func (o Options) Format(f fmt.State, _ rune) { format(f, o) }

// String lists the options that are set, with secrets masked.
func (o Options) String() string { return fmt.Sprint(o) }

// GoString is String: a secret must not appear in %#v either.
func (o Options) GoString() string { return o.String() }

// LogValue groups the options that are set, with secrets masked.
func (o Options) LogValue() slog.Value { return logValue(o) }

// MarshalJSON writes the options that are set as an object, durations as "1.5s", secrets masked.
func (o Options) MarshalJSON() ([]byte, error) { return marshal(o) }

// Format prints o for every verb as String does, so that no verb shows a secret.
func (o PoolOptions) Format(f fmt.State, _ rune) { format(f, o) }

// String lists the options that are set, with secrets masked.
func (o PoolOptions) String() string { return fmt.Sprint(o) }

// GoString is String: a secret must not appear in %#v either.
func (o PoolOptions) GoString() string { return o.String() }

// LogValue groups the options that are set, with secrets masked.
func (o PoolOptions) LogValue() slog.Value { return logValue(o) }

// MarshalJSON writes the options that are set as an object, durations as "1.5s", secrets masked.
func (o PoolOptions) MarshalJSON() ([]byte, error) { return marshal(o) }

// Format prints o for every verb as String does, so that no verb shows a secret.
func (o SentinelOptions) Format(f fmt.State, _ rune) { format(f, o) }

// String lists the options that are set, with secrets masked.
func (o SentinelOptions) String() string { return fmt.Sprint(o) }

// GoString is String: a secret must not appear in %#v either.
func (o SentinelOptions) GoString() string { return o.String() }

// LogValue groups the options that are set, with secrets masked.
func (o SentinelOptions) LogValue() slog.Value { return logValue(o) }

// MarshalJSON writes the options that are set as an object, durations as "1.5s", secrets masked.
func (o SentinelOptions) MarshalJSON() ([]byte, error) { return marshal(o) }

// MarshalJSON writes the options that are set as an object, durations as "1.5s".
func (o KeepaliveOptions) MarshalJSON() ([]byte, error) { return marshal(o) }

// option is one field that is set, ready to be shown.
type option struct {
	name  string
	value any
}

// shown returns the fields of a struct of options that are set and have a redis-py name, in the order of
// their declaration. Pointers are followed, durations are text and secrets are masked.
func shown(options any) []option {
	v := reflect.ValueOf(options)
	var set []option
	for i := range v.NumField() {
		field, tag := v.Field(i), v.Type().Field(i).Tag
		name, named := tag.Lookup("redispy")
		if !named || field.IsZero() {
			continue
		}
		o := option{name: name, value: reflect.Indirect(field).Interface()}
		if d, ok := o.value.(time.Duration); ok {
			o.value = d.String()
		}
		if tag.Get("secret") != "" {
			o.value = masked
		}
		set = append(set, o)
	}
	return set
}

func format(f fmt.State, options any) {
	fmt.Fprint(f, "{")
	for i, o := range shown(options) {
		if i > 0 {
			fmt.Fprint(f, " ")
		}
		fmt.Fprintf(f, "%s:%+v", o.name, o.value)
	}
	fmt.Fprint(f, "}")
}

func logValue(options any) slog.Value {
	var attrs []slog.Attr
	for _, o := range shown(options) {
		attrs = append(attrs, slog.Any(o.name, o.value))
	}
	return slog.GroupValue(attrs...)
}

func marshal(options any) ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, o := range shown(options) {
		value, err := json.Marshal(o.value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.name, err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:%s", o.name, value)
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}
