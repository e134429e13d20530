// Package redis keeps a cache's bytes in Redis or Valkey.
//
// A [Store] needs no server to be opened: it connects in the background, and goes on doing so whenever
// the server is lost. Meanwhile every call is answered within its deadline, and once the store knows that
// there is nobody to ask, at once, with an error that wraps [store.ErrUnavailable]. No call waits longer
// than [PoolOptions.SocketTimeout], whatever the caller's context allows; see the method Ping for the one
// exception.
//
// What a call does not get an answer to may still have happened: a Set whose time is up can be carried
// out afterwards.
//
// The store stores what it is given under the very key it is given: strings with SET, with the lifetime
// in milliseconds, so that other programs read and write the same values. A key that holds another type
// of Redis is a [*ServerError] with the code WRONGTYPE, and looks absent to GetMany.
//
// A store speaks to a single server, to the master that Redis Sentinels name, or to a Redis Cluster, in
// plain text or over TLS. It follows failovers and the moving of keys between the nodes of a cluster. In a
// cluster each part of the keys is on its own: calls for a node that is gone fail, the others do not
// notice. Calls on many keys are then divided, and tell what failed by a [store.KeyErrors].
//
// Leases, which let one process load a value while the others wait, stand under the keys of the values. Those
// beside values ([store.Beside]) have keys of their own: "cachewright:lease:{key}", or
// "cachewright:lease::key" for a key with braces. Who ends a lease publishes its key over the channel
// "cachewright:wake:0" (the number is that of the database), and who waits is woken by it; a store subscribes
// to it, on a connection that it has anyway, when it claims its first lease. A server of version 2 of the
// protocol, and one whose user may use neither the channel nor PUBLISH and SUBSCRIBE, does without: those who
// wait then look from time to time.
package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

// Store is a [store.Store] in Redis. It is safe for concurrent use.
//
// It implements [store.Batcher], [store.Peeker], [store.Counter], [store.Swapper], [store.Renewer],
// [store.Inspector], [store.Giver], [store.Clock] and [store.Pinger], and through [store.As] a [store.Leaser] and
// a [store.Beside]. Through [store.As] it also hands out its client as a rueidis.Client, for pub/sub, transactions
// and whatever else a cache has no words for.
type Store struct {
	link *link
}

var (
	_ store.Store     = (*Store)(nil)
	_ store.Batcher   = (*Store)(nil)
	_ store.Peeker    = (*Store)(nil)
	_ store.Counter   = (*Store)(nil)
	_ store.Swapper   = (*Store)(nil)
	_ store.Renewer   = (*Store)(nil)
	_ store.Inspector = (*Store)(nil)
	_ store.Giver     = (*Store)(nil)
	_ store.Clock     = (*Store)(nil)
	_ store.Pinger    = (*Store)(nil)
)

// Open returns a store for the server that o names. It does not wait for the server, which need not be
// there; the only errors are options that are wrong, certificates and keys that cannot be read included.
// All of them are reported at once, by their redis-py names.
//
// The store holds a goroutine and connections until it is closed.
func Open(o Options) (*Store, error) {
	s, err := o.settle()
	if err != nil {
		return nil, err
	}
	return &Store{link: openLink(s)}, nil
}

// Close ends the connections and waits for the store's goroutines, for less than a second. Calls under
// way are answered if the server does so within half a second, else with [store.ErrClosed].
func (s *Store) Close() error {
	s.link.close()
	return nil
}

// As fills a *rueidis.Client with the store's client. It waits for an attempt to connect that is under
// way, and reports false if the server has never been reached. The client belongs to the store: do not
// close it. Its calls are not bounded by the store's timeout; give each a context with a deadline.
//
// It also fills a [store.Leaser], whose leases stand in the place of the values, and a [store.Beside].
func (s *Store) As(target any) bool {
	var t *rueidis.Client
	switch target := target.(type) {
	case *store.Leaser:
		*target = leases{s}
		return true
	case *store.Beside:
		*target = besides{s}
		return true
	case *rueidis.Client:
		t = target
	default:
		return false
	}
	client := s.link.native()
	if client == nil {
		return false
	}
	*t = client
	return true
}

// String names the server, or the servers to begin with, and the database.
func (s *Store) String() string {
	if s.link.topology == single {
		return fmt.Sprintf("redis %s/%d", s.link.place, s.link.db)
	}
	return fmt.Sprintf("redis %s, database %d", s.link.place, s.link.db)
}

// Format prints what String returns for every verb, because a Store holds a password.
func (s *Store) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// Now returns the server's time as estimated when a connection was made and once a minute since, exact
// to half a round trip. Before the first connection it is this machine's. In a cluster it is the time of
// the master with the lowest slots, for every key.
func (s *Store) Now() time.Time { return s.link.clock.now() }

// Get implements [store.Store].
func (s *Store) Get(ctx context.Context, key string) ([]byte, bool, error) {
	c, err := s.link.begin(ctx, key)
	if err != nil {
		return nil, false, err
	}
	defer c.end()
	m, err := c.do(c.build().Get().Key(key).Build(), again)
	if err != nil || m.IsNil() {
		return nil, false, err
	}
	value, err := content(m)
	return value, err == nil, err
}

// Gives implements [store.Giver]: what is handed out is the reply's own memory.
func (s *Store) Gives() {}

// Set implements [store.Store].
func (s *Store) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := errors.Join(store.CheckTTL(ttl), s.checkSize(value)); err != nil {
		return err
	}
	c, err := s.link.begin(ctx, key)
	if err != nil {
		return err
	}
	defer c.end()
	p := pack(value)
	_, err = c.do(c.set(key, p.text(), ttl), again)
	c.release(p, err)
	return err
}

// set builds the command that stores value under key.
func (c *call) set(key, value string, ttl time.Duration) rueidis.Completed {
	cmd := c.build().Set().Key(key).Value(value)
	switch ttl {
	case store.Forever:
		return cmd.Build()
	case store.Keep:
		return cmd.Keepttl().Build()
	}
	return cmd.PxMilliseconds(milliseconds(ttl)).Build()
}

// Add implements [store.Store].
func (s *Store) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	if err := errors.Join(store.CheckTTL(ttl), s.checkSize(value)); err != nil {
		return false, err
	}
	c, err := s.link.begin(ctx, key)
	if err != nil {
		return false, err
	}
	defer c.end()
	p := pack(value)
	cmd := c.build().Set().Key(key).Value(p.text()).Nx()
	set := cmd.Build
	if ttl != store.Forever && ttl != store.Keep { // an absent key has no lifetime to keep
		set = cmd.PxMilliseconds(milliseconds(ttl)).Build
	}
	m, err := c.do(set(), once)
	c.release(p, err)
	return err == nil && !m.IsNil(), err
}

// Touch implements [store.Store].
func (s *Store) Touch(ctx context.Context, key string, ttl time.Duration) (bool, error) {
	if err := store.CheckTTL(ttl); err != nil {
		return false, err
	}
	c, err := s.link.begin(ctx, key)
	if err != nil {
		return false, err
	}
	defer c.end()
	m, err := c.touch(key, ttl)
	if err != nil {
		return false, err
	}
	n, err := m.AsInt64()
	return n == 1, err
}

func (c *call) touch(key string, ttl time.Duration) (rueidis.RedisMessage, error) {
	switch ttl {
	case store.Keep:
		return c.do(c.build().Exists().Key(key).Build(), again)
	case store.Forever:
		return c.run(persist, again, key)
	}
	return c.do(c.build().Pexpire().Key(key).Milliseconds(milliseconds(ttl)).Build(), again)
}

// longestTTL is the most milliseconds that a time.Duration can express. Rounding up can yield one more.
const longestTTL = int64(store.Forever / time.Millisecond)

// TTL implements [store.Inspector].
func (s *Store) TTL(ctx context.Context, key string) (time.Duration, bool, error) {
	c, err := s.link.begin(ctx, key)
	if err != nil {
		return 0, false, err
	}
	defer c.end()
	m, err := c.do(c.build().Pttl().Key(key).Build(), again)
	if err != nil {
		return 0, false, err
	}
	switch ms, err := m.AsInt64(); {
	case err != nil || ms == -2:
		return 0, false, err
	case ms == -1:
		return store.Forever, true, nil
	default:
		return time.Duration(min(max(ms, 1), longestTTL)) * time.Millisecond, true, nil
	}
}

// checkSize reports whether value may be stored.
func (s *Store) checkSize(value []byte) error {
	if int64(len(value)) <= s.link.maxValueBytes {
		return nil
	}
	return fmt.Errorf("redis %s: %w: %d bytes, max_value_bytes is %d", s.link.place, ErrTooLarge, len(value), s.link.maxValueBytes)
}

// milliseconds rounds a lifetime up: an entry may live a moment longer, but never less than asked for.
func milliseconds(ttl time.Duration) int64 {
	ms := ttl.Milliseconds()
	if ttl%time.Millisecond != 0 {
		ms++
	}
	return ms
}

// content returns the bytes of a value, never nil. They are the reply's own.
func content(m rueidis.RedisMessage) ([]byte, error) {
	b, err := m.AsBytes()
	if err != nil {
		return nil, fmt.Errorf("redis: not a string: %w", err)
	}
	if b == nil {
		b = []byte{}
	}
	return b, nil
}
