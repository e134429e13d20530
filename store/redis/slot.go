package redis

import (
	"strconv"
	"strings"
)

// slots is the number of parts into which a cluster divides the keys.
const slots = 1 << 14

// slotOf returns the slot of key. Of a key with something in braces, only that counts.
func slotOf(key string) int {
	if begin, end := tagOf(key); end > begin {
		key = key[begin:end]
	}
	return int(crc16(key)) % slots
}

// tagOf returns where the text in the first braces of key begins and ends, which is the same place if there
// is none.
func tagOf(key string) (begin, end int) {
	begin = strings.IndexByte(key, '{') + 1
	if begin == 0 {
		return 0, 0
	}
	return begin, begin + max(0, strings.IndexByte(key[begin:], '}'))
}

// keyIn returns a key whose slot is between first and last.
func keyIn(first, last int) string {
	for i := 0; ; i++ {
		key := "cachewright-" + strconv.Itoa(i)
		if slot := slotOf(key); slot >= first && slot <= last {
			return key
		}
	}
}

// crc16 is the checksum CRC-16/XMODEM.
func crc16(text string) uint16 {
	var sum uint16
	for i := range len(text) {
		sum = sum<<8 ^ crcOfByte[byte(sum>>8)^text[i]]
	}
	return sum
}

// crcOfByte holds the checksum of each byte alone.
var crcOfByte = func() (table [256]uint16) {
	for i := range table {
		sum := uint16(i) << 8
		for range 8 {
			carry := sum&0x8000 != 0
			if sum <<= 1; carry {
				sum ^= 0x1021
			}
		}
		table[i] = sum
	}
	return table
}()
