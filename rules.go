package cachewright

import (
	"maps"
	"path/filepath"
	"strings"

	"github.com/cachewright/cachewright/internal/redisurl"
)

// rule is one of the ordered rules that choose a backend.
type rule struct {
	number  int
	matches func(r *resolver, c *resolution) bool
	apply   func(r *resolver, c *resolution) // sets Backend, Reason, ReasonOrigin and what belongs to it
}

// rules are tried in order; the first that matches decides.
var rules = []rule{
	{1, (*resolver).namesBackend, (*resolver).takeNamed},
	{2, (*resolver).isTesting, (*resolver).turnOff},
	{3, (*resolver).namesRedis, (*resolver).takeOwnRedis},
	{4, (*resolver).isAutomatic, (*resolver).takeProjectRedis},
	{5, (*resolver).isDevelopment, (*resolver).takeMemory},
	{6, func(*resolver, *resolution) bool { return true }, (*resolver).takeFile},
}

// choose applies the first rule that matches.
func (r *resolver) choose(c *resolution) {
	for _, rule := range rules {
		if rule.matches(r, c) {
			c.plan.Rule = rule.number
			rule.apply(r, c)
			return
		}
	}
}

func (r *resolver) namesBackend(c *resolution) bool { return c.config.Backend != "" }

func (r *resolver) takeNamed(c *resolution) {
	p := &c.plan
	p.Backend, p.Reason, p.ReasonOrigin = c.config.Backend, "explicit backend: "+c.config.Backend, p.Values["backend"].Origin
	switch p.Backend {
	case BackendFile:
		r.useDirectory(c)
		if err := r.usable(p.Directory); err != nil {
			option := "backend"
			if c.has("location") {
				option = "location"
			}
			r.fault(c.path(option), faultf("CW212", "name a directory that can be written, with location",
				"the directory %s cannot be used: %s", p.Location, err))
		}
	case BackendRedis:
		if c.topology() == "" && c.config.RedisURL == "" {
			r.takeURLOfProject(c)
			return
		}
		r.useRedis(c)
	}
}

// takeURLOfProject serves a cache that asks for Redis without saying which.
func (r *resolver) takeURLOfProject(c *resolution) {
	if r.config.RedisURL == "" {
		r.fault(c.path("backend"), faultf("CW201", "give the cache or the project a redis_url",
			"redis is asked for, and neither the cache nor the project has a redis_url"))
		return
	}
	r.useProjectURL(c)
	c.plan.Reason += ", with the project's redis_url"
}

func (r *resolver) isTesting(*resolution) bool { return r.plan.Environment == Testing }

func (r *resolver) turnOff(c *resolution) {
	p := &c.plan
	p.ReasonOrigin = r.plan.EnvironmentOrigin
	p.Backend, p.Reason = BackendDummy, "caches are off under testing; name a backend to keep one"
	if c.alias == aliasSessions {
		p.Backend, p.Reason = BackendMemory, "caches are off under testing, but sessions are needed: they live in memory"
	}
}

func (r *resolver) namesRedis(c *resolution) bool {
	return c.config.RedisURL != "" || c.topology() != ""
}

// topology names the option that makes a cache's Redis more than one server; empty for none.
func (c *resolution) topology() string {
	switch {
	case len(c.config.Pool.Sentinels) > 0:
		return "sentinels"
	case len(c.config.Pool.StartupNodes) > 0:
		return "startup_nodes"
	}
	return ""
}

func (r *resolver) takeOwnRedis(c *resolution) {
	p, option := &c.plan, "redis_url"
	p.ReasonOrigin = p.Values[option].Origin
	if topology := c.topology(); topology != "" {
		option, p.ReasonOrigin = topology, p.Values[poolName+"."+topology].Origin
	}
	p.Reason = "explicit Redis: the cache names " + option
	r.useRedis(c)
}

func (r *resolver) useRedis(c *resolution) {
	c.plan.Backend, c.plan.RedisURL = BackendRedis, NewSecret(c.config.RedisURL)
	if u, err := redisurl.Parse(c.config.RedisURL); err == nil {
		c.url = u
	}
}

// isAutomatic is the case that most projects write: one redis_url, and everything else follows.
func (r *resolver) isAutomatic(c *resolution) bool {
	return c.alias == aliasDefault && r.config.RedisURL != ""
}

func (r *resolver) takeProjectRedis(c *resolution) {
	c.plan.Reason, c.plan.ReasonOrigin = "created from the project's redis_url", r.project["redis_url"].Origin
	r.useProjectURL(c)
}

func (r *resolver) useProjectURL(c *resolution) {
	c.plan.Backend, c.plan.RedisURL, c.url = BackendRedis, NewSecret(r.config.RedisURL), r.url
	c.plan.Values["redis_url"] = r.project["redis_url"]
}

func (r *resolver) isDevelopment(*resolution) bool {
	return r.plan.Environment == Development || r.plan.Debug
}

func (r *resolver) takeMemory(c *resolution) {
	p := &c.plan
	p.Backend, p.ReasonOrigin = BackendMemory, r.plan.EnvironmentOrigin
	why := Development
	if r.plan.Environment != Development {
		why, p.ReasonOrigin = "debug is on", r.project["debug"].Origin
	}
	p.Reason = why + ", and " + r.withoutRedis()
}

// withoutRedis says that no Redis was found, for rules that look for one first.
func (r *resolver) withoutRedis() string {
	if r.config.RedisURL != "" {
		return "this cache names no redis_url"
	}
	return "no redis_url"
}

func (r *resolver) takeFile(c *resolution) {
	p := &c.plan
	why := r.plan.Environment + ", and " + r.withoutRedis()
	p.Backend, p.ReasonOrigin, p.Automatic = BackendFile, r.plan.EnvironmentOrigin, true
	p.Reason = why + ": files, which outlive a restart but serve one machine"
	r.useDirectory(c)
	if err := r.usable(p.Directory); err != nil {
		r.takeNothing(c, why, err)
	}
}

// takeNothing is rule 7: the fallback of the fallback.
func (r *resolver) takeNothing(c *resolution, why string, err error) {
	p := &c.plan
	if c.alias == aliasSessions {
		r.fault(c.path("redis_url"), faultf("CW211", "give the cache a redis_url, or a location that can be written",
			"sessions have no place to live: %s, and the directory %s cannot be used: %s", why, p.Location, err))
		return
	}
	p.keepNothing(why, err)
}

// keepNothing turns the plan of a file cache into one by rule 7.
func (p *CachePlan) keepNothing(why string, err error) {
	p.Reason = why + ", and the directory " + p.Location + " cannot be used (" + err.Error() + "): nothing is cached"
	p.Rule, p.Backend, p.Automatic = 7, BackendDummy, false
	p.Directory, p.Location = "", locationOfDummy
	p.Values = maps.Clone(p.Values)
	delete(p.Values, "location")
}

func (r *resolver) usable(dir string) error {
	if r.env.Usable == nil {
		return nil
	}
	return r.env.Usable(dir)
}

// useDirectory decides where a file cache lives: Location as it is shown, Directory as it is used.
func (r *resolver) useDirectory(c *resolution) {
	p := &c.plan
	dir := c.config.Location
	if dir == "" {
		dir = fallbackDirectory(c.config.KeyPrefix, c.alias)
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(r.plan.Dir, dir)
	}
	p.Directory, p.Location = dir, r.relative(dir)
	if p.Values["location"].Written {
		return
	}
	p.Values["location"] = Value{Value: p.Location, Origin: originDefault}
	if p.Automatic {
		p.Values["location"] = Value{Value: p.Location, Origin: "rule 6"}
	}
}

// relative shows a path inside the folder of the configuration relative to it.
func (r *resolver) relative(path string) string {
	rel, err := filepath.Rel(r.plan.Dir, path)
	if err != nil || r.plan.Dir == "" || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return path
	}
	return filepath.ToSlash(rel)
}

// path returns the path of an option of the cache.
func (c *resolution) path(option string) []string {
	return append([]string{cachePrefix + c.alias}, strings.Split(option, ".")...)
}
