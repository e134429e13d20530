package main

// part is a group of questions. ask puts them one after the other, so that only one is in memory.
type part struct {
	name  string
	what  string // one line
	about string // Markdown: how it is measured
	bound string // Markdown: what bounds the result
	ask   func(r *run) error
}

var parts = []part{
	{
		name: "typed", what: "a typed memory hit beside the bare engine", ask: askTyped,
		about: "The bare engine is otter with the lifetimes and weights that our store needs. Our hit is cheaper than the engine's " +
			"own where it asks a clock that is read once in some milliseconds.",
		bound: "The engine: some six tenths of a hit are otter's hash, lookup and read buffer. With 100 000 keys it is the memory of the " +
			"machine, which the processor waits for.",
	},
	{
		name: "memory", what: "the memory store and a typed cache beside other engines", ask: askMemory,
		about: "The others keep the slice that they are given, or have one lifetime for all entries, or no bound; a set of ours copies the " +
			"value, and makes room before it stores, so that nothing is refused.",
		bound: "A get: the engine. A set: the copy, the engine's write under its lock, and the account of bytes and lifetimes that makes the bound exact.",
	},
	{
		name: "values", what: "memory by the type of the values, beside caches that keep, encode or pickle them", ask: askValues,
		about: "1000 entries. `cache.Cache` isolates: what a reader changes, nobody else sees. So do go-redis/cache (MessagePack) and Django (pickle); " +
			"otter, go-cache, ttlcache and sturdyc hand the same value to everybody, as `Shared` does by promise. Misses in a mix are " +
			"go-redis/cache's: its TinyLFU loses entries that are set again.",
		bound: "A hit of a type without pointers, or of a shared one: the engine. Other hits: decoding, and in it the allocation of what is decoded. " +
			"A set: encoding, one checksum over the value, and the store's copy. A struct of four scalars leaves little to save: the engine alone, " +
			"with the value as it is, is some five times as fast as go-redis/cache's local hit, and no cache over it can be ten times as fast.",
	},
	{
		name: "footprint", what: "memory per entry", ask: askFootprint,
		about: "How much the heap grows with each entry.",
		bound: "The engine's node and hash table. A typed entry has a header of 80 bytes that lets its reader check what it has.",
	},
	{
		name: "goroutines", what: "Redis by goroutines and sizes, with the processor time of client and server", ask: askGoroutines,
		about: "One redis-server on loopback, started by the run. The bare client is the store's own: the same connections under the same profile, " +
			"without the deadline of each call, the breaker and the checks of the store. CPU is the client's process, beside it that of the server.",
		bound: "One goroutine: the round trip, which is the kernel's work on both sides of a socket, and two handovers between goroutines because calls share " +
			"a connection; a pool of connections is faster here. From 16 on: the processors, of which pipelining saves the server most; and with 64 and more " +
			"the store sends what has queued together, which saves the client's queues and the kernel's writes too. " +
			"What the typed cache adds is the checksum, the decoding and the memory of the value; for many keys it is mostly that memory.",
	},
	{
		name: "fetch", what: "what Fetch costs over a Get, and over the loader", ask: askFetching,
		about: "The loader answers at once, so that nothing but the way to it is measured.",
		bound: "A hit is a Get. A miss in memory: the load has a goroutine, a context and a deadline of its own, so that nobody's cancellation ends it for " +
			"others; that is allocation and scheduling, and more than a loader on the caller's goroutine costs. A miss in Redis: the two round trips.",
	},
	{
		name: "stampede", what: "loads of the source when the value of a popular key has ended", ask: askStampede,
		about: "A process is a set of clients and caches of its own, in one program; all callers of all processes ask at the same moment, for each of " +
			"20 expiries. A load takes 50 ms.",
		bound: "How many processes load the same key: one load per process without a lease in the store, one in all with it.",
	},
	{
		name: "trouble", what: "how long callers wait while Redis is slow or hangs", ask: askTrouble,
		about: "16 callers without deadlines, but in the last table, behind toxiproxy; each rests a millisecond between two calls. Clients have their defaults. " +
			"One window each, no rounds. Errors of a Get are told at once while the breaker is open; a Fetch goes on with its loader.",
		bound: "The first calls: the deadline of a command (`socket_timeout`, 500 ms unless written). After them the breaker, which takes no time but its own.",
	},
	{
		name: "codecs", what: "encoding and decoding, beside Python on the same bytes", ask: askCodecs,
		about: "`native` is the codec of the default serializer; `json`, `pickle` and `msgpack` are byte for byte those of Django. Python decodes what they " +
			"have written, into dicts.",
		bound: "Encoding: reflection over the fields, and for JSON and pickle the digits of floats and times. Decoding: a third is the allocation of the " +
			"strings, of which Python's pickle shares equal ones; another third is reflection.",
	},
	{
		name: "opening", what: "from the configuration to the first answer, and whole processes", ask: askOpening,
		about: "In a running program: Open, one Set, Close. The processes run in a project with four caches, of which nothing is opened by `plan`.",
		bound: "Memory: resolving the configuration. Redis: the client's buffers and connections. A process: the kernel, and the initialisation of the packages in it.",
	},
	{
		name: "loading", what: "from the configuration's file to the plan", ask: askLoading,
		about: "The base parses the YAML into a map and knows nothing of it.",
		bound: "A plan keeps every option of every cache with its value, its origin and what it replaced: that is allocation, and grows with the number of caches.",
	},
	{
		name: "size", what: "what a program grows by", ask: askSize,
		about: "Built with `-ldflags=-s -w`. Modules are those whose packages are linked in.",
		bound: "What is imported: a program pays for `store/redis` only if it imports it, or the root package, which has everything.",
	},
	{
		name: "bounds", what: "where the time of our own paths goes", ask: askBounds,
		about: "Each path runs for a second and a half under the profiler. A sample counts for the innermost frame that tells something. Waiting is not in it, " +
			"nor the time of a server.",
		bound: "Five paths were slower than their work explains, and were improved by what their profiles said. Redis with many callers: the client's " +
			"queues; what queues is now sent together, and the kernel's reads and writes are left. Many keys from Redis, and hits of values that memory " +
			"does not share: allocations per key; the memory of the values is left, and decoding. A set in memory: allocations around the copy; the copy and " +
			"the engine's write are left. A plan: the paths of the options, built anew for each; what it keeps of origins is left. " +
			"A miss in memory is bound by what makes it safe: a goroutine of its own, its context and timers, and two writes of the engine; moving its stack as it grew was a third, and is gone.",
	},
	{
		name: "file", what: "the file store beside Django's, diskcache and bbolt", ask: askFile,
		about: "All bounds of the store are on. Every set of Django's file cache lists all entries, so it is measured with few only; bbolt serves one process.",
		bound: "The kernel: some eight tenths are open, lock, read or write, and close. With many entries it is the disk.",
	},
	{
		name: "startup", what: "opening a file store of many entries", ask: askStartup,
		bound: "Nothing is scanned before the first answers; the size is counted by folder when it is asked for.",
	},
	{
		name: "redis", what: "the Redis store beside its client", ask: askRedis,
		about: "As in `goroutines`, without the latency of each call.",
		bound: "As in `goroutines`.",
	},
}
