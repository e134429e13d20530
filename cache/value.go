package cache

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/cachewright/cachewright/internal/native"
	"github.com/klauspost/compress/s2"
)

// form turns values of V into what a store keeps, and back: the bare bytes of a Codec, or decimals for
// integers and records for everything else.
type form[V any] struct {
	base   *Base
	bare   Encoding      // set if values are bare; the rest up to counts is for records
	codec  *native.Codec // nil for an integer V
	schema uint64        // identity of the type or schema in records, 0 for any
	counts bool          // V is an integer or any, so that Incr makes sense
	any    bool          // V is any
	shares bool          // a decoded V is kept beside the bytes, where the store can
	clones bool          // and every reader gets a clone of it
}

func formOf[V any](b *Base, schema string) (*form[V], error) {
	t := reflect.TypeFor[V]()
	f := &form[V]{base: b}
	f.any = t.Kind() == reflect.Interface && t.NumMethod() == 0
	f.counts = f.any || isInteger(t)
	if c := b.options.Codec; c != nil {
		if schema != "" {
			return nil, errors.New("a Schema needs records, and values of a Codec are bare")
		}
		var err error
		f.bare, err = c.Compile(t)
		return f, err
	}
	if isInteger(t) {
		return f, nil
	}
	codec, err := native.Compile(t)
	if err != nil {
		return nil, err
	}
	f.codec = codec
	switch {
	case schema != "":
		f.schema = fnv64("schema:", schema)
	case !f.any:
		f.schema = fnv64("type:", native.Identity(t))
	}
	return f, nil
}

func isInteger(t reflect.Type) bool {
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64
}

// compressFrom is the smallest payload, in bytes, that is worth compressing, if that saves at least a tenth.
const compressFrom = 1 << 10

// maxExpanded is the largest value that a compressed record may claim to hold.
const maxExpanded = 512 << 20

// encode appends v, as the store keeps it, to dst, which is empty.
func (f *form[V]) encode(dst []byte, v V, keyCheck uint64, l life) ([]byte, error) {
	if f.bare != nil {
		return f.bare.Append(dst, &v)
	}
	if digits, ok := f.decimal(dst, v); ok {
		return digits, nil
	}
	var space [headerSize]byte
	record, err := f.codec.Append(append(dst, space[:]...), &v)
	if err != nil {
		return dst, err
	}
	h := header{
		kind: kindValue, codec: codecMessagePack, created: l.created, soft: l.soft, hard: l.hard,
		cost: l.cost, schema: f.schema, keyCheck: keyCheck,
	}
	if n := len(record) - headerSize; f.base.options.Compress && n >= compressFrom && n <= maxExpanded {
		record, h.compression = compress(record)
	}
	if f.base.objects != nil && h.short() {
		return sealShort(record, h), nil
	}
	sealRecord(record, h)
	return record, nil
}

// decimal appends v as a decimal if it is an integer.
func (f *form[V]) decimal(dst []byte, v V) ([]byte, bool) {
	if !f.counts {
		return dst, false
	}
	r := reflect.ValueOf(v) // of an any: the value in it
	if !r.IsValid() || !isInteger(r.Type()) {
		return dst, false
	}
	if r.CanInt() {
		return strconv.AppendInt(dst, r.Int(), 10), true
	}
	return strconv.AppendUint(dst, r.Uint(), 10), true
}

// compress replaces the payload of record by its S2 form, if that is a tenth smaller.
func compress(record []byte) ([]byte, byte) {
	payload := record[headerSize:]
	small := s2.Encode(nil, payload)
	if len(small) > len(payload)-len(payload)/10 {
		return record, compressionNone
	}
	return append(record[:headerSize], small...), compressionS2
}

var (
	errCompression = errors.New("record with an unknown compression")
	errCodec       = errors.New("record with an unknown codec")
	errNotDecimal  = errors.New("not an integer of the wanted size")
)

// origin says whose bytes are read.
type origin bool

const (
	lent  origin = false // the store's, or somebody still needs them
	given origin = true  // nobody else's: a value may be a part of them
)

// decode reads what a store keeps. Records that are no values are a state, not an error; an error means
// that the bytes cannot be read as a V under this key.
func (f *form[V]) decode(keyCheck uint64, stored []byte, o origin) (v V, s sight, err error) {
	switch {
	case f.bare != nil && !f.isPlaceholder(stored):
		err = f.bare.Decode(stored, &v)
		return v, sight{state: present}, err
	case f.counts && startsDecimal(stored):
		v, err = f.integer(stored)
		return v, sight{state: present}, err
	}
	h, payload, err := openRecord(stored)
	if err == nil && h.keyCheck != keyCheck {
		err = errWrongKey
	}
	if err != nil {
		return v, s, err
	}
	s = sightOf(h, f.base.now)
	switch s.state {
	case present, stale:
		if err = f.value(h, payload, o, &v); err != nil {
			return v, sight{}, err
		}
	case failed:
		s.failure = string(payload)
	}
	return v, s, nil
}

// isPlaceholder reports whether stored, on an alias of bare values, is one of ours instead: a lease, or the
// error of a load. No codec writes anything that begins like a record.
func (f *form[V]) isPlaceholder(stored []byte) bool {
	return len(stored) >= headerSize && string(stored[:len(recordMagic)]) == recordMagic
}

// value reads the payload of a value's record into v.
func (f *form[V]) value(h header, payload []byte, o origin, v *V) error {
	switch {
	case f.codec == nil || !f.any && h.schema != f.schema && h.schema != 0:
		return errWrongSchema
	case h.codec != codecMessagePack:
		return fmt.Errorf("%w: %d", errCodec, h.codec)
	}
	expanded, err := expand(h.compression, payload)
	if err != nil {
		return err
	}
	if o == given && len(expanded) > headerSize { // of less, the header of the record would be the larger part
		return f.codec.Take(expanded, v)
	}
	return f.codec.Decode(expanded, v)
}

func startsDecimal(stored []byte) bool {
	return len(stored) > 0 && (stored[0] == '-' || stored[0] >= '0' && stored[0] <= '9')
}

// integer reads a decimal into V, an integer type or any.
func (f *form[V]) integer(stored []byte) (v V, err error) {
	text := string(stored)
	r := reflect.ValueOf(&v).Elem()
	if f.any {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			r.Set(reflect.ValueOf(n))
			return v, nil
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return v, fmt.Errorf("%w: %s", errNotDecimal, quoteKey(text))
		}
		r.Set(reflect.ValueOf(n))
		return v, nil
	}
	if r.CanInt() {
		n, err := strconv.ParseInt(text, 10, r.Type().Bits())
		if err != nil {
			return v, fmt.Errorf("%w: %s", errNotDecimal, quoteKey(text))
		}
		r.SetInt(n)
		return v, nil
	}
	n, err := strconv.ParseUint(text, 10, r.Type().Bits())
	if err != nil {
		return v, fmt.Errorf("%w: %s", errNotDecimal, quoteKey(text))
	}
	r.SetUint(n)
	return v, nil
}

// expand undoes the compression of payload.
func expand(compression byte, payload []byte) ([]byte, error) {
	switch compression {
	case compressionNone:
		return payload, nil
	case compressionS2:
		n, err := s2.DecodedLen(payload)
		if err != nil || n > maxExpanded {
			return nil, fmt.Errorf("%w: compressed payload", errDamaged)
		}
		plain, err := s2.Decode(nil, payload)
		if err != nil {
			return nil, fmt.Errorf("%w: compressed payload", errDamaged)
		}
		return plain, nil
	}
	return nil, fmt.Errorf("%w: %d", errCompression, compression)
}
