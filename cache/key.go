package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// maxKeyRunes is the longest final key that KeysStrict lets pass: the limit of memcached, which Django
// warns about on every backend (MEMCACHE_MAX_KEY_LENGTH in django/core/cache/backends/base.py).
const maxKeyRunes = 250

// hashMark separates the readable head of a hashed key from its hash. hashedTail is their length.
const (
	hashMark   = "~"
	hashedTail = len(hashMark) + 2*hashBytes
	hashBytes  = 16
)

// keyspace is the part of the key rule that one handle adds to its keys: Django's
// prefix:version:key (make_key in django/core/cache/backends/base.py), and a namespace inside it.
type keyspace struct {
	prefix    string // Options.Prefix
	version   int
	namespace string
	mode      KeyMode

	lead string // what stands before every key: "prefix:version:" and "namespace:" if there is one
}

func newKeyspace(prefix string, version int, namespace string, mode KeyMode) (keyspace, error) {
	k := keyspace{prefix: prefix, version: version, namespace: namespace, mode: mode}
	k.lead = prefix + ":" + strconv.Itoa(version) + ":"
	if namespace != "" {
		k.lead += namespace + ":"
	}
	switch {
	case mode == KeysAny:
	case !utf8.ValidString(k.lead):
		return k, &KeyError{Key: k.lead, Reason: "prefix and namespace are not valid UTF-8; correct them, or allow it with keys: any"}
	case mode == KeysHash && utf8.RuneCountInString(k.lead) > maxKeyRunes-hashedTail:
		return k, &KeyError{Key: k.lead, Reason: fmt.Sprintf(
			"prefix, version and namespace leave no room for a hash within %d characters; use a shorter prefix", maxKeyRunes)}
	case mode == KeysStrict && utf8.RuneCountInString(k.lead) > maxKeyRunes:
		return k, &KeyError{Key: k.lead, Reason: fmt.Sprintf(
			"prefix, version and namespace alone are over %d characters; use a shorter prefix", maxKeyRunes)}
	}
	return k, nil
}

// at returns the same keyspace at another version.
func (k keyspace) at(version int) (keyspace, error) {
	return newKeyspace(k.prefix, version, k.namespace, k.mode)
}

// final returns the key that the store sees.
func (k *keyspace) final(key string) (string, error) {
	rest, err := k.rest(key)
	if err != nil {
		return "", err
	}
	return k.lead + rest, nil
}

// rest returns what follows the lead in the final key.
func (k *keyspace) rest(key string) (string, error) {
	switch {
	case k.plain(key):
		return key, nil
	case k.mode == KeysHash:
		return k.hashed(key), nil
	}
	return "", k.refuse(key)
}

// plain reports whether key may stand in the final key as it is.
func (k *keyspace) plain(key string) bool {
	if k.mode == KeysAny {
		return true
	}
	if !utf8.ValidString(key) {
		return false
	}
	n := len(k.lead) + len(key)
	return n <= maxKeyRunes || utf8.RuneCountInString(k.lead)+utf8.RuneCountInString(key) <= maxKeyRunes
}

// hashed shortens key to a readable head, a mark and 128 bits of its SHA-256.
func (k *keyspace) hashed(key string) string {
	room := maxKeyRunes - hashedTail - utf8.RuneCountInString(k.lead)
	head := make([]rune, 0, room)
	for _, r := range key {
		if len(head) == room {
			break
		}
		head = append(head, r) // a byte that is no UTF-8 arrives as U+FFFD
	}
	sum := sha256.Sum256([]byte(key))
	return string(head) + hashMark + hex.EncodeToString(sum[:hashBytes])
}

func (k *keyspace) refuse(key string) *KeyError {
	if !utf8.ValidString(key) {
		return &KeyError{Key: key, Reason: "not valid UTF-8; encode it (hex, base64), or set keys: hash or keys: any"}
	}
	n := utf8.RuneCountInString(k.lead) + utf8.RuneCountInString(key)
	return &KeyError{Key: key, Reason: fmt.Sprintf(
		"the final key %s<key> has %d characters, the limit is %d; use a shorter key_prefix (now %q) or key, or set keys: hash",
		k.lead, n, maxKeyRunes, k.prefix)}
}

// fnv64 is FNV-1a (Fowler, Noll, Vo) over the parts in order: the key check and the schema identity of
// records. It guards against accidents, not against forgery.
func fnv64(parts ...string) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, part := range parts {
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * prime
		}
	}
	return h
}
