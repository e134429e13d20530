package cache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
)

// A native value is a record: a header that lets the reader check what it has before it believes it,
// and the codec's bytes. All numbers are little-endian; times are microseconds since 1970 by the
// store's clock; offsets never move, so that a header can be rewritten without its payload.
//
//	offset size
//	 0     3   magic C1 43 57 (C1 begins no MessagePack value, no decimal and no text)
//	 3     1   format, 1
//	 4     2   length of header and extensions
//	 6     1   kind: 1 value, 2 absent, 3 lease, 4 failed
//	 7     1   codec: 1 MessagePack
//	 8     1   compression: 0 none, 1 S2
//	 9     1   flags: a set bit that the reader does not know makes the record unreadable
//	10     2   key id of the encryption, 0 none
//	12     4   value: backoff after the last failed load, milliseconds, 0 none
//	16     8   created
//	24     8   soft expiry, 0 none. value: to be loaded anew; failed: until then everybody gets the error
//	32     8   hard expiry, 0 none: the store's lifetime decides alone. A value with one is stale from its
//	           soft expiry on; any record is void from its hard expiry on
//	40     4   cost of the load, milliseconds
//	44     4   length of the payload
//	48     8   generation: the token of a lease; failed: of the lease whose load failed
//	56     8   identity of the type or schema (FNV-1a), 0 untyped
//	64     8   key check (FNV-1a of lead and key)
//	72     4   CRC-32C of the payload
//	76     4   CRC-32C of header and extensions, this field left out
//	80         extensions: 2 bytes type, 2 bytes length, data; unknown ones are skipped
//
// Extension 1 is the pause of a value: nobody loads it anew before a time (8 bytes, as above), except the
// holder of a token (8 bytes before that), if that is not 0.
const (
	headerSize   = 80
	recordFormat = 1
	headerCRCAt  = 76
)

const recordMagic = "\xC1CW"

// The kinds of records.
const (
	kindValue  = 1
	kindAbsent = 2
	kindLease  = 3
	kindFailed = 4
)

// The pause, an extension.
const (
	extensionPause = 1
	extensionHead  = 4
	pauseBytes     = 16
)

const codecMessagePack = 1

// The compressions of payloads.
const (
	compressionNone = 0
	compressionS2   = 1
)

// knownFlags are the critical flags this version understands: none yet.
const knownFlags = 0

// Why a record was not read. They reach Hooks.Trouble, never a caller.
var (
	errNotRecord   = errors.New("not a record")
	errFormat      = errors.New("record of an unknown format")
	errCritical    = errors.New("record with a flag that this version does not know")
	errDamaged     = errors.New("record is damaged")
	errWrongKey    = errors.New("record belongs to another key")
	errWrongSchema = errors.New("record of another type or schema")
)

// header is the decoded fixed part of a record.
type header struct {
	kind, codec, compression byte
	keyID                    uint16
	backoff, cost            uint32 // milliseconds
	created, soft, hard      int64  // microseconds
	generation               uint64
	schema, keyCheck         uint64
	pause                    pause
}

// pause says that nobody but the holder of token, if that is not zero, loads a value anew before until.
type pause struct {
	token uint64
	until int64 // microseconds
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sealRecord fills in the header of record, whose payload stands behind headerSize reserved bytes.
func sealRecord(record []byte, h header) {
	payload := record[headerSize:]
	copy(record, recordMagic)
	record[3] = recordFormat
	le := binary.LittleEndian
	le.PutUint16(record[4:], headerSize)
	record[6], record[7], record[8], record[9] = h.kind, h.codec, h.compression, 0
	le.PutUint16(record[10:], h.keyID)
	le.PutUint32(record[12:], h.backoff)
	le.PutUint64(record[16:], uint64(h.created))
	le.PutUint64(record[24:], uint64(h.soft))
	le.PutUint64(record[32:], uint64(h.hard))
	le.PutUint32(record[40:], h.cost)
	le.PutUint32(record[44:], uint32(len(payload)))
	le.PutUint64(record[48:], h.generation)
	le.PutUint64(record[56:], h.schema)
	le.PutUint64(record[64:], h.keyCheck)
	le.PutUint32(record[72:], crc32.Checksum(payload, castagnoli))
	le.PutUint32(record[headerCRCAt:], headerCRC(record[:headerSize]))
}

// headerCRC sums header and extensions around the field that holds the sum.
func headerCRC(head []byte) uint32 {
	sum := crc32.Checksum(head[:headerCRCAt], castagnoli)
	return crc32.Update(sum, castagnoli, head[headerSize:])
}

// openRecord checks record and returns its header and payload; the payload is part of record. It does
// not look at key check and schema: that is the reader's business.
func openRecord(record []byte) (h header, payload []byte, err error) {
	if isShort(record) {
		return openShort(record)
	}
	h, size, err := openHeader(record)
	if err != nil {
		return h, nil, err
	}
	payload = record[size:]
	le := binary.LittleEndian
	if uint64(len(payload)) != uint64(le.Uint32(record[44:])) || crc32.Checksum(payload, castagnoli) != le.Uint32(record[72:]) {
		return header{}, nil, fmt.Errorf("%w: payload", errDamaged)
	}
	return h, payload, nil
}

// openHeader checks and returns the header of a record, of which the beginning suffices, and its length.
func openHeader(record []byte) (h header, size int, err error) {
	if len(record) < headerSize || string(record[:len(recordMagic)]) != recordMagic {
		return h, 0, errNotRecord
	}
	if record[3] != recordFormat {
		return h, 0, fmt.Errorf("%w: %d", errFormat, record[3])
	}
	le := binary.LittleEndian
	size = int(le.Uint16(record[4:]))
	if size < headerSize || size > len(record) || headerCRC(record[:size]) != le.Uint32(record[headerCRCAt:]) {
		return h, 0, fmt.Errorf("%w: header", errDamaged)
	}
	if flags := record[9]; flags&^knownFlags != 0 {
		return h, 0, fmt.Errorf("%w: %#x", errCritical, flags)
	}
	return header{
		pause: pauseOf(record[headerSize:size]),
		kind:  record[6], codec: record[7], compression: record[8],
		keyID:      le.Uint16(record[10:]),
		backoff:    le.Uint32(record[12:]),
		created:    int64(le.Uint64(record[16:])),
		soft:       int64(le.Uint64(record[24:])),
		hard:       int64(le.Uint64(record[32:])),
		cost:       le.Uint32(record[40:]),
		generation: le.Uint64(record[48:]),
		schema:     le.Uint64(record[56:]),
		keyCheck:   le.Uint64(record[64:]),
	}, size, nil
}

// pauseOf finds the pause among extensions. What follows a broken extension is skipped.
func pauseOf(extensions []byte) (p pause) {
	if len(extensions) == 0 {
		return p
	}
	for kind, data := range eachExtension(extensions) {
		if kind == extensionPause && len(data) == pauseBytes {
			p.token = binary.LittleEndian.Uint64(data)
			p.until = int64(binary.LittleEndian.Uint64(data[8:]))
		}
	}
	return p
}

func eachExtension(extensions []byte) iter.Seq2[uint16, []byte] {
	return func(yield func(uint16, []byte) bool) {
		le := binary.LittleEndian
		for len(extensions) >= extensionHead {
			size := int(le.Uint16(extensions[2:]))
			if size > len(extensions)-extensionHead || !yield(le.Uint16(extensions), extensions[extensionHead:extensionHead+size]) {
				return
			}
			extensions = extensions[extensionHead+size:]
		}
	}
}

// pauseRecord returns a copy of record, which has been opened, with a pause, in place of what pause it had.
func pauseRecord(record []byte, p pause, backoff uint32) []byte {
	le := binary.LittleEndian
	size := int(le.Uint16(record[4:]))
	paused := make([]byte, headerSize, len(record)+extensionHead+pauseBytes)
	copy(paused, record)
	for kind, data := range eachExtension(record[headerSize:size]) {
		if kind != extensionPause {
			paused = appendExtension(paused, kind, data)
		}
	}
	var data [pauseBytes]byte
	le.PutUint64(data[:], p.token)
	le.PutUint64(data[8:], uint64(p.until))
	paused = appendExtension(paused, extensionPause, data[:])
	le.PutUint16(paused[4:], uint16(len(paused)))
	le.PutUint32(paused[12:], backoff)
	le.PutUint32(paused[headerCRCAt:], headerCRC(paused))
	return append(paused, record[size:]...)
}

func appendExtension(record []byte, kind uint16, data []byte) []byte {
	record = binary.LittleEndian.AppendUint16(record, kind)
	record = binary.LittleEndian.AppendUint16(record, uint16(len(data)))
	return append(record, data...)
}

// restampRecord returns a copy of record with other ends.
func restampRecord(record []byte, soft, hard int64) []byte {
	return rewriteRecord(record, func(r []byte) {
		binary.LittleEndian.PutUint64(r[24:], uint64(soft))
		binary.LittleEndian.PutUint64(r[32:], uint64(hard))
	})
}

// endRecord gives record, which nobody else has, a hard end if it has none.
func endRecord(record []byte, hard int64) []byte {
	le := binary.LittleEndian
	if le.Uint64(record[32:]) == 0 {
		le.PutUint64(record[32:], uint64(hard))
		le.PutUint32(record[headerCRCAt:], headerCRC(record[:le.Uint16(record[4:])]))
	}
	return record
}

// rekeyRecord returns a copy of record that belongs to another key.
func rekeyRecord(record []byte, keyCheck uint64) []byte {
	if record[3] == shortFormat {
		moved := append([]byte(nil), record...)
		binary.LittleEndian.PutUint64(moved[24:], keyCheck)
		binary.LittleEndian.PutUint32(moved[shortCRCAt:], shortCRC(moved))
		return moved
	}
	return rewriteRecord(record, func(r []byte) { binary.LittleEndian.PutUint64(r[64:], keyCheck) })
}

// rewriteRecord returns a copy of record whose fixed header change has changed.
func rewriteRecord(record []byte, change func(record []byte)) []byte {
	changed := append([]byte(nil), record...)
	change(changed)
	size := binary.LittleEndian.Uint16(changed[4:])
	binary.LittleEndian.PutUint32(changed[headerCRCAt:], headerCRC(changed[:size]))
	return changed
}
