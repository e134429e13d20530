package redis

import (
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// latencyPings is how many pings measure the latency of a server.
const latencyPings = 50

// Info is what a server says about itself, and what is measured on the way to it. What cannot be found out
// is empty or zero.
type Info struct {
	// Address is the server as host:port.
	Address string

	// Topology is how the servers are run, as the store sees it: single, sentinel or cluster.
	Topology string

	// Server is the kind of server: redis or valkey.
	Server string

	// Version is the version of the server: 7.0.15.
	Version string

	// Role is master or slave.
	Role string

	// Mode is standalone, sentinel or cluster, as the server sees it.
	Mode string

	// Protocol is the version of the Redis protocol that the connection speaks: 2 or 3.
	Protocol int

	// Tracking says that the server can tell when keys change: it takes part in client-side caching, and
	// the connection speaks version 3 of the protocol.
	Tracking bool

	// UsedMemory is the memory in use, in bytes.
	UsedMemory int64

	// MaxMemory is the memory that may be used, in bytes. Zero means no limit.
	MaxMemory int64

	// EvictionPolicy is what happens at the limit: noeviction, allkeys-lru.
	EvictionPolicy string

	// Persistence is what survives a restart: none, rdb (snapshots), aof (a log of all writes) or rdb+aof.
	// It is empty if the server does not tell, as many managed ones do not.
	Persistence string

	// Clients is the number of connections to the server, of all programs; MaxClients is how many there
	// may be, and Connections how many of them belong to this store.
	Clients, MaxClients, Connections int

	// ClockOffset is by how much the server's clock is ahead of this machine's, exact to half of the
	// latency.
	ClockOffset time.Duration

	// LatencyP50 and LatencyP99 are quantiles of how long a ping takes, of fifty of them.
	LatencyP50, LatencyP99 time.Duration

	// TLSName is the name on the server's certificate, empty on a plain connection.
	TLSName string

	// TLSExpires is when the server's certificate expires, zero on a plain connection.
	TLSExpires time.Time
}

// Ping reports whether the server can be used; in a cluster, whether all masters can. It waits for an
// attempt to connect that is under way, for up to the time that connecting may take, so that it tells the
// truth right after Open, too.
func (s *Store) Ping(ctx context.Context) error {
	limit := s.link.connectTimeout + s.link.socketTimeout
	c, err := s.link.open(ctx, limit)
	if err != nil {
		return err
	}
	defer c.end()
	shards, err := c.shards()
	if err != nil {
		return err
	}
	errs := make([]error, len(shards))
	var asking sync.WaitGroup
	for i, sh := range shards {
		asking.Go(func() { errs[i] = sh.check(c.ctx, limit) })
	}
	asking.Wait()
	return firstOf(errs)
}

// firstOf returns the first error that there is.
func firstOf(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// check asks the shard whether it can be used.
func (sh *shard) check(ctx context.Context, limit time.Duration) error {
	c, err := sh.begin(ctx, limit)
	if err != nil {
		return err
	}
	defer c.end()
	_, err = c.do(sh.signOfLife(c.build()), again)
	return err
}

// Info asks the server about itself; in a cluster, the master with the lowest slots. It measures some
// pings, so that it takes a moment.
func (s *Store) Info(ctx context.Context) (Info, error) {
	all, err := s.describe(ctx, 1)
	if err != nil {
		return Info{}, err
	}
	return all[0], nil
}

// Servers asks every server that serves keys, as Info asks one: in a cluster all masters, in the order of
// their slots. Of servers that do not answer, it returns the first error.
func (s *Store) Servers(ctx context.Context) ([]Info, error) { return s.describe(ctx, slots) }

// describe asks the servers, at most so many of them.
func (s *Store) describe(ctx context.Context, most int) ([]Info, error) {
	shards, err := s.link.allShards(ctx)
	if err != nil {
		return nil, err
	}
	shards = shards[:min(most, len(shards))]
	all, errs := make([]Info, len(shards)), make([]error, len(shards))
	var asking sync.WaitGroup
	for i, sh := range shards {
		asking.Go(func() { all[i], errs[i] = sh.describe(ctx) })
	}
	asking.Wait()
	return all, firstOf(errs)
}

func (sh *shard) describe(ctx context.Context) (Info, error) {
	var info Info
	for _, step := range []func(*call, *Info) error{askServer, askSettings, measureClock, measureLatency} {
		c, err := sh.begin(ctx, sh.link.socketTimeout)
		if err != nil {
			return Info{}, err
		}
		if err = c.narrow(); err == nil {
			err = step(&c, &info)
		}
		c.end()
		if err != nil {
			return Info{}, err
		}
	}
	info.Address, info.Topology = sh.address(), string(sh.link.topology)
	connections := sh.link.sockets.to(info.Address)
	info.Connections = len(connections)
	for _, conn := range connections {
		if shown := conn.peer(); shown != nil {
			info.TLSName, info.TLSExpires = nameOn(shown), shown.NotAfter
		}
	}
	return info, nil
}

// nameOn returns the name that a certificate carries.
func nameOn(certificate *x509.Certificate) string {
	names := slices.Clone(certificate.DNSNames)
	for _, ip := range certificate.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) > 0 {
		return names[0]
	}
	return certificate.Subject.CommonName
}

// askServer fills in what INFO tells.
func askServer(c *call, info *Info) error {
	results, err := c.doMulti([]rueidis.Completed{
		c.build().Info().Build().Pin(),
		c.build().Arbitrary("HELLO").Build().Pin(),
		c.build().Arbitrary("CLIENT", "TRACKINGINFO").Build().Pin(),
	}, once)
	if err != nil {
		return err
	}
	m, err := c.answer(results[0])
	if err != nil {
		return err
	}
	text, err := m.ToString()
	if err != nil {
		return fmt.Errorf("redis %s: a reply to INFO that does not fit: %w", c.place(), err)
	}
	*info = parseInfo(text)
	info.Protocol = protocol(results[1])
	info.Tracking = info.Protocol == 3 && results[2].Error() == nil
	return nil
}

// askSettings fills in what CONFIG tells beyond that. It is forbidden on many servers.
func askSettings(c *call, info *Info) error {
	results, err := c.doMulti([]rueidis.Completed{
		c.build().ConfigGet().Parameter("save").Build().Pin(),
		c.build().ConfigGet().Parameter("appendonly").Build().Pin(),
	}, once)
	if err != nil {
		return err
	}
	set := map[string]string{}
	for _, r := range results {
		if some, err := r.AsStrMap(); err == nil {
			maps.Copy(set, some)
		}
	}
	info.Persistence = persistence(set)
	return nil
}

// persistence says what survives a restart, from settings of the server.
func persistence(set map[string]string) string {
	save, snapshots := set["save"]
	log, told := set["appendonly"]
	switch {
	case !snapshots || !told:
		return ""
	case save != "" && log == "yes":
		return "rdb+aof"
	case save != "":
		return "rdb"
	case log == "yes":
		return "aof"
	}
	return "none"
}

// measureClock compares the server's clock with this machine's.
func measureClock(c *call, info *Info) error {
	var own clock
	own.refresh(c.ctx, c.client)
	info.ClockOffset = time.Duration(own.ahead.Load())
	return nil
}

// measureLatency times some pings, as many as the time of a call allows.
func measureLatency(c *call, info *Info) error {
	var took []time.Duration
	for range latencyPings {
		start := time.Now()
		if err := c.client.Do(c.ctx, c.build().Ping().Build()).NonRedisError(); err != nil {
			break
		}
		took = append(took, time.Since(start))
	}
	if len(took) == 0 {
		return nil
	}
	slices.Sort(took)
	info.LatencyP50, info.LatencyP99 = took[len(took)/2], took[len(took)*99/100]
	return nil
}

// protocol reads the version of the protocol from a reply to HELLO. Servers that do not know HELLO speak
// version 2.
func protocol(result rueidis.RedisResult) int {
	greeting, err := result.AsMap()
	if err != nil {
		return 2
	}
	proto := greeting["proto"]
	n, err := proto.AsInt64()
	if err != nil {
		return 2
	}
	return int(n)
}

// parseInfo reads the reply to INFO.
func parseInfo(text string) Info {
	field := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			field[name] = value
		}
	}
	number := func(name string) int64 {
		n, err := strconv.ParseInt(field[name], 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	info := Info{
		Server: "redis", Version: field["redis_version"], Role: field["role"], Mode: field["redis_mode"],
		UsedMemory: number("used_memory"), MaxMemory: number("maxmemory"), EvictionPolicy: field["maxmemory_policy"],
		Clients: int(number("connected_clients")), MaxClients: int(number("maxclients")),
	}
	if v := field["valkey_version"]; v != "" {
		info.Server, info.Version, info.Mode = "valkey", v, cmp.Or(field["server_mode"], info.Mode)
	}
	return info
}
