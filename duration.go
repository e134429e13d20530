package cachewright

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	// compound is a duration in units, the largest first.
	compound = regexp.MustCompile(`^(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?$`)

	// wordy is a number and a unit as people write them.
	wordy = regexp.MustCompile(`(?i)^([0-9]+)\s*(ms|msecs?|millis|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)$`)

	decimal = regexp.MustCompile(`^[0-9]{1,10}(\.[0-9]{1,9})?$`)
)

var units = []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second, time.Millisecond}

// parseLifetime reads how long values are kept: the words of [time.Duration] come from Go, the
// numbers from Django.
func (f *field) parseLifetime(text string) (any, *fault) {
	switch strings.ToLower(text) {
	case "never", "forever", "null", "~", "none":
		return Forever, nil
	case "0", "0s":
		return DoNotKeep, nil
	}
	switch {
	case strings.HasPrefix(text, "-"):
		return nil, f.negative(oneLine(text))
	case wholeNumber.MatchString(text):
		return f.parseSeconds(text)
	case leadingZeros.MatchString(text):
		return nil, leadingZero(text)
	case fraction.MatchString(text):
		return nil, faultf("CW101", "write whole seconds", "%s is no whole number of seconds", oneLine(text)).fixed(f.example)
	}
	d, ok := parseCompound(text)
	switch {
	case !ok:
		return nil, f.noDuration(text)
	case d > maxSeconds*time.Second:
		return nil, f.tooLong(text)
	case d%time.Second != 0:
		return nil, faultf("CW101", "write whole seconds: values are kept for 1 s at least", "%s is no whole number of seconds", oneLine(text)).fixed("1s")
	case d == 0:
		return DoNotKeep, nil
	}
	return d, nil
}

func (f *field) parseSeconds(text string) (any, *fault) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > maxSeconds {
		return nil, f.tooLong(text + " s")
	}
	return time.Duration(n) * time.Second, nil
}

func (f *field) tooLong(text string) *fault {
	if f.kind == kindLifetime {
		return faultf("CW102", "write a shorter one, or never for values that have no end", "%s is more than %d s", text, maxSeconds).fixed("never")
	}
	return faultf("CW102", "write a shorter one", "%s is more than %d s", text, maxSeconds).fixed(f.example)
}

func (f *field) negative(text string) *fault {
	if f.kind == kindLifetime {
		return faultf("CW102", "write 0 to keep nothing, or never to keep values without end", "%s is negative", text).fixed("5m")
	}
	return faultf("CW102", "write a duration, as "+f.example, "%s is negative", text).fixed(f.example)
}

// parseDuration reads the length of a wait: seconds, as redis-py counts, or a duration with units.
func (f *field) parseDuration(text string) (any, *fault) {
	if strings.HasPrefix(text, "-") {
		return nil, f.negative(oneLine(text))
	}
	if decimal.MatchString(text) {
		seconds, err := strconv.ParseFloat(text, 64)
		if err == nil && seconds < maxSeconds+1 {
			return time.Duration(math.Round(seconds * 1e9)), nil
		}
		return nil, f.tooLong(text + " s")
	}
	d, ok := parseCompound(text)
	switch {
	case !ok:
		return nil, f.noDuration(text)
	case d > maxSeconds*time.Second:
		return nil, f.tooLong(text)
	}
	return d, nil
}

// noDuration guesses what was meant.
func (f *field) noDuration(text string) *fault {
	bad := faultf("CW101", "write seconds, or a duration as 5m, 1h30m, 1d", "%s is not a duration", oneLine(text)).fixed(f.example)
	parts := wordy.FindStringSubmatch(text)
	if parts == nil {
		return bad
	}
	number, unit := parts[1], strings.ToLower(parts[2])
	short := unit[:1]
	if strings.HasPrefix(unit, "ms") || strings.HasPrefix(unit, "milli") {
		short = "ms"
	}
	if short == "ms" && f.kind == kindLifetime {
		seconds, ok := strings.CutSuffix(number, "000")
		if !ok {
			return bad
		}
		number, short = seconds, "s"
	}
	bad.hint, bad.value = "write "+number+short, number+short
	return bad
}

// parseCompound reads a duration in units. One that is too large for the type is the largest there is.
func parseCompound(text string) (time.Duration, bool) {
	parts := compound.FindStringSubmatch(text)
	if parts == nil || text == "" {
		return 0, false
	}
	var sum time.Duration
	for i, unit := range units {
		if parts[i+1] == "" {
			continue
		}
		n, err := strconv.ParseInt(parts[i+1], 10, 64)
		if err != nil || n > int64(math.MaxInt64/unit) || sum > math.MaxInt64-time.Duration(n)*unit {
			return math.MaxInt64, true
		}
		sum += time.Duration(n) * unit
	}
	return sum, true
}

func (f *field) checkDuration(d time.Duration) *fault {
	switch {
	case f.kind == kindLifetime && (d == Forever || d == DoNotKeep):
		return nil
	case d < 0:
		return f.negative(formatDuration(d))
	case d == 0 && f.zero != "":
		return faultf("CW102", "remove it for the default, "+f.preset+", or write a duration, as "+f.example, "%s", f.zero).fixed(f.preset)
	case d == 0 && f.min > 0:
		return faultf("CW102", "write a duration, as "+f.example, "0 leaves no time at all").fixed(f.example)
	case int64(d) < f.min:
		return faultf("CW102", "write a duration, as "+f.example, "%s is less than %s", formatDuration(d), formatDuration(max(time.Duration(f.min), time.Millisecond))).fixed(f.example)
	case f.max > 0 && int64(d) > f.max:
		return faultf("CW102", "write a shorter one", "%s is more than %s", formatDuration(d), formatDuration(time.Duration(f.max))).fixed(f.example)
	}
	return nil
}

// formatDuration writes d in the units that a configuration takes.
func formatDuration(d time.Duration) string {
	switch {
	case d == Forever:
		return "never"
	case d == DoNotKeep, d == 0:
		return "0s"
	case d < 0 || d%time.Millisecond != 0:
		return d.String()
	}
	var b strings.Builder
	for i, name := range []string{"w", "d", "h", "m", "s", "ms"} {
		if n := d / units[i]; n > 0 && (name != "w" || d%units[i] == 0) {
			fmt.Fprintf(&b, "%d%s", n, name)
			d %= units[i]
		}
	}
	return b.String()
}
