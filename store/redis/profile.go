package redis

import (
	"context"
	"crypto/tls"
	"net"
	"runtime"
	"runtime/debug"
	"time"

	// The queue type must be chosen before rueidis is initialised.
	_ "github.com/cachewright/cachewright/internal/rueidisqueue"

	"github.com/redis/rueidis"
)

const (
	// leastWriteTimeout is the shortest time after which a connection that does not answer is given up.
	// A busy machine takes longer than half a second to schedule us now and then.
	leastWriteTimeout = time.Second

	// bufferBytes is the size of each of the two buffers of a connection.
	bufferBytes = 64 << 10

	// queueScale makes room for 1<<queueScale commands per connection that wait for their answers.
	queueScale = 10

	// refreshInterval is the time between two looks at which server does what, where nothing gives reason
	// to look earlier. It finds changes whose announcement was missed.
	refreshInterval = 5 * time.Second

	// mostRedirections is how many MOVED and ASK one command follows.
	mostRedirections = 5

	// module is the path under which this module appears among a program's dependencies.
	module = "github.com/cachewright/cachewright"
)

type dialFunc func(ctx context.Context, address string, dialer *net.Dialer, config *tls.Config) (net.Conn, error)

// profile returns the options of the client. The client's own defaults are made for another job: with
// them a read waits without end for a server that is gone, and each deadline that passes costs the
// connection.
func (s settings) profile(dial dialFunc) rueidis.ClientOption {
	multiplex, shared := s.multiplex(runtime.GOMAXPROCS(0))
	o := rueidis.ClientOption{
		InitAddress: s.seeds,
		Username:    s.username,
		Password:    s.password,
		SelectDB:    s.db,
		ClientName:  s.clientName,
		AlwaysRESP2: s.protocol == 2,

		ForceSingleClient: s.topology == single, // no guessing by CLUSTER SLOTS
		DisableRetry:      true,                 // the client would repeat reads for ever; calls are repeated in call.go
		AlwaysPipelining:  true,                 // otherwise a missed deadline closes the connection
		DisableCache:      true,                 // a cache of the client's own would answer behind our back

		DialCtxFn: dial,
		// KeepAlive is the time between PINGs; the kernel's probes are the business of dial.
		Dialer:           net.Dialer{Timeout: s.connectTimeout, KeepAlive: s.healthCheck},
		ConnWriteTimeout: max(s.socketTimeout, leastWriteTimeout),

		PipelineMultiplex:   multiplex,
		BlockingPoolSize:    max(1, (s.maxConnections-shared)/2), // the client keeps two such pools
		RingScaleEachConn:   queueScale,
		ReadBufferEachConn:  bufferBytes,
		WriteBufferEachConn: bufferBytes,
		ClientSetInfo:       []string{"cachewright", version()},
	}
	if s.encryption != nil {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12} // says which ports of a cluster are meant; dial knows the rest
	}
	switch s.topology {
	case sentinel:
		o.Sentinel = rueidis.SentinelOption{
			MasterSet: s.service, Username: s.sentinels.username, Password: s.sentinels.password, ClientName: s.clientName,
			Dialer:    net.Dialer{Timeout: s.sentinels.connectTimeout, KeepAlive: s.healthCheck},
			TLSConfig: s.sentinels.mark, TopologyRefreshInterval: refreshInterval,
		}
	case cluster:
		o.ClusterOption = rueidis.ClusterOption{ShardsRefreshInterval: refreshInterval, MaxMovedRedirections: mostRedirections}
	}
	if s.readReplicas && s.topology == cluster { // under Sentinels this would bind the master to the replicas' health
		o.SendToReplicas, o.ReadNodeSelector = mayLag, anyReplica
	}
	return o
}

// lone returns the options of a client that speaks to one node of a cluster, over one connection.
func (s settings) lone(dial dialFunc, address string) rueidis.ClientOption {
	s.topology, s.seeds, s.maxConnections, s.readReplicas = single, []string{address}, 1, false
	return s.profile(dial)
}

// guide returns the options of a client that speaks to one Sentinel.
func (s settings) guide(dial dialFunc, address string) rueidis.ClientOption {
	o := s.lone(dial, address)
	o.Username, o.Password, o.SelectDB = s.sentinels.username, s.sentinels.password, 0
	o.Dialer.Timeout, o.TLSConfig = s.sentinels.connectTimeout, s.sentinels.mark
	return o
}

// multiplex returns the client's measure of how many connections all calls share, and their number. One
// connection is the fastest on few cores; more of them isolate calls from each other's large values. In a
// cluster, where there are many servers, each gets one.
func (s settings) multiplex(cores int) (measure, connections int) {
	switch {
	case s.topology == cluster:
		return 0, 1
	case cores > 8 && s.maxConnections >= 4:
		return 2, 4
	case cores > 2 && s.maxConnections >= 2:
		return 1, 2
	}
	return -1, 1 // zero would mean that the client chooses
}

// version returns the version of this module in the running program, for CLIENT LIST.
func version() string {
	const unknown = "unknown"
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return unknown
	}
	for _, m := range append(build.Deps, &build.Main) {
		if m.Path == module && m.Version != "" {
			return m.Version
		}
	}
	return unknown
}
