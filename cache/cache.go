// Package cache gives a [store.Store] typed values, Django's key rule and loads that happen once.
//
//	s, err := memory.New(memory.Options{})
//	users, err := cache.New[User](s, cache.Options{TTL: time.Hour})
//	u, err := users.Fetch(ctx, "42", func(ctx context.Context) (User, error) { return db.User(ctx, 42) })
//
// Three answers, never two: a miss is found == false, a failure is an error, everything else is a hit;
// a stored nil is a hit too. All methods are safe for concurrent use.
//
// # Presence
//
// A cache sees values, not records: what a store keeps for other reasons (a remembered absence), what
// has expired, what another type wrote and what is damaged counts as missing. Bytes that cannot be read
// are reported to [Hooks]. Keys, and Delete and DeletePattern with their counts, do not read values and so count
// unreadable ones as there; so do Touch and TTL on a store that cannot compare and swap, or with Options.Codec.
//
// # Values
//
// Integers are stored as decimals, so that Incr counts in the store. Every other value is MessagePack
// in a self-checking record. A type that has nothing to encode is refused when the handle is made. With
// Options.Codec values are bare instead: bytes that other programs share, see [Codec].
//
// What a read returns shares no memory with the store, with other reads or with what was stored, so that
// the caller may change it; only callers of Fetch that waited for one load have its value in common. A
// store in memory nevertheless decodes a value only once if its type holds no pointers, slices or maps, if
// it has a method Clone() V, or if the handle was opened with [Shared].
package cache

import (
	"reflect"

	"github.com/cachewright/cachewright/store"
)

// Cache is a typed handle of an alias. Handles are cheap; all handles of one Base share its loads.
type Cache[V any] struct {
	base *Base
	keys keyspace
	form *form[V]
}

// New returns a typed cache on s: [NewBase] and [On] in one. It does not own s. Loads that are under way
// when the program ends are not waited for; where that matters, use NewBase and close the Base.
func New[V any](s store.Store, o Options) (*Cache[V], error) {
	b, err := NewBase(s, o)
	if err != nil {
		return nil, err
	}
	return On[V](b)
}

// On returns a typed handle of b. It fails if V has nothing to encode, naming the path to the culprit.
func On[V any](b *Base, opts ...ViewOption) (*Cache[V], error) {
	var view ViewOption
	for _, o := range opts {
		if o.namespace != "" {
			view.namespace = o.namespace
		}
		if o.schema != "" {
			view.schema = o.schema
		}
		view.shared = view.shared || o.shared
	}
	f, err := formOf[V](b, view.schema)
	if err != nil {
		return nil, b.fail("open "+reflect.TypeFor[V]().String(), "", err)
	}
	if view.schema == "" { // a kept value does not say by which schema it was read
		f.share(view.shared)
	}
	keys, err := newKeyspace(b.options.Prefix, b.options.Version, view.namespace, b.options.Keys)
	if err != nil {
		return nil, err
	}
	return &Cache[V]{base: b, keys: keys, form: f}, nil
}

// AtVersion returns a handle of the same alias whose keys carry version n instead, any int: Django's
// version= argument, for every call. It never fails: a version number that makes keys too long shows
// when such a key is used.
func (c *Cache[V]) AtVersion(n int) *Cache[V] {
	keys, err := c.keys.at(n)
	if err != nil {
		// Only the number's own digits can have done this. Let every key be refused by the rule.
		keys.mode = KeysStrict
	}
	return &Cache[V]{base: c.base, keys: keys, form: c.form}
}

// Version returns the version that the handle's keys carry.
func (c *Cache[V]) Version() int { return c.keys.version }
