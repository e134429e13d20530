package settings

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store/redis"
)

// The options of connections stand in a plan under these names, followed by their own.
const (
	poolPrefix     = "connection_pool_kwargs."
	sentinelPrefix = poolPrefix + "sentinel_kwargs."
)

// argument is an option of a connection.
type argument struct {
	name   string // in the plan
	python string // redis-py's name, if it is another one
	value  expression
	secret bool // value is a text that may only be written with leave
	path   bool // value is a text that names a file
}

// poolKwargs are the arguments of redis-py's connection pool: the limit, and what somebody wrote. With
// sentinels TLS is an argument too; otherwise the URL says it.
func (b *builder) poolKwargs(c cachewright.CachePlan) dict {
	d := dict{item("max_connections", integer(c.MaxConnections))}
	d = append(d, b.written(c, poolPrefix, connectionArguments(c.Pool))...)
	if !isTLS(c) {
		return d
	}
	if len(c.Pool.Sentinels) > 0 {
		d = append(d, item("ssl", boolean(true)))
	}
	o := tlsOf(c.Pool)
	d = append(d, b.written(c, poolPrefix, o.arguments())...)
	return append(d, o.hostnameCheck())
}

// sentinelKwargs are the arguments of the connections to Sentinels; nil leaves them to redis-py, which
// then gives them the socket options of the data connections. If there are any of our own it does not,
// so they are repeated.
func (b *builder) sentinelKwargs(c cachewright.CachePlan) dict {
	own := c.Pool.SentinelKwargs
	d := b.written(c, sentinelPrefix, []argument{
		{name: "username", value: text(own.Username)},
		{name: "password", value: text(own.Password), secret: true},
		{name: "socket_connect_timeout", value: seconds(own.SocketConnectTimeout)},
		{name: "socket_timeout", value: seconds(own.SocketTimeout)},
	})
	if own.SSL != nil && *own.SSL || own.SSL == nil && isTLS(c) {
		d = append(d, item("ssl", boolean(true)))
		d = append(d, b.sentinelTLS(c)...)
	}
	if len(d) == 0 {
		return nil
	}
	return d.with(b.written(c, poolPrefix, socketArguments(c.Pool)))
}

// sentinelTLS are the TLS options of the Sentinels: their own, and for the rest those of the data
// connections.
func (b *builder) sentinelTLS(c cachewright.CachePlan) dict {
	k := c.Pool.SentinelKwargs
	own := tlsOptions{k.SSLCertReqs, k.SSLCACerts, k.SSLCAData, k.SSLCertFile, k.SSLKeyFile, k.SSLKeyFilePassword,
		k.SSLCheckHostname, k.SSLMinVersion}
	data := tlsOf(c.Pool)
	d := b.written(c, sentinelPrefix, own.arguments()).with(b.written(c, poolPrefix, data.arguments()))
	own.certReqs = cmp.Or(own.certReqs, data.certReqs)
	own.checkHostname = cmp.Or(own.checkHostname, data.checkHostname)
	return append(d, own.hostnameCheck())
}

// connectionArguments are the options of a connection but for TLS.
func connectionArguments(p cachewright.PoolOptions) []argument {
	arguments := append(socketArguments(p),
		argument{name: "retry_on_timeout", value: flag(p.RetryOnTimeout)},
		argument{name: "health_check_interval", value: seconds(p.HealthCheckInterval)},
		argument{name: "username", value: text(p.Username)},
		argument{name: "password", value: text(p.Password), secret: true},
		argument{name: "client_name", value: text(p.ClientName)},
		argument{name: "protocol", value: integer(p.Protocol)},
	)
	// A cluster has database 0 only, and RedisCluster refuses to be told so.
	if p.DB != nil && len(p.StartupNodes) == 0 {
		arguments = append(arguments, argument{name: "db", value: integer(*p.DB)})
	}
	return arguments
}

// socketArguments are those that redis-py hands on to the connections of Sentinels.
func socketArguments(p cachewright.PoolOptions) []argument {
	return []argument{
		{name: "socket_connect_timeout", value: seconds(p.SocketConnectTimeout)},
		{name: "socket_timeout", value: seconds(p.SocketTimeout)},
		{name: "socket_keepalive", value: flag(p.SocketKeepalive)},
		{name: "socket_keepalive_options", value: keepalive(p.SocketKeepaliveOptions)},
	}
}

// flag is an option that is on unless somebody turned it off.
func flag(on *bool) expression { return boolean(on == nil || *on) }

// keepalive are the kernel's options under the numbers that the system gives them.
func keepalive(k redis.KeepaliveOptions) expression {
	var d dict
	if k.Idle > 0 {
		d = append(d, entry{idleOption, integer(wholeSeconds(k.Idle))})
	}
	if k.Interval > 0 {
		d = append(d, entry{socketOption("TCP_KEEPINTVL"), integer(wholeSeconds(k.Interval))})
	}
	if k.Count > 0 {
		d = append(d, entry{socketOption("TCP_KEEPCNT"), integer(k.Count)})
	}
	return d
}

// tlsOptions are the options of TLS, which data connections and Sentinels have alike.
type tlsOptions struct {
	certReqs, caCerts, caData, certFile, keyFile, keyPassword string
	checkHostname                                             *bool
	minVersion                                                uint16
}

func tlsOf(p cachewright.PoolOptions) tlsOptions {
	return tlsOptions{p.SSLCertReqs, p.SSLCACerts, p.SSLCAData, p.SSLCertFile, p.SSLKeyFile, p.SSLKeyFilePassword,
		p.SSLCheckHostname, p.SSLMinVersion}
}

// arguments are all of them but hostnameCheck.
func (o tlsOptions) arguments() []argument {
	return []argument{
		{name: "ssl_cert_reqs", value: text(o.certReqs)},
		{name: "ssl_ca_certs", value: text(o.caCerts), path: true},
		{name: "ssl_ca_data", value: text(o.caData)},
		{name: "ssl_certfile", value: text(o.certFile), path: true},
		{name: "ssl_keyfile", value: text(o.keyFile), path: true},
		{name: "ssl_keyfile_password", python: "ssl_password", value: text(o.keyPassword), secret: true},
		{name: "ssl_min_version", value: integer(o.minVersion)},
	}
}

// hostnameCheck is always said, because versions of redis-py differ in what they do by themselves. It
// cannot be on without a verified certificate.
func (o tlsOptions) hostnameCheck() entry {
	checked := o.certReqs != "none" && (o.checkHostname == nil || *o.checkHostname)
	return item("ssl_check_hostname", boolean(checked))
}

// written returns those arguments that somebody wrote; defaults are left to Django's side.
func (b *builder) written(c cachewright.CachePlan, prefix string, arguments []argument) dict {
	var d dict
	for _, a := range arguments {
		option := prefix + a.name
		if !isWritten(c, option) {
			continue
		}
		switch value, isText := a.value.(text); {
		case isText && a.secret:
			a.value = b.secret(c, option, string(value), isPassword)
		case isText && a.path:
			a.value = b.path(c, option, string(value))
		}
		d = append(d, item(cmp.Or(a.python, a.name), a.value))
	}
	return d
}

// isWritten says that somebody wrote option, or a part of it.
func isWritten(c cachewright.CachePlan, option string) bool {
	for name, v := range c.Values {
		if v.Written && (name == option || strings.HasPrefix(name, option+".")) {
			return true
		}
	}
	return false
}

// with returns d and those entries of more whose keys it does not have.
func (d dict) with(more dict) dict {
	for _, e := range more {
		if !slices.ContainsFunc(d, func(own entry) bool { return own.key == e.key }) {
			d = append(d, e)
		}
	}
	return d
}
