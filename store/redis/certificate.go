package redis

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/cachewright/cachewright/internal/pemkey"
)

// FileError is a certificate, an authority or a key that an option names and that cannot be used. [Open]
// returns one for each; look for them with errors.As, or ask [Options.CheckFiles].
type FileError struct {
	// Option is the option under its redis-py name: "ssl_ca_certs", "sentinel_kwargs.ssl_keyfile". Options
	// that the Sentinels inherit from the data connections are told as theirs, too.
	Option string

	// Path is the file. Empty if the option is a text by itself.
	Path string

	// Err is why. It wraps [fs.ErrNotExist] and [fs.ErrPermission] where they say it, and holds no secret.
	Err error
}

// Error returns option, file and reason.
func (e *FileError) Error() string {
	if e.Path == "" {
		return e.Option + ": " + e.Err.Error()
	}
	return e.Option + ": " + e.Path + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *FileError) Unwrap() error { return e.Err }

var (
	errNoCertificate = errors.New("there is no certificate in PEM in it")

	// errPasted keeps the text out of messages: it may be a private key.
	errPasted = errors.New("the option names a file, and holds a certificate or a key itself")
)

// CheckFiles reads the certificates and keys that o names, as [Open] does, and returns what cannot be used.
// It looks at nothing else, and at files only where connections are encrypted.
func (o Options) CheckFiles() []*FileError {
	_, _, wrong := o.encryptions()
	var bad []*FileError
	for _, err := range wrong {
		if file, ok := errors.AsType[*FileError](err); ok {
			bad = append(bad, file)
		}
	}
	return bad
}

// maxPEM bounds a file of certificates or keys, in bytes. Those of all authorities that browsers know are a quarter.
const maxPEM = 1 << 20

var errNoPEM = fmt.Errorf("is a pipe, a device, a socket or larger than %d bytes, and no file of certificates or keys", maxPEM)

// readPEM reads a file that may not be what it should be: a pipe would not end, nor would a device.
func readPEM(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() && (!info.Mode().IsRegular() || info.Size() > maxPEM) {
		return nil, errNoPEM
	}
	return os.ReadFile(path)
}

// read returns the authorities to trust, nil for those of the system, the certificates that this client
// shows, and everything that cannot be used.
func (o sslOptions) read() (roots *x509.CertPool, own []tls.Certificate, wrong []*FileError) {
	bad := func(option, path string, err error) { wrong = append(wrong, &FileError{option, path, err}) }
	text := func(option, path string) (text []byte, ok bool) {
		if strings.Contains(path, "-----BEGIN") {
			bad(option, "", errPasted)
			return nil, false
		}
		text, err := readPEM(path)
		if at, isPath := errors.AsType[*fs.PathError](err); isPath {
			err = at.Err
		}
		if err != nil {
			bad(option, path, err)
		}
		return text, err == nil
	}
	if o.caCerts != "" || o.caData != "" {
		roots = x509.NewCertPool()
	}
	if o.caCerts != "" {
		if authorities, ok := text("ssl_ca_certs", o.caCerts); ok && !roots.AppendCertsFromPEM(authorities) {
			bad("ssl_ca_certs", o.caCerts, errNoCertificate)
		}
	}
	if o.caData != "" && !roots.AppendCertsFromPEM([]byte(o.caData)) {
		bad("ssl_ca_data", "", errNoCertificate)
	}
	if o.certFile == "" {
		return roots, nil, wrong
	}
	chain, hasChain := text("ssl_certfile", o.certFile)
	encoded, hasKey := text("ssl_keyfile", o.keyFile)
	if !hasKey {
		return roots, nil, wrong
	}
	key, err := pemkey.Open(encoded, o.keyPassword)
	switch {
	case errors.Is(err, pemkey.ErrWrongPassword):
		bad("ssl_keyfile_password", o.keyFile, err)
	case err != nil:
		bad("ssl_keyfile", o.keyFile, err)
	case hasChain:
		pair, err := tls.X509KeyPair(chain, key)
		if err != nil {
			bad("ssl_certfile", o.certFile, fmt.Errorf("with the key of %s: %w", o.keyFile, err))
		}
		own = []tls.Certificate{pair}
	}
	return roots, own, wrong
}
