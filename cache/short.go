package cache

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// In a store of this process a header of 80 bytes would be most of a small value. There a record whose
// other fields are zero has a short one. It is read wherever it is met.
//
//	offset size
//	 0     3   magic
//	 3     1   format, 2
//	 4     1   kind
//	 5     1   codec
//	 6     1   compression
//	 7     1   flags
//	 8     8   created
//	16     8   identity of the type or schema
//	24     8   key check
//	32     4   cost of the load
//	36     4   CRC-32C of all that stands before and behind this field
//	40         payload
const (
	shortSize   = 40
	shortFormat = 2
	shortCRCAt  = 36
)

// short reports whether a short record can say all that h says.
func (h header) short() bool {
	return h.keyID == 0 && h.backoff == 0 && h.soft == 0 && h.hard == 0 && h.generation == 0 && h.pause == pause{}
}

// sealShort is sealRecord for a short record, which it returns: the payload moves towards the front.
func sealShort(record []byte, h header) []byte {
	record = record[:shortSize+copy(record[shortSize:], record[headerSize:])]
	copy(record, recordMagic)
	record[3], record[4], record[5], record[6], record[7] = shortFormat, h.kind, h.codec, h.compression, 0
	le := binary.LittleEndian
	le.PutUint64(record[8:], uint64(h.created))
	le.PutUint64(record[16:], h.schema)
	le.PutUint64(record[24:], h.keyCheck)
	le.PutUint32(record[32:], h.cost)
	le.PutUint32(record[shortCRCAt:], shortCRC(record))
	return record
}

func shortCRC(record []byte) uint32 {
	sum := crc32.Checksum(record[:shortCRCAt], castagnoli)
	return crc32.Update(sum, castagnoli, record[shortSize:])
}

// isShort reports whether record is a short one.
func isShort(record []byte) bool {
	return len(record) >= shortSize && string(record[:len(recordMagic)]) == recordMagic && record[3] == shortFormat
}

// openShort is openRecord for a short record.
func openShort(record []byte) (h header, payload []byte, err error) {
	le := binary.LittleEndian
	if shortCRC(record) != le.Uint32(record[shortCRCAt:]) {
		return h, nil, fmt.Errorf("%w: short record", errDamaged)
	}
	if flags := record[7]; flags&^knownFlags != 0 {
		return h, nil, fmt.Errorf("%w: %#x", errCritical, flags)
	}
	return header{
		kind: record[4], codec: record[5], compression: record[6],
		cost:     le.Uint32(record[32:]),
		created:  int64(le.Uint64(record[8:])),
		schema:   le.Uint64(record[16:]),
		keyCheck: le.Uint64(record[24:]),
	}, record[shortSize:], nil
}
