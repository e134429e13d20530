package pydata

import (
	"encoding/hex"
	"errors"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/cachewright/cachewright/internal/pickle"
	"github.com/cachewright/cachewright/internal/structs"
)

// pythonCoder returns the coder of t if it is one of the types that stand for Python's own, which package
// pickle has, and nil if it is not. They are written as DjangoJSONEncoder writes them: what has no place in
// plain data is text, a tuple is a list, and sets are refused.
func (c *compiler) pythonCoder(t reflect.Type, path string) (coder, error) {
	switch t {
	case reflect.TypeFor[pickle.Tuple]():
		return &tupleCoder{sliceCoder{empty: reflect.MakeSlice(t, 0, 0), elem: dynamic{c.rules}}}, nil
	case reflect.TypeFor[pickle.Dict](), reflect.TypeFor[pickle.OrderedDict]():
		return itemsCoder{dynamic{c.rules}}, nil
	case reflect.TypeFor[pickle.UUID]():
		return textCoder[pickle.UUID]{formatUUID, parseUUID}, nil
	case reflect.TypeFor[pickle.Date]():
		return textCoder[pickle.Date]{formatDate, parseDate}, nil
	case reflect.TypeFor[pickle.Clock]():
		return textCoder[pickle.Clock]{formatClock, parseClock}, nil
	case reflect.TypeFor[pickle.TimeDelta]():
		return textCoder[pickle.TimeDelta]{formatDelta, parseDelta}, nil
	case reflect.TypeFor[pickle.Set](), reflect.TypeFor[pickle.FrozenSet]():
		return nil, structs.Refuse(path, "is a set, which "+c.format.Name+" does not have; make it a list")
	case reflect.TypeFor[pickle.Opaque]():
		return nil, structs.Refuse(path, "is an object of a class, which "+c.format.Name+" does not have")
	}
	return nil, nil
}

// tupleCoder is sliceCoder for tuples, which are never None.
type tupleCoder struct{ sliceCoder }

func (c *tupleCoder) write(w Writer, v reflect.Value, depth int) error {
	return writeElements(w, c.elem, v, depth)
}

// itemsCoder is for dicts whose keys have an order, pickle.Dict and pickle.OrderedDict.
type itemsCoder struct {
	values dynamic
}

func (c itemsCoder) write(w Writer, v reflect.Value, depth int) error {
	if depth >= maxWriteDepth {
		return errTooDeep
	}
	if err := w.Dict(v.Len()); err != nil {
		return err
	}
	for i := range v.Len() {
		item := v.Index(i).Addr().Interface().(*pickle.Item)
		w.Next(i)
		if err := w.AnyKey(item.Key); err != nil {
			return at("[key]", err)
		}
		if err := c.values.writeAny(w, item.Value, depth+1); err != nil {
			return at("[]", err)
		}
	}
	w.EndDict()
	return nil
}

// read keeps the place of the first and the value of the last of two equal keys, as Python does.
func (c itemsCoder) read(r Reader, v reflect.Value, depth int) error {
	n, err := r.Dict()
	if err != nil {
		return err
	}
	if depth >= structs.MaxDepth {
		return structs.ErrTooDeep
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	places := map[string]int{}
	for i := 0; ; i++ {
		key, more, err := r.Key(i, n)
		if err != nil || !more {
			return err
		}
		name := string(key)
		x, err := readAny(r, depth+1)
		if err != nil {
			return at("[]", err)
		}
		item := reflect.ValueOf(pickle.Item{Key: name, Value: x})
		if place, ok := places[name]; ok {
			v.Index(place).Set(item)
			continue
		}
		places[name] = v.Len()
		v.Set(reflect.Append(v, item))
	}
}

// textCoder is for values that are text in plain data.
type textCoder[T any] struct {
	format func(T) (string, error)
	parse  func(string) (T, error)
}

func (c textCoder[T]) write(w Writer, v reflect.Value, _ int) error {
	text, err := c.format(*v.Addr().Interface().(*T))
	if err != nil {
		return err
	}
	return w.String(text)
}

func (c textCoder[T]) read(r Reader, v reflect.Value, _ int) error {
	text, err := r.String()
	if err != nil {
		return err
	}
	*v.Addr().Interface().(*T), err = c.parse(string(text))
	return err
}

func formatUUID(u pickle.UUID) (string, error) { return u.String(), nil }

// parseUUID reads a UUID in the form that Python prints.
func parseUUID(text string) (u pickle.UUID, err error) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != len(u) || pickle.UUID(b).String() != strings.ToLower(text) {
		return u, errors.New("found a str that is no UUID")
	}
	return pickle.UUID(b), nil
}

func formatDate(d pickle.Date) (string, error) {
	text := d.String()
	if _, err := parseDate(text); err != nil {
		return "", errors.New("is no date of the years 1 to 9999")
	}
	return text, nil
}

func parseDate(text string) (pickle.Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1 {
		return pickle.Date{}, errors.New("found a str that is no date, as 2024-02-29")
	}
	return pickle.Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}, nil
}

// formatClock cuts microseconds to milliseconds, as Django does.
func formatClock(c pickle.Clock) (string, error) {
	switch {
	case c.Zone != nil && c.Zone != pickle.Naive:
		return "", errors.New("is a time of day with a zone, which Django refuses")
	case c.Hour < 0 || c.Hour > 23 || c.Minute < 0 || c.Minute > 59 || c.Second < 0 || c.Second > 59 ||
		c.Microsecond < 0 || c.Microsecond > 999999:
		return "", errors.New("is no time of day")
	}
	text := c.String()
	return text[:min(len("23:59:58.000"), len(text))], nil
}

func parseClock(text string) (pickle.Clock, error) {
	t, err := time.Parse(time.TimeOnly, text)
	if err != nil {
		return pickle.Clock{}, errors.New("found a str that is no time of day, as 23:59:58.000")
	}
	return pickle.Clock{Hour: t.Hour(), Minute: t.Minute(), Second: t.Second(), Microsecond: t.Nanosecond() / 1000}, nil
}

// maxDeltaDays is what a timedelta can count, forwards and backwards.
const maxDeltaDays = 999999999

// formatDelta is formatDuration for every timedelta there is.
func formatDelta(d pickle.TimeDelta) (string, error) {
	if d.Days < -maxDeltaDays || d.Days > maxDeltaDays || d.Seconds < 0 || d.Seconds >= 86400 ||
		d.Microseconds < 0 || d.Microseconds >= 1e6 {
		return "", errors.New("is no timedelta: it has up to 999999999 days, and only they may be negative")
	}
	days, rest, sign := d.Days, time.Duration(d.Seconds)*time.Second+time.Duration(d.Microseconds)*time.Microsecond, ""
	if days < 0 {
		days, sign = -days, "-"
		if rest > 0 {
			days, rest = days-1, 24*time.Hour-rest
		}
	}
	return sign + "P" + strconv.Itoa(days) + strings.TrimPrefix(formatDuration(rest), "P0"), nil
}

func parseDelta(text string) (pickle.TimeDelta, error) {
	iso, err := parseISO(text)
	if err != nil {
		return pickle.TimeDelta{}, err
	}
	days, micros := int64(iso.days+iso.nanos/dayNanos), int64(iso.nanos%dayNanos/1000)
	if iso.negative {
		days, micros = -days, -micros
		if micros < 0 {
			days, micros = days-1, micros+int64(dayNanos/1000)
		}
	}
	if days < -maxDeltaDays || days > maxDeltaDays {
		return pickle.TimeDelta{}, errDuration
	}
	return pickle.TimeDelta{Days: int(days), Seconds: int(micros / 1e6), Microseconds: int(micros % 1e6)}, nil
}

// KeyText returns the text of a dict's key as Python's json has it: a str as it is, an int, a float (by
// float), a bool or None as its JSON. ok is false for other types.
func KeyText(key any, float func(float64) string) (text string, ok bool) {
	switch k := key.(type) {
	case string:
		return k, true
	case nil:
		return "null", true
	case *big.Int:
		return k.String(), true
	}
	switch v := reflect.ValueOf(key); {
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10), true
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10), true
	case v.CanFloat():
		return float(v.Float()), true
	}
	return "", false
}
