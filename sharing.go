package cachewright

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// sharesServer says that two caches use the same Redis.
func sharesServer(a, b *resolution) bool {
	if a.plan.Backend != BackendRedis || b.plan.Backend != BackendRedis {
		return false
	}
	pa, pb := a.config.Pool, b.config.Pool
	switch {
	case len(pa.Sentinels)+len(pb.Sentinels) > 0:
		return pa.ServiceName == pb.ServiceName && overlap(plainNodes(pa.Sentinels), plainNodes(pb.Sentinels))
	case len(pa.StartupNodes)+len(pb.StartupNodes) > 0:
		return overlap(plainNodes(pa.StartupNodes), plainNodes(pb.StartupNodes))
	}
	return a.url.Port == b.url.Port && strings.EqualFold(a.url.Host, b.url.Host)
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

func sharesDatabase(a, b *resolution) bool { return sharesServer(a, b) && database(a) == database(b) }

// advisePools finds one URL with two sets of options: django-redis keeps one pool per URL, with the
// options of whichever cache is used first.
func (r *resolver) advisePools(earlier, later *resolution) {
	if !sharesDatabase(earlier, later) || earlier.plan.RedisURL != later.plan.RedisURL || earlier.plan.RedisURL.IsZero() {
		return
	}
	if earlier.plan.MaxConnections == later.plan.MaxConnections && reflect.DeepEqual(earlier.config.Pool, later.config.Pool) {
		return
	}
	r.inform(later, "CW305", later.plan.Values["redis_url"].Origin, "",
		"%q and %q have one redis_url and different connection options: here both count, but django-redis uses those of the cache that connects first",
		earlier.alias, later.alias)
}

// adviseSharedDatabase finds sessions in the database of a cache: clearing the one by hand empties the
// other, and eviction does not tell them apart.
func (r *resolver) adviseSharedDatabase(earlier, later *resolution) {
	if later.alias != aliasSessions && earlier.alias != aliasSessions || !sharesDatabase(earlier, later) {
		return
	}
	r.warn(later, "CW306", later.plan.Values["redis_url"].Origin, "redis_url: redis://host:6379/"+strconv.Itoa(database(earlier)+1),
		"%q and %q share one Redis database: flushing or evicting the one hits the other", earlier.alias, later.alias)
}

// adviseSharedKeys finds caches whose keys can meet.
func (r *resolver) adviseSharedKeys(earlier, later *resolution) {
	sameFiles := earlier.plan.Directory != "" && earlier.plan.Directory == later.plan.Directory
	if !sharesDatabase(earlier, later) && !sameFiles {
		return
	}
	a, b := earlier.plan, later.plan
	origin := r.originOfCache(later)
	if v := b.Values["key_prefix"]; v.Written {
		origin = v.Origin
	}
	where := "Redis database"
	if sameFiles {
		where = "directory"
	}
	fix := r.line(later, "key_prefix", later.alias)
	switch {
	case a.KeyPrefix == b.KeyPrefix && a.Version == b.Version:
		r.warn(later, "CW310", origin, fix, "%q and %q share one %s and the prefix %q: each reads, overwrites and clears what the other keeps",
			a.Alias, b.Alias, where, a.KeyPrefix)
	case a.KeyPrefix == b.KeyPrefix:
		r.inform(later, "CW310", origin, fix, "%q and %q share one %s and the prefix %q; only their versions keep them apart",
			a.Alias, b.Alias, where, a.KeyPrefix)
	case begins(a, b), begins(b, a):
		r.warn(later, "CW310", origin, fix, "%q and %q share one %s, and the keys of one prefix (%q) can begin like those of the other (%q): clearing the one clears the other",
			a.Alias, b.Alias, where, a.KeyPrefix, b.KeyPrefix)
	}
}

// begins says that every key of b begins as the keys of a do.
func begins(a, b CachePlan) bool {
	return strings.HasPrefix(b.KeyPrefix+":", a.KeyPrefix+":"+strconv.Itoa(a.Version)+":")
}
