package cachewright

import (
	"log/slog"
	"time"
)

// Plan is what will run, and why. It is the one truth that opening caches, writing Django settings and
// every report read. Nothing in it is optional, and zero stands for zero.
//
// A Plan comes from [Config.Resolve] and is not changed afterwards; it may be read by many goroutines.
type Plan struct {
	ProjectName       string
	Environment       string
	EnvironmentOrigin string // where Environment was found: "--env", "env APP_ENV", "config.yaml:2:14", "default"
	Debug             bool
	Dir               string   // the folder that relative locations count from
	Files             []string // the files that were read, in the order of their layers, relative to Dir

	Caches   []CachePlan // default first, then by alias
	Findings []Finding   // of the project and of all caches, in the order of Caches

	logger *slog.Logger

	// certificates are the options that name or hold certificates and keys, under their dotted paths, with
	// the places where they are written: problems that only lack what is wrong. Nil for none.
	certificates map[string]Problem
}

// CachePlan is what will run for one alias.
type CachePlan struct {
	Alias        string
	Backend      string // redis, memory, file or dummy
	Rule         int    // the number of the rule that chose Backend, 1 to 7
	Reason       string // that rule as a sentence about this cache
	ReasonOrigin string // where the value stands that made the rule match; empty for none

	// Location says where the values live, with secrets masked: a URL, a directory, or a phrase.
	Location string

	RedisURL       Secret // the whole URL; empty unless Backend is redis
	Directory      string // absolute; empty unless Backend is file
	Automatic      bool   // a file cache chosen by rule 6: its directory is made at the first write
	KeyPrefix      string
	Version        int
	Timeout        time.Duration // positive, Forever or DoNotKeep
	MaxConnections int
	Pool           PoolOptions
	Serializer     string // native, json, pickle or msgpack
	Compress       bool
	MaxEntries     int
	MaxBytes       int64
	MaxValueBytes  int64  // of one value in Redis
	Keys           string // strict, hash or any
	OnError        string // raise or ignore
	DegradedLoads  *int   // nil for the default, zero for no bound
	Require        bool
	LoadTimeout    time.Duration
	SoftTimeout    time.Duration
	StaleFor       time.Duration
	AbsentFor      time.Duration
	ErrorFor       time.Duration
	Refreshes      *int // nil for the default, zero for none

	// Values are the effective options under their YAML names, with their origins; secrets masked.
	Values map[string]Value
}

// Value is one effective option of a plan.
type Value struct {
	// Value is what runs, as YAML writes it: seconds for lifetimes, nil for never, secrets masked.
	Value any `json:"value"`

	// Origin says where it comes from: "config.yaml:3:12", "env REDIS_URL", ".env:7", "Go", "default",
	// "rule 4", "slug of project_name".
	Origin string `json:"origin"`

	// Written says that somebody wrote it, as opposed to a default or a rule.
	Written bool `json:"-"`

	// Source is the text as it was written, before ${VAR} was filled in; for a value from the process
	// environment or .env it is "${NAME}". It may hold a secret. Empty unless Written.
	Source Secret `json:"-"`

	// Overrode are the values that this one replaced, the nearest first; secrets masked.
	Overrode []Value `json:"overrode,omitempty"`
}

// Finding is advice about a configuration that is valid.
type Finding struct {
	Code    string `json:"code"`    // stable, as CW301; [Explain] tells more
	Level   string `json:"level"`   // info or warning
	Alias   string `json:"-"`       // the cache it is about; empty for the project
	Message string `json:"message"` // one sentence
	Fix     string `json:"fix,omitempty"`
	Origin  string `json:"origin,omitempty"` // where the value stands that it is about
}

// Cache returns the plan of alias.
func (p *Plan) Cache(alias string) (CachePlan, bool) {
	for _, c := range p.Caches {
		if c.Alias == alias {
			return c, true
		}
	}
	return CachePlan{}, false
}
