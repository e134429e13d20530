//go:build unix

package testredis_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
)

// strict returns the configuration of a client that trusts nobody but the authority.
func strict(a *testredis.Authority) *tls.Config {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.CAPEM)
	return &tls.Config{RootCAs: roots, ServerName: "localhost"}
}

// ping connects as a client and asks for a PONG.
func ping(t *testing.T, s *testredis.TLSServer, c *tls.Config) error {
	t.Helper()
	conn, err := tls.Dial("tcp", s.Addr, c)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	reply := make([]byte, 7)
	if _, err := conn.Read(reply); err != nil {
		return err
	}
	if got, want := string(reply), "+PONG\r\n"; got != want {
		t.Errorf("PING = %q, want %q", got, want)
	}
	return nil
}

func TestTLSServerSpeaksNothingElse(t *testing.T) {
	t.Parallel()
	s := testredis.StartTLS(t, testredis.TLSOptions{Options: testredis.Options{Password: "hidden"}})
	if got, want := s.Do("PING"), "PONG"; got != want {
		t.Errorf("PING = %q, want %q", got, want)
	}
	if got, want := s.URL(1), "rediss://:hidden@"+s.Addr+"/1"; got != want {
		t.Errorf("URL(1) = %q, want %q", got, want)
	}
	plain, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	plain.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := plain.Write([]byte("PING\r\n")); err != nil {
		t.Fatal(err)
	}
	reply := make([]byte, 64)
	if n, _ := plain.Read(reply); strings.ContainsAny(string(reply[:n]), "+-") {
		t.Errorf("a plaintext PING was answered with %q, want no Redis reply", reply[:n])
	}
}

func TestCertificatesAreWhatTheyAreMadeToBe(t *testing.T) {
	t.Parallel()
	hourAgo := time.Now().Add(-time.Hour)
	for name, test := range map[string]struct {
		options testredis.CertOptions
		foreign bool // signed by somebody else
		want    any  // what errors.As finds; nil: the certificate is good
	}{
		"the zero value is good": {},
		"past its end": {
			options: testredis.CertOptions{NotBefore: hourAgo.Add(-time.Hour), NotAfter: hourAgo},
			want:    new(x509.CertificateInvalidError),
		},
		"before its beginning": {
			options: testredis.CertOptions{NotBefore: time.Now().Add(time.Hour)},
			want:    new(x509.CertificateInvalidError),
		},
		"for another name": {
			options: testredis.CertOptions{Names: []string{"elsewhere.example"}},
			want:    new(x509.HostnameError),
		},
		"for an address only": {
			options: testredis.CertOptions{IPs: []net.IP{net.IPv4(127, 0, 0, 1)}},
			want:    new(x509.HostnameError),
		},
		"a client's, not a server's": {
			options: testredis.CertOptions{Client: true},
			want:    new(x509.CertificateInvalidError),
		},
		"of an unknown authority": {foreign: true, want: new(x509.UnknownAuthorityError)},
		"good, with a locked key": {options: testredis.CertOptions{KeyPassword: "open sesame"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trusted := testredis.NewAuthority(t)
			signer := trusted
			if test.foreign {
				signer = testredis.NewAuthority(t)
			}
			s := testredis.StartTLS(t, testredis.TLSOptions{Authority: signer, Certificate: signer.Issue(t, test.options)})
			err := ping(t, s, strict(trusted))
			if test.want == nil {
				if err != nil {
					t.Errorf("a strict client says %v, want nothing", err)
				}
				return
			}
			if !errors.As(err, test.want) {
				t.Errorf("a strict client says %v, want a %T", err, test.want)
			}
			if got, want := s.Do("PING"), "PONG"; got != want {
				t.Errorf("Do(PING) = %q, want %q: it must work with a bad certificate", got, want)
			}
		})
	}
}

func TestClientCertificateIsRequiredOnRequest(t *testing.T) {
	t.Parallel()
	s := testredis.StartTLS(t, testredis.TLSOptions{RequireClientCert: true})
	for name, test := range map[string]struct {
		issuer  *testredis.Authority // nil: no certificate
		welcome bool
	}{
		"no certificate":                   {},
		"a certificate of its authority":   {issuer: s.Authority, welcome: true},
		"a certificate of another of them": {issuer: testredis.NewAuthority(t)},
	} {
		c := strict(s.Authority)
		if test.issuer != nil {
			pair := test.issuer.Issue(t, testredis.CertOptions{Client: true})
			certificate, err := tls.LoadX509KeyPair(pair.CertFile, pair.KeyFile)
			if err != nil {
				t.Fatal(err)
			}
			c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certificate, nil }
		}
		if err := ping(t, s, c); (err == nil) != test.welcome {
			t.Errorf("a client with %s: %v, want it welcome: %v", name, err, test.welcome)
		}
	}
}

func TestRotatedCertificateIsShownAlsoAfterARestart(t *testing.T) {
	t.Parallel()
	s := testredis.StartTLS(t, testredis.TLSOptions{})
	old := s.Certificate()
	next := s.Authority.Issue(t, testredis.CertOptions{Names: []string{"next.example"}, KeyPassword: "open sesame"})
	c := strict(s.Authority)
	c.ServerName = "next.example"
	if err := ping(t, s, c); err == nil {
		t.Fatal("the first certificate is good for the name of the second")
	}
	s.Rotate(next)
	if err := ping(t, s, c); err != nil {
		t.Errorf("after Rotate: %v", err)
	}
	if got := s.Certificate(); got != next || got == old {
		t.Errorf("Certificate() = %v, want %v", got, next)
	}
	s.Kill()
	s.Restart()
	if err := ping(t, s, c); err != nil {
		t.Errorf("after Restart: %v", err)
	}
}

func TestLockedKeyNeedsItsPassword(t *testing.T) {
	t.Parallel()
	a := testredis.NewAuthority(t)
	pair := a.Issue(t, testredis.CertOptions{KeyPassword: "open sesame"})
	text, err := os.ReadFile(pair.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "ENCRYPTED PRIVATE KEY") {
		t.Errorf("the key file says %.40q, want an encrypted key", text)
	}
	pair.KeyPassword = "open barley"
	said := fatalOf(t, func(tb testing.TB) {
		testredis.StartTLS(tb, testredis.TLSOptions{Authority: a, Certificate: pair})
	})
	if !strings.Contains(said, "private key") {
		t.Errorf("with a wrong password a test fails with %q, want what redis-server said about the private key", said)
	}
}
