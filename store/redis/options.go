package redis

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefaultAddress is the server that a store speaks to if nobody names one.
const DefaultAddress = "localhost:6379"

// Options say which server a [Store] speaks to, and how. The zero value is database 0 of a server on
// this machine.
//
// An Options prints, logs and marshals with secrets masked.
type Options struct {
	// Address is the server as host:port, an IPv6 address in brackets. Empty means [DefaultAddress].
	Address string `redispy:"address"`

	// TLS says that the server speaks TLS, as a rediss:// URL does.
	TLS bool `redispy:"tls"`

	// Username is the ACL user. Empty means [PoolOptions.Username].
	Username string `redispy:"username"`

	// Password is the password of the user. Empty means [PoolOptions.Password].
	Password string `redispy:"password" secret:"true"`

	// DB is the number of the database. Nil means [PoolOptions.DB].
	DB *int `redispy:"db"`

	// MaxConnections is the most connections to open to one server. Zero means
	// [DefaultMaxConnections]; [PoolOptions.MaxConnections] comes first.
	MaxConnections int `redispy:"max_connections"`

	// Pool tunes the connections.
	Pool PoolOptions `redispy:"connection_pool_kwargs"`

	// Logger hears when the server is lost and when it is back. Nil means nobody does.
	Logger *slog.Logger
}

// settings are Options after all defaults: nothing in it is optional.
type settings struct {
	address        string
	username       string
	password       string
	db             int
	clientName     string
	protocol       int
	maxConnections int
	connectTimeout time.Duration
	socketTimeout  time.Duration
	healthCheck    time.Duration
	retry          bool
	keepAlive      net.KeepAliveConfig
	logger         *slog.Logger
}

// settle checks o and fills in what it leaves open. It reports every problem at once.
func (o Options) settle() (settings, error) {
	p := o.Pool
	if err := errors.Join(slices.Concat(o.problems(), o.unsupported())...); err != nil {
		return settings{}, fmt.Errorf("redis options: %w", err)
	}
	return settings{
		address:        cmp.Or(o.Address, DefaultAddress),
		username:       cmp.Or(o.Username, p.Username),
		password:       cmp.Or(o.Password, p.Password),
		db:             either(o.DB, either(p.DB, 0)),
		clientName:     p.ClientName,
		protocol:       cmp.Or(p.Protocol, 3),
		maxConnections: cmp.Or(p.MaxConnections, o.MaxConnections, DefaultMaxConnections),
		connectTimeout: cmp.Or(p.SocketConnectTimeout, DefaultConnectTimeout),
		socketTimeout:  cmp.Or(p.SocketTimeout, DefaultSocketTimeout),
		healthCheck:    cmp.Or(p.HealthCheckInterval, DefaultHealthCheckInterval),
		retry:          either(p.RetryOnTimeout, true),
		keepAlive: net.KeepAliveConfig{
			Enable:   either(p.SocketKeepalive, true),
			Idle:     p.SocketKeepaliveOptions.Idle,
			Interval: p.SocketKeepaliveOptions.Interval,
			Count:    p.SocketKeepaliveOptions.Count,
		},
		logger: cmp.Or(o.Logger, slog.New(slog.DiscardHandler)),
	}, nil
}

// either returns what value points to, or fallback if it is nil.
func either[T any](value *T, fallback T) T {
	if value == nil {
		return fallback
	}
	return *value
}

// problems returns what is wrong with the options, each under its redis-py name.
func (o Options) problems() []error {
	p := o.Pool
	var found []error
	add := func(wrong bool, option string, value any, want string) {
		if wrong {
			found = append(found, fmt.Errorf("%s: %v: %s", option, value, want))
		}
	}
	if o.Address != "" {
		add(!isAddress(o.Address), "address", strconv.Quote(o.Address), "want host:port")
	}
	for _, d := range []struct {
		option string
		value  time.Duration
	}{
		{"socket_connect_timeout", p.SocketConnectTimeout},
		{"socket_timeout", p.SocketTimeout},
		{"health_check_interval", p.HealthCheckInterval},
		{"socket_keepalive_options.idle", p.SocketKeepaliveOptions.Idle},
		{"socket_keepalive_options.interval", p.SocketKeepaliveOptions.Interval},
	} {
		add(d.value < 0, d.option, d.value, "want a positive duration, or none for the default")
	}
	add(p.SocketKeepaliveOptions.Count < 0, "socket_keepalive_options.count", p.SocketKeepaliveOptions.Count,
		"want a positive number, or none for the default")
	add(o.MaxConnections < 0, "max_connections", o.MaxConnections, "want at least 1, or none for the default")
	add(p.MaxConnections < 0, "connection_pool_kwargs.max_connections", p.MaxConnections,
		"want at least 1, or none for the default")
	add(either(o.DB, 0) < 0, "db", either(o.DB, 0), "want 0 or more")
	add(either(p.DB, 0) < 0, "connection_pool_kwargs.db", either(p.DB, 0), "want 0 or more")
	add(p.Protocol != 0 && p.Protocol != 2 && p.Protocol != 3, "protocol", p.Protocol, "want 2 or 3")
	add(strings.ContainsFunc(p.ClientName, func(r rune) bool { return r < '!' || r > '~' }),
		"client_name", strconv.Quote(p.ClientName), "Redis takes printable ASCII without spaces only")
	return found
}

// isAddress reports whether s is host:port.
func isAddress(s string) bool {
	host, port, err := net.SplitHostPort(s)
	n, errPort := strconv.ParseUint(port, 10, 16)
	return err == nil && errPort == nil && host != "" && n > 0
}

// unsupported returns an error for each option that this version cannot honour. None of them may be
// ignored: a program that asks for TLS must not speak plain text.
func (o Options) unsupported() []error {
	var found []error
	if o.TLS {
		found = append(found, fmt.Errorf("rediss:// (TLS): %w", errors.ErrUnsupported))
	}
	for _, option := range shown(o.Pool) {
		if notBuilt(option.name) {
			found = append(found, fmt.Errorf("connection_pool_kwargs.%s: %w", option.name, errors.ErrUnsupported))
		}
	}
	return found
}

// notBuilt reports whether an option belongs to TLS, Sentinel or Cluster.
func notBuilt(option string) bool {
	switch option {
	case "sentinels", "service_name", "sentinel_kwargs",
		"startup_nodes", "skip_full_coverage_check", "require_full_coverage", "read_from_replicas":
		return true
	}
	return strings.HasPrefix(option, "ssl_")
}
