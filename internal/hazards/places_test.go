//go:build unix

package hazards_test

import (
	"bytes"
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

// site says where a place is and what the caches on it are like, so that a process of its own can be told.
type site struct {
	Name      string
	Dir       string       // a folder, if not empty
	Server    string       // a single server
	Sentinels []redis.Node // of a master
	Nodes     []redis.Node // of a cluster
	StaleFor  time.Duration
	Bare      bool          // values that Django reads
	memory    *memory.Store // of this process only
}

// service is what the master behind Sentinels is called.
const service = "mymaster"

// lent is a store that stays open when a cache closes it.
type lent struct{ *memory.Store }

func (lent) Close() error { return nil }

// ample is more time than any answer takes, on a busy machine too.
const ample = 10 * time.Second

// open opens the store for one more process.
func (s site) open() (store.Store, error) {
	switch {
	case s.memory != nil:
		return lent{s.memory}, nil
	case s.Dir != "":
		return file.Open(s.Dir, file.Options{LockTimeout: ample})
	}
	o := redis.Options{Address: s.Server, Pool: redis.PoolOptions{SocketTimeout: ample, SocketConnectTimeout: ample, StartupNodes: s.Nodes}}
	if s.Sentinels != nil {
		o.Pool.Sentinels, o.Pool.ServiceName = s.Sentinels, service
	}
	return redis.Open(o)
}

// library describes this project's cache on the site. What goes wrong behind a call is made on purpose, and
// nobody needs to read it.
func (s site) asLibrary() hazards.Library {
	o := cache.Options{StaleFor: s.StaleFor, Refreshes: 1 << 12} // of all keys at once
	o.Hooks.Trouble = func(context.Context, cache.Trouble) {}
	if s.Bare {
		o.Codec = django.Codec{Serializer: django.JSON}
	}
	lib := hazards.Cachewright(o, s.open)
	lib.Name = s.Name
	return lib
}

// with returns lib with somebody who gets at its place.
func with(lib hazards.Library, outside hazards.Outside) hazards.Library {
	lib.Outside, lib.Evicts = outside, true
	return lib
}

// place is a site, and somebody who gets at it without a cache.
type place struct {
	site
	outside hazards.Outside
}

func (p place) asLibrary() hazards.Library { return with(p.site.asLibrary(), p.outside) }

// inMemory is a store in memory that several caches share.
func inMemory(t *testing.T, like site) place {
	const room = 1 << 20
	s, err := memory.New(memory.Options{MaxBytes: room})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	fill := func() error { // leaves no room for anything else
		if _, err := s.Delete(context.Background(), "filler"); err != nil {
			return err
		}
		return s.Set(context.Background(), "filler", make([]byte, room-256), time.Minute)
	}
	like.memory = s
	return place{like, meddler{s, fill}}
}

// inFolder is a directory that each process opens for itself.
func inFolder(t *testing.T, like site) place {
	like.Dir = t.TempDir()
	s, err := file.Open(like.Dir, file.Options{})
	must(t, err)
	full, err := file.Open(like.Dir, file.Options{MaxEntries: 1})
	must(t, err)
	t.Cleanup(func() { _, _ = s.Close(), full.Close() })
	fillers := 0
	return place{like, meddler{s, func() error {
		fillers++
		return full.Set(context.Background(), "filler-"+strconv.Itoa(fillers), nil, time.Minute)
	}}}
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
	_, err := m.store.Touch(context.Background(), lead+key, time.Millisecond)
	time.Sleep(2 * time.Millisecond) // what is there later is new
	return err
}

// Evict fills the store until key is gone, or what was under it.
func (m meddler) Evict(key string) error {
	before, _, err := m.store.Get(context.Background(), lead+key)
	for range 1000 {
		if err == nil {
			err = m.fill()
		}
		if err != nil {
			return err
		}
		var now []byte
		if now, _, err = m.store.Get(context.Background(), lead+key); !bytes.Equal(now, before) {
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
	time.Sleep(2 * time.Millisecond) // what is there later is new
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
	before := s.Do("DUMP", lead+key)
	s.Do("CONFIG", "SET", "maxmemory-policy", "allkeys-lru", "maxmemory", "1")
	for s.Do("DUMP", lead+key) == before && before != "(nil)" {
		time.Sleep(time.Millisecond)
	}
	s.Do("CONFIG", "SET", "maxmemory", "0")
	return nil
}

// onServer is a single server.
func onServer(t *testing.T, like site) place {
	server := testredis.Start(t)
	like.Server = server.Addr
	return place{like, client{[]*testredis.Server{server}, func(string) *testredis.Server { return server }, like.Bare}}
}

// behindSentinels is the master of a group.
func behindSentinels(t *testing.T, like site) place {
	g := testredis.StartSentinel(t, testredis.SentinelOptions{Service: service})
	master := g.Master()
	like.Sentinels = nodes(t, g.Addresses())
	return place{like, client{[]*testredis.Server{master}, func(string) *testredis.Server { return master }, like.Bare}}
}

// inCluster is a cluster of three masters.
func inCluster(t *testing.T, like site) place {
	cluster := testredis.StartCluster(t, testredis.ClusterOptions{})
	like.Nodes = nodes(t, cluster.Addresses()[:2])
	return place{like, client{cluster.Nodes, cluster.NodeFor, like.Bare}}
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
