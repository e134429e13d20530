package django_test

import (
	"reflect"
	"testing"

	"github.com/cachewright/cachewright/django"
)

// BenchmarkCodec is one account of ten fields, written and read by each serializer.
func BenchmarkCodec(b *testing.B) {
	for _, serializer := range serializers {
		encoding, err := (django.Codec{Serializer: serializer}).Compile(reflect.TypeFor[account]())
		must(b, err)
		value := anAccount()
		data, err := encoding.Append(nil, &value)
		must(b, err)
		b.Run(string(serializer)+"/Append", func(b *testing.B) {
			b.ReportAllocs()
			var dst []byte
			for b.Loop() {
				if dst, err = encoding.Append(dst[:0], &value); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(serializer)+"/Decode", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			var into account
			for b.Loop() {
				if err := encoding.Decode(data, &into); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
