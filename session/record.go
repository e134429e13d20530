package session

import (
	"encoding/binary"
	"errors"
	"time"
)

// A session in the store is a record, numbers little-endian, times in milliseconds since 1970 by the
// store's clock:
//
//	offset size
//	 0     1   kind and format: 'S' session, 'T' tombstone
//	 1     8   created
//	 9     8   changed: the last commit
//	17     8   the absolute end
//	25     -   length of the owner (uvarint), owner
//	       -   the data
//
// A tombstone is the first byte alone. It stands under the session's own key, so that Add and Swap meet
// it, and no call needs two keys.
const (
	kindSession   = 'S'
	kindTombstone = 'T'
	fixedSize     = 25
)

var tombstone = []byte{kindTombstone}

// record is a session as it is stored.
type record struct {
	created, changed, end time.Time
	owner                 string
	data                  []byte
}

func (r record) encode() []byte {
	b := make([]byte, 0, fixedSize+binary.MaxVarintLen64+len(r.owner)+len(r.data))
	b = append(b, kindSession)
	for _, t := range []time.Time{r.created, r.changed, r.end} {
		b = binary.LittleEndian.AppendUint64(b, uint64(t.UnixMilli()))
	}
	b = binary.AppendUvarint(b, uint64(len(r.owner)))
	b = append(b, r.owner...)
	return append(b, r.data...)
}

var (
	errEnded   = errors.New("session has ended") // a tombstone
	errDamaged = errors.New("session record is damaged")
)

// decode reads a record. data is a part of value, not a copy.
func decode(value []byte) (record, error) {
	switch {
	case len(value) == 1 && value[0] == kindTombstone:
		return record{}, errEnded
	case len(value) < fixedSize || value[0] != kindSession:
		return record{}, errDamaged
	}
	at := func(offset int) time.Time {
		return time.UnixMilli(int64(binary.LittleEndian.Uint64(value[offset:])))
	}
	r := record{created: at(1), changed: at(9), end: at(17)}
	rest := value[fixedSize:]
	n, width := binary.Uvarint(rest)
	if width <= 0 || n > uint64(len(rest)-width) {
		return record{}, errDamaged
	}
	rest = rest[width:]
	r.owner, r.data = string(rest[:n]), rest[n:]
	return r, nil
}
