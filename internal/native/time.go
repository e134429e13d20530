package native

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
)

// extTime is the extension type of a time, 16 bytes: Unix seconds (int64), nanoseconds (uint32) and
// the zone's offset in seconds east of UTC (int32, or zoneUTC). The format's own timestamp (type -1)
// has no room for the zone.
const (
	extTime  = 1
	timeSize = 16
	zoneUTC  = math.MinInt32
)

// timeCoder is for time.Time alone; a type made from it has none of its methods and is refused.
type timeCoder struct{}

func (timeCoder) encode(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	return appendTime(dst, *v.Addr().Interface().(*time.Time))
}

func (timeCoder) decode(data []byte, v reflect.Value, _ int) ([]byte, error) {
	t, rest, err := readTime(data)
	if err != nil {
		return nil, err
	}
	*v.Addr().Interface().(*time.Time) = t
	return rest, nil
}

func appendTime(dst []byte, t time.Time) ([]byte, error) {
	offset := zoneUTC
	if t.Location() != time.UTC {
		if _, offset = t.Zone(); int64(offset) > math.MaxInt32 || int64(offset) <= zoneUTC {
			return dst, errors.New("is a time in a zone decades away from UTC")
		}
	}
	dst = append(dst, codeFixExt16, extTime)
	dst = binary.BigEndian.AppendUint64(dst, uint64(t.Unix()))
	dst = binary.BigEndian.AppendUint32(dst, uint32(t.Nanosecond()))
	return binary.BigEndian.AppendUint32(dst, uint32(int32(offset))), nil
}

func readTime(data []byte) (t time.Time, rest []byte, err error) {
	if len(data) == 0 {
		return time.Time{}, nil, errShort
	}
	if data[0] != codeFixExt16 {
		return time.Time{}, nil, mismatch(data[0], "a time")
	}
	body, rest, err := take(data[1:], 1+timeSize)
	if err != nil {
		return time.Time{}, nil, err
	}
	t, err = parseTime(body[0], body[1:])
	return t, rest, err
}

func parseTime(ext byte, body []byte) (time.Time, error) {
	if ext != extTime {
		return time.Time{}, fmt.Errorf("found an extension of type %d, want a time", int8(ext))
	}
	seconds := int64(binary.BigEndian.Uint64(body))
	nanoseconds := binary.BigEndian.Uint32(body[8:])
	offset := int(int32(binary.BigEndian.Uint32(body[12:])))
	if nanoseconds >= uint32(time.Second) {
		return time.Time{}, errors.New("found a time with more nanoseconds than a second has")
	}
	t := time.Unix(seconds, int64(nanoseconds))
	if offset == zoneUTC {
		return t.UTC(), nil
	}
	if _, local := t.Zone(); local == offset {
		return t, nil
	}
	return t.In(time.FixedZone("", offset)), nil
}
