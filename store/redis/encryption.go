package redis

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// TLSError is returned when no encrypted connection can be made: the certificate is not trusted, has
// expired or carries another name, the server wants one of ours, or it does not speak TLS at all. Look
// for it with errors.As; it comes wrapped in [store.ErrUnavailable]. There never is a plain connection
// instead.
type TLSError struct {
	// Address is the server, as it was called.
	Address string

	// Err is what happened. For certificates it is one of crypto/x509's errors.
	Err error
}

// Error returns what happened, without the address.
func (e *TLSError) Error() string { return "TLS: " + strings.TrimPrefix(e.Err.Error(), "tls: ") }

// Unwrap returns what happened.
func (e *TLSError) Unwrap() error { return e.Err }

// errPlain is why a handshake fails with a server that does not speak TLS.
var errPlain = errors.New("the server at this port speaks plain text; name its TLS port, or write redis:// if that is meant")

// plainAfter is how long a server may keep silent in a handshake before it is found out whether it speaks
// plain text: such a server waits for the end of a line that never comes.
const plainAfter = 100 * time.Millisecond

// The words of ssl_cert_reqs.
const (
	verifyRequired = "required"
	verifyOptional = "optional" // means required for a client
	verifyNone     = "none"
)

// sslOptions are the options of TLS, as written.
type sslOptions struct {
	certReqs     string
	caCerts      string
	caData       string
	certFile     string
	keyFile      string
	keyPassword  string
	checkName    *bool
	oldestSpoken uint16
}

func (o PoolOptions) ssl() sslOptions {
	return sslOptions{
		certReqs: o.SSLCertReqs, caCerts: o.SSLCACerts, caData: o.SSLCAData, certFile: o.SSLCertFile, keyFile: o.SSLKeyFile,
		keyPassword: o.SSLKeyFilePassword, checkName: o.SSLCheckHostname, oldestSpoken: o.SSLMinVersion,
	}
}

// ssl returns the options of the connections to Sentinels. What is not set is that of the data.
func (o SentinelOptions) ssl(data sslOptions) sslOptions {
	own := sslOptions{
		certReqs: cmp.Or(o.SSLCertReqs, data.certReqs), caCerts: o.SSLCACerts, caData: o.SSLCAData,
		certFile: o.SSLCertFile, keyFile: o.SSLKeyFile, keyPassword: o.SSLKeyFilePassword,
		checkName: cmp.Or(o.SSLCheckHostname, data.checkName), oldestSpoken: cmp.Or(o.SSLMinVersion, data.oldestSpoken),
	}
	if own.caCerts == "" && own.caData == "" {
		own.caCerts, own.caData = data.caCerts, data.caData
	}
	if own.certFile == "" && own.keyFile == "" {
		own.certFile, own.keyFile, own.keyPassword = data.certFile, data.keyFile, data.keyPassword
	}
	return own
}

// encryption makes TLS connections. Files are read anew for each of them, so that certificates can be
// replaced while the program runs.
type encryption struct {
	options sslOptions
}

// newEncryption checks o, whose names are told with prefix. It reports every problem at once.
func newEncryption(o sslOptions, prefix string) (*encryption, []error) {
	var found problems
	switch o.certReqs {
	case "", verifyRequired, verifyOptional, verifyNone:
	default:
		found.add(true, prefix+"ssl_cert_reqs", strconv.Quote(o.certReqs), "want required, optional or none")
	}
	switch o.oldestSpoken {
	case 0, tls.VersionTLS12, tls.VersionTLS13:
	default:
		found.add(true, prefix+"ssl_min_version", o.oldestSpoken, "want tls.VersionTLS12 (771) or tls.VersionTLS13 (772)")
	}
	found.misplaced(o.certFile != "" && o.keyFile == "", prefix+"ssl_certfile", "a certificate needs its key: add ssl_keyfile")
	found.misplaced(o.certFile == "" && o.keyFile != "", prefix+"ssl_keyfile", "a key needs its certificate: add ssl_certfile")
	found.misplaced(o.keyFile == "" && o.keyPassword != "", prefix+"ssl_keyfile_password", "opens a key file, and there is no ssl_keyfile")
	if len(found) > 0 {
		return nil, found
	}
	_, _, wrong := o.read()
	for _, file := range wrong {
		file.Option = prefix + file.Option
		found = append(found, file)
	}
	return &encryption{options: o}, found
}

// config returns the configuration for a connection to host.
func (e *encryption) config(host string) (*tls.Config, error) {
	o := e.options
	roots, own, wrong := o.read()
	if len(wrong) > 0 {
		return nil, wrong[0]
	}
	config := &tls.Config{ServerName: host, RootCAs: roots, Certificates: own, MinVersion: cmp.Or(o.oldestSpoken, tls.VersionTLS12)}
	switch {
	case o.certReqs == verifyNone:
		config.InsecureSkipVerify = true
	case !either(o.checkName, true):
		config.InsecureSkipVerify = true // the chain is verified below
		config.VerifyConnection = func(state tls.ConnectionState) error { return verifyChain(state, roots) }
	}
	return config, nil
}

// verifyChain verifies who signed the server's certificate, and when, but not for what name.
func verifyChain(state tls.ConnectionState, roots *x509.CertPool) error {
	between := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
	return err
}

// secure makes an encrypted connection out of conn, which leads to address. It closes conn if it fails.
// plain opens another connection to the same address.
func (e *encryption) secure(
	ctx context.Context, conn net.Conn, address string, plain func(context.Context) (net.Conn, error),
) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	config, err := e.config(host)
	if err != nil {
		_ = conn.Close()
		return nil, &TLSError{address, err}
	}
	asked := false // for a certificate of ours
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		asked = true
		if len(config.Certificates) == 0 {
			return &tls.Certificate{}, nil
		}
		return &config.Certificates[0], nil
	}
	encrypted := tls.Client(conn, config)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	decided := make(chan struct{})
	go func() {
		defer close(decided)
		if sleep(ctx, plainAfter) && speaksPlain(ctx, plain) {
			cancel(errPlain)
		}
	}()
	err = encrypted.HandshakeContext(ctx)
	cause := context.Cause(ctx)
	cancel(nil)
	<-decided
	switch {
	case err != nil:
		_ = conn.Close()
		return nil, handshakeError(address, err, cause)
	case asked:
		return &judged{Conn: encrypted, address: address, showed: len(config.Certificates) > 0}, nil
	}
	return encrypted, nil
}

// handshakeError tells what is wrong with TLS from a connection that broke or took too long.
func handshakeError(address string, err, cause error) error {
	var record tls.RecordHeaderError
	var network net.Error
	switch {
	case errors.Is(cause, errPlain), errors.As(err, &record):
		return &TLSError{address, errPlain}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fmt.Errorf("TLS handshake: %w", err)
	case errors.Is(err, io.EOF), errors.As(err, &network) && !isAlert(err):
		return fmt.Errorf("TLS handshake: %w", err)
	}
	return &TLSError{address, err}
}

// judged is an encrypted connection to a server that has asked for our certificate. What it thinks of that
// it says only after the handshake, if it does not hang up without a word.
type judged struct {
	*tls.Conn
	address string
	showed  bool        // we had one
	heard   atomic.Bool // the server has said something: it accepts us
}

// Read receives what the server says.
func (c *judged) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard.Store(true)
	}
	return n, c.verdict(err)
}

// Write sends to the server.
func (c *judged) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	return n, c.verdict(err)
}

// verdict returns err, as a *TLSError if it means that the server does not accept our certificate.
func (c *judged) verdict(err error) error {
	var network net.Error
	switch {
	case err == nil || c.heard.Load() || errors.Is(err, net.ErrClosed) || errors.As(err, &network) && network.Timeout():
		return err
	case !c.showed:
		return &TLSError{c.address, fmt.Errorf("the server asks for a certificate; set ssl_certfile and ssl_keyfile: %w", err)}
	}
	return &TLSError{c.address, fmt.Errorf("the server does not accept the certificate in ssl_certfile: %w", err)}
}

// isAlert reports whether err is a word of TLS that one side said to the other before it hung up.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error")
}

// speaksPlain reports whether a server answers in plain text. It is told nothing but PING.
func speaksPlain(ctx context.Context, open func(context.Context) (net.Conn, error)) bool {
	conn, err := open(ctx)
	if err != nil {
		return false
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	first := make([]byte, 1)
	if _, err := conn.Read(first); err != nil {
		return false
	}
	return first[0] == '+' || first[0] == '-'
}
