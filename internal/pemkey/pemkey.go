// Package pemkey opens private keys that a password protects.
//
// It reads the two forms that OpenSSL writes: PKCS #8 with PBES2 (openssl genpkey, and everything else
// since OpenSSL 3), which the standard library does not read, and the older form whose encryption is told
// in the headers of the PEM block.
package pemkey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"strings"
)

var (
	// ErrNoPassword is returned when a key is encrypted and the password is empty.
	ErrNoPassword = errors.New("the key is encrypted and there is no password for it")

	// ErrWrongPassword is returned when the password does not open the key.
	ErrWrongPassword = errors.New("the password does not open the key")

	// ErrNoKey is returned when there is no private key in the text.
	ErrNoKey = errors.New("there is no private key in it")
)

// mostIterations bounds the work that a file can ask for: about a second.
const mostIterations = 5_000_000

// Open returns the first private key in text, which is PEM, as PEM that is not encrypted. A key that is
// not encrypted to begin with is returned as it is, whatever the password. No error contains the password.
func Open(text []byte, password string) ([]byte, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		open, err := decrypt(block, password)
		if err != nil {
			return nil, err
		}
		return pem.EncodeToMemory(open), nil
	}
	return nil, ErrNoKey
}

func decrypt(block *pem.Block, password string) (*pem.Block, error) {
	pkcs8 := block.Type == "ENCRYPTED PRIVATE KEY"
	//lint:ignore SA1019 the form is insecure to write, not to read
	headers := x509.IsEncryptedPEMBlock(block)
	switch {
	case !pkcs8 && !headers:
		return block, nil
	case password == "":
		return nil, ErrNoPassword
	case pkcs8:
		der, err := decryptPKCS8(block.Bytes, password)
		return &pem.Block{Type: "PRIVATE KEY", Bytes: der}, err
	}
	//lint:ignore SA1019 as above
	der, err := x509.DecryptPEMBlock(block, []byte(password))
	if errors.Is(err, x509.IncorrectPasswordError) {
		err = ErrWrongPassword
	}
	return &pem.Block{Type: block.Type, Bytes: der}, err
}

// The structures of RFC 5958 and RFC 8018.
type (
	encryptedKey struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2 struct {
		Derivation pkix.AlgorithmIdentifier
		Encryption pkix.AlgorithmIdentifier
	}
	pbkdf2Params struct {
		Salt       []byte
		Iterations int
		KeyLength  int                      `asn1:"optional"`
		Hash       pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

// Names of algorithms.
const (
	idPBES2   = "1.2.840.113549.1.5.13"
	idPBKDF2  = "1.2.840.113549.1.5.12"
	idTripleD = "1.2.840.113549.3.7"
	idAES128  = "2.16.840.1.101.3.4.1.2"
	idAES192  = "2.16.840.1.101.3.4.1.22"
	idAES256  = "2.16.840.1.101.3.4.1.42"
)

func decryptPKCS8(der []byte, password string) ([]byte, error) {
	var (
		key     encryptedKey
		scheme  pbes2
		derived pbkdf2Params
		iv      []byte
	)
	if err := parse(der, &key); err != nil {
		return nil, err
	}
	if err := want(key.Algorithm, idPBES2, &scheme); err != nil {
		return nil, err
	}
	if err := want(scheme.Derivation, idPBKDF2, &derived); err != nil {
		return nil, err
	}
	if err := parse(scheme.Encryption.Parameters.FullBytes, &iv); err != nil {
		return nil, err
	}
	block, err := blockCipher(scheme.Encryption, derived, password)
	if err != nil {
		return nil, err
	}
	if len(iv) != block.BlockSize() || len(key.Data) == 0 || len(key.Data)%block.BlockSize() != 0 {
		return nil, errors.New("the encrypted key is damaged")
	}
	plain := make([]byte, len(key.Data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, key.Data)
	return unpad(plain, block.BlockSize())
}

// want reads the parameters of an algorithm that must be the one called id.
func want(a pkix.AlgorithmIdentifier, id string, parameters any) error {
	if a.Algorithm.String() != id {
		return fmt.Errorf("the key is encrypted by the algorithm %v, which is not supported; "+
			"write it anew with openssl pkcs8 -topk8 -v2 aes-256-cbc", a.Algorithm)
	}
	return parse(a.Parameters.FullBytes, parameters)
}

// parse reads one value that is all there is.
func parse(der []byte, value any) error {
	rest, err := asn1.Unmarshal(der, value)
	if err != nil {
		return fmt.Errorf("the encrypted key is damaged: %w", err)
	}
	if len(rest) > 0 {
		return errors.New("the encrypted key is damaged: something follows it")
	}
	return nil
}

// blockCipher makes the cipher that a names, with the key that is derived from the password.
func blockCipher(a pkix.AlgorithmIdentifier, p pbkdf2Params, password string) (cipher.Block, error) {
	newHash, err := hashOf(p.Hash)
	if err != nil {
		return nil, err
	}
	if p.Iterations < 1 || p.Iterations > mostIterations {
		return nil, fmt.Errorf("the encrypted key asks for %d rounds of hashing, at most %d are done", p.Iterations, mostIterations)
	}
	newCipher, size := aes.NewCipher, 0
	switch a.Algorithm.String() {
	case idAES128:
		size = 16
	case idAES192:
		size = 24
	case idAES256:
		size = 32
	case idTripleD:
		newCipher, size = des.NewTripleDESCipher, 24
	default:
		return nil, fmt.Errorf("the key is encrypted by the algorithm %v, which is not supported; "+
			"write it anew with openssl pkcs8 -topk8 -v2 aes-256-cbc", a.Algorithm)
	}
	secret, err := pbkdf2.Key(newHash, password, p.Salt, p.Iterations, size)
	if err != nil {
		return nil, fmt.Errorf("deriving the key's key: %w", err)
	}
	return newCipher(secret)
}

// hashOf returns the hash of the HMAC that a names. None is named where it is the oldest.
func hashOf(a pkix.AlgorithmIdentifier) (func() hash.Hash, error) {
	switch a.Algorithm.String() {
	case "", "1.2.840.113549.2.7":
		return sha1.New, nil
	case "1.2.840.113549.2.9":
		return sha256.New, nil
	case "1.2.840.113549.2.10":
		return sha512.New384, nil
	case "1.2.840.113549.2.11":
		return sha512.New, nil
	}
	return nil, fmt.Errorf("the encrypted key uses the hash %v, which is not supported", a.Algorithm)
}

// unpad removes the padding of RFC 8018. A wrong password shows here, or in what is left.
func unpad(plain []byte, size int) ([]byte, error) {
	n := int(plain[len(plain)-1])
	if n == 0 || n > size || n > len(plain) {
		return nil, ErrWrongPassword
	}
	for _, b := range plain[len(plain)-n:] {
		if int(b) != n {
			return nil, ErrWrongPassword
		}
	}
	plain = plain[:len(plain)-n]
	var value asn1.RawValue
	if rest, err := asn1.Unmarshal(plain, &value); err != nil || len(rest) > 0 {
		return nil, ErrWrongPassword
	}
	return plain, nil
}
