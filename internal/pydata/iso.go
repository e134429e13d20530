package pydata

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/cachewright/cachewright/internal/pickle"
)

var (
	errTime     = errors.New("found a str that is no date and time of ISO 8601")
	errYear     = errors.New("is a time whose year Python does not have (1 to 9999)")
	errDuration = errors.New("found a str that is no duration of ISO 8601, as P1DT02H03M04.000005S")
)

// AppendTime appends t in ISO 8601 with the fraction of the second that fraction lays out (".000" for three
// digits), and Z for UTC; a time in pickle.Naive has no zone. Python has only the years 1 to 9999.
func AppendTime(dst []byte, t time.Time, fraction string) ([]byte, error) {
	if year := t.Year(); year < 1 || year > 9999 {
		return dst, errYear
	}
	dst = t.AppendFormat(dst, "2006-01-02T15:04:05")
	if fraction != "" {
		dst = t.AppendFormat(dst, fraction)
	}
	if t.Location() == pickle.Naive {
		return dst, nil
	}
	zone := "Z07:00"
	if _, offset := t.Zone(); offset%60 != 0 {
		zone = "Z07:00:00"
	}
	return t.AppendFormat(dst, zone), nil
}

// isoLayouts are the forms in which Python's isoformat and Django's encoder write a datetime or a date. A
// fraction of the second may follow where the layout has none.
var isoLayouts = []string{
	"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00:00", "2006-01-02",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00:00",
}

// ParseTime reads what isoformat and DjangoJSONEncoder write for a datetime, or for a date. One without a
// zone is in pickle.Naive.
func ParseTime(text string) (time.Time, error) {
	for _, layout := range isoLayouts {
		location := time.UTC
		if !strings.Contains(layout, "Z07") {
			location = pickle.Naive
		}
		if t, err := time.ParseInLocation(layout, text, location); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errTime
}

// formatDuration returns d as Django's duration_iso_string does, with nanoseconds if it has some.
func formatDuration(d time.Duration) string {
	b := make([]byte, 0, len("-P106751DT23H47M16.854775808S"))
	u := uint64(d)
	if d < 0 {
		b = append(b, '-')
		u = -u
	}
	nanos := u % uint64(time.Second)
	seconds := u / uint64(time.Second)
	b = append(strconv.AppendUint(append(b, 'P'), seconds/86400, 10), "DT"...)
	b = append(appendDigits(b, seconds/3600%24, 2), 'H')
	b = append(appendDigits(b, seconds/60%60, 2), 'M')
	b = appendDigits(b, seconds%60, 2)
	switch {
	case nanos%1000 != 0:
		b = appendDigits(append(b, '.'), nanos, 9)
	case nanos != 0:
		b = appendDigits(append(b, '.'), nanos/1000, 6)
	}
	return string(append(b, 'S'))
}

// appendDigits appends n with leading zeros.
func appendDigits(b []byte, n uint64, width int) []byte {
	for limit := uint64(10); width > 1; width-- {
		if n < limit {
			b = append(b, "000000000"[:width-1]...)
			break
		}
		limit *= 10
	}
	return strconv.AppendUint(b, n, 10)
}

// parseDuration reads what formatDuration writes, and other ISO 8601 durations of days, hours, minutes and
// seconds. Only the seconds may have a fraction, of which nanoseconds count.
func parseDuration(text string) (time.Duration, error) {
	iso, err := parseISO(text)
	const most = math.MaxInt64 / dayNanos
	if err != nil || iso.days > most+1 {
		return 0, errDuration
	}
	sum := iso.days*dayNanos + iso.nanos
	switch {
	case iso.negative && sum <= 1<<63:
		return time.Duration(-sum), nil
	case iso.negative || sum > math.MaxInt64:
		return 0, errDuration
	}
	return time.Duration(sum), nil
}

// isoDuration is a duration of any length in two parts.
type isoDuration struct {
	negative bool
	days     uint64
	nanos    uint64 // at most 1<<62; they may be more than a day has
}

const dayNanos = uint64(24 * time.Hour)

// parseISO reads PnDTnHnMn.nS with an optional minus sign. Any part may be missing, but not all of them.
func parseISO(text string) (iso isoDuration, err error) {
	text, iso.negative = strings.CutPrefix(text, "-")
	text, ok := strings.CutPrefix(text, "P")
	days, clock, hasClock := strings.Cut(text, "T")
	if !ok || days == "" && clock == "" || hasClock && clock == "" {
		return iso, errDuration
	}
	if days != "" {
		n, ok := strings.CutSuffix(days, "D")
		if iso.days, err = strconv.ParseUint(n, 10, 32); err != nil || !ok {
			return iso, errDuration
		}
	}
	for _, part := range []struct {
		unit  string
		nanos uint64
	}{{"H", uint64(time.Hour)}, {"M", uint64(time.Minute)}, {"S", uint64(time.Second)}} {
		number, rest, found := strings.Cut(clock, part.unit)
		if !found {
			continue
		}
		n, ok := scaled(number, part.nanos, part.unit == "S")
		if iso.nanos += n; !ok || iso.nanos > 1<<62 {
			return iso, errDuration
		}
		clock = rest
	}
	if clock != "" {
		return iso, errDuration
	}
	return iso, nil
}

// scaled returns the number in text times nanos, if it is one and less than 1<<62.
func scaled(text string, nanos uint64, fraction bool) (uint64, bool) {
	whole, part, hasPart := strings.Cut(text, ".")
	n, err := strconv.ParseUint(whole, 10, 62)
	if err != nil || n > (1<<62)/nanos || hasPart && (!fraction || part == "") {
		return 0, false
	}
	if !hasPart {
		return n * nanos, true
	}
	if strings.Trim(part, "0123456789") != "" {
		return 0, false
	}
	sub, err := strconv.ParseUint((part + "000000000")[:9], 10, 64)
	return n*nanos + sub, err == nil
}
