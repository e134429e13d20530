package redis

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

// script is a program that runs on the server as one step. It touches the keys KEYS, all of one slot.
type script struct {
	// sum is the SHA-1 of text, by which the server remembers it. It is written down rather than
	// computed because SHA-1 is forbidden in some programs, and it is no secret here.
	sum  string
	text string
}

var (
	// persist takes the lifetime from a key and returns 1, or 0 if the key is absent. PERSIST alone does
	// not tell an absent key from one without a lifetime.
	persist = script{"7b737c7084ae4c3ca7451ad5c9e872dcfe138805", `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('PERSIST', KEYS[1])
return 1`}

	// increment adds ARGV[1] to a key and returns the sum, or nothing if the key is absent. The sum is
	// read back as text, because a number of the script is exact to 53 bits only.
	increment = script{"254fce12ac688146f89ad71cb8e4e3b7d5cc936b", `
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
redis.call('INCRBY', KEYS[1], ARGV[1])
return redis.call('GET', KEYS[1])`}

	// swap compares and replaces. ARGV[1] says what must be there: 'absent', or 'value' for ARGV[2].
	// ARGV[3] says what is to be there: 'absent', or ARGV[4] for 'forever', 'keep', or the lifetime in
	// milliseconds. It returns 1 if it did.
	swap = script{"6cc36d8580d2bb72699e4b9a62ef65e51a1791bf", `
local current = redis.call('GET', KEYS[1])
if ARGV[1] == 'absent' then
  if current then return 0 end
elseif current ~= ARGV[2] then
  return 0
end
if ARGV[3] == 'absent' then
  redis.call('DEL', KEYS[1])
elseif ARGV[3] == 'forever' then
  redis.call('SET', KEYS[1], ARGV[4])
elseif ARGV[3] == 'keep' then
  redis.call('SET', KEYS[1], ARGV[4], 'KEEPTTL')
else
  redis.call('SET', KEYS[1], ARGV[4], 'PX', ARGV[3])
end
return 1`}
)

// run runs a script by its sum, and sends the text to a server that does not remember it.
func (c *call) run(s script, r repeat, key string, args ...string) (rueidis.RedisMessage, error) {
	return c.runOn(s, r, []string{key}, args...)
}

// runOn is run for several keys.
func (c *call) runOn(s script, r repeat, keys []string, args ...string) (rueidis.RedisMessage, error) {
	n := int64(len(keys))
	m, err := c.do(c.build().Evalsha().Sha1(s.sum).Numkeys(n).Key(keys...).Arg(args...).Build(), r)
	var answer *ServerError
	if errors.As(err, &answer) && answer.Code == "NOSCRIPT" {
		return c.do(c.build().Eval().Script(s.text).Numkeys(n).Key(keys...).Arg(args...).Build(), r)
	}
	return m, err
}

// Incr implements [store.Counter].
func (s *Store) Incr(ctx context.Context, key string, delta int64) (int64, bool, error) {
	c, err := s.link.begin(ctx, key)
	if err != nil {
		return 0, false, err
	}
	defer c.end()
	m, err := c.run(increment, once, key, strconv.FormatInt(delta, 10))
	if err != nil || m.IsNil() {
		return 0, false, err
	}
	n, err := m.AsInt64()
	return n, err == nil, err
}

// errSwapNothing is returned when Swap is asked to replace nothing by nothing.
var errSwapNothing = errors.New("swap: old and new value are both nil")

// Swap implements [store.Swapper].
func (s *Store) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	if old == nil && new == nil {
		return false, errSwapNothing
	}
	if new != nil {
		if err := s.checkSize(new); err != nil {
			return false, err
		}
	}
	return s.swap(ctx, key, old, new, ttl)
}

func (s *Store) swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	there, next := "value", "absent"
	if old == nil {
		there = "absent"
	}
	if new != nil {
		if err := store.CheckTTL(ttl); err != nil {
			return false, err
		}
		next = lifetime(ttl)
	}
	c, err := s.link.begin(ctx, key)
	if err != nil {
		return false, err
	}
	defer c.end()
	before, after := pack(old), pack(new)
	m, err := c.run(swap, once, key, there, before.text(), next, after.text())
	c.release(before, err)
	c.release(after, err)
	if err != nil {
		return false, err
	}
	n, err := m.AsInt64()
	return n == 1, err
}

// lifetime writes ttl as the script swap reads it.
func lifetime(ttl time.Duration) string {
	switch ttl {
	case store.Forever:
		return "forever"
	case store.Keep:
		return "keep"
	}
	return strconv.FormatInt(milliseconds(ttl), 10)
}
