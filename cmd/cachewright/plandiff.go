package main

import (
	"cmp"
	"errors"
	"maps"
	"reflect"
	"slices"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/internal/redisurl"
)

// planDiff compares the plan of the current environment with that of another one. It reads both on this
// machine: the same folder, the same variables.
func (v *invocation) planDiff(environment string) error {
	if environment == "" {
		return misuse("--diff needs the name of an environment, as --diff production")
	}
	left, err := v.plan()
	if err != nil {
		return err
	}
	right, err := v.planBeside(environment)
	if err != nil {
		v.sayf("in the environment %q:", environment)
		return err
	}
	c := compare(left, right)
	if v.json {
		err = v.printJSON(c.json())
	} else {
		v.printComparison(c)
	}
	if err == nil && !c.same() {
		return answeredNo()
	}
	return err
}

// planBeside is the plan of the environment that --diff names. What --env would be the origin of, is
// said to come from --diff.
func (v *invocation) planBeside(environment string) (*cachewright.Plan, error) {
	const theirs, ours = "--env", "--diff"
	p, err := v.planUnder(circumstances{environment: environment, environ: v.environ, usable: usable})
	if problems, ok := errors.AsType[cachewright.Problems](err); ok {
		for _, problem := range problems {
			if problem.Option == theirs {
				problem.Option = ours
			}
		}
	}
	if err != nil {
		return nil, err
	}
	rename := func(origin *string) {
		if *origin == theirs {
			*origin = ours
		}
	}
	rename(&p.EnvironmentOrigin)
	for i := range p.Caches {
		rename(&p.Caches[i].ReasonOrigin)
	}
	for i := range p.Findings {
		rename(&p.Findings[i].Origin)
	}
	return p, nil
}

// How a cache of the one plan stands to the cache of that alias in the other.
const (
	cacheSame    = "same"
	cacheChanged = "changed"
	cacheRemoved = "removed" // it is in the left plan only
	cacheAdded   = "added"   // it is in the right plan only
)

// comparison is two plans of one project side by side. Left is the current environment.
type comparison struct {
	left, right *cachewright.Plan

	caches []comparedCache // default first, then by alias

	// removed are the findings of the left plan alone, added those of the right plan alone.
	removed, added []cachewright.Finding
}

// comparedCache is one alias in two plans.
type comparedCache struct {
	alias       string
	change      string
	left, right cachewright.CachePlan // the zero one where the cache is not
	values      []comparedValue       // those that differ, of a cache that is in both plans; what was written first
}

// comparedValue is an option whose values differ. A side is nil if the option means nothing there.
type comparedValue struct {
	name        string
	left, right *cachewright.Value

	// secret says that the values look the same: they differ in what is masked.
	secret bool
}

// compare compares what would run: values, not where they come from, and findings.
func compare(left, right *cachewright.Plan) comparison {
	c := comparison{
		left: left, right: right,
		removed: without(left.Findings, right.Findings), added: without(right.Findings, left.Findings),
	}
	for _, l := range left.Caches {
		r, ok := right.Cache(l.Alias)
		if !ok {
			c.caches = append(c.caches, comparedCache{alias: l.Alias, change: cacheRemoved, left: l})
			continue
		}
		c.caches = append(c.caches, compareCache(l, r))
	}
	for _, r := range right.Caches {
		if _, ok := left.Cache(r.Alias); !ok {
			c.caches = append(c.caches, comparedCache{alias: r.Alias, change: cacheAdded, right: r})
		}
	}
	// The default cache is in every plan, and first in it.
	slices.SortFunc(c.caches[1:], func(a, b comparedCache) int { return cmp.Compare(a.alias, b.alias) })
	return c
}

// same reports whether the plans come to the same caches, with the same to be said about them.
func (c comparison) same() bool {
	return c.count(cacheSame) == len(c.caches) && len(c.removed)+len(c.added) == 0 && len(c.project()) == 0
}

// count is how many caches there are with a change.
func (c comparison) count(change string) int {
	n := 0
	for _, cache := range c.caches {
		if cache.change == change {
			n++
		}
	}
	return n
}

// project returns the options of the project that differ. The plan does not say where they come from.
func (c comparison) project() []comparedValue {
	var all []comparedValue
	add := func(name string, left, right any) {
		if left != right {
			all = append(all, comparedValue{name: name, left: &cachewright.Value{Value: left}, right: &cachewright.Value{Value: right}})
		}
	}
	add("project_name", c.left.ProjectName, c.right.ProjectName)
	add("debug", c.left.Debug, c.right.Debug)
	return all
}

func compareCache(left, right cachewright.CachePlan) comparedCache {
	c := comparedCache{alias: left.Alias, change: cacheSame, left: left, right: right}
	secretsLeft, secretsRight := secretsOf(left), secretsOf(right)
	for _, name := range optionsOf(left, right) {
		v := comparedValue{name: name, left: option(left, name), right: option(right, name)}
		looksSame := v.left != nil && v.right != nil && reflect.DeepEqual(v.left.Value, v.right.Value)
		v.secret = looksSame && secretsLeft[name] != secretsRight[name]
		if !looksSame || v.secret {
			c.values = append(c.values, v)
			c.change = cacheChanged
		}
	}
	return c
}

// optionsOf are the names of the options of two caches, what was written on either side first.
func optionsOf(left, right cachewright.CachePlan) []string {
	names := slices.Collect(maps.Keys(left.Values))
	names = slices.AppendSeq(names, maps.Keys(right.Values))
	rank := func(name string) int {
		if left.Values[name].Written || right.Values[name].Written {
			return 0
		}
		return 1
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(rank(a)-rank(b), cmp.Compare(a, b)) })
	return slices.Compact(names)
}

func option(c cachewright.CachePlan, name string) *cachewright.Value {
	if v, ok := c.Values[name]; ok {
		return &v
	}
	return nil
}

// secretsOf are the options of a cache that are shown masked, with what the mask hides. It is compared,
// never shown.
func secretsOf(c cachewright.CachePlan) map[string]any {
	const pool = "connection_pool_kwargs."
	secrets := map[string]any{
		pool + "password":                             c.Pool.Password,
		pool + "ssl_keyfile_password":                 c.Pool.SSLKeyFilePassword,
		pool + "sentinel_kwargs.password":             c.Pool.SentinelKwargs.Password,
		pool + "sentinel_kwargs.ssl_keyfile_password": c.Pool.SentinelKwargs.SSLKeyFilePassword,
	}
	if u, err := redisurl.Parse(c.RedisURL.Reveal()); err == nil {
		secrets["redis_url"] = [2]string{u.Username, u.Password}
	}
	return secrets
}

// without are the findings that others does not hold. A finding that has only moved is the same one.
func without(findings, others []cachewright.Finding) []cachewright.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f cachewright.Finding) bool {
		return slices.ContainsFunc(others, func(o cachewright.Finding) bool {
			return o.Code == f.Code && o.Alias == f.Alias && o.Message == f.Message
		})
	})
}
