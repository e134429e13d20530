package cachewright

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cachewright/cachewright/internal/redisurl"
	"github.com/cachewright/cachewright/internal/spell"
)

// Levels of findings.
const (
	levelInfo    = "info"
	levelWarning = "warning"
)

// projectAdvice are the findings about the project, cacheAdvice those about one cache, pairAdvice those
// about two caches; the later of the two carries the finding.
var (
	projectAdvice = []func(*resolver){
		(*resolver).adviseDebug,
		(*resolver).adviseUnreadVariables,
	}
	cacheAdvice = []func(*resolver, *resolution){
		(*resolver).adviseFallback,
		(*resolver).adviseNoInheritance,
		(*resolver).adviseAlias,
		(*resolver).adviseMemory,
		(*resolver).adviseSessions,
		(*resolver).adviseEncryption,
		(*resolver).adviseVerification,
		(*resolver).advisePasswords,
		(*resolver).advisePrefix,
		(*resolver).adviseTimeout,
		(*resolver).adviseMilliseconds,
		(*resolver).adviseSoftTimeout,
		(*resolver).adviseMaxConnections,
		(*resolver).advisePoolSize,
		(*resolver).adviseForeignOptions,
	}
	pairAdvice = []func(r *resolver, earlier, later *resolution){
		(*resolver).advisePools,
		(*resolver).adviseSharedDatabase,
		(*resolver).adviseSharedKeys,
	}
)

// advise collects the findings of the plan, less those that comments in the files switch off.
func (r *resolver) advise() {
	r.plan.Findings = append(r.plan.Findings, r.env.findings...)
	if w := r.config.written; w != nil {
		r.plan.Findings = slices.Clone(w.findings)
	}
	for _, advice := range projectAdvice {
		advice(r)
	}
	for i, c := range r.caches {
		for _, advice := range cacheAdvice {
			advice(r, c)
		}
		for _, earlier := range r.caches[:i] {
			for _, advice := range pairAdvice {
				advice(r, earlier, c)
			}
		}
	}
	r.sortFindings()
}

// sortFindings puts the project's findings first and each cache's together, and drops silenced ones.
func (r *resolver) sortFindings() {
	order := map[string]int{}
	for i, c := range r.caches {
		order[c.alias] = i + 1
	}
	slices.SortStableFunc(r.plan.Findings, func(a, b Finding) int { return order[a.Alias] - order[b.Alias] })
	w := r.config.written
	if w == nil {
		return
	}
	r.plan.Findings = slices.DeleteFunc(r.plan.Findings, func(f Finding) bool {
		return w.silenced.silenced(f, w.caches[f.Alias])
	})
}

func (r *resolver) find(f Finding) {
	f.Message = redisurl.HideUsers(f.Message)
	r.plan.Findings = append(r.plan.Findings, f)
}

// warn adds a warning about a cache.
func (r *resolver) warn(c *resolution, code, origin, fix, format string, args ...any) {
	r.find(Finding{Code: code, Level: levelWarning, Alias: c.alias, Origin: origin, Fix: fix, Message: fmt.Sprintf(format, args...)})
}

// inform adds a finding about a cache that may well be intended.
func (r *resolver) inform(c *resolution, code, origin, fix, format string, args ...any) {
	r.find(Finding{Code: code, Level: levelInfo, Alias: c.alias, Origin: origin, Fix: fix, Message: fmt.Sprintf(format, args...)})
}

// line returns the line that sets an option to value, in the words of the place where it stands now.
func (r *resolver) line(c *resolution, option, value string) string {
	v := c.plan.Values[option]
	name := option[strings.LastIndexByte(option, '.')+1:]
	switch {
	case strings.HasPrefix(v.Origin, "env "), strings.HasPrefix(v.Origin, ".env:"):
		return strings.Trim(v.Source.Reveal(), "${}") + "=" + shellWord(value)
	case v.Origin != originGo && r.config.written != nil:
		return name + ": " + value
	}
	row := rowAt(c.path(option))
	switch row.kind {
	case kindText, kindURL, kindChoice:
		value = strconv.Quote(value)
	}
	return row.goName + ": " + value
}

func (r *resolver) isProduction() bool { return r.plan.Environment == Production }

func (r *resolver) adviseDebug() {
	if r.config.Debug && r.isProduction() {
		r.find(Finding{Code: "CW312", Level: levelWarning, Origin: r.project["debug"].Origin,
			Message: "debug is switched off, because the environment is production", Fix: "debug: false"})
	}
}

// adviseUnreadVariables tells a program that its environment holds what it does not read.
func (r *resolver) adviseUnreadVariables() {
	if r.config.written != nil || r.config.RedisURL != "" || !slices.Contains(r.env.Vars, "REDIS_URL") {
		return
	}
	if slices.ContainsFunc(r.caches, func(c *resolution) bool { return c.plan.Backend == BackendRedis }) {
		return
	}
	r.find(Finding{Code: "CW321", Level: levelInfo, Origin: "env REDIS_URL",
		Message: "REDIS_URL is set, but a Config made in Go reads no variables",
		Fix:     `RedisURL: os.Getenv("REDIS_URL")`})
}

func (r *resolver) adviseFallback(c *resolution) {
	p := &c.plan
	switch p.Rule {
	case 6:
		r.warn(c, "CW315", p.ReasonOrigin, "redis_url: redis://host:6379/0",
			"no Redis in %s: %q keeps its values in files of this machine, in %s", r.plan.Environment, c.alias, p.Location)
	case 7:
		r.warn(c, "CW316", p.ReasonOrigin, "redis_url: redis://host:6379/0", "nothing is cached: %s", p.Reason)
	}
}

// adviseNoInheritance tells those who expect every cache to use the project's Redis.
func (r *resolver) adviseNoInheritance(c *resolution) {
	if c.alias == aliasDefault || r.config.RedisURL == "" || c.plan.Rule < 5 {
		return
	}
	r.warn(c, "CW311", r.originOfCache(c), "backend: redis",
		"%q does not use the project's redis_url: only default does; name one here, or backend: redis to share it", c.alias)
}

// originOfCache is where the cache is written.
func (r *resolver) originOfCache(c *resolution) string {
	if w := r.config.written; w != nil {
		return w.caches[c.alias].origin()
	}
	return originGo
}

// adviseAlias finds an alias that is close to one with a meaning, which is not there itself.
func (r *resolver) adviseAlias(c *resolution) {
	known := []string{aliasDefault, aliasSessions}
	if slices.Contains(known, c.alias) {
		return
	}
	near, ok := spell.Near(c.alias, known)
	if !ok {
		return
	}
	if _, exists := r.config.Caches[near]; exists {
		return
	}
	r.warn(c, "CW317", r.originOfCache(c), cachePrefix+near+":", "%q is close to %q, which is not configured: is it meant?", c.alias, near)
}

func (r *resolver) adviseMemory(c *resolution) {
	if c.plan.Backend == BackendMemory && r.isProduction() && c.alias != aliasSessions {
		r.warn(c, "CW307", c.plan.ReasonOrigin, r.line(c, "backend", BackendRedis),
			"%q lives in memory: every process of production has its own, and a restart empties it", c.alias)
	}
}

func (r *resolver) adviseSessions(c *resolution) {
	if c.alias != aliasSessions || !r.isProduction() {
		return
	}
	switch c.plan.Backend {
	case BackendMemory:
		r.warn(c, "CW308", c.plan.ReasonOrigin, "redis_url: redis://host:6379/1",
			"sessions live in memory: users are logged out by a restart, and by every other process that serves them")
	case BackendFile:
		r.warn(c, "CW308", c.plan.ReasonOrigin, "redis_url: redis://host:6379/1",
			"sessions live in a bounded cache of files on this machine: other machines do not know them, and when it is full old ones go")
	}
}

// adviseEncryption finds a connection that anybody on the way can read.
func (r *resolver) adviseEncryption(c *resolution) {
	if c.plan.Backend != BackendRedis || !r.isProduction() || c.url.TLS || c.url.Host == "" || c.topology() == "sentinels" || c.url.IsLocal() {
		return
	}
	r.warn(c, "CW301", c.plan.Values["redis_url"].Origin, r.line(c, "redis_url", "rediss://..."),
		"redis:// to %s is not encrypted; a private authority is named by ssl_ca_certs", c.url.Host)
}

func (r *resolver) adviseVerification(c *resolution) {
	option := poolName + ".ssl_cert_reqs"
	if c.plan.Backend == BackendRedis && c.config.Pool.SSLCertReqs == "none" && r.isProduction() {
		r.warn(c, "CW322", c.plan.Values[option].Origin, r.line(c, option, "required"),
			"the server's certificate is not verified: whoever is on the way can read and change everything")
	}
}

// passwordOptions are the options that can hold a password, and the variables to take it from, in two
// parts: between them stands the alias of a cache other than default.
var passwordOptions = []struct{ option, first, last string }{
	{"redis_url", "REDIS", "URL"},
	{poolName + ".password", "REDIS", "PASSWORD"},
	{poolName + ".ssl_keyfile_password", "REDIS", "KEY_PASSWORD"},
	{poolName + ".sentinel_kwargs.password", "SENTINEL", "PASSWORD"},
	{poolName + ".sentinel_kwargs.ssl_keyfile_password", "SENTINEL", "KEY_PASSWORD"},
}

// SecretVariable names an environment variable to take the secret of an option from: ${REDIS_URL} for the
// redis_url of default, ${REDIS_SESSIONS_PASSWORD} for the password of sessions. It is empty for an option
// that holds no secret.
func (c *CachePlan) SecretVariable(option string) string {
	for _, p := range passwordOptions {
		if p.option != option {
			continue
		}
		if c.Alias == aliasDefault {
			return "${" + p.first + "_" + p.last + "}"
		}
		return "${" + p.first + "_" + strings.ToUpper(c.Alias) + "_" + p.last + "}"
	}
	return ""
}

// advisePasswords finds passwords that are written into a file that others read.
func (r *resolver) advisePasswords(c *resolution) {
	for _, p := range passwordOptions {
		option := p.option
		v := c.plan.Values[option]
		source := v.Source.Reveal()
		if !r.inFile(v.Origin) || source == "" || strings.Contains(source, "${") || option == "redis_url" && c.url.Password == "" {
			continue
		}
		r.warn(c, "CW302", v.Origin, r.line(c, option, c.plan.SecretVariable(option)), "the password of %q is written in a file; take it from a variable", c.alias)
	}
}

// inFile says whether an origin is one of the YAML files. A .env file is the place for secrets.
func (r *resolver) inFile(origin string) bool {
	name, _, ok := strings.Cut(origin, ":")
	return ok && name != ".env" && slices.Contains(r.plan.Files, name)
}

// advisePrefix finds a cache of a project without a name, whose keys stand beside those of others.
func (r *resolver) advisePrefix(c *resolution) {
	if c.plan.Rule == 4 && c.plan.KeyPrefix == "" && !c.has("key_prefix") {
		r.inform(c, "CW303", c.plan.ReasonOrigin, "project_name: my shop",
			"no project_name, so keys have no prefix: another project in this database would share them")
	}
}

func (r *resolver) adviseTimeout(c *resolution) {
	origin := c.plan.Values["timeout"].Origin
	switch c.plan.Timeout {
	case DoNotKeep:
		r.warn(c, "CW304", origin, r.line(c, "timeout", r.duration("5m", "5 * time.Minute")),
			"timeout 0: %q keeps nothing that does not name a lifetime of its own", c.alias)
	case Forever:
		r.inform(c, "CW304", origin, r.line(c, "timeout", r.duration("1d", "24 * time.Hour")),
			"timeout never: values of %q stay until they are deleted or evicted, also when they are wrong", c.alias)
	}
}

// adviseMilliseconds finds a number of seconds that is rather one of milliseconds: a whole number of
// thousands that is neither whole days nor a few whole hours.
func (r *resolver) adviseMilliseconds(c *resolution) {
	v, ttl := c.plan.Values["timeout"], c.plan.Timeout
	n, err := strconv.ParseInt(v.Source.Reveal(), 10, 64)
	hours := ttl%time.Hour == 0 && ttl < 100*time.Hour
	if err != nil || n < 60000 || n%1000 != 0 || ttl%(24*time.Hour) == 0 || hours {
		return
	}
	r.inform(c, "CW325", v.Origin, r.line(c, "timeout", strconv.FormatInt(n/1000, 10)),
		"timeout counts seconds: %d are %v; as milliseconds it would be timeout: %d", n, ttl, n/1000)
}

// adviseSoftTimeout finds a wait for what cannot be.
func (r *resolver) adviseSoftTimeout(c *resolution) {
	v := c.plan.Values["soft_timeout"]
	if c.plan.SoftTimeout == 0 || c.plan.StaleFor != 0 {
		return
	}
	r.inform(c, "CW328", v.Origin, r.line(c, "stale_for", "1h"),
		"soft_timeout has no effect: without stale_for there is no stale value to serve meanwhile")
}

// duration returns a duration as YAML or as Go writes it.
func (r *resolver) duration(yaml, program string) string {
	if r.config.written == nil {
		return program
	}
	return yaml
}

// adviseMaxConnections finds the two places that say how many connections, saying different things.
func (r *resolver) adviseMaxConnections(c *resolution) {
	v := c.plan.Values["max_connections"]
	if c.plan.Backend != BackendRedis || c.config.Pool.MaxConnections == 0 {
		return
	}
	own := r.config.Caches[c.alias].MaxConnections
	if own != 0 && own != c.plan.MaxConnections {
		r.warn(c, "CW313", v.Origin, fmt.Sprintf("max_connections: %d", c.plan.MaxConnections),
			"max_connections is %d here and %d in %s, which counts; write it once", own, c.plan.MaxConnections, poolName)
	}
}

// guideline is how many connections go with a load.
type guideline struct {
	below    int // requests per minute; zero is no bound
	from, to int
}

var guidelines = []guideline{{1000, 10, 20}, {10001, 50, 100}, {0, 100, 200}}

func (r *resolver) advisePoolSize(c *resolution) {
	load := c.config.ExpectedRequestsPerMinute
	if c.plan.Backend != BackendRedis || load == 0 || !c.has("max_connections") {
		return
	}
	i := slices.IndexFunc(guidelines, func(g guideline) bool { return g.below == 0 || load < g.below })
	if g := guidelines[i]; c.plan.MaxConnections < g.from || c.plan.MaxConnections > g.to {
		r.inform(c, "CW309", c.plan.Values["max_connections"].Origin, r.line(c, "max_connections", strconv.Itoa(g.to)),
			"max_connections is %d; for %d requests per minute %d to %d are usual", c.plan.MaxConnections, load, g.from, g.to)
	}
}

// adviseForeignOptions finds options that mean nothing to the backend. One that a weaker layer wrote
// for another environment's backend is no slip.
func (r *resolver) adviseForeignOptions(c *resolution) {
	if c.plan.Rule == 2 || c.plan.Rule == 7 {
		return
	}
	for i := range cacheFields {
		row := &cacheFields[i]
		if row.means(c.plan.Backend) {
			continue
		}
		option := row.name
		if row.kind == kindGroup {
			if option = c.firstWritten(row.name + "."); option == "" {
				continue
			}
		}
		if v := c.plan.Values[option]; v.Written && r.layerOf(c, option) >= r.layerOf(c, "backend") {
			r.inform(c, "CW320", v.Origin, "", "%s means nothing to the %s backend", row.name, c.plan.Backend)
		}
	}
}
