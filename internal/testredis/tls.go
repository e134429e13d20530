//go:build unix

package testredis

import (
	"crypto/tls"
	"strconv"
	"testing"
)

// TLSOptions says what a server that speaks TLS is to be like. The zero value shows a good certificate to
// everybody who asks.
type TLSOptions struct {
	Options

	// Authority signs the server's certificate, and those of clients if they need one. Nil means a new one.
	Authority *Authority

	// Certificate is what the server shows. The zero value is one that Authority issues for 127.0.0.1 and localhost.
	Certificate Pair

	// RequireClientCert refuses clients without a certificate of Authority.
	RequireClientCert bool
}

// TLSServer is a server that speaks only TLS: nobody listens for plaintext.
type TLSServer struct {
	*Server

	// Authority is the one that clients are to trust.
	Authority *Authority
}

// StartTLS starts a server that speaks TLS and stops it at the end of the test. The Server's own methods
// work whatever the certificate is worth.
func StartTLS(t testing.TB, o TLSOptions) *TLSServer {
	t.Helper()
	if o.Authority == nil {
		o.Authority = NewAuthority(t)
	}
	s := newServer(t, o.Options)
	s.identity = newIdentity(t, o.Authority)
	s.identity.requireClientCert = o.RequireClientCert
	if o.Certificate != (Pair{}) {
		s.identity.pair = o.Certificate
	}
	if err := launch(s); err != nil {
		t.Fatal(err)
	}
	return &TLSServer{Server: s, Authority: o.Authority}
}

// Certificate returns what the server shows now.
func (s *TLSServer) Certificate() Pair { return s.identity.pair }

// Rotate makes the running server show another certificate from now on. Connections that stand keep theirs.
func (s *TLSServer) Rotate(p Pair) {
	s.t.Helper()
	s.Do("CONFIG", "SET", "tls-cert-file", p.CertFile, "tls-key-file", p.KeyFile, "tls-key-file-pass", p.KeyPassword)
	s.identity.pair = p
}

// identity is how a server shows who it is. Nil is the identity of a server that does not.
type identity struct {
	authority         *Authority
	pair              Pair
	requireClientCert bool
	own               *tls.Config // for the connections of this package
}

// newIdentity returns an identity for 127.0.0.1 that many servers can share.
func newIdentity(t testing.TB, a *Authority) *identity {
	t.Helper()
	login := a.Issue(t, CertOptions{Client: true})
	certificate, err := tls.LoadX509KeyPair(login.CertFile, login.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	return &identity{authority: a, pair: a.Issue(t, CertOptions{}), own: &tls.Config{
		Certificates: []tls.Certificate{certificate},
		// Whether a client under test sees through a bad certificate must not hang on this package
		// being able to talk to the server.
		InsecureSkipVerify: true,
	}}
}

// client returns the configuration of the package's own connections, nil for plaintext.
func (i *identity) client() *tls.Config {
	if i == nil {
		return nil
	}
	return i.own
}

// directives returns how to listen on the port.
func (i *identity) directives(port int) [][]string {
	if i == nil {
		return [][]string{{"port", strconv.Itoa(port)}}
	}
	directives := [][]string{
		{"port", "0"}, {"tls-port", strconv.Itoa(port)},
		{"tls-cert-file", i.pair.CertFile}, {"tls-key-file", i.pair.KeyFile},
		{"tls-ca-cert-file", i.authority.CAFile}, {"tls-auth-clients", "no"},
		{"tls-replication", "yes"}, {"tls-cluster", "yes"},
	}
	if i.requireClientCert {
		directives = append(directives, []string{"tls-auth-clients", "yes"})
	}
	if i.pair.KeyPassword != "" {
		directives = append(directives, []string{"tls-key-file-pass", i.pair.KeyPassword})
	}
	return directives
}
