package cachewright

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/cachewright/cachewright/internal/redisurl"
	"github.com/cachewright/cachewright/store/redis"
)

// The backends of a [CachePlan].
const (
	BackendRedis  = "redis"
	BackendMemory = "memory"
	BackendFile   = "file"
	BackendDummy  = "dummy"
)

// BackendGiven is what an effective plan calls a store that came by [WithStore]. It cannot be configured.
const BackendGiven = "given"

// locationOfDummy is where a cache that keeps nothing lives.
const locationOfDummy = "nowhere"

// Origins of values that nobody wrote.
const (
	originDefault = "default"
	originGo      = "Go"
)

// Resolve decides what will run, and keeps why. It is pure: it uses no network, no clock and no
// process environment, and asks for directories only through e.Usable. The Config is not changed.
//
// A Config made in Go is checked as a loaded one is; its problems name the struct field. All problems
// are returned at once, as [Problems].
func (c *Config) Resolve(e Env) (*Plan, error) {
	r := &resolver{reporter: reporter{&journal{}, c.written}, config: c, env: e, plan: &Plan{logger: c.Logger, Dir: e.dir}}
	if c.written != nil {
		r.plan.Dir, r.plan.Files = c.written.dir, slices.Clone(c.written.files)
	}
	r.resolveProject()
	for _, alias := range c.aliases() {
		r.caches = append(r.caches, r.resolveCache(alias))
	}
	if err := r.problems.asError(); err != nil {
		return nil, err
	}
	r.advise()
	for _, cache := range r.caches {
		r.plan.Caches = append(r.plan.Caches, cache.plan)
	}
	return r.plan, nil
}

// aliases returns default and then the others in their order.
func (c *Config) aliases() []string {
	all := slices.Sorted(maps.Keys(c.Caches))
	all = slices.DeleteFunc(all, func(alias string) bool { return alias == aliasDefault })
	return append([]string{aliasDefault}, all...)
}

type resolver struct {
	reporter
	config *Config
	env    Env
	plan   *Plan

	project map[string]Value
	url     redisurl.URL // of the project, if project has one
	caches  []*resolution
}

// resolution is one cache on its way into the plan.
type resolution struct {
	alias  string
	config CacheConfig // with defaults filled in
	plan   CachePlan
	url    redisurl.URL // the zero URL if the cache has none
}

func (r *resolver) resolveProject() {
	r.project = map[string]Value{}
	v := reflect.ValueOf(r.config).Elem()
	for i := range projectFields {
		row := &projectFields[i]
		r.project[row.name] = r.check(row, []string{row.name}, v.FieldByName(row.goName))
	}
	r.plan.ProjectName = r.config.ProjectName
	r.plan.Environment, r.plan.EnvironmentOrigin = r.environment()
	r.plan.Debug = r.config.Debug && r.plan.Environment != Production
	if u, err := redisurl.Parse(r.config.RedisURL); err == nil {
		r.url = u
	}
}

// environment decides between the Config's environment and that of Env: the stronger source wins, and
// between equals the Config, whose files were chosen for its own.
func (r *resolver) environment() (name, from string) {
	c, e := r.config, r.env
	mine := origin{originGo, rankGo}
	if w := c.written; w != nil && c.Environment == w.environment {
		mine = w.environmentFrom
	}
	theirs := origin{cmp.Or(e.Origin, originGo), e.rank}
	if e.rank == rankDefault && e.Origin != originDefault {
		theirs.rank = rankNamed
	}
	switch {
	case c.Environment != "" && (e.Environment == "" || mine.rank >= theirs.rank):
		return r.canonical(c.Environment, "Config.Environment"), mine.name
	case e.Environment != "" && (theirs.rank > rankDefault || !c.Debug):
		return r.canonical(e.Environment, "Env.Environment"), theirs.name
	case c.Debug:
		return Development, cmp.Or(r.project["debug"].Origin, originGo)
	}
	return Development, originDefault
}

func (r *resolver) canonical(name, option string) string {
	if r.config.written != nil && name == r.config.written.environment || name == r.env.Environment && r.env.Origin != "" {
		return name // checked where it was found
	}
	full, bad := canonical(name, nil)
	if bad != nil {
		r.add(place{}, option, 0, bad).layer = layerGo
	}
	return full
}

// check checks the value of a struct field and returns it with its origin. Path is its path in YAML.
func (r *resolver) check(row *field, path []string, v reflect.Value) Value {
	w, loaded := r.config.value(path, v)
	if !loaded && v.IsZero() {
		return row.byDefault()
	}
	value := plainValue(v)
	if bad := row.validate(value); bad != nil {
		r.fault(slices.Clone(path), bad) // the caller goes on with its own
	}
	shown := row.plain(value)
	if path, ok := shown.(string); ok && row.path && filepath.IsAbs(path) {
		shown = r.relative(path)
	}
	if loaded {
		return Value{Value: shown, Origin: w.origin, Written: true, Source: NewSecret(w.source), Overrode: w.overrode}
	}
	out := Value{Value: shown, Origin: originGo, Written: true}
	if text, ok := value.(string); ok {
		out.Source = NewSecret(text)
	}
	if r.config.written != nil {
		if w, ok := r.config.written.values[dotted(path)]; ok {
			below := Value{Value: row.plain(w.decoded), Origin: w.origin, Written: true, Source: NewSecret(w.source)}
			out.Overrode = append([]Value{below}, w.overrode...)
		}
	}
	return out
}

// byDefault returns the preset of an option, or nothing if it has none.
func (f *field) byDefault() Value {
	if f.preset == "" {
		return Value{Origin: originDefault}
	}
	value, _ := f.parse(scalar{text: f.preset})
	return Value{Value: f.plain(value), Origin: originDefault}
}

// plainValue returns the value of a struct field in the type that the decoder gives it.
func plainValue(v reflect.Value) any {
	v = reflect.Indirect(v)
	if v.Kind() == reflect.Int || v.Kind() == reflect.Int64 && v.Type() == reflect.TypeFor[int64]() {
		return v.Int()
	}
	return v.Interface()
}

// validate checks a value, and refuses options that do not work yet.
func (f *field) validate(value any) *fault {
	switch v := value.(type) {
	case []redis.Node:
		return checkNodes(v)
	case redis.KeepaliveOptions:
		return checkKeepalive(v)
	}
	return f.check(value)
}

func checkNodes(nodes []redis.Node) *fault {
	for i, n := range nodes {
		if n.Host == "" || n.Port < 0 || n.Port > 65535 {
			return badNode("address %d of the list has no host, or a port that is not a number from 1 to 65535", i+1)
		}
	}
	return nil
}

func checkKeepalive(o redis.KeepaliveOptions) *fault {
	if o.Idle < 0 || o.Interval < 0 || o.Count < 0 {
		return faultf("CW112", "write {idle: 30, interval: 5, count: 3}", "a number in it is negative")
	}
	return nil
}

func (r *resolver) resolveCache(alias string) *resolution {
	c := &resolution{alias: alias, config: r.config.Caches[alias]}
	c.plan = CachePlan{Alias: alias, Values: make(map[string]Value, 2*len(cacheFields))} // with those of the pool
	if !aliasName.MatchString(alias) {
		r.add(place{}, fmt.Sprintf("Config.Caches[%q]", alias), 0, badAlias(alias)).layer = layerGo
		return c
	}
	r.collect(c, cacheFields, []string{cachePrefix + alias}, reflect.ValueOf(&c.config).Elem(), "")
	r.inherit(c)
	r.choose(c)
	r.contradictions(c)
	r.fill(c)
	return c
}

// collect checks the options of a group and records their values, then fills in the defaults of those
// that are zero.
func (r *resolver) collect(c *resolution, fields []field, path []string, v reflect.Value, prefix string) {
	here := append(slices.Clone(path), "")
	for i := range fields {
		row := &fields[i]
		here[len(path)] = row.name
		if row.goName == "" {
			continue
		}
		at := v.FieldByName(row.goName)
		if row.kind == kindGroup {
			r.collect(c, row.fields, here, at, prefix+row.name+".")
			continue
		}
		value := r.check(row, here, at)
		c.plan.Values[prefix+row.name] = value
		if prefix == "" && !value.Written && row.preset != "" {
			preset, _ := row.parse(scalar{text: row.preset})
			assign(at, preset)
		}
	}
}

// inherit takes over what the project says for every cache, and lets connection_pool_kwargs beat the
// field, as the model does.
func (r *resolver) inherit(c *resolution) {
	if project := r.project["serializer"]; !c.plan.Values["serializer"].Written && project.Written {
		c.config.Serializer = r.config.Serializer
		c.plan.Values["serializer"] = project
	}
	if pool := c.plan.Values[poolName+".max_connections"]; pool.Written {
		field := c.plan.Values["max_connections"]
		if field.Written {
			pool.Overrode = append([]Value{{Value: field.Value, Origin: field.Origin, Written: true}}, pool.Overrode...)
		}
		c.config.MaxConnections = c.config.Pool.MaxConnections
		c.plan.Values["max_connections"] = pool
	}
}

// fill copies what is decided into the plan.
func (r *resolver) fill(c *resolution) {
	p, o := &c.plan, c.config
	p.Version, p.Timeout, p.MaxConnections = o.Version, o.Timeout, o.MaxConnections
	p.Pool, p.Serializer, p.Compress = o.Pool, o.Serializer, o.Compress
	p.MaxEntries, p.MaxBytes, p.Keys, p.OnError, p.DegradedLoads = o.MaxEntries, o.MaxBytes, o.Keys, o.OnError, o.DegradedLoads
	p.MaxValueBytes = o.MaxValueBytes
	p.Require, p.LoadTimeout, p.SoftTimeout, p.Refreshes = o.Require, o.LoadTimeout, o.SoftTimeout, o.Refreshes
	p.StaleFor, p.AbsentFor, p.ErrorFor = o.StaleFor, o.AbsentFor, o.ErrorFor
	p.KeyPrefix = o.KeyPrefix
	if p.Rule == 4 && !p.Values["key_prefix"].Written {
		p.KeyPrefix = slug(r.config.ProjectName)
		if p.KeyPrefix != "" {
			p.Values["key_prefix"] = Value{Value: p.KeyPrefix, Origin: "slug of project_name"}
		}
	}
	if !p.Values["key_prefix"].Written && p.KeyPrefix == "" {
		p.Values["key_prefix"] = Value{Value: "", Origin: originDefault}
	}
	switch p.Backend {
	case BackendRedis:
		r.fillRedis(c)
	case BackendFile:
		p.MaxBytes = cmp.Or(p.MaxBytes, defaultFileBytes)
	case BackendMemory:
		p.MaxBytes = cmp.Or(p.MaxBytes, defaultMemoryBytes)
		p.Location = "inside this process"
	case BackendDummy:
		p.Location = locationOfDummy
	}
	if p.MaxBytes != 0 && !p.Values["max_bytes"].Written {
		p.Values["max_bytes"] = Value{Value: p.MaxBytes, Origin: originDefault}
	}
	backend := p.Values["backend"]
	if !backend.Written {
		p.Values["backend"] = Value{Value: p.Backend, Origin: fmt.Sprintf("rule %d", p.Rule)}
	}
	p.dropForeign()
}

// The bounds of caches that are not bounded otherwise.
const (
	defaultMemoryBytes = 64 << 20
	defaultFileBytes   = 256 << 20
)

// dropForeign removes from the values what nobody wrote and the backend does not know.
func (p *CachePlan) dropForeign() {
	maps.DeleteFunc(p.Values, func(name string, v Value) bool {
		top, _, isPool := strings.Cut(name, ".")
		row := find(cacheFields, top)
		foreign := !row.means(p.Backend)
		return !v.Written && (foreign || v.Value == nil && v.Origin == originDefault && row.kind != kindLifetime ||
			isPool && !p.knows(name))
	})
}

// knows says whether an option of the pool means something to the topology of the plan.
func (p *CachePlan) knows(name string) bool {
	name = name[strings.LastIndexByte(name, '.')+1:]
	switch {
	case strings.HasPrefix(name, "ssl_"):
		return strings.HasPrefix(p.Location, "rediss://")
	case strings.Contains(name, "coverage") || name == "read_from_replicas":
		return len(p.Pool.StartupNodes) > 0
	}
	return name != "db"
}

// fillRedis describes the server.
func (r *resolver) fillRedis(c *resolution) {
	p := &c.plan
	r.certificates(c)
	switch {
	case len(p.Pool.Sentinels) > 0:
		p.Location = fmt.Sprintf("%s at Sentinels %s, database %d", p.Pool.ServiceName, strings.Join(plainNodes(p.Pool.Sentinels), ", "), database(c))
	case len(p.Pool.StartupNodes) > 0:
		nodes := plainNodes(p.Pool.StartupNodes)
		if !p.RedisURL.IsZero() && !slices.Contains(nodes, c.url.Address()) {
			nodes = append([]string{c.url.Address()}, nodes...)
		}
		p.Location = "cluster of " + strings.Join(nodes, ", ")
	default:
		p.Location = c.url.Redacted()
	}
}

// database returns the number of the database that a cache uses.
func database(c *resolution) int {
	if !c.url.HasDB && c.config.Pool.DB != nil {
		return *c.config.Pool.DB
	}
	return c.url.DB
}

// slug makes a key prefix out of a project's name: lower case, spaces to underscores.
func slug(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "_") }

var notInPath = regexp.MustCompile(`[^a-zA-Z0-9._-]+`)

// fallbackDirectory is where a file cache lives that names no place.
func fallbackDirectory(prefix, alias string) string {
	prefix = strings.Trim(notInPath.ReplaceAllString(prefix, "_"), ".")
	return filepath.Join("tmp", "cache", cmp.Or(prefix, aliasDefault)+"_"+alias)
}
