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
	{name: "typed", what: "a typed memory hit beside the bare engine", ask: askTyped},
	{name: "memory", what: "the memory store and a typed cache beside other engines", ask: askMemory},
	{name: "values", what: "memory by the type of the values, beside caches that keep, encode or pickle them", ask: askValues},
	{name: "footprint", what: "memory per entry", ask: askFootprint},
	{name: "goroutines", what: "Redis by goroutines and sizes, with the processor time of client and server", ask: askGoroutines},
	{name: "fetch", what: "what Fetch costs over a Get, and over the loader", ask: askFetching},
	{name: "stampede", what: "loads of the source when the value of a popular key has ended", ask: askStampede},
	{name: "trouble", what: "how long callers wait while Redis is slow or hangs", ask: askTrouble},
	{name: "codecs", what: "encoding and decoding, beside Python on the same bytes", ask: askCodecs},
	{name: "opening", what: "from the configuration to the first answer, and whole processes", ask: askOpening},
	{name: "loading", what: "from the configuration's file to the plan", ask: askLoading},
	{name: "size", what: "what a program grows by", ask: askSize},
	{name: "bounds", what: "where the time of our own paths goes", ask: askBounds},
	{name: "file", what: "the file store beside Django's, diskcache and bbolt", ask: askFile},
	{name: "startup", what: "opening a file store of a million entries (takes minutes)", ask: askStartup},
	{name: "redis", what: "the Redis store beside its client", ask: askRedis},
}
