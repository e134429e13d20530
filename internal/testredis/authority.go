//go:build unix

package testredis

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority is a certificate authority of one test. Two authorities do not trust each other. It is safe for
// concurrent use.
type Authority struct {
	// CAFile is the file with the authority's own certificate, PEM.
	CAFile string

	// CAPEM is what is in CAFile.
	CAPEM []byte

	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// CertOptions says what a certificate is to be like. The zero value is a server's, good for a day, for
// 127.0.0.1 and localhost.
type CertOptions struct {
	// Names and IPs are the hosts that the certificate is for. If both are empty, these are localhost and 127.0.0.1.
	Names []string
	IPs   []net.IP

	// NotBefore and NotAfter bound its life: zero means an hour ago, and in a day. An expired one has both in the past.
	NotBefore, NotAfter time.Time

	// Client makes it a client's, which no server can use. A server's may also be used as a client's, because replicas
	// and nodes of a cluster are clients of each other.
	Client bool

	// KeyPassword encrypts the private key (PKCS #8, AES-256). Empty means that the key lies open.
	KeyPassword string
}

// Pair is a certificate and its private key, both PEM files.
type Pair struct {
	CertFile, KeyFile string

	// KeyPassword opens the key. Empty means that it lies open.
	KeyPassword string
}

// NewAuthority makes an authority whose files live as long as the test.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	serial := randomSerial()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: fmt.Sprintf("test authority %x", serial)},
		NotBefore:    time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	key := newKey(t)
	der := sign(t, template, template, key, key)
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatalf("making a certificate authority: %v", err)
	}
	a := &Authority{certificate: certificate, key: key, CAFile: filepath.Join(t.TempDir(), "ca.pem")}
	a.CAPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	writeFile(t, a.CAFile, a.CAPEM)
	return a
}

// Issue makes a certificate that the authority signs. Its files live as long as t.
func (a *Authority) Issue(t testing.TB, o CertOptions) Pair {
	t.Helper()
	o = o.withDefaults()
	template := &x509.Certificate{
		SerialNumber: randomSerial(),
		Subject:      pkix.Name{CommonName: "test certificate"},
		DNSNames:     o.Names, IPAddresses: o.IPs,
		NotBefore: o.NotBefore, NotAfter: o.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if !o.Client {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	key := newKey(t)
	der := sign(t, template, a.certificate, key, a.key)
	dir := t.TempDir()
	p := Pair{CertFile: filepath.Join(dir, "cert.pem"), KeyFile: filepath.Join(dir, "key.pem"), KeyPassword: o.KeyPassword}
	writeFile(t, p.CertFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	writeFile(t, p.KeyFile, keyPEM(t, key, o.KeyPassword))
	return p
}

func (o CertOptions) withDefaults() CertOptions {
	if len(o.Names) == 0 && len(o.IPs) == 0 {
		o.Names, o.IPs = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	if o.NotBefore.IsZero() {
		o.NotBefore = time.Now().Add(-time.Hour)
	}
	if o.NotAfter.IsZero() {
		o.NotAfter = time.Now().Add(24 * time.Hour)
	}
	return o
}

func randomSerial() *big.Int {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[0] &= 0x7f    // a serial number is positive
	return new(big.Int).SetBytes(b[:])
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("making a key: %v", err)
	}
	return key
}

// sign returns the certificate of key as template says, signed with the parent's key.
func sign(t testing.TB, template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatalf("signing a certificate: %v", err)
	}
	return der
}

func keyPEM(t testing.TB, key *ecdsa.PrivateKey, password string) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatalf("encoding a key: %v", err)
	}
	if password == "" {
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
	der, err = encrypt(der, password)
	if err != nil {
		t.Fatalf("encrypting a key: %v", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der})
}

// encrypt puts a PKCS #8 key behind a password as OpenSSL does: PBES2 of RFC 8018 with PBKDF2, HMAC-SHA-256
// and AES-256-CBC.
func encrypt(plain []byte, password string) ([]byte, error) {
	const rounds = 2048
	salt, iv := make([]byte, 16), make([]byte, aes.BlockSize)
	rand.Read(salt) // never fails
	rand.Read(iv)
	key, err := pbkdf2.Key(sha256.New, password, salt, rounds, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	for range padding {
		plain = append(plain, byte(padding))
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(plain, plain)

	type derivation struct {
		Salt   []byte
		Rounds int
		Hash   algorithm
	}
	type scheme struct{ Derivation, Cipher algorithm }
	return asn1.Marshal(struct {
		Algorithm algorithm
		Data      []byte
	}{
		algorithm{pbes2, scheme{
			Derivation: algorithm{pbkdf2ID, derivation{salt, rounds, algorithm{hmacSHA256, asn1.NullRawValue}}},
			Cipher:     algorithm{aes256CBC, iv},
		}},
		plain,
	})
}

// algorithm is an AlgorithmIdentifier: what is used, and how.
type algorithm struct {
	ID         asn1.ObjectIdentifier
	Parameters any
}

var (
	pbes2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	pbkdf2ID   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	hmacSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	aes256CBC  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

func writeFile(t testing.TB, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
