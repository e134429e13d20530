package redis

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

// leases are the leases of a store that stand in the place of the values.
type leases struct{ *Store }

// Await implements [store.Leaser].
func (s leases) Await(key string) (<-chan struct{}, func()) { return s.link.wakes.await(key) }

// besides are the leases of a store that stand beside the values, under keys of their own.
type besides struct{ *Store }

// Await implements [store.Leaser].
func (s besides) Await(key string) (<-chan struct{}, func()) { return s.link.wakes.await(key) }

var (
	_ store.Leaser = leases{}
	_ store.Beside = besides{}
)

var (
	// claim is SET NX GET for servers older than 7.0, which take either NX or GET.
	claim = script{"6b95934b69d54f1a2d62540b1c298ec262a5d44d", `
local there = redis.call('GET', KEYS[1])
if there then return there end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false`}

	// settle ends a lease. ARGV[1] is the lease; ARGV[2] says what takes its place: 'absent', or ARGV[3] for
	// 'forever', 'keep', or the lifetime in milliseconds. Who waits for the key is told over the channel
	// ARGV[4] in any case, if the user may publish there. It returns 1 if the lease stood.
	settle = script{"d099687099011eda4ffd20f2f004eb35b89c3286", `
local held = redis.call('GET', KEYS[1]) == ARGV[1]
if held then
  if ARGV[2] == 'absent' then
    redis.call('DEL', KEYS[1])
  elseif ARGV[2] == 'forever' then
    redis.call('SET', KEYS[1], ARGV[3])
  elseif ARGV[2] == 'keep' then
    redis.call('SET', KEYS[1], ARGV[3], 'KEEPTTL')
  else
    redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2])
  end
end
redis.pcall('PUBLISH', ARGV[4], ARGV[5])
return held and 1 or 0`}

	// claimBeside returns what stands under KEYS[1], or else the lease under KEYS[2], or else puts one there.
	claimBeside = script{"c08f0759a89d04bcdf42ef95c8b3c43d46e57b19", `
local there = redis.call('GET', KEYS[1]) or redis.call('GET', KEYS[2])
if there then return there end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return false`}

	// commitBeside stores ARGV[3] under KEYS[1], as settle does, if the lease ARGV[1] stands under KEYS[2] and
	// nothing under KEYS[1], and ends the lease. In this order: a server whose memory is full refuses nothing to a
	// script that has written already.
	commitBeside = script{"3f1eb0675e1d9e39b187e50a3aeb790bafea170b", `
local held = redis.call('GET', KEYS[2]) == ARGV[1]
if held then
  if ARGV[2] == 'forever' then
    held = redis.call('SET', KEYS[1], ARGV[3], 'NX')
  else
    held = redis.call('SET', KEYS[1], ARGV[3], 'NX', 'PX', ARGV[2])
  end
  redis.call('DEL', KEYS[2])
end
redis.pcall('PUBLISH', ARGV[4], ARGV[5])
return held and 1 or 0`}
)

// Claim implements [store.Leaser].
func (s leases) Claim(ctx context.Context, key string, lease []byte, ttl time.Duration) ([]byte, error) {
	if err := store.CheckLease(lease, ttl); err != nil {
		return nil, err
	}
	s.link.wakes.listen()
	c, err := s.link.begin(ctx, key)
	if err != nil {
		return nil, err
	}
	defer c.end()
	if !s.link.oldSet.Load() {
		cmd := c.build().Set().Key(key).Value(string(lease)).Nx().Get().PxMilliseconds(milliseconds(ttl)).Build()
		m, err := c.do(cmd, again)
		var answer *ServerError
		if !errors.As(err, &answer) || answer.Code != "ERR" || !strings.Contains(answer.Message, "syntax") {
			return claimed(m, err, lease)
		}
		s.link.oldSet.Store(true)
	}
	m, err := c.run(claim, again, key, string(lease), lifetime(ttl))
	return claimed(m, err, lease)
}

// claimed reads the answer to a claim of lease. A claim that was sent again finds what the first attempt
// has left.
func claimed(m rueidis.RedisMessage, err error, lease []byte) (there []byte, _ error) {
	if err != nil || m.IsNil() {
		return nil, err
	}
	there, err = content(m)
	if bytes.Equal(there, lease) {
		return nil, err
	}
	return there, err
}

// Extend implements [store.Leaser].
func (s leases) Extend(ctx context.Context, key string, old, next []byte, ttl time.Duration) (bool, error) {
	return s.extend(ctx, key, old, next, ttl)
}

// extend replaces old under place, a value even if it is nil.
func (s *Store) extend(ctx context.Context, place string, old, next []byte, ttl time.Duration) (bool, error) {
	return s.swap(ctx, place, append([]byte{}, old...), append([]byte{}, next...), ttl)
}

// Commit implements [store.Leaser].
func (s leases) Commit(ctx context.Context, key string, lease, value []byte, ttl time.Duration) (bool, error) {
	if err := errors.Join(store.CheckTTL(ttl), s.checkSize(value)); err != nil {
		return false, err
	}
	return s.settle(ctx, key, []string{key}, settle, lease, lifetime(ttl), value)
}

// Yield implements [store.Leaser].
func (s leases) Yield(ctx context.Context, key string, lease, note []byte, ttl time.Duration) (bool, error) {
	return s.yield(ctx, key, key, lease, note, ttl)
}

// yield ends the lease of key, which stands under place.
func (s *Store) yield(ctx context.Context, key, place string, lease, note []byte, ttl time.Duration) (bool, error) {
	what := "absent"
	if note != nil {
		if err := store.CheckTTL(ttl); err != nil {
			return false, err
		}
		what = lifetime(ttl)
	}
	return s.settle(ctx, key, []string{place}, settle, lease, what, note)
}

// settle runs a script that ends the lease of key, leaves value for as long as what says, and tells who waits for it.
func (s *Store) settle(
	ctx context.Context, key string, keys []string, how script, lease []byte, what string, value []byte,
) (bool, error) {
	c, err := s.link.begin(ctx, keys[0])
	if err != nil {
		return false, err
	}
	defer c.end()
	p := pack(value)
	m, err := c.runOn(how, once, keys, string(lease), what, p.text(), s.link.wakes.channel, key)
	c.release(p, err)
	if err != nil {
		return false, err
	}
	n, err := m.AsInt64()
	return n == 1, err
}

// besidePrefix begins the names of the leases that stand beside values. It is no prefix of Django's keys,
// which begin with a prefix of the program's and a colon, so that nobody takes a lease for a value.
//
// There follows {key}, so that a cluster keeps both in one slot, or :key if key has braces of its own, or a
// closing one, which would end ours. So no two keys share a lease.
const besidePrefix = "cachewright:lease:"

// beside returns the name of the lease of key: in a cluster, one in the slot of key.
func (s besides) beside(key string) (string, error) {
	begin, end := tagOf(key)
	switch {
	case end > begin: // the braces of key do for its lease, too
		return besidePrefix + ":" + key, nil
	case s.link.cluster != nil && key == "":
		return "", fmt.Errorf("a lease beside the empty key, in a cluster: %w", errors.ErrUnsupported)
	case !strings.Contains(key, "}"):
		return besidePrefix + "{" + key + "}", nil
	case s.link.cluster == nil:
		return besidePrefix + ":" + key, nil
	}
	return "", fmt.Errorf("a lease beside a key with } but no {...}, in a cluster: %w", errors.ErrUnsupported)
}

// besideOf returns the key whose lease is called name, or false if that is no name of ours.
func besideOf(name string) (key string, ok bool) {
	rest, ok := strings.CutPrefix(name, besidePrefix)
	if !ok {
		return "", false
	}
	if key, ok := strings.CutPrefix(rest, ":"); ok {
		return key, true
	}
	rest, opened := strings.CutPrefix(rest, "{")
	key, closed := strings.CutSuffix(rest, "}")
	return key, opened && closed
}

// Claim implements [store.Leaser].
func (s besides) Claim(ctx context.Context, key string, lease []byte, ttl time.Duration) ([]byte, error) {
	place, err := s.beside(key)
	if err := errors.Join(err, store.CheckLease(lease, ttl)); err != nil {
		return nil, err
	}
	s.link.wakes.listen()
	c, err := s.link.begin(ctx, key)
	if err != nil {
		return nil, err
	}
	defer c.end()
	m, err := c.runOn(claimBeside, again, []string{key, place}, string(lease), lifetime(ttl))
	return claimed(m, err, lease)
}

// Extend implements [store.Leaser].
func (s besides) Extend(ctx context.Context, key string, old, next []byte, ttl time.Duration) (bool, error) {
	place, err := s.beside(key)
	if err != nil {
		return false, err
	}
	return s.extend(ctx, place, old, next, ttl)
}

// Commit implements [store.Leaser].
func (s besides) Commit(ctx context.Context, key string, lease, value []byte, ttl time.Duration) (bool, error) {
	place, err := s.beside(key)
	if err := errors.Join(err, store.CheckTTL(ttl), s.checkSize(value)); err != nil {
		return false, err
	}
	if ttl == store.Keep { // there is no lifetime to keep
		ttl = store.Forever
	}
	return s.settle(ctx, key, []string{key, place}, commitBeside, lease, lifetime(ttl), value)
}

// Yield implements [store.Leaser].
func (s besides) Yield(ctx context.Context, key string, lease, note []byte, ttl time.Duration) (bool, error) {
	place, err := s.beside(key)
	if err != nil {
		return false, err
	}
	return s.yield(ctx, key, place, lease, note, ttl)
}

// Void implements [store.Beside].
func (s besides) Void(ctx context.Context, keys ...string) error {
	places := make([]string, 0, len(keys))
	for _, key := range keys {
		if place, err := s.beside(key); err == nil {
			places = append(places, place)
		}
	}
	return s.void(ctx, places)
}

// void ends the leases of some names. What failed is told by the keys that they belong to.
func (s besides) void(ctx context.Context, places []string) error {
	_, err := s.Store.Delete(ctx, places...)
	var some store.KeyErrors
	if !errors.As(err, &some) {
		return err
	}
	failed := make(store.KeyErrors, len(some))
	for place, err := range some {
		key, _ := besideOf(place)
		failed[key] = err
	}
	return failed
}

// VoidMatching implements [store.Beside].
func (s besides) VoidMatching(ctx context.Context, prefix, pattern string) error {
	var places []string
	for name, err := range s.Scan(ctx, besidePrefix, "*") {
		if err != nil {
			return err
		}
		key, ours := besideOf(name)
		rest, ok := strings.CutPrefix(key, prefix)
		if !ours || !ok || !store.Match(pattern, rest) {
			continue
		}
		if places = append(places, name); len(places) == exchangeKeys {
			if err := s.void(ctx, places); err != nil {
				return err
			}
			places = places[:0]
		}
	}
	return s.void(ctx, places)
}
