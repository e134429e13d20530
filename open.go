package cachewright

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/internal/redisurl"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/dummy"
	"github.com/cachewright/cachewright/store/file"
	"github.com/cachewright/cachewright/store/memory"
	"github.com/cachewright/cachewright/store/redis"
)

// OpenOption changes what [Open] does beyond the configuration. It is a plain value; the zero
// OpenOption changes nothing.
type OpenOption struct {
	hooks        *cache.Hooks
	alias        string
	store        store.Store
	interceptors []store.Interceptor
}

// WithHooks has every cache report to h.
func WithHooks(h cache.Hooks) OpenOption { return OpenOption{hooks: &h} }

// WithStore puts s behind alias, whatever its configuration says about a backend; the effective plan then
// calls the backend "given". s stays the caller's: closing the caches does not close it.
func WithStore(alias string, s store.Store) OpenOption { return OpenOption{alias: alias, store: s} }

// WithIntercept puts interceptors in front of every store, see [store.Intercept].
func WithIntercept(i ...store.Interceptor) OpenOption { return OpenOption{interceptors: i} }

// Auto opens what the working directory and the process environment configure: config.yaml,
// config.<environment>.yaml, .env, REDIS_URL and the other variables. With none of them it opens one
// cache named default, in memory.
func Auto(ctx context.Context, opts ...OpenOption) (*Caches, error) {
	c, err := Load(LoadOptions{Environ: os.Environ()})
	if err != nil {
		return nil, err
	}
	return Open(ctx, *c, opts...)
}

// Open opens the caches of c. Only the environment's name is detected, when c does not say it, from the
// process environment and the .env file of the working directory, as [Detect] does; no other variable
// and no other file changes what the program wrote.
//
// Open needs no living server: a Redis that is down shows in Ping and in the calls, unless the cache
// requires it. It needs the certificates and keys that the caches name, see [Plan.CheckFiles]. It logs one
// line per cache and one per finding. On an error nothing stays open.
func Open(ctx context.Context, c Config, opts ...OpenOption) (*Caches, error) {
	dir, err := c.folder()
	if err != nil {
		return nil, err
	}
	env := Env{Vars: newVariables(os.Environ()).ours(), dir: dir}
	if c.Environment == "" {
		if env, err = Detect(os.Environ(), dir); err != nil {
			return nil, err
		}
	}
	env.Usable = func(dir string) error { return file.Usable(dir, false) }
	plan, err := c.Resolve(env)
	if err != nil {
		return nil, err
	}
	return plan.Open(ctx, opts...)
}

// Open opens the caches of p, as the function [Open] does with the plan of a configuration.
func (p *Plan) Open(ctx context.Context, opts ...OpenOption) (*Caches, error) {
	o, err := p.options(opts)
	if err != nil {
		return nil, err
	}
	err = p.checkFiles(func(alias string) bool { return o.stores[alias] != nil })
	if err != nil {
		return nil, err
	}
	effective := *p
	effective.Caches = append([]CachePlan(nil), p.Caches...)
	effective.Findings = append([]Finding(nil), p.Findings...)
	cs := &Caches{plan: &effective, byAlias: make(map[string]*opened, len(p.Caches))}
	for i := range effective.Caches {
		if err := cs.open(ctx, &effective.Caches[i], o); err != nil {
			return nil, errors.Join(err, cs.Close())
		}
	}
	effective.log(ctx)
	return cs, nil
}

// opening is what the options of one Open come to.
type opening struct {
	hooks        cache.Hooks
	stores       map[string]store.Store
	interceptors []store.Interceptor
}

// options gathers opts and refuses, all at once, what cannot be opened whatever happens.
func (p *Plan) options(opts []OpenOption) (opening, error) {
	o := opening{stores: make(map[string]store.Store)}
	var refused []error
	for _, opt := range opts {
		if opt.hooks != nil {
			o.hooks = *opt.hooks
		}
		o.interceptors = append(o.interceptors, opt.interceptors...)
		if slices.Contains(opt.interceptors, nil) {
			refused = append(refused, errors.New("cachewright: WithIntercept: an interceptor is nil"))
		}
		if opt.store == nil {
			if opt.alias != "" {
				refused = append(refused, fmt.Errorf("cachewright: WithStore(%q): the store is nil", opt.alias))
			}
			continue
		}
		if !p.has(opt.alias) {
			refused = append(refused, fmt.Errorf("cachewright: WithStore(%q): the configuration names no such cache", opt.alias))
		}
		o.stores[opt.alias] = opt.store
	}
	return o, errors.Join(refused...)
}

// open opens one alias and notes in c what runs.
func (cs *Caches) open(ctx context.Context, c *CachePlan, o opening) error {
	s, given := o.stores[c.Alias]
	if given {
		c.Backend, c.Rule, c.Reason, c.ReasonOrigin, c.Location = BackendGiven, 0, "the program gave its store", originGo, ""
	} else {
		var err error
		if s, err = cs.openStore(c, o.hooks); err != nil {
			return fmt.Errorf("cachewright: open %q: %w", c.Alias, err)
		}
	}
	s = store.Intercept(s, o.interceptors...)
	codec, compress := c.codec()
	base, err := cache.NewBase(s, cache.Options{
		Name: c.Alias, Prefix: c.KeyPrefix, Version: c.Version, TTL: c.Timeout, Keys: cache.KeyMode(c.Keys),
		Codec: codec, Compress: compress, LoadTimeout: c.LoadTimeout, SoftTimeout: c.SoftTimeout,
		StaleFor: c.StaleFor, AbsentFor: c.AbsentFor, ErrorFor: c.ErrorFor,
		OnError: cache.ErrorMode(c.OnError), DegradedLoads: orNone(c.DegradedLoads), Refreshes: orNone(c.Refreshes),
		Hooks: o.hooks, Logger: cs.plan.loggerOrDefault(),
	})
	if err != nil {
		if !given {
			err = errors.Join(err, s.Close())
		}
		return fmt.Errorf("cachewright: open %q: %w", c.Alias, err)
	}
	cs.byAlias[c.Alias] = &opened{base: base, store: s, owned: !given}
	if p, ok := store.As[store.Pinger](s); ok && c.Require {
		if err := p.Ping(ctx); err != nil {
			return fmt.Errorf("cachewright: open %q, which is required: %w", c.Alias, err)
		}
	}
	return nil
}

// orNone translates a number of loads: a cache takes zero for its default, and less for what zero means here.
func orNone(n *int) int {
	switch {
	case n == nil:
		return 0
	case *n == 0:
		return -1
	}
	return *n
}

// codec returns how values are written, nil for native ones, and whether the cache itself compresses them.
func (c *CachePlan) codec() (codec cache.Codec, compress bool) {
	if c.Serializer == serializerNative {
		return nil, c.Compress
	}
	return django.Codec{Serializer: django.Serializer(c.Serializer), Compress: c.Compress}, false
}

// openStore opens the backend of c. A file cache that nobody asked for gives way to rule 7 when its
// directory cannot be used.
func (cs *Caches) openStore(c *CachePlan, hooks cache.Hooks) (store.Store, error) {
	switch c.Backend {
	case BackendMemory:
		return memory.New(memory.Options{MaxBytes: c.MaxBytes, MaxEntries: c.MaxEntries})
	case BackendRedis:
		o, err := c.redisOptions(cs.plan.loggerOrDefault())
		if err != nil {
			return nil, err
		}
		return redis.Open(o)
	case BackendFile:
		s, err := file.Open(c.Directory, file.Options{
			MaxBytes: c.MaxBytes, MaxEntries: c.MaxEntries, Lazy: c.Automatic,
			Trouble: cs.sweepTrouble(c.Alias, hooks),
		})
		if err == nil {
			return s, nil
		}
		if !c.Automatic {
			return nil, err
		}
		return cs.fallBack(c, err)
	case BackendDummy:
		return dummy.New(), nil
	}
	return nil, fmt.Errorf("unknown backend %q", c.Backend)
}

// sweepTrouble is where the sweep of a file cache, which belongs to no call, reports what it could not do.
func (cs *Caches) sweepTrouble(alias string, hooks cache.Hooks) func(error) {
	report := hooks.Trouble
	if report == nil {
		report = cache.LogTrouble(cs.plan.loggerOrDefault())
	}
	return func(err error) {
		report(context.Background(), cache.Trouble{Alias: alias, Op: "sweep", Err: err})
	}
}

// fallBack applies rule 7 to a file cache that cannot be opened. Sessions have no rule 7.
func (cs *Caches) fallBack(c *CachePlan, cause error) (store.Store, error) {
	if c.Alias == aliasSessions {
		return nil, fmt.Errorf("sessions have no place to live: give the cache a redis_url, or a location that can be written: %w", cause)
	}
	c.keepNothing(cs.plan.Environment+", and no redis_url", cause)
	cs.plan.Findings = append(cs.plan.Findings, Finding{
		Code: "CW316", Level: levelWarning, Alias: c.Alias, Fix: "redis_url: redis://host:6379/0",
		Message: "nothing is cached: " + c.Reason,
	})
	return dummy.New(), nil
}

// redisOptions are the options of the store that c asks for. The plan has checked the URL, which caches with
// Sentinels or nodes of a cluster may do without.
func (c *CachePlan) redisOptions(logger *slog.Logger) (redis.Options, error) {
	o := redis.Options{MaxConnections: c.MaxConnections, MaxValueBytes: c.MaxValueBytes, Pool: c.Pool, Logger: logger}
	if c.RedisURL.IsZero() {
		o.TLS = c.asksForTLS()
		return o, nil
	}
	u, err := redisurl.Parse(c.RedisURL.Reveal())
	if err != nil {
		return redis.Options{}, err
	}
	o.Address, o.TLS, o.Username, o.Password = u.Address(), u.TLS, u.Username, u.Password
	if u.HasDB {
		o.DB = &u.DB
	}
	return o, nil
}

// asksForTLS says that an option of encrypted connections is written. Where there is no URL, that is how
// they are asked for.
func (c *CachePlan) asksForTLS() bool {
	for name, v := range c.Values {
		if v.Written && strings.HasPrefix(name, poolName+".ssl_") {
			return true
		}
	}
	return false
}

// log writes one line per cache and one per finding.
func (p *Plan) log(ctx context.Context) {
	logger := p.loggerOrDefault()
	for _, c := range p.Caches {
		logger.InfoContext(ctx, "cache ready", "alias", c.Alias, "backend", c.Backend, "rule", c.Rule,
			"reason", c.Reason, "location", c.Location)
	}
	for _, f := range p.Findings {
		level := slog.LevelWarn
		if f.Level == levelInfo {
			level = slog.LevelInfo
		}
		logger.Log(ctx, level, f.Message, "code", f.Code, "alias", f.Alias, "fix", f.Fix, "origin", f.Origin)
	}
}

// loggerOrDefault is the logger of p: its own, or the program's.
func (p *Plan) loggerOrDefault() *slog.Logger {
	if p.logger != nil {
		return p.logger
	}
	return slog.Default()
}
