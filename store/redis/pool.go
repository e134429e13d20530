package redis

import "time"

// Defaults of [PoolOptions], where the zero value does not say it all.
const (
	// DefaultMaxConnections is how many connections a store opens to one server at most.
	DefaultMaxConnections = 50

	// DefaultConnectTimeout bounds the dial with the TLS handshake, and the greeting.
	DefaultConnectTimeout = time.Second

	// DefaultSocketTimeout bounds every call.
	DefaultSocketTimeout = 500 * time.Millisecond

	// DefaultHealthCheckInterval is how long a connection may be idle before it is probed.
	DefaultHealthCheckInterval = time.Second
)

// PoolOptions tune the connections to Redis. They carry the names that redis-py gives to the same
// things; the tag redispy is the name in a YAML file, under connection_pool_kwargs.
//
// The zero value asks for the defaults and is what most services should run with. Durations below
// zero and counts below zero are refused by [Open], which names the option. A PoolOptions prints, logs
// and marshals as the options that are set, under their redis-py names, with secrets as ***.
type PoolOptions struct {
	// MaxConnections is the most connections that a store opens to one server. Zero means
	// [Options.MaxConnections]; if both are set, this one counts.
	//
	// Calls share few connections (one on two cores, at most four; one to each node of a cluster), so it is
	// a ceiling rather than a pool size: lower it to fit a plan that counts connections, there is nothing
	// to gain by raising it. A native client (see [Store.As]) may use the rest for its own purposes, and
	// one at least. Connections to Sentinels are not counted: there are one or two to one of them, as
	// many again with ReadFromReplicas, and one more while there is no master.
	MaxConnections int `redispy:"max_connections"`

	// SocketConnectTimeout bounds the dial of a connection with its TLS handshake, and once more its
	// greeting. Zero means [DefaultConnectTimeout]. Raise it for servers on another continent. A call never waits for it
	// longer than for its own deadline.
	SocketConnectTimeout time.Duration `redispy:"socket_connect_timeout"`

	// SocketTimeout bounds every call, from handing it in to having the answer, where the caller's
	// context has no earlier deadline. Zero means [DefaultSocketTimeout]; there is no way to wait
	// without bound. Raise it for values of many megabytes, lower it where a late answer is worth less
	// than a fresh load.
	SocketTimeout time.Duration `redispy:"socket_timeout"`

	// RetryOnTimeout repeats a call whose connection failed once, if more than half of its time is left
	// and doing it twice is the same as doing it once: reads, Set, Touch and Delete. Add, Incr and Swap
	// are never repeated, because the first attempt may have worked. A Set that is repeated may be carried
	// out once more after a later Set of somebody else. Nil means true. Set it to false where that matters,
	// and behind a proxy that repeats by itself.
	RetryOnTimeout *bool `redispy:"retry_on_timeout"`

	// HealthCheckInterval is how long a connection may be silent before it is probed with PING. Zero
	// means [DefaultHealthCheckInterval]. A connection whose peer vanished without a word is replaced
	// after at most twice this time plus SocketTimeout (at least a second); raise it only where the
	// PINGs matter. They cannot be turned off, as redis-py's 0 does: calls share connections, and nothing
	// else would notice in time.
	HealthCheckInterval time.Duration `redispy:"health_check_interval"`

	// SocketKeepalive turns the kernel's TCP keep-alive probes on. Nil means true. They keep idle
	// connections alive in firewalls and notice a vanished peer where HealthCheckInterval is long.
	SocketKeepalive *bool `redispy:"socket_keepalive"`

	// SocketKeepaliveOptions times the kernel's probes. It has no effect if SocketKeepalive is false.
	SocketKeepaliveOptions KeepaliveOptions `redispy:"socket_keepalive_options"`

	// SSLCertReqs says whether the server's certificate is verified: "required" (also when empty),
	// "optional" (the same, for a client) or "none". None lets anybody in the middle read and change
	// everything; use it for a test server only. This and the other ssl_ options need [Options.TLS].
	SSLCertReqs string `redispy:"ssl_cert_reqs"`

	// SSLCACerts is a file with the PEM certificates of the authorities to trust. Empty means the
	// system's. Set it for a private authority. Like all files named here it must be readable at [Open],
	// which returns a [*FileError] otherwise, and is read anew for each connection, so that certificates can be replaced under a running program.
	SSLCACerts string `redispy:"ssl_ca_certs"`

	// SSLCAData is the same as text, for platforms that hand certificates over in variables. The
	// authorities of both are trusted.
	SSLCAData string `redispy:"ssl_ca_data"`

	// SSLCertFile is a file with this client's PEM certificate, for servers that ask for one. It needs
	// SSLKeyFile.
	SSLCertFile string `redispy:"ssl_certfile"`

	// SSLKeyFile is a file with the private key of SSLCertFile.
	SSLKeyFile string `redispy:"ssl_keyfile"`

	// SSLKeyFilePassword opens SSLKeyFile if it is encrypted, in either of OpenSSL's forms.
	SSLKeyFilePassword string `redispy:"ssl_keyfile_password" secret:"true"`

	// SSLCheckHostname says whether the certificate must carry the server's name. Nil means true.
	// False still verifies who signed it; use it for servers that are reached by an address which
	// their certificate does not list. In a cluster and behind Sentinels that is the address by which the
	// servers know each other.
	SSLCheckHostname *bool `redispy:"ssl_check_hostname"`

	// SSLMinVersion is the oldest TLS version to speak: tls.VersionTLS12 or tls.VersionTLS13 (Python's
	// ssl.TLSVersion has the same numbers). Zero means TLS 1.2; older ones are refused.
	SSLMinVersion uint16 `redispy:"ssl_min_version"`

	// Username is the ACL user, if [Options.Username] is empty. Empty means Redis' user "default".
	Username string `redispy:"username"`

	// Password is the password of the user, if [Options.Password] is empty.
	Password string `redispy:"password" secret:"true"`

	// DB is the number of the database, if [Options.DB] is nil. Nil means database 0.
	DB *int `redispy:"db"`

	// ClientName is the name that CLIENT LIST shows. Empty means no name; the library name and version
	// are always sent. It has no spaces.
	ClientName string `redispy:"client_name"`

	// Protocol is the version of the Redis protocol, 2 or 3. Zero means 3, or 2 where the server does
	// not speak 3. Set it to 2 for proxies that stumble over the greeting of version 3.
	Protocol int `redispy:"protocol"`

	// Sentinels are the addresses of Redis Sentinels. If there are any, they are asked for the master
	// called ServiceName, and of [Options.Address] nothing counts. The store follows failovers: calls fail
	// with [store.ErrUnavailable] until the Sentinels have named the next master.
	Sentinels []Node `redispy:"sentinels"`

	// ServiceName is the name under which the Sentinels know the master. It is required with Sentinels
	// and means nothing without.
	ServiceName string `redispy:"service_name"`

	// SentinelKwargs are the options of the connections to the Sentinels. They mean nothing without.
	SentinelKwargs SentinelOptions `redispy:"sentinel_kwargs"`

	// StartupNodes are nodes of a Redis Cluster, some of them suffice: they are asked for the others, by
	// the addresses at which the nodes know each other. If there are any, the store speaks to the cluster,
	// and [Options.Address] is one more of them. It follows failovers and moving slots.
	StartupNodes []Node `redispy:"startup_nodes"`

	// SkipFullCoverageCheck says that a cluster may be used while some of its slots are served by no
	// node: calls for keys in these fail. Nil means true. It is the older opposite of RequireFullCoverage
	// and means nothing outside a cluster.
	SkipFullCoverageCheck *bool `redispy:"skip_full_coverage_check"`

	// RequireFullCoverage says that a cluster must serve all its slots, or else every call fails. Nil
	// means the opposite of SkipFullCoverageCheck.
	RequireFullCoverage *bool `redispy:"require_full_coverage"`

	// ReadFromReplicas sends reads to replicas. A read may then miss what was just written, which also
	// makes a Fetch load again. It takes load off the master where reads outnumber writes by far. Where no
	// replica works the master answers; of a replica that hangs, that is noticed by calls that time out.
	// It needs Sentinels or StartupNodes.
	ReadFromReplicas bool `redispy:"read_from_replicas"`
}

// KeepaliveOptions times the kernel's TCP keep-alive probes. The kernel counts in seconds: fractions
// are rounded up.
type KeepaliveOptions struct {
	// Idle is how long a connection is silent before the first probe. Zero means 15 s.
	Idle time.Duration `redispy:"idle"`

	// Interval is the time between two probes. Zero means 15 s.
	Interval time.Duration `redispy:"interval"`

	// Count is how many unanswered probes end the connection. Zero means 9.
	Count int `redispy:"count"`
}

// SentinelOptions are the options of the connections to Redis Sentinels. Timeouts and TLS options that
// are not set are those of the data connections (authorities together, and certificate, key and its
// password together); user and password never are.
//
// A SentinelOptions prints, logs and marshals like a [PoolOptions], with secrets as ***.
type SentinelOptions struct {
	// Username is the ACL user of the Sentinels. Empty means Redis' user "default".
	Username string `redispy:"username"`

	// Password is the password of the Sentinels. Empty means that they ask for none.
	Password string `redispy:"password" secret:"true"`

	// SocketConnectTimeout bounds the dial of a Sentinel. Zero means that of the data connections.
	SocketConnectTimeout time.Duration `redispy:"socket_connect_timeout"`

	// SocketTimeout bounds a question to a Sentinel, the next of which is asked then. Zero means that of
	// the data connections.
	SocketTimeout time.Duration `redispy:"socket_timeout"`

	// SSL says whether the Sentinels speak TLS. Nil means: if the data connections do.
	SSL *bool `redispy:"ssl"`

	// SSLCertReqs is as [PoolOptions.SSLCertReqs].
	SSLCertReqs string `redispy:"ssl_cert_reqs"`

	// SSLCACerts is as [PoolOptions.SSLCACerts].
	SSLCACerts string `redispy:"ssl_ca_certs"`

	// SSLCAData is as [PoolOptions.SSLCAData].
	SSLCAData string `redispy:"ssl_ca_data"`

	// SSLCertFile is as [PoolOptions.SSLCertFile].
	SSLCertFile string `redispy:"ssl_certfile"`

	// SSLKeyFile is as [PoolOptions.SSLKeyFile].
	SSLKeyFile string `redispy:"ssl_keyfile"`

	// SSLKeyFilePassword is as [PoolOptions.SSLKeyFilePassword].
	SSLKeyFilePassword string `redispy:"ssl_keyfile_password" secret:"true"`

	// SSLCheckHostname is as [PoolOptions.SSLCheckHostname].
	SSLCheckHostname *bool `redispy:"ssl_check_hostname"`

	// SSLMinVersion is as [PoolOptions.SSLMinVersion].
	SSLMinVersion uint16 `redispy:"ssl_min_version"`
}

// Node is the address of one server.
type Node struct {
	// Host is a name or an IP address, without brackets.
	Host string `redispy:"host" json:"host"`

	// Port is the TCP port. Zero means 6379, or 26379 for a Sentinel.
	Port int `redispy:"port" json:"port"`
}
