package pickle

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// How Python packs dates and times. A datetime is both, one after the other:
//
//	date: year (2 bytes, most significant first), month, day
//	time: hour, minute, second, microsecond (3 bytes, most significant first)
//
// The highest bit of a datetime's month and of a time's hour is the fold, which tells apart the two
// times of one name at the end of summer time. Go's times with an offset need none; for those without a
// zone it is dropped.
const (
	dateSize = 4
	timeSize = 6
	foldBit  = 0x80
)

func validDateTime(b []byte) bool {
	return len(b) == dateSize+timeSize && validDay(unpackDate(b)) && validClock(unpackClock(b[dateSize:]))
}

func validDate(b []byte) bool {
	return len(b) == dateSize && b[2]&foldBit == 0 && validDay(unpackDate(b))
}

func validTime(b []byte) bool {
	return len(b) == timeSize && validClock(unpackClock([]byte{b[0] &^ foldBit, b[1], b[2], b[3], b[4], b[5]}))
}

// unpackDate reads a date without its fold.
func unpackDate(b []byte) Date {
	return Date{Year: int(binary.BigEndian.Uint16(b)), Month: time.Month(b[2] &^ foldBit), Day: int(b[3])}
}

func unpackClock(b []byte) Clock {
	return Clock{
		Hour: int(b[0]), Minute: int(b[1]), Second: int(b[2]),
		Microsecond: int(b[3])<<16 | int(b[4])<<8 | int(b[5]),
	}
}

// validDay reports whether d is a day of Python's calendar.
func validDay(d Date) bool {
	if d.Year < 1 || d.Year > 9999 || d.Month < time.January || d.Month > time.December || d.Day < 1 {
		return false
	}
	return d.Day <= 28 || time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Day() == d.Day
}

func validClock(c Clock) bool {
	return c.Hour >= 0 && c.Hour < 24 && c.Minute >= 0 && c.Minute < 60 && c.Second >= 0 && c.Second < 60 &&
		c.Microsecond >= 0 && c.Microsecond < 1e6
}

// dateTime returns n, a kindDateTime.
func (d *decoder) dateTime(n *node) time.Time {
	b, _ := d.bytes(n) // it was looked at when n was made
	day, c := unpackDate(b), unpackClock(b[dateSize:])
	return time.Date(day.Year, day.Month, day.Day, c.Hour, c.Minute, c.Second, c.Microsecond*1000, d.zone(n.link))
}

func (d *decoder) date(n *node) Date {
	b, _ := d.bytes(n)
	return unpackDate(b)
}

func (d *decoder) clock(n *node) Clock {
	b, _ := d.bytes(n)
	c := unpackClock([]byte{b[0] &^ foldBit, b[1], b[2], b[3], b[4], b[5]})
	if n.link != refNone {
		c.Zone = d.zone(n.link)
	}
	return c
}

// zone returns the location that the tzinfo r stands for. Times of one tzinfo have one location.
func (d *decoder) zone(r ref) *time.Location {
	n := &d.nodes[r]
	switch {
	case n.kind == kindNone:
		return Naive
	case n.a == 0 && n.link == refNone:
		return time.UTC
	}
	if known, ok := d.zones[r]; ok {
		return known
	}
	name := ""
	if n.link != refNone {
		name = d.string(n.link)
	}
	location := time.FixedZone(name, int(n.a))
	if d.zones == nil {
		d.zones = map[ref]*time.Location{}
	}
	d.zones[r] = location
	return location
}

// dateTime writes t as a datetime.
func (w *writer) dateTime(t time.Time) error {
	year := t.Year()
	if year < 1 || year > 9999 {
		return fmt.Errorf("is a time in the year %d, which Python does not have (1 to 9999)", year)
	}
	w.boundary()
	w.class(globalDateTime)
	w.boundary()
	micro := t.Nanosecond() / 1000
	w.rawBytes([]byte{
		byte(year >> 8), byte(year), byte(t.Month()), byte(t.Day()),
		byte(t.Hour()), byte(t.Minute()), byte(t.Second()), byte(micro >> 16), byte(micro >> 8), byte(micro),
	})
	return w.callWithZone(t)
}

// callWithZone ends what takes its packed bytes and the zone of t: a datetime or a time.
func (w *writer) callWithZone(t time.Time) error {
	if t.Location() == Naive {
		w.buf = append(w.buf, opTuple1)
	} else {
		if err := w.zone(t); err != nil {
			return err
		}
		w.buf = append(w.buf, opTuple2)
	}
	w.memoize()
	w.reduce()
	return nil
}

// date writes d.
func (w *writer) date(d Date) error {
	if !validDay(d) {
		return errors.New("is a Date that is no day from year 1 to 9999")
	}
	w.boundary()
	w.class(globalDate)
	w.boundary()
	w.rawBytes([]byte{byte(d.Year >> 8), byte(d.Year), byte(d.Month), byte(d.Day)})
	w.buf = append(w.buf, opTuple1)
	w.memoize()
	w.reduce()
	return nil
}

// clock writes c.
func (w *writer) clock(c Clock) error {
	zone := c.Zone
	if zone == nil {
		zone = Naive
	}
	if !validClock(c) {
		return errors.New("is a Clock that is no time of a day")
	}
	t, err := steady(zone)
	if err != nil {
		return err
	}
	w.boundary()
	w.class(globalTime)
	w.boundary()
	micro := c.Microsecond
	w.rawBytes([]byte{byte(c.Hour), byte(c.Minute), byte(c.Second), byte(micro >> 16), byte(micro >> 8), byte(micro)})
	return w.callWithZone(t)
}

// steady returns a time in l, whose offset must not depend on the date.
func steady(l *time.Location) (time.Time, error) {
	winter, summer := time.Date(2000, 1, 1, 0, 0, 0, 0, l), time.Date(2000, 7, 1, 0, 0, 0, 0, l)
	_, a := winter.Zone()
	_, b := summer.Zone()
	if a != b {
		return winter, errors.New("is in a zone whose offset depends on the date, but without a date")
	}
	return winter, nil
}

// zoneKey is what makes the zones of two times one timezone.
type zoneKey struct {
	location *time.Location
	offset   int
}

// zone writes the zone of t as a timezone: the offset that it has at t, and the name if the location is
// nothing but an offset with a name.
func (w *writer) zone(t time.Time) error {
	name, offset := t.Zone()
	if offset <= -86400 || offset >= 86400 {
		return errors.New("is a time in a zone a day or more away from UTC, which Python does not have")
	}
	w.boundary()
	key := zoneKey{t.Location(), offset}
	if known, ok := w.zones[key]; ok {
		w.get(known)
		return nil
	}
	w.class(globalTimezone)
	w.boundary()
	w.timeDelta(deltaOf(time.Duration(offset) * time.Second))
	if name == "" || key.location == time.UTC || name != key.location.String() {
		w.buf = append(w.buf, opTuple1)
	} else {
		if err := w.string(name); err != nil {
			return err
		}
		w.buf = append(w.buf, opTuple2)
	}
	w.memoize()
	w.zones[key] = w.reduce()
	return nil
}

// timeDelta writes t, which is valid.
func (w *writer) timeDelta(t TimeDelta) {
	w.boundary()
	w.class(globalTimeDelta)
	w.boundary()
	w.int(int64(t.Days))
	w.int(int64(t.Seconds))
	w.int(int64(t.Microseconds))
	w.buf = append(w.buf, opTuple3)
	w.memoize()
	w.reduce()
}
