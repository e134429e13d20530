// Package django has the bytes of Django's caches: the keys that Django builds and the values that
// django-redis writes, so that Go and Django share what one Redis holds.
//
//	users, err := cache.New[User](s, cache.Options{Prefix: "shop", Codec: django.Codec{Serializer: django.JSON}})
//
// # Values
//
// An int is stored as decimal digits under every serializer, so that both sides count in Redis. Everything else
// is what the serializer writes and, with compression, the compressor if that is more than 15 bytes.
//
//	Go, in an any            Python               pickle   json        msgpack
//	nil                      None                 yes      yes         yes
//	bool                     bool                 yes      yes         yes
//	int64, *big.Int          int                  yes      yes         64 bits inside lists and dicts
//	float64                  float                yes      yes         yes
//	string                   str                  yes      yes         yes
//	[]byte                   bytes                yes      no          yes
//	[]any                    list                 yes      yes         yes
//	map[string]any           dict                 yes      yes         yes
//	time.Time                datetime             yes      text, ms    text
//	time.Duration            timedelta            yes      text        text
//	[Date], [Clock]          date, time           yes      text        text
//	[Decimal], [UUID]        Decimal, UUID        yes      text        text
//	[Tuple]                  tuple                yes      list        list
//	[Dict], [OrderedDict]    dict, OrderedDict    yes      text keys   str keys only
//	[Set], [FrozenSet]       set, frozenset       yes      no          no
//	[ByteArray]              bytearray            yes      no          bytes
//
// "text" and "list" are what the other side, and an any on this side, reads; a field of the type itself reads
// it back. Django's own msgpack has no text for dates, decimals and UUIDs: it refuses them, and reads what Go
// wrote as str. Structs are dicts of their fields, by the name in the cache tag, else the json tag, else the
// field's. A time without a zone is in the location [Naive].
//
// Nothing that is read is ever run: a pickled object of any other class is an [Opaque], which is not written.
package django

import (
	"strconv"

	"github.com/cachewright/cachewright/internal/pickle"
)

// Key returns the key under which Django stores key: prefix:version:key, without any escaping (make_key of
// Django's base cache). An empty prefix leaves the colon.
func Key(prefix string, version int, key string) string {
	return prefix + ":" + strconv.Itoa(version) + ":" + key
}

// The types that stand for Python's where Go has none of its own. See the package comment for how each
// serializer writes them.
type (
	// Tuple is a tuple. A nil Tuple is the empty tuple.
	Tuple = pickle.Tuple
	// Dict is a dict with its keys, of any kind, in their order.
	Dict = pickle.Dict
	// OrderedDict is a collections.OrderedDict.
	OrderedDict = pickle.OrderedDict
	// Item is one key with its value in a Dict or OrderedDict.
	Item = pickle.Item
	// Set is a set, in the order of the bytes.
	Set = pickle.Set
	// FrozenSet is a frozenset, in the order of the bytes.
	FrozenSet = pickle.FrozenSet
	// ByteArray is a bytearray.
	ByteArray = pickle.ByteArray
	// Date is a datetime.date.
	Date = pickle.Date
	// Clock is a datetime.time.
	Clock = pickle.Clock
	// TimeDelta is a datetime.timedelta of any length; those that fit are read as a time.Duration.
	TimeDelta = pickle.TimeDelta
	// Decimal is a decimal.Decimal, as its text.
	Decimal = pickle.Decimal
	// UUID is a uuid.UUID.
	UUID = pickle.UUID
	// Opaque is an object of a class that is not known here: its name, and nothing that could run.
	Opaque = pickle.Opaque
)

// Naive is the location of times that have no zone, Python's naive datetimes. Compare locations with it; it
// is not to be changed.
var Naive = pickle.Naive
