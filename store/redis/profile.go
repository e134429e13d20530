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

	// module is the path under which this module appears among a program's dependencies.
	module = "github.com/cachewright/cachewright"
)

type dialFunc func(ctx context.Context, address string, dialer *net.Dialer, config *tls.Config) (net.Conn, error)

// profile returns the options of the client. The client's own defaults are made for another job: with
// them a read waits without end for a server that is gone, and each deadline that passes costs the
// connection.
func (s settings) profile(dial dialFunc) rueidis.ClientOption {
	multiplex, shared := s.multiplex(runtime.GOMAXPROCS(0))
	return rueidis.ClientOption{
		InitAddress: []string{s.address},
		Username:    s.username,
		Password:    s.password,
		SelectDB:    s.db,
		ClientName:  s.clientName,
		AlwaysRESP2: s.protocol == 2,

		ForceSingleClient: true, // no guessing by CLUSTER SLOTS
		DisableRetry:      true, // the client would repeat reads for ever; calls are repeated in call.go
		AlwaysPipelining:  true, // otherwise a missed deadline closes the connection
		DisableCache:      true, // a cache of the client's own would answer behind our back

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
}

// multiplex returns the client's measure of how many connections all calls share, and their number. One
// connection is the fastest on few cores; more of them isolate calls from each other's large values.
func (s settings) multiplex(cores int) (measure, connections int) {
	switch {
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
