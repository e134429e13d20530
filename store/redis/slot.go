package redis

import (
	"strconv"
	"strings"
)

// slots is the number of parts into which a cluster divides the keys.
const slots = 1 << 14

// slotOf returns the slot of key. Of a key with something in braces, only that counts.
func slotOf(key string) int {
	if begin := strings.IndexByte(key, '{'); begin >= 0 {
		if end := strings.IndexByte(key[begin+1:], '}'); end > 0 {
			key = key[begin+1 : begin+1+end]
		}
	}
	return int(crc16(key)) % slots
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
