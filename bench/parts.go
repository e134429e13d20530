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
	{name: "file", what: "the file store beside Django's, diskcache and bbolt", ask: askFile},
	{name: "startup", what: "opening a file store of a million entries (takes minutes)", ask: askStartup},
	{name: "redis", what: "the Redis store beside its client", ask: askRedis},
}
