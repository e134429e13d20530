package redis

import (
	"cmp"
	"context"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

// scanCount is how many keys the server looks at in one step of a scan. It answers nobody else meanwhile,
// for well under a millisecond.
const scanCount = 1000

// Scan implements [store.Inspector]. It remembers every key it has yielded, because the server may name a
// key more than once.
func (s *Store) Scan(ctx context.Context, prefix, pattern string) iter.Seq2[string, error] {
	match := store.EscapePattern(prefix) + pattern
	return func(yield func(string, error) bool) {
		seen := map[string]struct{}{}
		for cursor := uint64(0); ; {
			page, err := s.scanPage(ctx, cursor, match)
			if err != nil {
				yield("", err)
				return
			}
			for _, key := range page.Elements {
				if _, again := seen[key]; again {
					continue
				}
				seen[key] = struct{}{}
				if !yield(key, nil) {
					return
				}
			}
			if cursor = page.Cursor; cursor == 0 {
				return
			}
		}
	}
}

func (s *Store) scanPage(ctx context.Context, cursor uint64, match string) (rueidis.ScanEntry, error) {
	c, err := s.begin(ctx)
	if err != nil {
		return rueidis.ScanEntry{}, err
	}
	defer c.end()
	m, err := c.do(c.build().Scan().Cursor(cursor).Match(match).Count(scanCount).Build(), again)
	if err != nil {
		return rueidis.ScanEntry{}, err
	}
	return m.AsScanEntry()
}

// longestTTL is the most milliseconds that a time.Duration can express. Rounding up can yield one more.
const longestTTL = int64(store.Forever / time.Millisecond)

// TTL implements [store.Inspector].
func (s *Store) TTL(ctx context.Context, key string) (time.Duration, bool, error) {
	c, err := s.begin(ctx)
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

// Ping reports whether the server can be used. It waits for an attempt to connect that is under way, for
// up to the time that connecting may take, so that it tells the truth right after Open, too.
func (s *Store) Ping(ctx context.Context) error {
	c, err := s.link.begin(ctx, s.link.connectTimeout+s.link.socketTimeout)
	if err != nil {
		return err
	}
	defer c.end()
	_, err = c.do(c.build().Ping().Build(), again)
	return err
}

// Info is what a server says about itself. What it does not say is empty or zero.
type Info struct {
	// Server is the kind of server: redis or valkey.
	Server string

	// Version is the version of the server: 7.0.15.
	Version string

	// Role is master or slave.
	Role string

	// Mode is standalone, sentinel or cluster.
	Mode string

	// Protocol is the version of the Redis protocol that the connection speaks: 2 or 3.
	Protocol int

	// UsedMemory is the memory in use, in bytes.
	UsedMemory int64

	// MaxMemory is the memory that may be used, in bytes. Zero means no limit.
	MaxMemory int64

	// EvictionPolicy is what happens at the limit: noeviction, allkeys-lru.
	EvictionPolicy string
}

// Info asks the server about itself.
func (s *Store) Info(ctx context.Context) (Info, error) {
	c, err := s.begin(ctx)
	if err != nil {
		return Info{}, err
	}
	defer c.end()
	results, err := c.doMulti([]rueidis.Completed{
		c.build().Info().Build(),
		c.build().Arbitrary("HELLO").Build(),
	}, again)
	if err != nil {
		return Info{}, err
	}
	m, err := s.link.answer(results[0])
	if err != nil {
		return Info{}, err
	}
	text, err := m.ToString()
	if err != nil {
		return Info{}, err
	}
	info := parseInfo(text)
	info.Protocol = protocol(results[1])
	return info, nil
}

// protocol reads the version of the protocol from a reply to HELLO. Servers that do not know HELLO speak
// version 2.
func protocol(result rueidis.RedisResult) int {
	greeting, err := result.AsMap()
	if err != nil {
		return 2
	}
	proto := greeting["proto"]
	n, err := proto.AsInt64()
	if err != nil {
		return 2
	}
	return int(n)
}

// parseInfo reads the reply to INFO.
func parseInfo(text string) Info {
	field := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			field[name] = value
		}
	}
	number := func(name string) int64 {
		n, err := strconv.ParseInt(field[name], 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	info := Info{
		Server: "redis", Version: field["redis_version"], Role: field["role"], Mode: field["redis_mode"],
		UsedMemory: number("used_memory"), MaxMemory: number("maxmemory"), EvictionPolicy: field["maxmemory_policy"],
	}
	if v := field["valkey_version"]; v != "" {
		info.Server, info.Version, info.Mode = "valkey", v, cmp.Or(field["server_mode"], info.Mode)
	}
	return info
}
