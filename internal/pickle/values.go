package pickle

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// Tuple is a Python tuple. A nil Tuple is the empty tuple.
type Tuple []any

// Set is a Python set, in the order in which the pickle has its members. A nil Set is the empty set.
// Members must be hashable in Python's sense; writing others, such as lists, is an error. Members that
// are equal are written as often as they occur, and Python keeps one of them.
type Set []any

// FrozenSet is a Python frozenset; what is said of [Set] holds for it too.
type FrozenSet []any

// ByteArray is a Python bytearray. A nil ByteArray is the empty bytearray.
type ByteArray []byte

// Item is one key and its value in a [Dict] or [OrderedDict].
type Item struct {
	// Key must be hashable in Python's sense: a list, dict, set or bytearray is no key.
	Key any

	// Value may be any value that can be written.
	Value any
}

// Dict is a Python dict with its keys in their order. It serves for keys that are no strings, and where
// order matters. A nil Dict is the empty dict. If two keys are equal, Python keeps the place of the
// first and the value of the last.
type Dict []Item

// OrderedDict is a Python collections.OrderedDict; what is said of [Dict] holds for it too.
type OrderedDict []Item

// Decimal is a Python decimal.Decimal as the text that Python prints for it, such as "1.10", "1E+3",
// "-Infinity" or "NaN". The empty Decimal, and any other text that is no decimal number, is not
// written.
type Decimal string

// UUID is a Python uuid.UUID: its 16 bytes, the most significant first.
type UUID [16]byte

// String returns the UUID in its usual form, as in "12345678-1234-5678-1234-567812345678".
func (u UUID) String() string {
	digits := hex.EncodeToString(u[:])
	return strings.Join([]string{digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]}, "-")
}

func (u UUID) int() *big.Int { return new(big.Int).SetBytes(u[:]) }

// Date is a Python datetime.date, from year 1 to 9999. The zero Date is no date and is not written.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// String returns the date as Python prints it, as in "2024-02-29".
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// Clock is a Python datetime.time: a time of day. The zero Clock is midnight, without a zone.
type Clock struct {
	Hour, Minute, Second, Microsecond int

	// Zone is the time's tzinfo; nil, like [Naive], means that it has none. A zone whose offset
	// depends on the date is not written, because there is no date to ask it for.
	Zone *time.Location
}

// String returns the time as Python prints it, without its zone, as in "23:59:58.000001".
func (c Clock) String() string {
	s := fmt.Sprintf("%02d:%02d:%02d", c.Hour, c.Minute, c.Second)
	if c.Microsecond != 0 {
		s += fmt.Sprintf(".%06d", c.Microsecond)
	}
	return s
}

// TimeDelta is a Python datetime.timedelta beyond the range of time.Duration, which is some 292 years.
// Within that range it is written all the same, but read as a time.Duration.
type TimeDelta struct {
	Days         int // -999999999 to 999999999
	Seconds      int // 0 to 86399
	Microseconds int // 0 to 999999
}

// Duration returns the timedelta as a duration; ok is false if it is beyond the range of that.
func (t TimeDelta) Duration() (d time.Duration, ok bool) {
	const most = 106751 // days in the longest duration
	if t.Days < -most || t.Days >= most {
		return 0, false
	}
	return time.Duration(t.Days)*24*time.Hour + time.Duration(t.Seconds)*time.Second +
		time.Duration(t.Microseconds)*time.Microsecond, true
}

// deltaOf returns d as Python keeps it, cut to microseconds: only the days may be negative.
func deltaOf(d time.Duration) TimeDelta {
	const day = 24 * time.Hour
	d = d.Truncate(time.Microsecond)
	days := d / day
	if d%day < 0 {
		days--
	}
	rest := d - days*day
	return TimeDelta{int(days), int(rest / time.Second), int(rest % time.Second / time.Microsecond)}
}

func (t TimeDelta) valid() bool {
	return t.Days >= -maxDays && t.Days <= maxDays && t.Seconds >= 0 && t.Seconds < 86400 &&
		t.Microseconds >= 0 && t.Microseconds < 1e6
}

const maxDays = 999999999

// Opaque stands for an object of a class that this package does not know. It says what the object was
// and nothing else: it cannot be run, and writing it is an error.
type Opaque struct {
	// Module and Name are those of the class, or of the function that would have made the object.
	Module, Name string
}

// String returns the full name of the class, as in "django.http.response.HttpResponse".
func (o Opaque) String() string { return o.Module + "." + o.Name }

// Naive is the location of a time.Time that stands for a datetime without tzinfo: a date and a time on
// some clock, which is not known. It counts like UTC. Times in it are written without tzinfo.
var Naive = time.FixedZone("naive", 0)
