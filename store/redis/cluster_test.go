//go:build unix

package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// partial has a cluster go on where some of its slots are not served.
var partial = []string{"--cluster-require-full-coverage", "no"}

// keyOn returns a key that a node of c serves.
func keyOn(t *testing.T, c *testredis.Cluster, master *testredis.Server) string {
	t.Helper()
	for i := range 1000 {
		if key := "key-" + strconv.Itoa(i); c.NodeFor(key) == master {
			return key
		}
	}
	t.Fatalf("no key for %s", master.Addr)
	return ""
}

func TestShardThatIsGoneDoesNotCutOffTheOthers(t *testing.T) {
	t.Parallel()
	c := testredis.StartCluster(t, testredis.ClusterOptions{Args: partial})
	s := open(t, inCluster(t, c))
	ready(t, s)
	var keys []string
	on := map[*testredis.Server][]string{}
	for i := range 300 {
		key := strconv.Itoa(i)
		keys = append(keys, key)
	}
	for _, master := range c.Nodes {
		for _, key := range keys {
			if slices.Contains(c.SlotsOf(master), c.Slot(key)) {
				on[master] = append(on[master], key)
			}
			if len(on[master]) == 20 {
				break
			}
		}
	}
	keys = slices.Concat(on[c.Nodes[0]], on[c.Nodes[1]], on[c.Nodes[2]])
	var items []store.Item
	for _, key := range keys {
		items = append(items, store.Item{Key: key, Value: []byte(key)})
	}
	if err := s.SetMany(t.Context(), items, time.Hour); err != nil {
		t.Fatal(err)
	}
	gone := c.Nodes[0]
	gone.Kill()

	wantFailed := func(call string, err error) {
		t.Helper()
		var failed store.KeyErrors
		if !errors.As(err, &failed) || !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("%s = %v, want store.KeyErrors of store.ErrUnavailable", call, err)
		}
		if len(failed) != len(on[gone]) || failed[on[gone][0]] == nil {
			t.Errorf("%s blames %d keys, want the %d of the node that is gone", call, len(failed), len(on[gone]))
		}
		if !strings.Contains(err.Error(), gone.Addr) {
			t.Errorf("%s = %v, does not name %s", call, err, gone.Addr)
		}
	}
	values, err := s.GetMany(t.Context(), keys)
	wantFailed("GetMany", err)
	for i, key := range keys {
		if want := !slices.Contains(on[gone], key); (string(values[i]) == key) != want {
			t.Errorf("GetMany: the value of %q is %q", key, values[i])
		}
	}
	wantFailed("SetMany", s.SetMany(t.Context(), items, time.Hour))
	removed, err := s.Delete(t.Context(), keys...)
	wantFailed("Delete", err)
	if want := len(keys) - len(on[gone]); removed != want {
		t.Errorf("Delete = %d, want %d", removed, want)
	}
	if _, err := s.GetMany(t.Context(), on[gone]); !errors.Is(err, store.ErrUnavailable) || isA[store.KeyErrors](err) {
		t.Errorf("GetMany of keys that are all gone = %v, want store.ErrUnavailable and no store.KeyErrors", err)
	}
	if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), gone.Addr) {
		t.Errorf("Ping = %v, want store.ErrUnavailable and %s", err, gone.Addr)
	}
	var scanErr error
	for _, err := range s.Scan(t.Context(), "", "*") {
		scanErr = err
	}
	if !errors.Is(scanErr, store.ErrUnavailable) {
		t.Errorf("Scan ends with %v, want store.ErrUnavailable", scanErr)
	}
	for range 1000 {
		if err := s.Set(t.Context(), on[c.Nodes[1]][0], nil, time.Hour); err != nil {
			t.Fatalf("Set on a node that is there = %v", err)
		}
	}
}

func TestCallsWhileASlotIsOnItsWay(t *testing.T) {
	t.Parallel()
	c := testredis.StartCluster(t, testredis.ClusterOptions{Masters: 2})
	s := open(t, inCluster(t, c))
	here, gone, absent := "{slot}here", "{slot}gone", "{slot}absent"
	for _, key := range []string{here, gone} {
		if err := s.Set(t.Context(), key, []byte(key), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	from := c.NodeFor(here)
	to := c.Nodes[1-slices.Index(c.Nodes, from)]
	migration := c.StartMove(c.Slot(here), from, to)
	migration.Carry(gone)

	wantValues(t, s, []string{here, gone})
	if got := scanned(t, s, "{slot}"); len(got) != 2 {
		t.Errorf("Scan yields %v", got)
	}
	if _, found, err := s.Get(t.Context(), absent); found || err != nil {
		t.Errorf("Get of an absent key = %v, %v", found, err)
	}
	for _, key := range []string{here, gone, absent} {
		if swapped, err := s.Swap(t.Context(), key, nil, []byte("1"), time.Hour); swapped != (key == absent) || err != nil {
			t.Errorf("Swap(%s) = %v, %v", key, swapped, err)
		}
	}
	if n, err := s.Delete(t.Context(), here, gone, absent); n != 3 || err != nil {
		t.Errorf("Delete = %d, %v, want 3", n, err)
	}
	migration.Finish()
	if err := s.Set(t.Context(), here, []byte(here), time.Hour); err != nil {
		t.Errorf("Set = %v", err)
	}
	if got := to.Do("GET", here); got != here {
		t.Errorf("the new owner has %q", got)
	}
}

func TestScriptsReachEverySlot(t *testing.T) {
	t.Parallel()
	c := testredis.StartCluster(t, testredis.ClusterOptions{})
	s := open(t, inCluster(t, c))
	for _, master := range c.Nodes {
		key := keyOn(t, c, master)
		if swapped, err := s.Swap(t.Context(), key, nil, []byte("1"), time.Hour); !swapped || err != nil {
			t.Errorf("Swap at %s = %v, %v", master.Addr, swapped, err)
		}
		master.Do("SCRIPT", "FLUSH")
		if n, found, err := s.Incr(t.Context(), key, 41); n != 42 || !found || err != nil {
			t.Errorf("Incr at %s = %d, %v, %v", master.Addr, n, found, err)
		}
	}
}

func TestCoverage(t *testing.T) {
	t.Parallel()
	c := testredis.StartCluster(t, testredis.ClusterOptions{Masters: 2, Args: partial})
	lost := c.Slot("lost")
	owner := c.MasterOf(lost)
	other := c.Nodes[1-slices.Index(c.Nodes, owner)]
	for _, n := range c.Nodes {
		n.Do("CLUSTER", "DELSLOTS", strconv.Itoa(lost))
	}
	eventually(t, "nobody serves the slot", func() bool {
		return !slices.Contains(c.SlotsOf(owner), lost)
	})
	t.Run("skip_full_coverage_check: true uses what there is", func(t *testing.T) {
		s := open(t, inCluster(t, c))
		ready(t, s)
		if err := s.Set(t.Context(), keyOn(t, c, other), nil, time.Hour); err != nil {
			t.Errorf("Set of a slot that is served = %v", err)
		}
		for name, err := range map[string]error{
			"Set":     s.Set(t.Context(), "lost", nil, time.Hour),
			"SetMany": s.SetMany(t.Context(), []store.Item{{Key: "lost"}}, time.Hour),
		} {
			if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), fmt.Sprint("slot ", lost)) {
				t.Errorf("%s = %v, want store.ErrUnavailable and the slot", name, err)
			}
		}
	})
	t.Run("require_full_coverage: true refuses the rest", func(t *testing.T) {
		o := inCluster(t, c)
		o.Pool.RequireFullCoverage = new(true)
		s := open(t, o)
		err := s.Set(t.Context(), keyOn(t, c, other), nil, time.Hour)
		if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "16383 of 16384") {
			t.Errorf("Set = %v, want store.ErrUnavailable and how many slots are served", err)
		}
		owner.Do("CLUSTER", "ADDSLOTS", strconv.Itoa(lost))
		ready(t, s)
	})
}

func TestNodesThatAreNoCluster(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, redis.Options{Address: server.Addr, Pool: redis.PoolOptions{
		StartupNodes: nodes(t, []string{server.Addr}), SocketTimeout: ample,
	}})
	_, _, err := s.Get(t.Context(), "k")
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "cluster support disabled") {
		t.Errorf("Get = %v, want store.ErrUnavailable and what the server says", err)
	}
}

func TestClusterThatComesLate(t *testing.T) {
	server := testredis.Reserve(t)
	s := open(t, redis.Options{Pool: redis.PoolOptions{StartupNodes: nodes(t, []string{server.Addr})}})
	calls := map[string]error{
		"Get":     third(s.Get(t.Context(), "k")),
		"GetMany": second(s.GetMany(t.Context(), []string{"k", "l"})),
		"Delete":  second(s.Delete(t.Context(), "k", "l")),
		"Info":    second(s.Info(t.Context())),
		"Ping":    s.Ping(t.Context()),
	}
	for name, err := range calls {
		if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s = %v, want store.ErrUnavailable: refused", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.GetMany(ctx, []string{"k"}); err != context.Canceled {
		t.Errorf("a cancelled GetMany = %v", err)
	}
}

func TestReadsFromReplicasInACluster(t *testing.T) {
	t.Parallel()
	c := testredis.StartCluster(t, testredis.ClusterOptions{Masters: 1, Replicas: 1, NodeTimeout: time.Second})
	master, replica := c.Nodes[0], c.Nodes[1]
	master.Do("SET", "something", "to replicate")
	eventually(t, "the nodes offer the replica", func() bool {
		return strings.Contains(c.Nodes[0].Do("CLUSTER", "SLOTS"), strconv.Itoa(replica.Port)) &&
			strings.Contains(c.Nodes[1].Do("CLUSTER", "SLOTS"), strconv.Itoa(replica.Port))
	})
	o := inCluster(t, c)
	o.Pool.ReadFromReplicas = true
	s := open(t, o)
	if err := s.Set(t.Context(), "k", []byte("v"), time.Hour); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the replica has the value", func() bool {
		v, _, err := s.Get(t.Context(), "k")
		return err == nil && string(v) == "v"
	})
	master.Do("CONFIG", "RESETSTAT")
	for range 10 {
		wantGet(t, s, "k", "v")
	}
	if got := master.Do("INFO", "commandstats"); strings.Contains(got, "cmdstat_get:") {
		t.Errorf("the master has answered reads: %s", got)
	}
	replica.Kill()
	for range 10 {
		wantGet(t, s, "k", "v")
	}
}

func wantGet(t *testing.T, s *redis.Store, key, want string) {
	t.Helper()
	if v, found, err := s.Get(t.Context(), key); string(v) != want || !found || err != nil {
		t.Errorf("Get(%s) = %q, %v, %v, want %q", key, v, found, err, want)
	}
}

func TestInfoOfACluster(t *testing.T) {
	t.Parallel()
	authority := testredis.NewAuthority(t)
	c := testredis.StartCluster(t, testredis.ClusterOptions{Masters: 2, Authority: authority})
	o := inCluster(t, c)
	o.TLS, o.Pool.SSLCACerts = true, authority.CAFile
	s := open(t, o)
	servers, err := s.Servers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var addresses []string
	for _, i := range servers {
		addresses = append(addresses, i.Address)
		if i.Topology != "cluster" || i.Mode != "cluster" || i.Role != "master" || i.Connections != 1 ||
			i.TLSName != "localhost" || i.TLSExpires.Before(time.Now()) {
			t.Errorf("Servers: %+v", settled(t, i))
		}
	}
	if want := c.Addresses(); !slices.Equal(addresses, want) {
		t.Errorf("Servers asks %v, want %v", addresses, want)
	}
	if one, err := s.Info(t.Context()); one.Address != addresses[0] || err != nil {
		t.Errorf("Info = %+v, %v, want that of the first", one, err)
	}
}

func TestClusterAnswersAsASingleServerDoes(t *testing.T) {
	t.Parallel()
	c := testredis.StartCluster(t, testredis.ClusterOptions{Users: []string{"alice on >wonder ~ok:* +@all"}})
	o := inCluster(t, c)
	s := open(t, o)
	if got, want := s.String(), "redis cluster of "+strings.Join(c.Addresses()[:2], ", ")+", database 0"; got != want {
		t.Errorf("String = %q, want %q", got, want)
	}
	c.NodeFor("list").Do("RPUSH", "list", "a")
	if got, err := s.GetMany(t.Context(), []string{"list", "absent"}); err != nil || len(got) != 2 || got[0] != nil || got[1] != nil {
		t.Errorf("GetMany of a list = %v, %v, want that it looks absent", got, err)
	}
	if _, _, err := s.Get(t.Context(), "list"); !isA[*redis.ServerError](err) || !strings.Contains(err.Error(), "WRONGTYPE") {
		t.Errorf("Get of a list = %v, want WRONGTYPE", err)
	}

	o.Username, o.Password = "alice", "wonder"
	limited := open(t, o)
	wantRefused := func(call string, err error) {
		t.Helper()
		var failed store.KeyErrors
		if !errors.As(err, &failed) || len(failed) != 1 || failed["bad"] == nil || !strings.Contains(err.Error(), "NOPERM") {
			t.Errorf("%s = %v, want NOPERM for one key", call, err)
		}
	}
	wantRefused("SetMany", limited.SetMany(t.Context(), []store.Item{{Key: "ok:1"}, {Key: "bad"}, {Key: "ok:2"}}, time.Hour))
	values, err := limited.GetMany(t.Context(), []string{"ok:1", "bad", "ok:2"})
	wantRefused("GetMany", err)
	if len(values) != 3 || values[0] == nil || values[1] != nil || values[2] == nil {
		t.Errorf("GetMany gives %v beside the error", values)
	}
	if _, err := limited.Delete(t.Context(), "bad"); !isA[*redis.ServerError](err) || isA[store.KeyErrors](err) {
		t.Errorf("Delete = %v, want the server's answer", err)
	}
}
