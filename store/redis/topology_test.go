//go:build unix

package redis_test

import (
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
	"github.com/cachewright/cachewright/store/storetest"
)

// ample is more time than any answer takes, on a busy machine too.
const ample = 10 * time.Second

// node returns the address of a server as options name it.
func node(t testing.TB, address string) redis.Node {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return redis.Node{Host: host, Port: n}
}

func nodes(t testing.TB, addresses []string) []redis.Node {
	t.Helper()
	var all []redis.Node
	for _, a := range addresses {
		all = append(all, node(t, a))
	}
	return all
}

// The passwords of groups with Sentinels.
const (
	dataPassword     = "for-the-data"
	sentinelPassword = "for-the-sentinels"
)

// group starts a master with replicas and Sentinels.
func group(t testing.TB) *testredis.Sentinel {
	t.Helper()
	return testredis.StartSentinel(t, testredis.SentinelOptions{Password: dataPassword, SentinelPassword: sentinelPassword})
}

// throughSentinels returns options for the master of g.
func throughSentinels(t testing.TB, g *testredis.Sentinel) redis.Options {
	t.Helper()
	return redis.Options{Password: dataPassword, Pool: redis.PoolOptions{
		Sentinels: nodes(t, g.Addresses()), ServiceName: g.Service(), SocketTimeout: ample,
		SentinelKwargs: redis.SentinelOptions{Password: sentinelPassword},
	}}
}

// inCluster returns options for the nodes of c.
func inCluster(t testing.TB, c *testredis.Cluster) redis.Options {
	t.Helper()
	return redis.Options{Pool: redis.PoolOptions{StartupNodes: nodes(t, c.Addresses()[:2]), SocketTimeout: ample}}
}

// emptying returns a storetest.Open for o that empties the servers before each store.
func emptying(o redis.Options, servers ...*testredis.Server) storetest.Open {
	return func(t *testing.T) store.Store {
		for _, s := range servers {
			s.Do("FLUSHALL")
		}
		return open(t, o)
	}
}

// topology starts servers and returns how to open stores on them.
type topology func(*testing.T) storetest.Open

func plainServer(t *testing.T) storetest.Open {
	server := testredis.Start(t)
	return emptying(at(server), server)
}

// encryptedServer asks for a certificate, and for a user who may no more than is needed.
func encryptedServer(t *testing.T) storetest.Open {
	server := testredis.StartTLS(t, testredis.TLSOptions{RequireClientCert: true, Options: testredis.Options{
		Password: "admin", Users: []string{"shop on >open-sesame ~* +@read +@write +@scripting +@connection"},
	}})
	o := encrypted(t, server)
	o.Username, o.Password = "shop", "open-sesame"
	return emptying(o, server.Server)
}

// masterOfSentinels speaks version 2 of the protocol.
func masterOfSentinels(t *testing.T) storetest.Open {
	g := group(t)
	o := throughSentinels(t, g)
	o.Pool.Protocol = 2
	return emptying(o, g.Master())
}

func nodesOfACluster(t *testing.T) storetest.Open {
	c := testredis.StartCluster(t, testredis.ClusterOptions{})
	return emptying(inCluster(t, c), c.Nodes...)
}

// TestContract takes one server of each kind, and gives it what else there is to be borne: the suite takes
// its time. TestModel runs on a server without anything.
func TestContract(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]struct {
		start topology
		wakes bool
	}{
		"a single server, TLS with certificates on both sides, a user with few rights": {encryptedServer, false},
		"the master that Sentinels name, protocol 2":                                   {masterOfSentinels, false},
		"a cluster": {nodesOfACluster, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, kind.start(t), storetest.Options{Offers: everything, Wakes: kind.wakes})
		})
	}
}

func TestModel(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]topology{"a single server": plainServer, "a cluster": nodesOfACluster} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Model(t, start(t), storetest.Options{Offers: everything})
		})
	}
}

func TestProtocol2BehindSentinelsAndInACluster(t *testing.T) {
	t.Parallel()
	t.Run("Sentinels", func(t *testing.T) {
		t.Parallel()
		o := throughSentinels(t, group(t))
		o.Pool.Protocol = 2
		exercise(t, open(t, o))
	})
	t.Run("a cluster, over TLS", func(t *testing.T) {
		t.Parallel()
		authority := testredis.NewAuthority(t)
		o := inCluster(t, testredis.StartCluster(t, testredis.ClusterOptions{Authority: authority}))
		o.TLS, o.Pool.SSLCACerts, o.Pool.Protocol = true, authority.CAFile, 2
		exercise(t, open(t, o))
	})
}

// exercise has a store do each kind of work once, on keys of all parts of a cluster.
func exercise(t *testing.T, s *redis.Store) {
	t.Helper()
	var items []store.Item
	var keys []string
	for i := range 100 {
		keys = append(keys, strconv.Itoa(i))
		items = append(items, store.Item{Key: keys[i], Value: []byte(keys[i])})
	}
	if err := s.SetMany(t.Context(), items, time.Hour); err != nil {
		t.Fatalf("SetMany = %v", err)
	}
	wantValues(t, s, keys)
	for _, key := range keys {
		want, _ := strconv.ParseInt(key, 10, 64)
		if n, found, err := s.Incr(t.Context(), key, 1); n != want+1 || !found || err != nil {
			t.Errorf("Incr(%s) = %d, %v, %v", key, n, found, err)
		}
	}
	if found := len(scanned(t, s, "")); found != len(keys) {
		t.Errorf("Scan yields %d keys, want %d", found, len(keys))
	}
	if n, err := s.Delete(t.Context(), keys...); n != len(keys) || err != nil {
		t.Errorf("Delete = %d, %v, want %d", n, err, len(keys))
	}
}

// wantValues fails the test unless every key holds its own name.
func wantValues(t *testing.T, s *redis.Store, keys []string) {
	t.Helper()
	values, err := s.GetMany(t.Context(), keys)
	if err != nil {
		t.Errorf("GetMany = %v", err)
		return
	}
	for i, v := range values {
		if string(v) != keys[i] {
			t.Errorf("the value of %q is %q", keys[i], v)
		}
	}
}

// scanned returns the keys that begin with prefix.
func scanned(t *testing.T, s *redis.Store, prefix string) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	for key, err := range s.Scan(t.Context(), prefix, "*") {
		if err != nil {
			t.Errorf("Scan: %v", err)
			continue
		}
		if keys[key] {
			t.Errorf("Scan yields %q twice", key)
		}
		keys[key] = true
	}
	return keys
}

// crowd uses a store from many goroutines and in many ways.
func crowd(t *testing.T, s *redis.Store) {
	t.Helper()
	var calls sync.WaitGroup
	for i := range 200 {
		calls.Go(func() {
			key := strconv.Itoa(i)
			if err := s.Set(t.Context(), key, nil, time.Hour); err != nil {
				t.Errorf("Set: %v", err)
			}
			if _, err := s.GetMany(t.Context(), []string{key, "x"}); err != nil {
				t.Errorf("GetMany: %v", err)
			}
		})
	}
	calls.Wait()
}

func TestConnectionsStayWithinTheirNumber(t *testing.T) {
	t.Parallel()
	const named = "counted"
	wantConnections := func(t *testing.T, most int, servers ...*testredis.Server) {
		t.Helper()
		for _, server := range servers {
			if got := strings.Count(server.Do("CLIENT", "LIST"), " name="+named+" "); got < 1 || got > most {
				t.Errorf("%d connections to %s, want 1 to %d", got, server.Addr, most)
			}
		}
	}
	for _, most := range []int{1, 2, 4, 50} {
		t.Run(strconv.Itoa(most), func(t *testing.T) {
			t.Parallel()
			server := testredis.Start(t)
			o := at(server)
			o.MaxConnections, o.Pool.ClientName = most, named
			crowd(t, open(t, o))
			wantConnections(t, most, server)
		})
	}
	t.Run("to the master that Sentinels name", func(t *testing.T) {
		t.Parallel()
		g := group(t)
		o := throughSentinels(t, g)
		o.MaxConnections, o.Pool.ClientName = 1, named
		crowd(t, open(t, o))
		wantConnections(t, 1, g.Master())
	})
	t.Run("to each node of a cluster, also one that the options call by another name", func(t *testing.T) {
		t.Parallel()
		c := testredis.StartCluster(t, testredis.ClusterOptions{})
		o := inCluster(t, c)
		for i := range o.Pool.StartupNodes {
			o.Pool.StartupNodes[i].Host = "localhost"
		}
		o.MaxConnections, o.Pool.ClientName = 1, named
		crowd(t, open(t, o))
		wantConnections(t, 1, c.Nodes...)
	})
}
