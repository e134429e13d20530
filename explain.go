package cachewright

import "slices"

// Explanation tells what a code of a [Problem] or [Finding] means.
type Explanation struct {
	Code    string
	Title   string // a phrase
	Meaning string // one or more sentences
	Example string // a configuration that has it; lines NAME=value are environment variables
	Fix     string // what to do
}

// Explain returns the explanation of a code, as CW301.
func Explain(code string) (Explanation, bool) {
	for _, group := range explanations() {
		for _, e := range group {
			if e.Code == code {
				return e, true
			}
		}
	}
	return Explanation{}, false
}

// Codes returns all codes in their order.
func Codes() []string {
	var all []string
	for _, group := range explanations() {
		for _, e := range group {
			all = append(all, e.Code)
		}
	}
	slices.Sort(all)
	return all
}

// explanations are the one table of codes: what cannot be read, values, contradictions, findings, and
// what goes wrong in operation.
func explanations() [][]Explanation {
	return [][]Explanation{readingCodes, valueCodes, contradictionCodes, findingCodes, runningCodes}
}

// runningCodes are failures of an open cache.
var runningCodes = []Explanation{
	{"CW500", "the connection to Redis failed",
		"The server could not be reached, for a reason that is none of those with a code of their own. Until it can, Get answers ErrUnavailable and Fetch loads from the source.",
		"", "See that the server is up and that redis_url names it."},
	{"CW501", "Redis refused the connection",
		"A machine answered, and no server listens on that port of it.",
		"REDIS_URL=redis://localhost:6399/0", "Start Redis, or correct the host and port in redis_url."},
	{"CW502", "Redis did not answer in time",
		"The connection or the answer took longer than socket_connect_timeout or socket_timeout allows. A firewall that drops packets looks like this too.",
		"REDIS_URL=redis://10.255.255.1:6379/0", "See that the network lets you through; for a slow one, connection_pool_kwargs: {socket_connect_timeout: 10, retry_on_timeout: true}."},
	{"CW503", "Redis refused user or password",
		"The server wants a password and got none, or got one that is wrong.",
		"REDIS_URL=redis://:wrong@localhost:6379/0", "Correct the user part of redis_url: redis://user:password@host:6379/0, with %23 for # and %40 for @."},
	{"CW504", "the host of Redis is unknown",
		"The name in redis_url has no address: a typo, or a name that only exists inside another network.",
		"REDIS_URL=redis://cache.intrenal:6379/0", "Correct the host in redis_url."},
	{"CW505", "Redis answered with an error",
		"The server was reached and refuses the command: it is loading its data, is a read-only replica, is out of memory, or the user may not do this.",
		"", "See what the server reports: redis-cli INFO."},
	{"CW506", "the directory of a file cache cannot be used",
		"The cache's directory cannot be created or written. A cache that chose files by itself keeps nothing then; one that names backend: file does not open.",
		"cache_default:\n  backend: file\n  location: /proc/cache", "Make the directory writable, name another with location, or use Redis."},
}
