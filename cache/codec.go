package cache

import (
	"fmt"
	"reflect"
)

// Codec gives an alias values that other programs share: its bytes stand in the store as they are, without
// the record that otherwise surrounds a value. Package django has the codecs of Django's serializers.
//
// Bare values change what a cache can know, and so what it does:
//
//   - Whatever the store holds under a key is a value, also if it cannot be read: Has and Add see it, and Get
//     answers a [DecodeError]. Fetch and FetchMany return what they load and leave such bytes alone, because
//     they belong to somebody else.
//   - Nothing but the value is kept, so the options that need a record (StaleFor, AbsentFor, ErrorFor, Compress) and [Schema] are
//     refused. Nothing tells that a value is another type's but that it does not fit.
//
// A Codec is safe for concurrent use.
type Codec interface {
	// Compile returns the encoding of values of type t. The error, if t cannot be encoded, names the way to
	// the culprit.
	Compile(t reflect.Type) (Encoding, error)
}

// Encoding writes and reads the values of one type. It is safe for concurrent use.
//
// Integers (an integer type, or an any that holds one) are decimals, so that Incr counts in the store.
type Encoding interface {
	// Append appends the encoding of the value that from, a non-nil pointer to a value of the type, points
	// to. On an error it returns dst as it was given.
	Append(dst []byte, from any) ([]byte, error)

	// Decode sets the value that into points to from data, which it neither changes nor keeps.
	Decode(data []byte, into any) error
}

// refuseRecords reports options that need records.
func (o Options) refuseRecords() error {
	if o.Codec == nil {
		return nil
	}
	if o.Compress {
		return fmt.Errorf("cache %q: Compress: values of a Codec are bare; what compresses them is the Codec", o.Name)
	}
	for _, d := range o.records() {
		if d.length > 0 {
			return fmt.Errorf("cache %q: %s: it needs a record, and values of a Codec are bare", o.Name, d.option)
		}
	}
	return nil
}
