package redis

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// problems collects what is wrong with options, each under its redis-py name.
type problems []error

// add notes that option is wrong, and what is wanted.
func (p *problems) add(wrong bool, option string, value any, want string) {
	if wrong {
		*p = append(*p, fmt.Errorf("%s: %v: %s", option, value, want))
	}
}

// misplaced notes that option is set where it means nothing.
func (p *problems) misplaced(set bool, option, why string) {
	if set {
		*p = append(*p, fmt.Errorf("%s: %s", option, why))
	}
}

// problems returns what is wrong with the options, apart from certificates and keys.
func (o Options) problems() []error {
	var found problems
	o.checkNumbers(&found)
	o.checkTexts(&found)
	o.checkTopology(&found)
	o.checkPlainText(&found)
	return found
}

func (o Options) checkNumbers(found *problems) {
	p := o.Pool
	for _, d := range []struct {
		option string
		value  time.Duration
	}{
		{"socket_connect_timeout", p.SocketConnectTimeout},
		{"socket_timeout", p.SocketTimeout},
		{"health_check_interval", p.HealthCheckInterval},
		{"socket_keepalive_options.idle", p.SocketKeepaliveOptions.Idle},
		{"socket_keepalive_options.interval", p.SocketKeepaliveOptions.Interval},
		{"sentinel_kwargs.socket_connect_timeout", p.SentinelKwargs.SocketConnectTimeout},
		{"sentinel_kwargs.socket_timeout", p.SentinelKwargs.SocketTimeout},
	} {
		found.add(d.value < 0, d.option, d.value, "want a positive duration, or none for the default")
	}
	found.add(p.SocketKeepaliveOptions.Count < 0, "socket_keepalive_options.count", p.SocketKeepaliveOptions.Count,
		"want a positive number, or none for the default")
	found.add(o.MaxConnections < 0, "max_connections", o.MaxConnections, "want at least 1, or none for the default")
	found.add(p.MaxConnections < 0, "connection_pool_kwargs.max_connections", p.MaxConnections,
		"want at least 1, or none for the default")
	found.add(o.MaxValueBytes < 0, "max_value_bytes", o.MaxValueBytes, "want at least 1, or none for the default")
	found.add(either(o.DB, 0) < 0, "db", either(o.DB, 0), "want 0 or more")
	found.add(either(p.DB, 0) < 0, "connection_pool_kwargs.db", either(p.DB, 0), "want 0 or more")
	found.add(p.Protocol != 0 && p.Protocol != 2 && p.Protocol != 3, "protocol", p.Protocol, "want 2 or 3")
}

func (o Options) checkTexts(found *problems) {
	p := o.Pool
	if o.Address != "" {
		found.add(!isAddress(o.Address), "address", strconv.Quote(o.Address), "want host:port")
	}
	checkNodes(found, "sentinels", p.Sentinels)
	checkNodes(found, "startup_nodes", p.StartupNodes)
	found.add(strings.ContainsFunc(p.ClientName, func(r rune) bool { return r < '!' || r > '~' }),
		"client_name", strconv.Quote(p.ClientName), "Redis takes printable ASCII without spaces only")
}

func checkNodes(found *problems, option string, nodes []Node) {
	for i, n := range nodes {
		found.add(n.Host == "" || n.Port < 0 || n.Port > 65535, fmt.Sprintf("%s[%d]", option, i),
			fmt.Sprintf("%q, %d", n.Host, n.Port), "want a host, and a port from 1 to 65535 or none for the default")
	}
}

// checkTopology finds options of a topology that the store does not have.
func (o Options) checkTopology(found *problems) {
	p, kind := o.Pool, o.topology()
	found.misplaced(len(p.Sentinels) > 0 && len(p.StartupNodes) > 0, "startup_nodes",
		"there are sentinels too, and Redis is run by Sentinels or as a cluster, not both")
	found.misplaced(kind == sentinel && p.ServiceName == "", "service_name",
		"missing: the Sentinels are asked for a master by its name")
	found.misplaced(kind != sentinel && p.ServiceName != "", "service_name",
		"names a master, and there are no sentinels to ask for it")
	found.misplaced(kind != sentinel && len(shown(p.SentinelKwargs)) > 0, "sentinel_kwargs",
		"is for the connections to Sentinels, and there are no sentinels")
	found.misplaced(kind == cluster && o.database() > 0, "db", "a cluster has database 0 only; give the cache a key prefix instead")
	found.misplaced(kind != cluster && (p.SkipFullCoverageCheck != nil || p.RequireFullCoverage != nil),
		"require_full_coverage", "only a cluster has slots to cover, and there are no startup_nodes")
	found.misplaced(p.SkipFullCoverageCheck != nil && p.RequireFullCoverage != nil && *p.SkipFullCoverageCheck == *p.RequireFullCoverage,
		"skip_full_coverage_check", "says the opposite of require_full_coverage; remove it")
	found.misplaced(kind == single && p.ReadFromReplicas, "read_from_replicas",
		"no replicas of a single server are known here; it needs sentinels or startup_nodes")
}

// checkPlainText finds options of TLS on connections that are not encrypted. None of them may be
// ignored: who asks for TLS must not get plain text.
func (o Options) checkPlainText(found *problems) {
	why := "is an option of encrypted connections, and these are not; write rediss:// in the URL"
	if !o.TLS {
		for _, option := range shown(o.Pool) {
			found.misplaced(strings.HasPrefix(option.name, "ssl_"), option.name, why)
		}
	}
	if !either(o.Pool.SentinelKwargs.SSL, o.TLS) {
		for _, option := range shown(o.Pool.SentinelKwargs) {
			found.misplaced(strings.HasPrefix(option.name, "ssl_"), "sentinel_kwargs."+option.name,
				"is an option of encrypted connections, and those to the Sentinels are not; write ssl: true beside it")
		}
	}
}

// isAddress reports whether s is host:port.
func isAddress(s string) bool {
	host, port, err := net.SplitHostPort(s)
	n, errPort := strconv.ParseUint(port, 10, 16)
	return errors.Join(err, errPort) == nil && host != "" && n > 0
}
