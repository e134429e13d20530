package cache

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFinalKey(t *testing.T) {
	tests := []struct {
		name           string
		prefix         string
		version        int
		namespace, key string
		want           string
	}{
		{"no prefix leaves a leading colon", "", 1, "", "k", ":1:k"},
		{"prefix and version", "my_config", 2, "", "k", "my_config:2:k"},
		{"a namespace is part of the key", "p", 1, "user", "42", "p:1:user:42"},
		{"an empty key is a key", "p", 1, "", "", "p:1:"},
		{"colons, spaces and control characters pass", "a:b", 1, "", "x y:\x01", "a:b:1:x y:\x01"},
		{"version 0", "p", 0, "", "k", "p:0:k"},
		{"a negative version", "p", -3, "", "k", "p:-3:k"},
		{"text beyond ASCII", "p", 1, "", "heló", "p:1:heló"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			k, err := newKeyspace(test.prefix, test.version, test.namespace, KeysStrict)
			if err != nil {
				t.Fatal(err)
			}
			got, err := k.final(test.key)
			if err != nil || got != test.want {
				t.Errorf("final(%q) = %q, %v; want %q", test.key, got, err, test.want)
			}
		})
	}
}

func TestStrictKeysStopAt250Characters(t *testing.T) {
	k, err := newKeyspace("p", 1, "", KeysStrict)
	if err != nil {
		t.Fatal(err)
	}
	room := maxKeyRunes - len("p:1:")
	for _, fits := range []string{strings.Repeat("x", room), strings.Repeat("é", room)} {
		if _, err := k.final(fits); err != nil {
			t.Errorf("%d characters: %v", utf8.RuneCountInString(fits), err)
		}
	}
	for _, long := range []string{strings.Repeat("x", room+1), strings.Repeat("é", room+1)} {
		_, err := k.final(long)
		var keyError *KeyError
		if !errors.As(err, &keyError) {
			t.Fatalf("%d characters: %v, want a KeyError", utf8.RuneCountInString(long), err)
		}
		if keyError.Key != long || !strings.Contains(keyError.Reason, "251 characters") || !strings.Contains(keyError.Reason, "shorter key_prefix") {
			t.Errorf("the reason does not name the length and the way out: %s", keyError.Reason)
		}
	}
	if _, err := k.final("\xff"); err == nil || !strings.Contains(err.Error(), "UTF-8") {
		t.Errorf("invalid UTF-8: %v", err)
	}
}

func TestHashedKeys(t *testing.T) {
	k, err := newKeyspace("p", 1, "", KeysHash)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.final("short"); err != nil || got != "p:1:short" {
		t.Errorf("a key that fits is changed: %q, %v", got, err)
	}
	long := strings.Repeat("ä", 400)
	got, err := k.final(long)
	if err != nil {
		t.Fatal(err)
	}
	if n := utf8.RuneCountInString(got); n != maxKeyRunes || !strings.HasPrefix(got, "p:1:ää") {
		t.Errorf("final key of %d characters: %q", n, got)
	}
	if other, err := k.final(long + "x"); err != nil || other == got {
		t.Errorf("two long keys share %q (%v)", other, err)
	}
	if again, err := k.final(long); err != nil || again != got {
		t.Errorf("not stable: %q, %v", again, err)
	}
	if got, err := k.final("a\xff\xfe"); err != nil || !utf8.ValidString(got) {
		t.Errorf("invalid UTF-8 becomes %q, %v", got, err)
	}
}

func TestAnyKeysPass(t *testing.T) {
	k, err := newKeyspace("p", 1, "", KeysAny)
	if err != nil {
		t.Fatal(err)
	}
	key := strings.Repeat("x", 1000) + "\xff"
	if got, err := k.final(key); err != nil || got != "p:1:"+key {
		t.Errorf("final = %d bytes, %v", len(got), err)
	}
}

func TestAPrefixThatLeavesNoRoomIsRefusedAtOnce(t *testing.T) {
	for _, mode := range []KeyMode{KeysStrict, KeysHash} {
		if _, err := newKeyspace(strings.Repeat("p", 260), 1, "", mode); err == nil {
			t.Errorf("%s: a prefix of 260 characters is taken", mode)
		}
	}
	if _, err := newKeyspace("\xff", 1, "", KeysStrict); err == nil {
		t.Error("a prefix of invalid UTF-8 is taken")
	}
}

func FuzzHashedKeysFit(f *testing.F) {
	f.Add("prefix", "ns", strings.Repeat("k", 300))
	f.Add("", "", "\xff\x00")
	f.Fuzz(func(t *testing.T, prefix, namespace, key string) {
		k, err := newKeyspace(prefix, 1, namespace, KeysHash)
		if err != nil {
			return // this prefix leaves no room
		}
		got, err := k.final(key)
		if err != nil {
			t.Fatalf("final(%q): %v", key, err)
		}
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxKeyRunes || !strings.HasPrefix(got, k.lead) {
			t.Errorf("final(%q) = %q", key, got)
		}
	})
}
