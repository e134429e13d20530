package hazards_test

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/internal/hazards"
	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
	"github.com/cachewright/cachewright/store/memory"
	"github.com/cachewright/cachewright/store/redis"
)

// lead is what stands before every key of these caches in a store.
const lead = ":1:"

// quiet are options whose troubles, which these tests make on purpose, nobody needs to read.
func quiet(o cache.Options) cache.Options {
	o.Hooks.Trouble = func(context.Context, cache.Trouble) {}
	return o
}

// serving are options that serve stale values.
var serving = cache.Options{StaleFor: time.Minute}

// bare are options for values that Django reads.
var bare = cache.Options{Codec: django.Codec{Serializer: django.JSON}}

func library(name string, o cache.Options, open func() (store.Store, error), outside hazards.Outside) hazards.Library {
	lib := hazards.Cachewright(quiet(o), open)
	lib.Name, lib.Outside, lib.Evicts = name, outside, true
	return lib
}

// inMemory is a store in memory that several caches share.
func inMemory(t *testing.T, name string, o cache.Options) hazards.Library {
	s, err := memory.New(memory.Options{MaxBytes: 1 << 20})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	fill := func() error {
		for i := range 64 {
			if err := s.Set(context.Background(), "filler-"+strconv.Itoa(i), make([]byte, 16<<10), time.Minute); err != nil {
				return err
			}
		}
		return nil
	}
	return library(name, o, func() (store.Store, error) { return lent{s}, nil }, meddler{s, fill})
}

// lent is a store that stays open when a cache closes it.
type lent struct{ *memory.Store }

func (lent) Close() error { return nil }

// inFolder is a directory that each process opens for itself.
func inFolder(t *testing.T, name string, o cache.Options) hazards.Library {
	dir := t.TempDir()
	open := func() (store.Store, error) { return file.Open(dir, file.Options{}) }
	s, err := file.Open(dir, file.Options{})
	must(t, err)
	full, err := file.Open(dir, file.Options{MaxEntries: 1})
	must(t, err)
	t.Cleanup(func() { _, _ = s.Close(), full.Close() })
	fill := func() error { return full.Set(context.Background(), "filler", nil, time.Minute) }
	return library(name, o, open, meddler{s, fill})
}

// meddler is somebody who uses the store without a cache.
type meddler struct {
	store interface {
		store.Store
		store.Inspector
	}
	fill func() error
}

func (m meddler) Delete(key string) error {
	_, err := m.store.Delete(context.Background(), lead+key)
	return err
}

func (m meddler) Overwrite(key, _ string) error {
	return m.store.Set(context.Background(), lead+key, []byte("\x93NUMPY nothing of ours"), time.Minute)
}

func (m meddler) Expire(key string) error {
	if _, err := m.store.Touch(context.Background(), lead+key, time.Millisecond); err != nil {
		return err
	}
	return m.untilGone(key, func() error { time.Sleep(time.Millisecond); return nil })
}

// untilGone repeats what takes a key away in the end.
func (m meddler) untilGone(key string, do func() error) error {
	for range 10_000 {
		if err := do(); err != nil {
			return err
		}
		if _, found, err := m.store.TTL(context.Background(), lead+key); err != nil || !found {
			return err
		}
	}
	return fmt.Errorf("%s does not go away", key)
}

func (m meddler) Flush() error {
	var keys []string
	for key, err := range m.store.Scan(context.Background(), "", "*") {
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	_, err := m.store.Delete(context.Background(), keys...)
	return err
}

func (m meddler) Evict(key string) error { return m.untilGone(key, m.fill) }

// client is somebody with redis-cli.
type client struct {
	servers []*testredis.Server                // all that hold keys
	of      func(key string) *testredis.Server // the one that holds a key
	bare    bool
}

func (c client) do(key string, args ...string) string { return c.of(lead + key).Do(args...) }

func (c client) Delete(key string) error {
	c.do(key, "DEL", lead+key)
	return nil
}

func (c client) Overwrite(key, value string) error {
	if c.bare {
		c.do(key, "SET", lead+key, strconv.Quote(value))
	} else {
		c.do(key, "SET", lead+key, "nothing of ours")
	}
	return nil
}

func (c client) Expire(key string) error {
	c.do(key, "PEXPIRE", lead+key, "1")
	for c.do(key, "EXISTS", lead+key) != "0" {
		time.Sleep(time.Millisecond)
	}
	return nil
}

func (c client) Flush() error {
	for _, s := range c.servers {
		s.Do("FLUSHDB")
	}
	return nil
}

// Evict lowers the bound until the server has given up all that it had.
func (c client) Evict(key string) error {
	s := c.of(lead + key)
	s.Do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory", "1")
	defer s.Do("CONFIG", "SET", "maxmemory", "0")
	for s.Do("EXISTS", lead+key) != "0" {
		time.Sleep(time.Millisecond)
	}
	return nil
}

// ample is more time than any answer takes, on a busy machine too.
const ample = 10 * time.Second

func opening(o redis.Options) func() (store.Store, error) {
	o.Pool.SocketTimeout = ample
	return func() (store.Store, error) { return redis.Open(o) }
}

// onServer is a single server.
func onServer(t *testing.T, name string, o cache.Options) hazards.Library {
	server := testredis.Start(t)
	c := client{servers: []*testredis.Server{server}, of: func(string) *testredis.Server { return server }, bare: o.Codec != nil}
	return library(name, o, opening(redis.Options{Address: server.Addr}), c)
}

// behindSentinels is the master of a group.
func behindSentinels(t *testing.T, name string, o cache.Options) hazards.Library {
	g := testredis.StartSentinel(t, testredis.SentinelOptions{})
	master := g.Master()
	c := client{servers: []*testredis.Server{master}, of: func(string) *testredis.Server { return master }, bare: o.Codec != nil}
	return library(name, o, opening(redis.Options{Pool: redis.PoolOptions{
		Sentinels: nodes(t, g.Addresses()), ServiceName: g.Service(),
	}}), c)
}

// inCluster is a cluster of three masters.
func inCluster(t *testing.T, name string, o cache.Options) hazards.Library {
	cluster := testredis.StartCluster(t, testredis.ClusterOptions{})
	c := client{servers: cluster.Nodes, of: cluster.NodeFor, bare: o.Codec != nil}
	return library(name, o, opening(redis.Options{Pool: redis.PoolOptions{StartupNodes: nodes(t, cluster.Addresses()[:2])}}), c)
}

func nodes(t *testing.T, addresses []string) []redis.Node {
	t.Helper()
	var all []redis.Node
	for _, a := range addresses {
		host, port, err := net.SplitHostPort(a)
		must(t, err)
		n, err := strconv.Atoi(port)
		must(t, err)
		all = append(all, redis.Node{Host: host, Port: n})
	}
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
