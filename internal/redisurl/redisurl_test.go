package redisurl_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/cachewright/cachewright/internal/redisurl"
	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text     string
		want     redisurl.URL
		redacted string
	}{
		{"redis://localhost", redisurl.URL{Host: "localhost", Port: 6379}, "redis://localhost:6379/0"},
		{"redis://localhost:6380", redisurl.URL{Host: "localhost", Port: 6380}, "redis://localhost:6380/0"},
		{"redis://localhost/", redisurl.URL{Host: "localhost", Port: 6379}, "redis://localhost:6379/0"},
		{"redis://localhost:6379/5", redisurl.URL{Host: "localhost", Port: 6379, DB: 5, HasDB: true}, "redis://localhost:6379/5"},
		{"redis://h?db=3", redisurl.URL{Host: "h", Port: 6379, DB: 3, HasDB: true}, "redis://h:6379/3"},
		{"redis://h/1?db=3", redisurl.URL{Host: "h", Port: 6379, DB: 3, HasDB: true}, "redis://h:6379/3"},
		{"redis://h/?", redisurl.URL{Host: "h", Port: 6379}, "redis://h:6379/0"},
		{"rediss://cache.example.com:6380/0", redisurl.URL{TLS: true, Host: "cache.example.com", Port: 6380, HasDB: true}, "rediss://cache.example.com:6380/0"},
		{"redis://:pw@h", redisurl.URL{Password: "pw", Host: "h", Port: 6379}, "redis://:***@h:6379/0"},
		{"redis://ann:pw@h", redisurl.URL{Username: "ann", Password: "pw", Host: "h", Port: 6379}, "redis://ann:***@h:6379/0"},
		{"redis://ann@h", redisurl.URL{Username: "ann", Host: "h", Port: 6379}, "redis://***@h:6379/0"},
		{"redis://a%40b:pw@h", redisurl.URL{Username: "a@b", Password: "pw", Host: "h", Port: 6379}, "redis://***@h:6379/0"},
		{"redis://:p%40%3A%2f%23@h", redisurl.URL{Password: "p@:/#", Host: "h", Port: 6379}, "redis://:***@h:6379/0"},
		{"redis://:a@b:c$d@h", redisurl.URL{Password: "a@b:c$d", Host: "h", Port: 6379}, "redis://:***@h:6379/0"},
		{"redis://:+ü@h", redisurl.URL{Password: "+ü", Host: "h", Port: 6379}, "redis://:***@h:6379/0"},
		{"redis://[::1]", redisurl.URL{Host: "::1", Port: 6379}, "redis://[::1]:6379/0"},
		{"redis://:pw@[fe80::1]:7000/2", redisurl.URL{Password: "pw", Host: "fe80::1", Port: 7000, DB: 2, HasDB: true}, "redis://:***@[fe80::1]:7000/2"},
		{"redis://10.0.0.5:6379/0", redisurl.URL{Host: "10.0.0.5", Port: 6379, HasDB: true}, "redis://10.0.0.5:6379/0"},
		{"redis://my_cache-1.local", redisurl.URL{Host: "my_cache-1.local", Port: 6379}, "redis://my_cache-1.local:6379/0"},
	} {
		got, err := redisurl.Parse(tt.text)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.text, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", tt.text, diff)
		}
		if got.Redacted() != tt.redacted || redisurl.Redact(tt.text) != tt.redacted {
			t.Errorf("%q redacted: %q and %q, want %q", tt.text, got.Redacted(), redisurl.Redact(tt.text), tt.redacted)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct{ text, message, fix string }{
		{"", "must start with redis:// or rediss://", "redis://host"},
		{"localhost:6379", "must start with", "write redis://localhost:6379"},
		{"localhost", "must start with", "write redis://localhost"},
		{"10.0.0.1/2", "must start with", "write redis://10.0.0.1/2"},
		{"http://h", "not http://", "Redis server itself"},
		{"unix:///tmp/x", "not unix://", "not supported"},
		{"VALKEY://h", "not valkey://", "same protocol"},
		{"redis+sentinel://h", "not redis+sentinel://", "sentinels"},
		{"Redis://h", "must start with", "lower case"},
		{"hunter2://h", "must start with", "redis://host"},
		{"redis:/h", "must start with", "redis://host"},
		{" redis://h", "space", "remove"},
		{"redis://a b", "space", "%20"},
		{"redis://h\x00", "control", "%20"},
		{"redis://", "no host", "localhost"},
		{"redis:///0", "no host", "localhost"},
		{"redis://:6379", "no host", "localhost"},
		{"redis://:hunter2@", "no host", "localhost"},
		{"redis://.", "no host name", "host"},
		{"redis://h!", "no host name", "host"},
		{"redis://h:", "port", "6379"},
		{"redis://h:0", "port", "6379"},
		{"redis://h:65536", "port", "6379"},
		{"redis://h:-1", "port", "6379"},
		{"redis://h:99999999999999999999", "port", "6379"},
		{"redis://h/a", "database", "number"},
		{"redis://h/-1", "database", "number"},
		{"redis://h/0/", "database", "number"},
		{"redis://h/2147483648", "database", "number"},
		{"redis://h?db=", "?db=", "slash"},
		{"redis://h?db=x", "?db=", "slash"},
		{"redis://h?password=hunter2", "only db", "connection_pool_kwargs"},
		{"redis://h#", "#", "%23"},
		{"redis://::1", "more than one colon", "[::1]"},
		{"redis://[::1", "never closed", "[::1]"},
		{"redis://[::1]x", "not an IPv6", "[::1]"},
		{"redis://[10.0.0.1]", "not an IPv6", "[::1]"},
		{"redis://:hun#ter2@h", "character #", "%23"},
		{"redis://:hun/ter2@h", "character /", "%2F"},
		{"redis://:hun?ter2@h", "character ?", "%3F"},
		{"redis://:hun[ter2@h", "character [", "%5B"},
		{"redis://:hun%ter2@h", "hexadecimal", "%25"},
		{"redis://hun%zz@h", "hexadecimal", "%25"},
	} {
		_, err := redisurl.Parse(tt.text)
		bad, ok := errors.AsType[*redisurl.Error](err)
		if !ok || !strings.Contains(bad.Message, tt.message) || !strings.Contains(bad.Fix, tt.fix) {
			t.Errorf("Parse(%q) = %q, %+v; want %q and %q", tt.text, err, bad, tt.message, tt.fix)
			continue
		}
		if strings.Contains(bad.Error()+bad.Fix+redisurl.Redact(tt.text), "ter2") {
			t.Errorf("Parse(%q) leaks: %v; redacted %q", tt.text, bad, redisurl.Redact(tt.text))
		}
	}
}

func TestRedactShowsWhatCannotBeSecret(t *testing.T) {
	for text, want := range map[string]string{
		"localhost:6379":              "localhost:6379",
		"hunter2":                     "***",
		"http://:hunter2@host:80/x":   "http://***@host:80/x",
		"redis://:hun#ter2@host":      "redis://***@host",
		"redis://:hunter2":            "redis://***",
		"redis://host:port":           "redis://***",
		"redis://host/cache":          "redis://host/cache",
		"hunter2://x":                 "***",
		"redis://":                    "redis://",
		"redis://a@b@host?x=hunter2 ": "redis://***@***",
	} {
		if got := redisurl.Redact(text); got != want {
			t.Errorf("Redact(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestIsLocal(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST.": true, "a.localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"cache.internal": false, "10.0.0.1": false, "notlocalhost": false, "0.0.0.0": false,
	} {
		if got := (redisurl.URL{Host: host}).IsLocal(); got != want {
			t.Errorf("IsLocal of %s = %t, want %t", host, got, want)
		}
	}
}

func FuzzParseKeepsSecrets(f *testing.F) {
	for _, seed := range [][2]string{
		{"redis://:", "@localhost:6379/0"}, {"redis://", "@h"}, {"rediss://u:", "@[::1]:1/2"}, {"redis://h?password=", ""},
		{"http://:", "@h"}, {"redis://:a%", "#@h:x"}, {"", ""}, {"redis://:", ""}, {"unix://", "/x"},
	} {
		f.Add(seed[0], seed[1])
	}
	const secret = "Hunter2Hunter2"
	f.Fuzz(func(t *testing.T, before, after string) {
		text := before + secret + after
		u, err := redisurl.Parse(text)
		if err != nil && strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
			t.Fatalf("Parse(%q) leaks: %v", text, err)
		}
		// What stands before the last @ is the user part. A user's name may be shown, a password never.
		inUserPart := strings.Contains(after, "@")
		isUser := u.Password != "" && strings.Contains(u.Username, secret)
		if redacted := redisurl.Redact(text); inUserPart && !isUser && strings.Contains(redacted, secret) {
			t.Fatalf("Redact(%q) = %q", text, redacted)
		}
		if err != nil {
			return
		}
		again, err := redisurl.Parse(rebuilt(u))
		if err != nil || again != u {
			t.Fatalf("Parse(%q) = %+v, and of that again %+v, %v", text, u, again, err)
		}
	})
}

// rebuilt writes a URL that means u.
func rebuilt(u redisurl.URL) string {
	v := url.URL{Scheme: "redis", Host: u.Address()}
	if u.TLS {
		v.Scheme = "rediss"
	}
	text := v.Scheme + "://"
	if u.Username != "" || u.Password != "" {
		text += url.QueryEscape(u.Username)
		if u.Password != "" {
			text += ":" + strings.ReplaceAll(url.QueryEscape(u.Password), "+", "%20")
		}
		text = strings.ReplaceAll(text, "+", "%20") + "@"
	}
	text += v.Host
	if u.HasDB {
		text += fmt.Sprintf("/%d", u.DB)
	}
	return text
}
