package file

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"time"

	"github.com/cachewright/cachewright/store"
)

// A record is one entry as it lies in its file. All numbers are little endian.
//
//	offset  bytes  field
//	     0      3  "CWF"
//	     3      1  format version, 1
//	     4      4  header checksum: CRC-32C of bytes 8 to 32
//	     8      8  deadline in Unix nanoseconds; 0 = forever
//	    16      4  length of the key
//	    20      4  length of the value
//	    24      4  payload checksum: CRC-32C of key and value
//	    28      4  0
//	    32         key, value
//
// The file may be longer than its record: an overwrite by a shorter one leaves the old tail behind
// within the last block. Bytes that do not parse are a record torn by a crash, a format that this
// version does not know, or nothing of ours; all of them are an absent entry.
const (
	headerBytes   = 32
	magic         = "CWF\x01"
	offSum        = 4
	offDeadline   = 8
	offKeyLen     = 16
	offValueLen   = 20
	offPayloadSum = 24
)

// maxPart is the longest key or value that a header can describe on every platform.
const maxPart = math.MaxInt32

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is the parsed head of a record.
type header struct {
	deadline   int64
	keyBytes   int64
	valueBytes int64
	payloadSum uint32
}

// size is the length of the whole record.
func (h header) size() int64 {
	return headerBytes + h.keyBytes + h.valueBytes
}

// live reports whether the record's lifetime has not passed at now, in Unix nanoseconds.
func (h header) live(now int64) bool {
	return h.deadline == 0 || now < h.deadline
}

// remaining is the lifetime that is left at now.
func (h header) remaining(now int64) time.Duration {
	if h.deadline == 0 {
		return store.Forever
	}
	return time.Duration(h.deadline - now)
}

// appendRecord appends the record of an entry to b.
func appendRecord(b []byte, key string, value []byte, deadline int64) []byte {
	start := len(b)
	b = append(b, magic...)
	b = append(b, make([]byte, headerBytes-len(magic))...)
	b = append(b, key...)
	b = append(b, value...)
	head, payload := b[start:start+headerBytes], b[start+headerBytes:]
	binary.LittleEndian.PutUint32(head[offKeyLen:], uint32(len(key)))
	binary.LittleEndian.PutUint32(head[offValueLen:], uint32(len(value)))
	binary.LittleEndian.PutUint32(head[offPayloadSum:], crc32.Checksum(payload, castagnoli))
	setDeadline(head, deadline)
	return b
}

// setDeadline changes the deadline of the record whose header is head.
func setDeadline(head []byte, deadline int64) {
	binary.LittleEndian.PutUint64(head[offDeadline:], uint64(deadline))
	binary.LittleEndian.PutUint32(head[offSum:], headerSum(head))
}

func headerSum(head []byte) uint32 {
	return crc32.Checksum(head[offDeadline:headerBytes], castagnoli)
}

// parseHeader reads the header that b begins with.
func parseHeader(b []byte) (h header, ok bool) {
	if len(b) < headerBytes || string(b[:len(magic)]) != magic {
		return header{}, false
	}
	if binary.LittleEndian.Uint32(b[offSum:]) != headerSum(b) {
		return header{}, false
	}
	return header{
		deadline:   int64(binary.LittleEndian.Uint64(b[offDeadline:])),
		keyBytes:   int64(binary.LittleEndian.Uint32(b[offKeyLen:])),
		valueBytes: int64(binary.LittleEndian.Uint32(b[offValueLen:])),
		payloadSum: binary.LittleEndian.Uint32(b[offPayloadSum:]),
	}, true
}

// payload returns key and value of the record whose whole bytes b begins with, if they are intact.
func (h header) payload(b []byte) (key, value []byte, ok bool) {
	if int64(len(b)) < h.size() {
		return nil, nil, false
	}
	payload := b[headerBytes:h.size():h.size()]
	if crc32.Checksum(payload, castagnoli) != h.payloadSum {
		return nil, nil, false
	}
	return payload[:h.keyBytes], payload[h.keyBytes:], true
}

// deadlineAfter turns a lifetime that begins at now into a deadline. Keep takes the inherited one; a
// lifetime that ends beyond what a deadline can say has no end.
func deadlineAfter(now time.Time, ttl time.Duration, inherited int64) int64 {
	switch ttl {
	case store.Forever:
		return 0
	case store.Keep:
		return inherited
	}
	start := now.UnixNano()
	if int64(ttl) > math.MaxInt64-start {
		return 0
	}
	return start + int64(ttl)
}
