package django

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc64"

	"github.com/ulikunitz/xz/lzma"
)

// xzMagic is what an xz file begins with.
const xzMagic = "\xfd7zXZ\x00"

// The parts of an xz file as Python's lzma module writes them: the magic and the kind of check, one block of
// one filter, the check of what it expands to, an index of the one block, and a footer that says where the
// index begins.
const (
	xzHeaderBytes = 12
	xzFooterBytes = 12
	xzCheckBytes  = 8
	xzCheckCRC64  = 4
	xzFilterLZMA2 = 0x21

	// xzMaxDictionary is twice what preset 4 has, which is that of django-redis.
	xzMaxDictionary = 8 << 20
)

var (
	errNoXZ  = errors.New("no xz file as Python writes it")
	crcTable = crc64.MakeTable(crc64.ECMA)
)

// expandXZ reads the container itself, because a reader of any xz file makes room for whatever dictionary a
// block asks for, up to 4 GiB.
func expandXZ(data []byte) ([]byte, error) {
	if len(data) < xzHeaderBytes+xzFooterBytes+xzCheckBytes || data[7] != xzCheckCRC64 || !bytes.HasSuffix(data, []byte("YZ")) {
		return nil, errNoXZ
	}
	block := data[xzHeaderBytes:]
	header := int(block[0])*4 + 4
	if header > len(block)-xzFooterBytes || block[1] != 0 || block[2] != xzFilterLZMA2 || block[3] != 1 {
		return nil, errNoXZ
	}
	dictionary, err := lzma.DecodeDictCap(block[4])
	if err != nil || dictionary > xzMaxDictionary {
		return nil, errNoXZ
	}
	footer := data[len(data)-xzFooterBytes:]
	end := int64(len(data)-xzFooterBytes) - 4*(int64(binary.LittleEndian.Uint32(footer[4:]))+1) - xzCheckBytes
	if end < int64(xzHeaderBytes+header) {
		return nil, errNoXZ
	}
	check := binary.LittleEndian.Uint64(data[end:])
	compressed := bytes.NewReader(data[xzHeaderBytes+header : end])
	r, err := lzma.Reader2Config{DictCap: int(max(dictionary, lzma.MinDictCap))}.NewReader2(compressed)
	if err != nil {
		return nil, err
	}
	plain, err := readAll(r)
	if err == nil && crc64.Checksum(plain, crcTable) != check {
		err = errNoXZ
	}
	return plain, err
}
