package redis

import (
	"sync"

	"github.com/redis/rueidis"
)

// maxParcel is the largest parcel that is worth using again, in bytes.
const maxParcel = 1 << 20

// parcels are those that have arrived and can carry something else.
var parcels = sync.Pool{New: func() any { return new(parcel) }}

// parcel is a copy of a value on its way to the server. The caller has the value back when the call is over, but a
// command whose time is up may be sent later.
type parcel struct {
	value []byte
}

func pack(value []byte) *parcel {
	p := parcels.Get().(*parcel)
	p.value = append(p.value[:0], value...)
	return p
}

// text is the value, in the memory of the parcel.
func (p *parcel) text() string { return rueidis.BinaryString(p.value) }

// release ends the use of p by a call that has come to err. p is used again if every attempt to send it was answered;
// else the connection that the answer did not come from may still read it. An error may be said to what was not read.
func (c *call) release(p *parcel, err error) {
	if err == nil && !c.retried && len(p.value) <= maxParcel {
		parcels.Put(p)
	}
}
