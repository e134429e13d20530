package cachewright

import (
	"fmt"
	"net"
	"os"
	"reflect"
	"strconv"

	"github.com/cachewright/cachewright/store/redis"
)

// provenance is where the values of a loaded Config come from.
type provenance struct {
	dir    string   // the folder of the configuration, absolute
	files  []string // that were read, relative to dir
	values map[string]written
	caches map[string]place // the aliases, and where each is first written

	environment     string // that the files were chosen for
	environmentFrom origin

	findings []Finding // that loading has found
	silenced silences
}

// written is a value that a layer wrote.
type written struct {
	origin   string
	place    place
	option   string // in the words of its source
	source   string // the text before variables were filled in; may be secret
	text     string // the text after that; may be secret
	decoded  any    // the value of the struct field
	overrode []Value
}

// value returns what the layers wrote for the option at path, if the Config still says so.
func (c *Config) value(path []string, current reflect.Value) (written, bool) {
	if c.written == nil {
		return written{}, false
	}
	w, ok := c.written.values[dotted(path)]
	return w, ok && sameValue(current, w.decoded)
}

// sameValue compares a struct field, which may be a pointer, with a decoded value.
func sameValue(field reflect.Value, decoded any) bool {
	if field.Kind() == reflect.Pointer {
		if field.IsNil() {
			return false
		}
		field = field.Elem()
	}
	want := reflect.ValueOf(decoded)
	return want.CanConvert(field.Type()) && reflect.DeepEqual(field.Interface(), want.Convert(field.Type()).Interface())
}

// folder is the folder that relative locations count from: that of the files, or for a Config made in Go
// the working directory.
func (c *Config) folder() (string, error) {
	if c.written != nil {
		return c.written.dir, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("cachewright: the working directory is not known: %w", err)
	}
	return dir, nil
}

// plainNodes shows addresses as host:port.
func plainNodes(nodes []redis.Node) []string {
	all := make([]string, len(nodes))
	for i, n := range nodes {
		all[i] = n.Host
		if n.Port != 0 {
			all[i] = net.JoinHostPort(n.Host, strconv.Itoa(n.Port))
		}
	}
	return all
}

// plainKeepalive shows the numbers that are set.
func plainKeepalive(o redis.KeepaliveOptions) map[string]any {
	all := map[string]any{}
	if o.Idle != 0 {
		all["idle"] = plainDuration(o.Idle)
	}
	if o.Interval != 0 {
		all["interval"] = plainDuration(o.Interval)
	}
	if o.Count != 0 {
		all["count"] = o.Count
	}
	return all
}
