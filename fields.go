package cachewright

import "math"

// Names that rules speak about.
const (
	aliasDefault  = "default"
	aliasSessions = "sessions"
	cachePrefix   = "cache_"                 // of a cache's name in YAML
	poolName      = "connection_pool_kwargs" // of the group of PoolOptions
)

const (
	maxSeconds = math.MaxInt32 // what Django and Redis clients can carry
	second     = int64(1_000_000_000)
	day        = 24 * 60 * 60 * second
)

// projectFields are the options of a project, in the order of their documentation.
var projectFields = []field{
	{name: "project_name", goName: "ProjectName", kind: kindText, env: "PROJECT_NAME", example: "My Shop",
		doc: "The name of the project; its slug is the key prefix of the automatic default cache."},
	{name: "environment", goName: "Environment", kind: kindText, env: "ENVIRONMENT", example: "production",
		doc: "development, testing, staging, production, or a name of your own."},
	{name: "debug", goName: "Debug", kind: kindBool, env: "DEBUG", preset: "false", example: "true",
		doc: "Selects the development fallback where no Redis is configured; production forces it off."},
	{name: "redis_url", goName: "RedisURL", kind: kindURL, env: "REDIS_URL", example: "redis://localhost:6379/0",
		doc: "The project's Redis. The cache named default uses it unless it says otherwise."},
	{name: "serializer", goName: "Serializer", kind: kindChoice, env: "CACHEWRIGHT_SERIALIZER", choices: serializers, preset: "native",
		example: "native", pending: pendingSerializer,
		doc: "How values are written, for every cache that says nothing about it."},
}

// serializers are the ways to write values. All but the first are Django's.
var serializers = []string{"native", "json", "pickle", "msgpack"}

// Why options of this version's table do not work yet.
const (
	pendingSerializer = "values in Django's formats come with a later version"
	pendingStale      = "serving stale values comes with a later version"
	pendingFailures   = "answering for a failing store comes with a later version"
	pendingSize       = "bounding the size of values comes with a later version"
)

// cacheFields are the options of a cache, in the order of their documentation.
var cacheFields = []field{
	{name: "backend", goName: "Backend", kind: kindChoice, choices: []string{"redis", "memory", "file", "dummy"}, example: "memory",
		doc: "Where the values live; without it the rules choose."},
	{name: "redis_url", goName: "RedisURL", kind: kindURL, backend: "redis", example: "redis://localhost:6379/1",
		doc: "The Redis of this cache."},
	{name: "timeout", goName: "Timeout", kind: kindLifetime, max: maxSeconds * second, preset: "300", example: "10m",
		doc: "How long a value is kept: seconds or 5m, 1h30m, 1d; 0 keeps nothing, never has no end."},
	{name: "max_connections", goName: "MaxConnections", kind: kindInt, min: 1, max: math.MaxInt32, preset: "50", backend: "redis", example: "100",
		doc: "The most connections that one process opens to one Redis server."},
	{name: "key_prefix", goName: "KeyPrefix", kind: kindText, example: "shop",
		doc: "The first part of every key. Caches that share a Redis database should differ in it."},
	{name: "version", goName: "Version", kind: kindInt, min: 1, max: math.MaxInt32, preset: "1", example: "2",
		doc: "The second part of every key. Raise it when the meaning of values changes."},
	{name: poolName, goName: "Pool", kind: kindGroup, backend: "redis", fields: poolFields, example: "{socket_timeout: 0.5}",
		doc: "Tunes the connections to Redis, under the names of redis-py."},
	{name: "serializer", goName: "Serializer", kind: kindChoice, choices: serializers, preset: "native", example: "native",
		pending: pendingSerializer,
		doc:     "How values are written: native for Go alone; json, pickle and msgpack are Django's bytes."},
	{name: "compress", goName: "Compress", kind: kindBool, preset: "false", example: "true",
		doc: "Compresses large values."},
	{name: "location", goName: "Location", kind: kindText, path: true, backend: "file", example: "/var/cache/shop",
		doc: "The directory of a file cache."},
	{name: "max_entries", goName: "MaxEntries", kind: kindInt, min: 1, max: math.MaxInt32, backend: "memory,file", example: "10000",
		doc: "The most entries of a memory or file cache."},
	{name: "max_bytes", goName: "MaxBytes", kind: kindBytes, min: 1 << 10, backend: "memory,file", example: "64MiB",
		doc: "The most bytes of a memory cache (64MiB without it) or a file cache (256MiB)."},
	{name: "keys", goName: "Keys", kind: kindChoice, choices: []string{"strict", "hash", "any"}, preset: "strict", example: "hash",
		doc: "What happens to keys over 250 characters or of invalid UTF-8: refused, shortened, or passed on."},
	{name: "on_error", goName: "OnError", kind: kindChoice, choices: []string{"raise", "ignore"}, preset: "raise", example: "raise",
		pending: pendingFailures,
		doc:     "What a failing store means to Get and Set: an error, or a miss and a dropped write."},
	{name: "require", goName: "Require", kind: kindBool, preset: "false", example: "true",
		doc: "Makes the start fail when the backend cannot be reached."},
	{name: "stale_for", goName: "StaleFor", kind: kindDuration, max: maxSeconds * second, preset: "0", pending: pendingStale, example: "1h",
		doc: "How long past its lifetime a value may still be served when loading fails."},
	{name: "load_timeout", goName: "LoadTimeout", kind: kindDuration, min: 1, max: day, preset: "30", example: "10s",
		doc: "Bounds one load of Fetch."},
	{name: "soft_timeout", goName: "SoftTimeout", kind: kindDuration, max: day, preset: "0", pending: pendingStale, example: "200ms",
		doc: "How long a load may keep a caller waiting that could have a stale value."},
	{name: "absent_for", goName: "AbsentFor", kind: kindDuration, max: maxSeconds * second, preset: "0", example: "30s",
		doc: "How long Fetch remembers that the source has no such value."},
	{name: "error_for", goName: "ErrorFor", kind: kindDuration, max: day, preset: "0", pending: pendingFailures, example: "5s",
		doc: "How long Fetch remembers that the source failed."},
	{name: "max_value_bytes", goName: "MaxValueBytes", kind: kindBytes, min: 1, pending: pendingSize, backend: "redis", example: "1MiB",
		doc: "The largest value that is written to Redis."},
	{name: "expected_requests_per_minute", goName: "ExpectedRequestsPerMinute", kind: kindInt, min: 1, max: math.MaxInt32, example: "5000",
		doc: "The load you expect; advice compares max_connections with it."},
}

// poolFields are the options of a Redis connection, in the order of [PoolOptions].
var poolFields = append([]field{
	{name: "max_connections", goName: "MaxConnections", kind: kindInt, min: 1, max: math.MaxInt32, example: "100",
		doc: "The same as max_connections of the cache, which it beats."},
	{name: "socket_connect_timeout", goName: "SocketConnectTimeout", kind: kindDuration, min: 1, max: day, preset: "1", example: "5",
		doc: "Bounds the making of a connection."},
	{name: "socket_timeout", goName: "SocketTimeout", kind: kindDuration, min: 1, max: day, preset: "0.5", example: "2",
		doc: "Bounds every call."},
	{name: "retry_on_timeout", goName: "RetryOnTimeout", kind: kindBool, preset: "true", example: "false",
		doc: "Repeats a failed call once where that is safe and time is left."},
	{name: "health_check_interval", goName: "HealthCheckInterval", kind: kindDuration, min: 1, max: day, preset: "1", example: "30",
		doc: "How long a connection may be silent before it is probed."},
	{name: "socket_keepalive", goName: "SocketKeepalive", kind: kindBool, preset: "true", example: "false",
		doc: "Turns the kernel's TCP keep-alive probes on."},
	{name: "socket_keepalive_options", goName: "SocketKeepaliveOptions", kind: kindKeepalive, example: "{idle: 30, interval: 5, count: 3}",
		doc: "Times the kernel's probes: idle and interval in seconds, and count."},
	{name: "username", goName: "Username", kind: kindText, example: "shop",
		doc: "The user, if the URL names none."},
	{name: "password", goName: "Password", kind: kindText, secret: true, example: "${REDIS_PASSWORD}",
		doc: "The password, if the URL has none."},
	{name: "db", goName: "DB", kind: kindInt, max: math.MaxInt32, preset: "0", example: "1",
		doc: "The number of the database, if the URL says none."},
	{name: "client_name", goName: "ClientName", kind: kindText, example: "shop-web",
		doc: "The name that CLIENT LIST shows."},
	{name: "protocol", goName: "Protocol", kind: kindInt, min: 2, max: 3, preset: "3", example: "2",
		doc: "The version of the Redis protocol."},
	{name: "sentinels", goName: "Sentinels", kind: kindNodes, example: "[{host: sentinel1, port: 26379}]",
		doc: "The addresses of Redis Sentinels, which name the master."},
	{name: "service_name", goName: "ServiceName", kind: kindText, example: "mymaster",
		doc: "The name under which the Sentinels know the master."},
	{name: "sentinel_kwargs", goName: "SentinelKwargs", kind: kindGroup, fields: sentinelFields, example: "{password: \"${SENTINEL_PASSWORD}\"}",
		doc: "Tunes the connections to the Sentinels."},
	{name: "startup_nodes", goName: "StartupNodes", kind: kindNodes, example: "[{host: node1, port: 6379}]",
		doc: "Nodes of a Redis Cluster, some of them suffice."},
	{name: "skip_full_coverage_check", goName: "SkipFullCoverageCheck", kind: kindBool, preset: "true", example: "false",
		doc: "A cluster may be used while some of its slots are served by no node."},
	{name: "require_full_coverage", goName: "RequireFullCoverage", kind: kindBool, preset: "false", example: "true",
		doc: "A cluster must serve all its slots: the newer opposite of skip_full_coverage_check."},
	{name: "read_from_replicas", goName: "ReadFromReplicas", kind: kindBool, preset: "false", example: "true",
		doc: "Sends reads to replicas too, which may lag behind."},
}, tlsFields...)

// sentinelFields are the options of a connection to a Sentinel.
var sentinelFields = append([]field{
	{name: "username", goName: "Username", kind: kindText, example: "sentinel",
		doc: "The user of the Sentinels."},
	{name: "password", goName: "Password", kind: kindText, secret: true, example: "${SENTINEL_PASSWORD}",
		doc: "The password of the Sentinels. That of the data is never sent to them."},
	{name: "socket_connect_timeout", goName: "SocketConnectTimeout", kind: kindDuration, min: 1, max: day, example: "1",
		doc: "Bounds the making of a connection; without it that of the data connections counts."},
	{name: "socket_timeout", goName: "SocketTimeout", kind: kindDuration, min: 1, max: day, example: "0.5",
		doc: "Bounds a question; without it that of the data connections counts."},
	{name: "ssl", goName: "SSL", kind: kindBool, example: "true",
		doc: "Whether the Sentinels speak TLS; without it they do if the data connections do."},
}, tlsFields...)

// tlsFields are the options of TLS, of data connections and of Sentinels alike.
var tlsFields = []field{
	{name: "ssl_cert_reqs", goName: "SSLCertReqs", kind: kindChoice, choices: []string{"required", "optional", "none"}, preset: "required", example: "required",
		doc: "Whether the server's certificate is verified."},
	{name: "ssl_ca_certs", goName: "SSLCACerts", kind: kindText, path: true, example: "/etc/ssl/redis-ca.pem",
		doc: "A file with the authorities to trust, instead of the system's."},
	{name: "ssl_ca_data", goName: "SSLCAData", kind: kindText, example: "${REDIS_CA}",
		doc: "The same as text."},
	{name: "ssl_certfile", goName: "SSLCertFile", kind: kindText, path: true, example: "/etc/ssl/redis-client.pem",
		doc: "A file with this client's certificate."},
	{name: "ssl_keyfile", goName: "SSLKeyFile", kind: kindText, path: true, example: "/etc/ssl/redis-client.key",
		doc: "A file with the key of that certificate."},
	{name: "ssl_keyfile_password", goName: "SSLKeyFilePassword", kind: kindText, secret: true, example: "${REDIS_KEY_PASSWORD}",
		doc: "Opens the key file if it is encrypted."},
	{name: "ssl_check_hostname", goName: "SSLCheckHostname", kind: kindBool, preset: "true", example: "false",
		doc: "Whether the certificate must carry the server's name."},
	{name: "ssl_min_version", goName: "SSLMinVersion", kind: kindTLS, preset: "TLSv1.2", example: "TLSv1.3",
		doc: "The oldest version of TLS to speak."},
}

// keepaliveFields are the three numbers of socket_keepalive_options.
var keepaliveFields = []field{
	{name: "idle", goName: "Idle", kind: kindDuration, min: second, max: day, preset: "15", example: "30",
		doc: "How long a connection is silent before the first probe."},
	{name: "interval", goName: "Interval", kind: kindDuration, min: second, max: day, preset: "15", example: "5",
		doc: "The time between two probes."},
	{name: "count", goName: "Count", kind: kindInt, min: 1, max: 127, preset: "9", example: "3",
		doc: "How many unanswered probes end the connection."},
}

// foreignNames are names that other systems give to our options, and that look like no typo of ours.
var foreignNames = []foreignName{
	{"TIMEOUT", "timeout", "Django's name", ", in seconds"},
	{"KEY_PREFIX", "key_prefix", "Django's name", ""},
	{"VERSION", "version", "Django's name", ""},
	{"BACKEND", "backend", "Django's name", ": redis, memory, file or dummy"},
	{"LOCATION", "redis_url", "Django's name", ", or location for the directory of a file cache"},
	{"OPTIONS", poolName, "Django's name", " and put the options of the connection there"},
	{"CONNECTION_POOL_KWARGS", poolName, "django-redis' name", ""},
	{"MAX_ENTRIES", "max_entries", "Django's name", ""},
	{"ttl", "timeout", "another system's name", ""},
	{"expire", "timeout", "another system's name", ""},
	{"expiration", "timeout", "another system's name", ""},
	{"url", "redis_url", "another system's name", ""},
	{"uri", "redis_url", "another system's name", ""},
	{"dsn", "redis_url", "another system's name", ""},
	{"prefix", "key_prefix", "another system's name", ""},
	{"type", "backend", "another system's name", ""},
	{"driver", "backend", "another system's name", ""},
	{"pool_size", "max_connections", "another system's name", ""},
	{"max_size", "max_bytes", "another system's name", ", or max_entries"},
	{"directory", "location", "another system's name", ""},
	{"path", "location", "another system's name", ""},
	{"dir", "location", "another system's name", ""},
	{"pool", poolName, "this option's name in Go", ""},
	{"compression", "compress", "another system's name", ""},
	{"compressor", "compress", "django-redis' name", ": true or false"},
	{"name", "client_name", "another system's name", ""},
	{"user", "username", "another system's name", ""},
	{"master_name", "service_name", "another system's name", ""},
	{"nodes", "startup_nodes", "another system's name", ""},
	{"timeout", "socket_timeout", "the name of a cache's lifetime", " for the time of a call"},
	{"connect_timeout", "socket_connect_timeout", "another system's name", ""},
	{"ssl_ca_cert", "ssl_ca_certs", "another system's name", ""},
	{"keepalive", "socket_keepalive", "another system's name", ""},
}

// refusedNames are options of redis-py and django-redis that have no counterpart.
var refusedNames = []refusedName{
	{"decode_responses", "values are bytes here, and decoding them is the serializer's business", "remove it"},
	{"encoding", "values are bytes here, and encoding them is the serializer's business", "remove it"},
	{"encoding_errors", "values are bytes here, and encoding them is the serializer's business", "remove it"},
	{"host", "the address of the server is part of redis_url", "write it there: redis://host:6379/0"},
	{"port", "the address of the server is part of redis_url", "write it there: redis://host:6379/0"},
	{"path", "sockets of the file system are not supported", "connect by TCP: redis://localhost:6379/0"},
	{"unix_socket_path", "sockets of the file system are not supported", "connect by TCP: redis://localhost:6379/0"},
	{"retry", "it is an object of Python's", "write retry_on_timeout: true or false"},
	{"retry_on_error", "it is a list of Python's exceptions", "write retry_on_timeout: true or false"},
	{"connection_class", "it is a class of Python's", "remove it; rediss:// selects TLS"},
	{"parser_class", "it is a class of Python's", "remove it"},
	{"redis_connect_func", "it is a function of Python's", "remove it"},
	{"credential_provider", "it is an object of Python's", "write username and password"},
	{"timeout_class", "it is a class of Python's", "remove it"},
	{"socket_read_size", "the size of buffers is not configurable", "remove it"},
	{"socket_type", "connections are TCP", "remove it"},
	{"lib_name", "the client names itself", "write client_name for a name of your own"},
	{"lib_version", "the client names itself", "write client_name for a name of your own"},
	{"ssl_ca_path", "a folder of certificates is not supported", "name one file with ssl_ca_certs"},
	{"ssl_ciphers", "TLS chooses its ciphers by itself", "set ssl_min_version: TLSv1.3 for the strictest choice"},
	{"ssl_validate_ocsp", "asking for revoked certificates is not supported", "remove it"},
	{"ssl_validate_ocsp_stapled", "asking for revoked certificates is not supported", "remove it"},
	{"ssl_ocsp_context", "asking for revoked certificates is not supported", "remove it"},
	{"ssl_ocsp_expected_cert", "asking for revoked certificates is not supported", "remove it"},
	{"ssl_context", "it is an object of Python's", "write the ssl_ options one by one"},
}
