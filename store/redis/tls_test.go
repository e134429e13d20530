//go:build unix

package redis_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// encrypted returns options that suit server, with a certificate of our own whose key has a password.
func encrypted(t testing.TB, server *testredis.TLSServer) redis.Options {
	t.Helper()
	o := at(server.Server)
	o.TLS, o.Pool.SSLCACerts = true, server.Authority.CAFile
	show(&o, server.Authority.Issue(t, testredis.CertOptions{Client: true, KeyPassword: keyPassword}))
	return o
}

// keyPassword protects the keys of clients.
const keyPassword = "for-the-key"

// show has o show a certificate.
func show(o *redis.Options, p testredis.Pair) {
	o.Pool.SSLCertFile, o.Pool.SSLKeyFile, o.Pool.SSLKeyFilePassword = p.CertFile, p.KeyFile, p.KeyPassword
}

func TestEncryptedConnection(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		server testredis.TLSOptions
		certs  func(*testredis.Authority) testredis.Pair // of the server; nil for a good one
		client func(o *redis.Options, a *testredis.Authority)
	}{
		{"the authority in a file", testredis.TLSOptions{}, nil,
			func(o *redis.Options, a *testredis.Authority) { o.Pool.SSLCACerts = a.CAFile }},
		{"the authority as text", testredis.TLSOptions{}, nil,
			func(o *redis.Options, a *testredis.Authority) { o.Pool.SSLCAData = string(a.CAPEM) }},
		{"optional means required", testredis.TLSOptions{}, nil,
			func(o *redis.Options, a *testredis.Authority) {
				o.Pool.SSLCertReqs, o.Pool.SSLCACerts = "optional", a.CAFile
			}},
		{"version 1.3 only", testredis.TLSOptions{}, nil,
			func(o *redis.Options, a *testredis.Authority) {
				o.Pool.SSLMinVersion, o.Pool.SSLCACerts = tls.VersionTLS13, a.CAFile
			}},
		{"a certificate of the client", testredis.TLSOptions{RequireClientCert: true}, nil,
			func(o *redis.Options, a *testredis.Authority) {
				o.Pool.SSLCACerts = a.CAFile
				show(o, a.Issue(t, testredis.CertOptions{Client: true}))
			}},
		{"and one whose key has a password", testredis.TLSOptions{RequireClientCert: true}, nil,
			func(o *redis.Options, a *testredis.Authority) {
				o.Pool.SSLCACerts = a.CAFile
				show(o, a.Issue(t, testredis.CertOptions{Client: true, KeyPassword: keyPassword}))
			}},
		{"another host on the certificate, and nobody minds", testredis.TLSOptions{}, otherHost(t),
			func(o *redis.Options, a *testredis.Authority) {
				o.Pool.SSLCheckHostname, o.Pool.SSLCACerts = new(false), a.CAFile
			}},
		{"an unknown authority, and nobody minds", testredis.TLSOptions{}, nil,
			func(o *redis.Options, _ *testredis.Authority) { o.Pool.SSLCertReqs = "none" }},
		{"a user and a password", testredis.TLSOptions{Options: testredis.Options{Users: []string{"alice on >wonder ~* +@all"}}}, nil,
			func(o *redis.Options, a *testredis.Authority) {
				o.Pool.SSLCACerts, o.Username, o.Password = a.CAFile, "alice", "wonder"
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.server.Authority = testredis.NewAuthority(t)
			if tt.certs != nil {
				tt.server.Certificate = tt.certs(tt.server.Authority)
			}
			server := testredis.StartTLS(t, tt.server)
			o := at(server.Server)
			o.TLS = true
			tt.client(&o, server.Authority)
			s := open(t, o)
			if err := s.Set(t.Context(), "k", []byte("v"), time.Hour); err != nil {
				t.Fatalf("Set = %v", err)
			}
			if v, found, err := s.Get(t.Context(), "k"); string(v) != "v" || !found || err != nil {
				t.Errorf("Get = %q, %v, %v", v, found, err)
			}
		})
	}
}

// otherHost issues certificates for a host that is not this machine.
func otherHost(t *testing.T) func(*testredis.Authority) testredis.Pair {
	return func(a *testredis.Authority) testredis.Pair {
		return a.Issue(t, testredis.CertOptions{Names: []string{"redis.example"}})
	}
}

// expired issues certificates that were good until an hour ago.
func expired(t *testing.T) func(*testredis.Authority) testredis.Pair {
	return func(a *testredis.Authority) testredis.Pair {
		return a.Issue(t, testredis.CertOptions{NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour)})
	}
}

func TestServerThatIsNotToBeTrusted(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t"
	trusted := func(o *redis.Options, a *testredis.Authority) { o.Pool.SSLCACerts = a.CAFile }
	tests := []struct {
		name   string
		server testredis.TLSOptions
		certs  func(*testredis.Authority) testredis.Pair
		client func(o *redis.Options, a *testredis.Authority)
		want   string
		is     func(error) bool
	}{
		{"an unknown authority", testredis.TLSOptions{}, nil,
			func(o *redis.Options, _ *testredis.Authority) { o.Pool.SSLCACerts = testredis.NewAuthority(t).CAFile },
			"unknown authority", isA[x509.UnknownAuthorityError]},
		{"an authority that the system does not know", testredis.TLSOptions{}, nil,
			func(*redis.Options, *testredis.Authority) {}, "unknown authority", isA[x509.UnknownAuthorityError]},
		{"a certificate that has expired", testredis.TLSOptions{}, expired(t), trusted,
			"expired", isA[x509.CertificateInvalidError]},
		{"a certificate for another host", testredis.TLSOptions{}, otherHost(t), trusted,
			"127.0.0.1", isA[x509.HostnameError]},
		{"an unknown authority, although the name is not checked", testredis.TLSOptions{}, otherHost(t),
			func(o *redis.Options, _ *testredis.Authority) {
				o.Pool.SSLCheckHostname, o.Pool.SSLCACerts = new(false), testredis.NewAuthority(t).CAFile
			}, "unknown authority", isA[x509.UnknownAuthorityError]},
		{"a certificate that has expired, although the name is not checked", testredis.TLSOptions{}, expired(t),
			func(o *redis.Options, a *testredis.Authority) {
				o.Pool.SSLCheckHostname, o.Pool.SSLCACerts = new(false), a.CAFile
			}, "expired", isA[x509.CertificateInvalidError]},
		{"a server that wants to see our certificate", testredis.TLSOptions{RequireClientCert: true}, nil, trusted,
			"set ssl_certfile", nil},
		{"a server that does not accept our certificate", testredis.TLSOptions{RequireClientCert: true}, nil,
			func(o *redis.Options, a *testredis.Authority) {
				o.Pool.SSLCACerts = a.CAFile
				show(o, testredis.NewAuthority(t).Issue(t, testredis.CertOptions{Client: true}))
			}, "does not accept the certificate", nil},
		{"a server that speaks none but an old version", testredis.TLSOptions{
			Options: testredis.Options{Args: []string{"--tls-protocols", "TLSv1.2"}},
		}, nil, func(o *redis.Options, a *testredis.Authority) {
			o.Pool.SSLMinVersion, o.Pool.SSLCACerts = tls.VersionTLS13, a.CAFile
		}, "protocol version", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.server.Authority = testredis.NewAuthority(t)
			if tt.certs != nil {
				tt.server.Certificate = tt.certs(tt.server.Authority)
			}
			server := testredis.StartTLS(t, tt.server)
			o := at(server.Server)
			o.TLS, o.Password = true, secret
			tt.client(&o, server.Authority)
			err := wantTLSError(t, open(t, o), tt.want)
			if tt.is != nil && !tt.is(err) {
				t.Errorf("Get = %v, which is not the error of crypto/x509 that it should be", err)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the password shows in %q", err)
			}
		})
	}
}

func isA[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

// wantTLSError fails the test unless a call is refused because of TLS. Waiting for the end of its time
// would be another error.
func wantTLSError(t *testing.T, s *redis.Store, text string) error {
	t.Helper()
	_, _, err := s.Get(t.Context(), "k")
	var handshake *redis.TLSError
	if !errors.As(err, &handshake) || !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), text) {
		t.Fatalf("Get = %v, want a *redis.TLSError in store.ErrUnavailable about %q", err, text)
	}
	if handshake.Address == "" || !strings.Contains(err.Error(), handshake.Address) {
		t.Errorf("the error %q does not say where: %q", err, handshake.Address)
	}
	return err
}

func TestServerThatSpeaksPlainText(t *testing.T) {
	// It answers in plain text, or waits for the end of a line: that depends on what the handshake contains.
	server := testredis.Start(t)
	o := at(server)
	o.TLS, o.Pool.SocketConnectTimeout = true, ample
	for range 5 {
		wantTLSError(t, open(t, o), "plain text")
	}
	if got := server.Do("DBSIZE"); got != "0" {
		t.Errorf("%s keys are there", got)
	}
}

func TestServerThatHangsInAHandshakeIsNoTLSError(t *testing.T) {
	server := testredis.StartTLS(t, testredis.TLSOptions{})
	server.Pause()
	o := encrypted(t, server)
	o.Pool.SocketTimeout, o.Pool.SocketConnectTimeout = 300*time.Millisecond, 200*time.Millisecond
	s := open(t, o)
	_, _, err := s.Get(t.Context(), "k")
	if !errors.Is(err, store.ErrUnavailable) || isA[*redis.TLSError](err) {
		t.Errorf("Get = %v, want store.ErrUnavailable and no *redis.TLSError", err)
	}
	server.Continue()
	ready(t, s)
}

func TestServerThatBreaksOffAHandshakeIsNoTLSError(t *testing.T) {
	addr := listen(t, func(conn net.Conn) { conn.Read(make([]byte, 1)) })
	s := open(t, redis.Options{Address: addr, TLS: true})
	_, _, err := s.Get(t.Context(), "k")
	if !errors.Is(err, store.ErrUnavailable) || isA[*redis.TLSError](err) {
		t.Errorf("Get = %v, want store.ErrUnavailable and no *redis.TLSError", err)
	}
}

func TestCertificatesAreReadAnewForEachConnection(t *testing.T) {
	server := testredis.StartTLS(t, testredis.TLSOptions{})
	ca := filepath.Join(t.TempDir(), "ca.pem")
	install := func(a *testredis.Authority) {
		t.Helper()
		if err := os.WriteFile(ca, a.CAPEM, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	install(server.Authority)
	o := at(server.Server)
	o.TLS, o.Pool.SSLCACerts = true, ca
	s := open(t, o)
	ready(t, s)

	next := testredis.NewAuthority(t)
	server.Rotate(next.Issue(t, testredis.CertOptions{}))
	server.Do("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
	eventually(t, "the new certificate is not trusted", func() bool {
		_, _, err := s.Get(t.Context(), "k")
		return isA[*redis.TLSError](err)
	})
	install(next)
	ready(t, s)
}

func TestSentinelsAndClusterOverTLS(t *testing.T) {
	t.Parallel()
	t.Run("the Sentinels and the master", func(t *testing.T) {
		t.Parallel()
		authority := testredis.NewAuthority(t)
		g := testredis.StartSentinel(t, testredis.SentinelOptions{Replicas: 1, Sentinels: 1, Authority: authority})
		o := redis.Options{TLS: true, Pool: redis.PoolOptions{
			Sentinels: nodes(t, g.Addresses()), ServiceName: g.Service(), SocketTimeout: ample, SSLCACerts: authority.CAFile,
		}}
		if err := open(t, o).Set(t.Context(), "k", nil, time.Hour); err != nil {
			t.Errorf("Set = %v", err)
		}
		o.Pool.SentinelKwargs.SSLCACerts = testredis.NewAuthority(t).CAFile
		wantTLSError(t, open(t, o), "unknown authority")
		o.Pool.SentinelKwargs = redis.SentinelOptions{SSLCACerts: authority.CAFile}
		o.Pool.SSLCACerts = testredis.NewAuthority(t).CAFile
		err := wantTLSError(t, open(t, o), "unknown authority")
		if !strings.Contains(err.Error(), g.Master().Addr) {
			t.Errorf("the error %q does not name the master at %s", err, g.Master().Addr)
		}
	})
	t.Run("the nodes of a cluster", func(t *testing.T) {
		t.Parallel()
		c := testredis.StartCluster(t, testredis.ClusterOptions{Authority: testredis.NewAuthority(t)})
		o := inCluster(t, c)
		o.TLS = true
		wantTLSError(t, open(t, o), "unknown authority")
	})
}
