package fromdjango

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cachewright/cachewright/internal/redisurl"
)

// knownFactories are the connection factories that have nothing to say beside the other settings.
var knownFactories = []string{"django_redis.pool.ConnectionFactory", "django_redis.pool.SentinelConnectionFactory"}

// The clients of django-redis, and those that generated settings bring along.
const (
	clusterClient        = "cachewright_cluster.ClusterClient"
	mixedReplicaClient   = "cachewright_sentinel.ReplicaClient"
	replicaClient        = "django_redis.client.SentinelClient"
	sentinelPool         = "redis.sentinel.SentinelConnectionPool"
	jsonSerializer       = "django_redis.serializers.json.JSONSerializer"
	msgpackSerializer    = "django_redis.serializers.msgpack.MSGPackSerializer"
	pickleSerializer     = "django_redis.serializers.pickle.PickleSerializer"
	zlibCompressor       = "django_redis.compressors.zlib.ZlibCompressor"
	identityCompressor   = "django_redis.compressors.identity.IdentityCompressor"
	blockingPool         = "BlockingConnectionPool"
	noConnectionsWritten = "no limit of connections is written, so Django has none; here it is 50"
)

// connection is a Redis cache on its way into a document.
type connection struct {
	*cache
	kwargs   map[string]*value // the options of connections, until they are looked at
	options  map[string]*value // the others, until they are looked at
	at       *value            // LOCATION
	url      string            // the same without options
	tls      bool
	replicas bool // reads go to replicas

	sentinels      []*value
	sentinelKwargs *value
}

// redis translates a cache on Redis.
func (c *cache) redis(v *value, backend string, root *value) {
	x := &connection{cache: c, kwargs: map[string]*value{}, options: maps.Clone(v.get("OPTIONS").fields)}
	if !x.locate(v.get("LOCATION"), backend) {
		return
	}
	if backend == djangoRedis {
		x.readDjangoRedis()
	} else {
		x.readOwn()
	}
	x.readTopology()
	x.dropSecondDatabase()
	c.add("redis_url", quoted(x.address()))
	c.common(v, root)
	x.limit()
	x.codec(backend)
	x.forgive(backend, root)
	x.writePool()
	x.writeSentinel()
	for _, name := range slices.Sorted(maps.Keys(x.options)) {
		if x.options[name].kind != kindNone {
			c.none("OPTIONS "+name, reasonFor[name])
		}
	}
}

// otherCompressors are those whose values are read, but not written.
var otherCompressors = []string{
	"django_redis.compressors.gzip.GzipCompressor",
	"django_redis.compressors.lz4.Lz4Compressor",
	"django_redis.compressors.lzma.LzmaCompressor",
	"django_redis.compressors.zstd.ZStdCompressor",
}

// reasonFor says more about options without an equivalent.
var reasonFor = map[string]string{
	"CLIENT_CLASS":      ": values and keys of that client may be unreadable here",
	"CLOSE_CONNECTION":  ": connections are kept",
	"PICKLE_VERSION":    ": pickles are written with protocol 4, and read with every one",
	"REPLICA_READ_ONLY": ": writes go to the first server",
	"PARSER_CLASS":      ": the parser is no choice",
	"MAX_ENTRIES":       ", nor an effect in Django: Redis has its own limit, maxmemory",
	"CULL_FREQUENCY":    ", nor an effect in Django",
	"serializer":        ": values would be unreadable here",
	"SERIALIZER":        ": values would be unreadable here",
	"COMPRESSOR":        ": values would be unreadable here",
}

// take returns an option and marks it as looked at.
func (x *connection) take(name string) *value {
	v := x.options[name]
	delete(x.options, name)
	if v == nil {
		return &value{}
	}
	return v
}

// takeIf is take for an option that has one of some values.
func (x *connection) takeIf(name string, texts ...string) bool {
	if v := x.options[name]; v != nil && slices.Contains(texts, v.text) {
		delete(x.options, name)
		return true
	}
	return false
}

// locate finds the server that takes writes.
func (x *connection) locate(v *value, backend string) bool {
	all := v.items
	if v.kind == kindText {
		separators := ","
		if backend != djangoRedis {
			separators = ",;"
		}
		all = []*value{v}
		if first := strings.IndexAny(v.text, separators); first >= 0 && v.source == "" {
			all = nil
			for _, part := range strings.FieldsFunc(v.text, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
				all = append(all, &value{kind: kindText, text: part})
			}
		}
	}
	if len(all) == 0 || all[0].kind != kindText {
		x.leftOut = "LOCATION is no URL of a Redis server"
		return false
	}
	x.at = all[0]
	if len(all) > 1 && !x.sentinelLocations(all) {
		x.note("the servers of LOCATION behind the first have no equivalent: all reads and writes go to the first")
	}
	return x.readURL()
}

// sentinelLocations says that all are the same master, once for reading and once for writing.
func (x *connection) sentinelLocations(all []*value) bool {
	for _, v := range all {
		if !strings.Contains(v.text, "is_master=") {
			return false
		}
	}
	x.replicas = true
	return true
}

// readURL takes the options of redis-py out of the URL.
func (x *connection) readURL() bool {
	scheme, rest, _ := strings.Cut(x.at.text, "://")
	rest, query, _ := strings.Cut(rest, "?")
	kept := ""
	for pair := range strings.SplitSeq(query, "&") {
		name, text, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(text)
		switch {
		case pair == "":
		case name == "db":
			kept = "?" + pair
		case name == "is_master":
			x.replicas = x.replicas || text == "0"
		case err == nil:
			x.kwargs[name] = typed(plain)
		}
	}
	x.url = strings.ToLower(scheme) + "://" + rest + kept
	if len(x.kwargs) > 0 && x.at.source != "" {
		x.note("LOCATION has options behind its ?, and comes from a variable: take them out there")
	}
	if _, err := redisurl.Parse(x.url); err != nil {
		x.leftOut = "LOCATION " + shown(x.url) + " is not usable: " + err.Error()
		return false
	}
	x.tls = strings.HasPrefix(x.url, "rediss:")
	return true
}

// typed is a text of a URL as redis-py reads it.
func typed(text string) *value {
	switch strings.ToLower(text) {
	case "true", "yes", "on":
		return &value{kind: kindBool, yes: true}
	case "false", "no", "off":
		return &value{kind: kindBool}
	}
	if strings.Trim(text, "0123456789.") == "" {
		return &value{kind: kindNumber, text: text}
	}
	return &value{kind: kindText, text: text}
}

// readDjangoRedis takes the options of django-redis.
func (x *connection) readDjangoRedis() {
	for name, option := range map[string]string{
		"PASSWORD": "password", "USERNAME": "username",
		"SOCKET_TIMEOUT": "socket_timeout", "SOCKET_CONNECT_TIMEOUT": "socket_connect_timeout",
	} {
		if v := x.take(name); v.kind != kindNone {
			x.kwargs[option] = v
		}
	}
	fromURL := maps.Clone(x.kwargs)
	kwargs := x.take("CONNECTION_POOL_KWARGS")
	maps.Copy(x.kwargs, kwargs.fields)
	for name, v := range fromURL {
		if kwargs.fields[name] == nil {
			x.kwargs[name] = v
		}
	}
	x.takeIf("CONNECTION_FACTORY", knownFactories...)
	x.takeIf("REDIS_CLIENT_CLASS", "redis.client.Redis", "redis.Redis")
	if x.takeIf("CLIENT_CLASS", replicaClient, mixedReplicaClient) {
		x.replicas = true
	}
	x.takeIf("CLIENT_CLASS", clusterClient, "django_redis.client.DefaultClient", "cachewright_sentinel.MasterClient")
	x.readPoolClass("CONNECTION_POOL_CLASS")
}

// readOwn takes the options of Django's own backend: all but a few are those of connections.
func (x *connection) readOwn() {
	x.take("service_name")
	x.readPoolClass("pool_class")
	for _, name := range slices.Collect(maps.Keys(x.options)) {
		if !slices.Contains([]string{"pool_class", "parser_class", "serializer", "sentinel_manager", "startup_nodes", "cluster_kwargs"}, name) {
			x.kwargs[name] = x.take(name)
		}
	}
}

func (x *connection) readPoolClass(name string) {
	v := x.options[name]
	if v == nil || v.kind == kindNone {
		return
	}
	if strings.HasSuffix(v.text, blockingPool) {
		x.take(name)
		x.take("timeout")
		delete(x.kwargs, "timeout")
		x.none(blockingPool, ": calls share connections, so that none waits for one")
		return
	}
	x.takeIf(name, sentinelPool, "redis.ConnectionPool", "redis.connection.ConnectionPool")
}

// dropSecondDatabase takes back a database that redis-py does not look at, because the URL names one.
func (x *connection) dropSecondDatabase() {
	u, err := redisurl.Parse(x.url)
	db := x.kwargs["db"]
	if err != nil || !u.HasDB || db == nil {
		return
	}
	delete(x.kwargs, "db")
	if db.text != strconv.Itoa(u.DB) {
		x.note("the option db has no effect in Django: LOCATION names database %d", u.DB)
	}
}

// address is redis_url.
func (x *connection) address() string {
	if x.at.source == "" && x.tls {
		x.url = "rediss://" + strings.TrimPrefix(strings.TrimPrefix(x.url, "rediss://"), "redis://")
	}
	return x.cache.address(x.at, x.url)
}

// limit is the most connections.
func (x *connection) limit() {
	v := x.kwargs["max_connections"]
	delete(x.kwargs, "max_connections")
	switch {
	case v == nil || v.kind == kindNone:
		x.note(noConnectionsWritten)
	case v.source != "" || v.text != "50":
		x.add("max_connections", x.number(v))
	}
}

// forgive is what a server that is out of reach means. Sessions never go on without it.
func (x *connection) forgive(backend string, root *value) {
	if backend != djangoRedis {
		return
	}
	written := x.options["IGNORE_EXCEPTIONS"] != nil
	v := x.take("IGNORE_EXCEPTIONS")
	switch ignores := v.isTrue() || !written && root.get("DJANGO_REDIS_IGNORE_EXCEPTIONS").isTrue(); {
	case ignores && x.alias == sessionsAlias:
		x.none("IGNORE_EXCEPTIONS", " for sessions: a server that is out of reach would log everybody out")
	case ignores:
		x.add("on_error", "ignore")
	}
}

// codec is how values are written.
func (x *connection) codec(backend string) {
	serializer := "pickle"
	switch {
	case backend != djangoRedis:
		if own := x.options["serializer"]; own != nil {
			serializer = ""
		}
	case x.takeIf("SERIALIZER", jsonSerializer):
		serializer = "json"
	case x.takeIf("SERIALIZER", msgpackSerializer):
		serializer = "msgpack"
	case x.takeIf("SERIALIZER", pickleSerializer):
	case x.options["SERIALIZER"] != nil:
		serializer = ""
	}
	if serializer == "" {
		return
	}
	x.add("serializer", serializer)
	x.takeIf("COMPRESSOR", identityCompressor)
	compressor := x.options["COMPRESSOR"]
	switch {
	case x.takeIf("COMPRESSOR", zlibCompressor):
		x.add("compress", "true")
	case x.takeIf("COMPRESSOR", otherCompressors...):
		x.add("compress", "true")
		x.note("COMPRESSOR %s has no equivalent: ZlibCompressor takes its place in Django too; Go goes on reading "+
			"what the old one wrote, Django does not", compressor.text[strings.LastIndex(compressor.text, ".")+1:])
	}
}
