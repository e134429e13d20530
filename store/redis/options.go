package redis

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// DefaultAddress is the server that a store speaks to if nobody names one.
	DefaultAddress = "localhost:6379"

	// DefaultMaxValueBytes is how large a value may be, in bytes.
	DefaultMaxValueBytes = 1 << 20

	defaultPort         = 6379
	defaultSentinelPort = 26379
)

// Options say which server a [Store] speaks to, and how. The zero value is database 0 of a server on
// this machine.
//
// An Options prints, logs and marshals with secrets masked.
type Options struct {
	// Address is the server as host:port, an IPv6 address in brackets. Empty means [DefaultAddress].
	// With [PoolOptions.StartupNodes] it is one more node of the cluster, with [PoolOptions.Sentinels]
	// it means nothing; empty is none in both cases.
	Address string `redispy:"address"`

	// TLS says that the server speaks TLS, as a rediss:// URL does. Then nothing but TLS is spoken:
	// a server that does not is a [*TLSError].
	TLS bool `redispy:"tls"`

	// Username is the ACL user. Empty means [PoolOptions.Username].
	Username string `redispy:"username"`

	// Password is the password of the user. Empty means [PoolOptions.Password].
	Password string `redispy:"password" secret:"true"`

	// DB is the number of the database. Nil means [PoolOptions.DB]. A cluster has database 0 only.
	DB *int `redispy:"db"`

	// MaxConnections is the most connections to open to one server. Zero means
	// [DefaultMaxConnections]; [PoolOptions.MaxConnections] comes first.
	MaxConnections int `redispy:"max_connections"`

	// MaxValueBytes is the most bytes that a value may have. Zero means [DefaultMaxValueBytes]. A write
	// of more is refused with [ErrTooLarge], before anything is sent: calls share connections, so that
	// each large value keeps all others waiting. Raise it together with [PoolOptions.SocketTimeout].
	MaxValueBytes int64 `redispy:"max_value_bytes"`

	// Pool tunes the connections.
	Pool PoolOptions `redispy:"connection_pool_kwargs"`

	// Logger hears when the server is lost and when it is back. Nil means nobody does.
	Logger *slog.Logger
}

// topology is how the servers of a store are run.
type topology string

const (
	single   topology = "single"
	sentinel topology = "sentinel"
	cluster  topology = "cluster"
)

// settings are Options after all defaults: nothing in it is optional, except for TLS.
type settings struct {
	topology       topology
	place          string   // names the server or servers as a whole, in messages
	seeds          []string // host:port of the server, the Sentinels, or some nodes of the cluster
	service        string   // the master's name among the Sentinels
	username       string
	password       string
	db             int
	clientName     string
	protocol       int
	maxConnections int
	maxValueBytes  int64
	connectTimeout time.Duration
	socketTimeout  time.Duration
	healthCheck    time.Duration
	retry          bool
	fullCoverage   bool // a cluster that does not serve all slots is not used
	readReplicas   bool
	keepAlive      net.KeepAliveConfig
	encryption     *encryption // nil is plain text
	sentinels      sentinelSettings
	logger         *slog.Logger

	// network opens connections, and looks up the name of the server each time.
	network func(ctx context.Context, network, address string) (net.Conn, error)
}

// sentinelSettings are what differs on the connections to Sentinels.
type sentinelSettings struct {
	username       string
	password       string
	connectTimeout time.Duration
	socketTimeout  time.Duration
	encryption     *encryption // nil is plain text
	mark           *tls.Config // stands for these connections, see link.dial
}

// settle checks o and fills in what it leaves open. It reports every problem at once.
func (o Options) settle() (settings, error) {
	p := o.Pool
	data, sentinels, wrong := o.encryptions()
	if err := errors.Join(slices.Concat(o.problems(), wrong)...); err != nil {
		return settings{}, fmt.Errorf("redis options: %w", err)
	}
	s := settings{
		topology:       o.topology(),
		seeds:          o.seeds(),
		service:        p.ServiceName,
		username:       cmp.Or(o.Username, p.Username),
		password:       cmp.Or(o.Password, p.Password),
		db:             o.database(),
		clientName:     p.ClientName,
		protocol:       cmp.Or(p.Protocol, 3),
		maxConnections: cmp.Or(p.MaxConnections, o.MaxConnections, DefaultMaxConnections),
		maxValueBytes:  cmp.Or(o.MaxValueBytes, DefaultMaxValueBytes),
		connectTimeout: cmp.Or(p.SocketConnectTimeout, DefaultConnectTimeout),
		socketTimeout:  cmp.Or(p.SocketTimeout, DefaultSocketTimeout),
		healthCheck:    cmp.Or(p.HealthCheckInterval, DefaultHealthCheckInterval),
		retry:          either(p.RetryOnTimeout, true),
		fullCoverage:   either(p.RequireFullCoverage, !either(p.SkipFullCoverageCheck, true)),
		readReplicas:   p.ReadFromReplicas,
		keepAlive: net.KeepAliveConfig{
			Enable:   either(p.SocketKeepalive, true),
			Idle:     p.SocketKeepaliveOptions.Idle,
			Interval: p.SocketKeepaliveOptions.Interval,
			Count:    p.SocketKeepaliveOptions.Count,
		},
		encryption: data,
		logger:     cmp.Or(o.Logger, slog.New(slog.DiscardHandler)),
	}
	s.sentinels = sentinelSettings{
		username:       p.SentinelKwargs.Username,
		password:       p.SentinelKwargs.Password,
		connectTimeout: cmp.Or(p.SentinelKwargs.SocketConnectTimeout, s.connectTimeout),
		socketTimeout:  cmp.Or(p.SentinelKwargs.SocketTimeout, s.socketTimeout),
		encryption:     sentinels,
		mark:           &tls.Config{MinVersion: tls.VersionTLS12},
	}
	s.network = (&net.Dialer{KeepAlive: -1, KeepAliveConfig: s.keepAlive}).DialContext
	s.place = s.describe()
	return s, nil
}

// either returns what value points to, or fallback if it is nil.
func either[T any](value *T, fallback T) T {
	if value == nil {
		return fallback
	}
	return *value
}

func (o Options) topology() topology {
	switch {
	case len(o.Pool.Sentinels) > 0:
		return sentinel
	case len(o.Pool.StartupNodes) > 0:
		return cluster
	}
	return single
}

// seeds returns the addresses to begin with.
func (o Options) seeds() []string {
	switch o.topology() {
	case sentinel:
		return addresses(o.Pool.Sentinels, defaultSentinelPort)
	case cluster:
		nodes := addresses(o.Pool.StartupNodes, defaultPort)
		if o.Address != "" && !slices.Contains(nodes, o.Address) {
			nodes = append([]string{o.Address}, nodes...)
		}
		return nodes
	}
	return []string{cmp.Or(o.Address, DefaultAddress)}
}

func addresses(nodes []Node, port int) []string {
	all := make([]string, len(nodes))
	for i, n := range nodes {
		all[i] = net.JoinHostPort(n.Host, strconv.Itoa(cmp.Or(n.Port, port)))
	}
	return all
}

func (o Options) database() int { return either(o.DB, either(o.Pool.DB, 0)) }

// encryptions returns how the connections to the data and to the Sentinels are encrypted, nil for those
// that are not, and what is wrong with that.
func (o Options) encryptions() (data, sentinels *encryption, wrong []error) {
	if o.TLS {
		data, wrong = newEncryption(o.Pool.ssl(), "")
	}
	if o.topology() == sentinel && either(o.Pool.SentinelKwargs.SSL, o.TLS) {
		var more []error
		sentinels, more = newEncryption(o.Pool.SentinelKwargs.ssl(o.Pool.ssl()), "sentinel_kwargs.")
		wrong = append(wrong, more...)
	}
	return data, sentinels, wrong
}

// describe names the servers as a whole.
func (s *settings) describe() string {
	seeds := strings.Join(s.seeds, ", ")
	switch s.topology {
	case sentinel:
		return fmt.Sprintf("master %s of Sentinels %s", s.service, seeds)
	case cluster:
		return "cluster of " + seeds
	}
	return seeds
}
