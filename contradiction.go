package cachewright

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cachewright/cachewright/cache"
)

// contradiction is a rule about options that do not go together.
type contradiction func(r *resolver, c *resolution)

var contradictions = []contradiction{
	(*resolver).refuseSecondBackend,
	(*resolver).refuseDummySessions,
	(*resolver).refuseEndlessSessions,
	(*resolver).refuseForgivingSessions,
	(*resolver).refuseBesidesBareValues,
	(*resolver).refuseLongPatience,
	(*resolver).refuseLessThanABlock,
}

// redisContradictions are those of a cache whose backend is Redis.
var redisContradictions = []contradiction{
	(*resolver).refuseTwoTopologies,
	(*resolver).refuseHalfSentinel,
	(*resolver).refuseTLSWithoutTLS,
	(*resolver).refuseHalfCertificate,
	(*resolver).refuseDatabaseOnCluster,
	(*resolver).refuseTwoDatabases,
	(*resolver).refuseTwoCoverages,
	(*resolver).refuseOptionsOfManyServers,
}

func (r *resolver) contradictions(c *resolution) {
	for _, check := range contradictions {
		check(r, c)
	}
	if c.plan.Backend != BackendRedis {
		return
	}
	for _, check := range redisContradictions {
		check(r, c)
	}
}

// has says that somebody wrote an option of the cache.
func (c *resolution) has(option string) bool { return c.plan.Values[option].Written }

// refuseLessThanABlock finds a file cache that could not hold a single entry, because each takes whole blocks.
func (r *resolver) refuseLessThanABlock(c *resolution) {
	const block = 4 << 10
	if c.plan.Backend != BackendFile || !c.has("max_bytes") || c.config.MaxBytes >= block {
		return
	}
	r.fault(c.path("max_bytes"), faultf("CW102", "write a size of at least 4KiB",
		"%d is less than one block of 4096 bytes, and an entry of a file cache takes whole blocks", c.config.MaxBytes).fixed("256MiB"))
}

// refuseSecondBackend finds a cache that names a backend and the address of another. A Redis that
// a lower layer names is no contradiction: naming a backend above it is how it is switched off.
func (r *resolver) refuseSecondBackend(c *resolution) {
	b := c.config.Backend
	if b != BackendMemory && b != BackendFile || !c.has("redis_url") || r.layerOf(c, "redis_url") != r.layerOf(c, "backend") {
		return
	}
	r.fault(c.path("redis_url"), faultf("CW205", "remove one of them", "the cache has backend: %s and a redis_url", b))
}

// layerOf returns the layer that wrote an option; zero for a Config made in Go.
func (r *resolver) layerOf(c *resolution, option string) int {
	if r.config.written == nil {
		return 0
	}
	w, ok := r.config.written.values[dotted(c.path(option))]
	if !ok {
		return layerGo
	}
	return w.place.source.layer
}

func (r *resolver) refuseDummySessions(c *resolution) {
	if c.alias == aliasSessions && c.config.Backend == BackendDummy && r.plan.Environment != Testing {
		r.fault(c.path("backend"), faultf("CW206", "use redis, file or memory", "sessions on dummy are forgotten at once: nobody could log in").fixed(BackendMemory))
	}
}

// refuseForgivingSessions finds sessions for which a store that is away is one without sessions.
func (r *resolver) refuseForgivingSessions(c *resolution) {
	if c.alias == aliasSessions && c.config.OnError == "ignore" {
		r.fault(c.path("on_error"), faultf("CW208", "remove it: an error lets programs answer 503 and keep the cookie",
			"with ignore a store that is away knows no session, and everybody is logged out").fixed("raise"))
	}
}

func (r *resolver) refuseEndlessSessions(c *resolution) {
	if c.alias != aliasSessions || !c.has("timeout") {
		return
	}
	switch c.config.Timeout {
	case DoNotKeep:
		r.fault(c.path("timeout"), faultf("CW207", "write how long a session lasts", "0 keeps no session: nobody could log in").fixed("2w"))
	case Forever:
		r.fault(c.path("timeout"), faultf("CW207", "write how long a session lasts", "sessions need an end: it is the age of the session's cookie").fixed("2w"))
	}
}

// besideValues are the options that keep something beside a value, or in its place.
var besideValues = []struct {
	option string
	length func(CacheConfig) time.Duration
}{
	{"absent_for", func(c CacheConfig) time.Duration { return c.AbsentFor }},
	{"stale_for", func(c CacheConfig) time.Duration { return c.StaleFor }},
	{"soft_timeout", func(c CacheConfig) time.Duration { return c.SoftTimeout }},
	{"error_for", func(c CacheConfig) time.Duration { return c.ErrorFor }},
}

// refuseBesidesBareValues finds options that need more than the bare bytes that Django reads.
func (r *resolver) refuseBesidesBareValues(c *resolution) {
	serializer := c.config.Serializer
	if serializer == serializerNative {
		return
	}
	for _, beside := range besideValues {
		path := c.path(beside.option)
		if beside.length(c.config) == 0 {
			continue
		}
		r.fault(path, faultf("CW219", "remove it, or write serializer: native",
			"needs more than a bare value, and serializer: %s stores exactly what Django does", serializer))
	}
	if c.config.Keys == string(cache.KeysHash) {
		r.fault(c.path("keys"), faultf("CW219", "write keys: strict and use shorter keys, or write serializer: native",
			"Django cannot compute shortened keys, and serializer: %s shares them with it", serializer).fixed(string(cache.KeysStrict)))
	}
}

// refuseLongPatience finds a caller that would wait for a load longer than it may take.
func (r *resolver) refuseLongPatience(c *resolution) {
	soft, hard := c.config.SoftTimeout, cmp.Or(c.config.LoadTimeout, cache.DefaultLoadTimeout)
	if soft <= hard || hard < 0 {
		return
	}
	r.fault(c.path("soft_timeout"), faultf("CW220", "write at most "+formatDuration(hard),
		"is longer than load_timeout, which ends every load after %s", formatDuration(hard)))
}

func (r *resolver) refuseTwoTopologies(c *resolution) {
	if len(c.config.Pool.Sentinels) > 0 && len(c.config.Pool.StartupNodes) > 0 {
		r.fault(c.path(poolName+".startup_nodes"), faultf("CW202", "remove sentinels or startup_nodes",
			"the cache has sentinels too, and Redis is run by Sentinel or as a cluster, not both"))
	}
}

func (r *resolver) refuseHalfSentinel(c *resolution) {
	pool := c.config.Pool
	switch {
	case len(pool.Sentinels) > 0 && pool.ServiceName == "":
		r.fault(c.path(poolName+".sentinels"), faultf("CW210", "add service_name: the name of the master, often mymaster",
			"Sentinels are asked for a master by its name, and there is no service_name"))
	case len(pool.Sentinels) == 0 && pool.ServiceName != "":
		r.fault(c.path(poolName+".service_name"), faultf("CW210", "add sentinels: [{host: sentinel1, port: 26379}], or remove it",
			"names a master, and there are no sentinels to ask for it"))
	case len(pool.Sentinels) == 0:
		if option := c.firstWritten(poolName + ".sentinel_kwargs."); option != "" {
			r.fault(c.path(option), faultf("CW210", "add sentinels: [{host: sentinel1, port: 26379}], or remove it",
				"is for the connections to Sentinels, and there are no sentinels"))
		}
	}
}

// firstWritten returns the first option with a prefix that somebody wrote, or nothing.
func (c *resolution) firstWritten(prefix string) string {
	var all []string
	for name, v := range c.plan.Values {
		if v.Written && strings.HasPrefix(name, prefix) {
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return slices.Min(all)
}

// refuseTLSWithoutTLS finds options of encryption on a connection that is not encrypted. Under
// Sentinel and in a cluster without a URL they are what asks for it.
func (r *resolver) refuseTLSWithoutTLS(c *resolution) {
	option := c.firstWritten(poolName + ".ssl_")
	if option == "" || c.plan.RedisURL.IsZero() || c.url.TLS || c.url.Host == "" {
		return
	}
	name := strings.TrimPrefix(option, poolName+".")
	r.fault(c.path(option), faultf("CW203", "write rediss:// in redis_url, or remove "+name,
		"is an option of encrypted connections, and redis:// is not encrypted"))
}

func (r *resolver) refuseHalfCertificate(c *resolution) {
	pool := c.config.Pool
	r.refuseHalf(c, poolName+".", pool.SSLCertFile, pool.SSLKeyFile, pool.SSLKeyFilePassword)
	if own := pool.SentinelKwargs; len(pool.Sentinels) > 0 {
		r.refuseHalf(c, poolName+".sentinel_kwargs.", own.SSLCertFile, own.SSLKeyFile, own.SSLKeyFilePassword)
	}
}

// refuseHalf finds a certificate, a key or its password, with prefix before their names, without the others.
func (r *resolver) refuseHalf(c *resolution, prefix, certificate, key, password string) {
	switch {
	case certificate != "" && key == "":
		r.fault(c.path(prefix+"ssl_certfile"), faultf("CW216", "add ssl_keyfile", "a certificate needs its key, and there is no ssl_keyfile"))
	case key != "" && certificate == "":
		r.fault(c.path(prefix+"ssl_keyfile"), faultf("CW216", "add ssl_certfile", "a key needs its certificate, and there is no ssl_certfile"))
	case password != "" && key == "":
		r.fault(c.path(prefix+"ssl_keyfile_password"), faultf("CW216", "add ssl_keyfile, or remove it", "opens a key file, and there is no ssl_keyfile"))
	}
}

func (r *resolver) refuseDatabaseOnCluster(c *resolution) {
	if len(c.config.Pool.StartupNodes) == 0 || database(c) == 0 {
		return
	}
	option := "redis_url"
	if !c.url.HasDB {
		option = poolName + ".db"
	}
	r.fault(c.path(option), faultf("CW204", "use database 0 and a key_prefix of its own", "a cluster has database 0 only, not %d", database(c)))
}

func (r *resolver) refuseTwoDatabases(c *resolution) {
	db := c.config.Pool.DB
	if db != nil && c.url.HasDB && *db != c.url.DB {
		r.fault(c.path(poolName+".db"), faultf("CW218", "remove db, or correct the URL", "is %d, and redis_url says database %d", *db, c.url.DB))
	}
}

// refuseOptionsOfManyServers finds options about several servers where there is one, or one master.
func (r *resolver) refuseOptionsOfManyServers(c *resolution) {
	pool := c.config.Pool
	if len(pool.StartupNodes) > 0 {
		return
	}
	if pool.ReadFromReplicas && len(pool.Sentinels) == 0 {
		r.fault(c.path(poolName+".read_from_replicas"), faultf("CW221", "add sentinels or startup_nodes, or remove it",
			"sends reads to replicas, and none are known of a single server"))
	}
	for _, option := range []string{poolName + ".require_full_coverage", poolName + ".skip_full_coverage_check"} {
		if c.has(option) {
			r.fault(c.path(option), faultf("CW221", "add startup_nodes, or remove it",
				"is about the slots of a cluster, and there are no startup_nodes"))
		}
	}
}

func (r *resolver) refuseTwoCoverages(c *resolution) {
	skip, require := c.config.Pool.SkipFullCoverageCheck, c.config.Pool.RequireFullCoverage
	if skip != nil && require != nil && *skip == *require {
		r.fault(c.path(poolName+".skip_full_coverage_check"), faultf("CW214", "remove it: require_full_coverage says it alone",
			"says the opposite of require_full_coverage"))
	}
}
