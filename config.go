package cachewright

import (
	"log/slog"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store/redis"
)

// Lifetimes with a meaning of their own, for [CacheConfig.Timeout].
const (
	Forever   = cache.Forever
	DoNotKeep = cache.DoNotKeep
)

// PoolOptions are the options of a Redis connection; in YAML connection_pool_kwargs, under the names
// that redis-py uses.
type PoolOptions = redis.PoolOptions

// Config is what a project writes about its caches, before anything is decided.
//
// The zero Config is valid: it yields one cache named default, chosen by the environment. Write it as
// a struct literal and hand it to [Open], or read it from files with [Load]. A Config holds no
// resources and may be copied; nothing here changes it. It prints, logs and marshals with secrets
// masked.
type Config struct {
	// ProjectName names the project; its slug is the key prefix of the automatic default cache.
	ProjectName string

	// Environment is development, testing, staging, production or a name of your own. Empty means
	// that it is detected (see [Detect]).
	Environment string

	// Debug selects the development fallback where no Redis is configured. Production forces it off
	// and says so in a finding.
	Debug bool

	// RedisURL is the project's Redis: redis:// or rediss://. The cache named default uses it unless
	// it says otherwise; other caches name their own.
	RedisURL string

	// Serializer is used by every cache that names none.
	Serializer string

	// Caches are the named caches. An entry "default" is added if there is none.
	Caches map[string]CacheConfig

	// Logger receives what Open has to say and what caches swallow; nil means slog.Default().
	Logger *slog.Logger

	// written is set by Load: where each value came from. It is nil for a Config made in Go.
	written *provenance
}

// CacheConfig is what a project writes about one cache. Its zero value asks for the defaults.
type CacheConfig struct {
	// Backend is redis, memory, file or dummy; empty means that the rules choose.
	Backend string

	// RedisURL is the Redis of this cache: redis://[user:password@]host[:port][/database], or rediss://
	// for TLS.
	RedisURL string

	// Timeout is how long a value is kept when a call names no lifetime: zero means five minutes,
	// Forever no end, DoNotKeep that such values are not kept at all. Negative values are refused.
	Timeout time.Duration

	// MaxConnections is the most connections this process opens to one Redis server. Zero means 50.
	MaxConnections int

	// KeyPrefix is the first part of every key. Caches that share a Redis database should differ in it.
	KeyPrefix string

	// Version is the second part of every key. Zero means 1. Raise it when the meaning of values changes.
	Version int

	// Pool tunes the Redis connections.
	Pool PoolOptions

	// Serializer says how values are written: empty or "native" for Go's own self-checking records;
	// "json", "pickle" and "msgpack" are Django's bytes, on every backend. Bare bytes have no room for what
	// AbsentFor and the options around StaleFor keep beside a value, and Django cannot compute the keys of
	// Keys "hash": these are refused with them. Empty takes the project's.
	Serializer string

	// Compress compresses values: native ones of at least a kibibyte where that saves at least a tenth,
	// Django's as its zlib compressor does, from 16 bytes on.
	Compress bool

	// Location is the directory of a file cache. Empty means tmp/cache/<prefix or default>_<alias>.
	Location string

	// MaxEntries bounds the number of entries of a memory or file cache. Zero means no bound but MaxBytes.
	MaxEntries int

	// MaxBytes bounds the size of a memory cache (zero means 64 MiB) or file cache (zero means 256 MiB).
	MaxBytes int64

	// Keys says what happens to keys over 250 characters or of invalid UTF-8: empty or "strict"
	// refuses them, "hash" shortens them, "any" lets them pass.
	Keys string

	// OnError says what a failing store means to all calls but Fetch: empty or "raise" an error, "ignore" a
	// miss and a write that does not happen. Sessions refuse "ignore".
	OnError string

	// DegradedLoads is how many loads of Fetch run at the same time while the store cannot be read. Nil means
	// 64, or 16 per processor if that is more; zero means no bound.
	DegradedLoads *int

	// Require makes Open fail when the backend cannot be reached. Only Redis can be out of reach.
	Require bool

	// StaleFor is how long past its lifetime Fetch may still serve a value: while it is loaded anew, and when
	// that fails. Zero never serves stale values. The store keeps values that much longer.
	StaleFor time.Duration

	// LoadTimeout bounds one load of Fetch, and the wait for one of another process. Zero means 30 seconds.
	LoadTimeout time.Duration

	// SoftTimeout is how long a load may keep a caller waiting that could have a stale value. Zero serves the
	// stale value at once; as much as LoadTimeout serves it only when the load fails.
	SoftTimeout time.Duration

	// Refreshes is how many loads run at the same time behind calls that have their value already. Nil means
	// 64, or 16 per processor if that is more; zero means none.
	Refreshes *int

	// AbsentFor is how long Fetch remembers that the source has no such value. Zero does not remember.
	AbsentFor time.Duration

	// ErrorFor is how long Fetch answers with the error of the last load instead of loading again. Zero loads
	// again.
	ErrorFor time.Duration

	// MaxValueBytes is the largest value that is written to Redis.
	MaxValueBytes int64

	// ExpectedRequestsPerMinute lets the advice compare MaxConnections with the load you expect.
	ExpectedRequestsPerMinute int
}
