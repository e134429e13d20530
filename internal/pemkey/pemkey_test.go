package pemkey_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachewright/cachewright/internal/pemkey"
)

// password opens every encrypted key in testdata. They hold the key of plain.pem, encrypted by OpenSSL 3.0.19.
const password = "open-sesame"

func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// key parses PEM that is not encrypted.
func key(t testing.TB, text []byte) *ecdsa.PrivateKey {
	t.Helper()
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("not PEM: %q", text)
	}
	if k, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return k
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return k.(*ecdsa.PrivateKey)
}

func TestOpenReadsWhatOpenSSLWrites(t *testing.T) {
	want := key(t, read(t, "plain.pem"))
	for _, name := range []string{
		"plain.pem", "legacy-aes256.pem",
		"pkcs8-aes-128-cbc.pem", "pkcs8-aes-192-cbc.pem", "pkcs8-aes-256-cbc.pem", "pkcs8-des-ede3-cbc.pem",
		"pkcs8-hmacWithSHA1.pem", "pkcs8-hmacWithSHA384.pem", "pkcs8-hmacWithSHA512.pem",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := pemkey.Open(read(t, name), password)
			if err != nil {
				t.Fatal(err)
			}
			if !key(t, got).Equal(want) {
				t.Error("it is another key")
			}
		})
	}
	t.Run("a key behind its certificate", func(t *testing.T) {
		certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})
		got, err := pemkey.Open(append(certificate, read(t, "pkcs8-aes-256-cbc.pem")...), password)
		if err != nil || !key(t, got).Equal(want) {
			t.Errorf("error %v, or another key", err)
		}
	})
}

func TestOpenSaysWhyItCannot(t *testing.T) {
	whole, _ := pem.Decode(read(t, "pkcs8-aes-256-cbc.pem"))
	damaged := pem.EncodeToMemory(&pem.Block{Type: whole.Type, Bytes: whole.Bytes[:len(whole.Bytes)-5]})
	for _, c := range []struct {
		name     string
		text     []byte
		password string
		want     string
		is       error
	}{
		{"no password, PKCS #8", read(t, "pkcs8-aes-256-cbc.pem"), "", "", pemkey.ErrNoPassword},
		{"no password, headers", read(t, "legacy-aes256.pem"), "", "", pemkey.ErrNoPassword},
		{"a wrong password, PKCS #8", read(t, "pkcs8-aes-256-cbc.pem"), "sesame", "", pemkey.ErrWrongPassword},
		{"a wrong password, headers", read(t, "legacy-aes256.pem"), "sesame", "", pemkey.ErrWrongPassword},
		{"nothing", nil, password, "", pemkey.ErrNoKey},
		{"no key", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")}), password, "", pemkey.ErrNoKey},
		{"scrypt", read(t, "scrypt.pem"), password, "not supported", nil},
		{"the first version of the scheme", read(t, "pbes1.pem"), password, "not supported", nil},
		{"damaged", damaged, password, "damaged", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := pemkey.Open(c.text, c.password)
			if err == nil || got != nil {
				t.Fatalf("got %q, %v; want an error", got, err)
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error %v, want %v", err, c.is)
			}
			if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), password) {
				t.Errorf("error %q, want %q in it and no password", err, c.want)
			}
		})
	}
}

// FuzzOpen looks for texts that make Open panic.
func FuzzOpen(f *testing.F) {
	files, err := filepath.Glob("testdata/*.pem")
	if err != nil || len(files) == 0 {
		f.Fatalf("no keys in testdata: %v", err)
	}
	for _, file := range files {
		block, _ := pem.Decode(read(f, filepath.Base(file)))
		f.Add(block.Type, block.Bytes)
	}
	f.Fuzz(func(t *testing.T, kind string, der []byte) {
		text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
		open, err := pemkey.Open(text, password)
		if (err == nil) != (open != nil) {
			t.Errorf("got %q, %v", open, err)
		}
	})
}
