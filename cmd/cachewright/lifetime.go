package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/cachewright/cachewright/cache"
)

// parseLifetime reads a lifetime as the configuration writes it: whole seconds (300), a duration (5m,
// 1h30m), "never" for no end, 0 for not kept.
func parseLifetime(text string) (time.Duration, error) {
	if text == "never" {
		return cache.Forever, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n < 0 || n > int64(math.MaxInt64/time.Second) {
			return 0, fmt.Errorf("lifetime %s is out of range; write 0 or more seconds, or never", text)
		}
		return time.Duration(n) * time.Second, nil
	}
	d, ok := parseUnits(text)
	if !ok {
		return 0, fmt.Errorf("%q is no lifetime; write seconds (300), a duration (5m, 1h30m, 1d), never, or 0 for not kept", text)
	}
	return d, nil
}

// parseUnits reads a duration as Go writes it, with days in front if there are any.
func parseUnits(text string) (d time.Duration, ok bool) {
	if days, rest, found := strings.Cut(text, "d"); found {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, false
		}
		d, text = time.Duration(n)*24*time.Hour, rest
		if rest == "" {
			return d, true
		}
	}
	rest, err := time.ParseDuration(text)
	if err != nil || rest < 0 || d+rest < 0 {
		return 0, false
	}
	return d + rest, true
}

// lifetime is the value of --ttl.
type lifetime struct {
	ttl   time.Duration
	given bool
}

// String is empty: without --ttl the cache's own timeout counts.
func (l *lifetime) String() string { return "" }

// Set reads the flag.
func (l *lifetime) Set(text string) error {
	ttl, err := parseLifetime(text)
	l.ttl, l.given = ttl, err == nil
	return err
}

// Type names the value in the help.
func (l *lifetime) Type() string { return "TIME" }

// options returns what a call has to say about the lifetime.
func (l *lifetime) options() []cache.CallOption {
	if !l.given {
		return nil
	}
	return []cache.CallOption{cache.TTL(l.ttl)}
}

// wholeSeconds is a lifetime in seconds, begun ones counted, as --ttl takes it again.
func wholeSeconds(d time.Duration) int64 {
	return int64((d-1)/time.Second) + 1
}

// secondsJSON is a lifetime as JSON shows it: seconds, null for never, 0 for not kept.
func secondsJSON(d time.Duration) any {
	switch {
	case d == cache.Forever:
		return nil
	case d <= 0:
		return 0
	case d%time.Second == 0:
		return int64(d / time.Second)
	}
	return d.Seconds()
}

// describeTimeout is a cache's timeout for people.
func describeTimeout(d time.Duration) string {
	switch {
	case d == cache.Forever:
		return "never"
	case d <= 0:
		return "0, nothing is kept"
	}
	seconds := strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s"
	if d < time.Minute {
		return seconds
	}
	return fmt.Sprintf("%s (%s)", seconds, roundUnits(d))
}

// roundUnits is a duration of a minute or more in the largest units that fit: "5 min", "1 h 30 min".
func roundUnits(d time.Duration) string {
	units := []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}}
	text := ""
	for _, u := range units {
		if n := d / u.size; n > 0 {
			text += fmt.Sprintf(" %d %s", n, u.name)
			d -= n * u.size
		}
	}
	return text[1:]
}

// describeLatency is a measured time for people, in two significant digits.
func describeLatency(d time.Duration) string {
	switch {
	case d < 10*time.Microsecond:
		return fmt.Sprintf("%.1f µs", float64(d)/float64(time.Microsecond))
	case d < 100*time.Microsecond:
		return fmt.Sprintf("%.0f µs", float64(d)/float64(time.Microsecond))
	case d < time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
