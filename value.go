package cachewright

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cachewright/cachewright/internal/redisurl"
	"github.com/cachewright/cachewright/internal/spell"
)

// scalar is a value that has no type yet.
type scalar struct {
	text   string
	quoted bool   // it is text, whatever it looks like
	tag    string // what YAML takes it for, as "!!int"; empty if it does not come straight from YAML
}

// read gives a scalar the type of the option and checks it. The result is what the Go struct holds:
// string, bool, int64, time.Duration or uint16 (a version of TLS).
func (f *field) read(s scalar) (any, *fault) {
	value, bad := f.parse(s)
	if bad != nil {
		return nil, bad
	}
	return value, f.check(value)
}

func (f *field) parse(s scalar) (any, *fault) {
	switch f.kind {
	case kindText, kindURL, kindChoice, kindEncoding:
		return f.parseText(s)
	}
	if s.text == "" {
		return nil, f.empty()
	}
	if s.quoted {
		return nil, f.parseQuoted(s)
	}
	switch f.kind {
	case kindBool:
		return f.parseBool(s.text)
	case kindInt:
		return f.parseInt(s.text)
	case kindBytes:
		return f.parseBytes(s.text)
	case kindLifetime:
		return f.parseLifetime(s.text)
	case kindDuration:
		return f.parseDuration(s.text)
	case kindTLS:
		return f.parseTLS(s.text)
	}
	return nil, faultf("CW109", "write "+f.example, "is a single value, not %s", f.shape())
}

// shape names what an option holds, for messages.
func (f *field) shape() string {
	switch f.kind {
	case kindNodes:
		return "a list of addresses"
	case kindKeepalive, kindGroup:
		return "a mapping"
	case kindBool:
		return "true or false"
	case kindInt:
		return "a whole number"
	case kindBytes:
		return "a number of bytes"
	case kindLifetime, kindDuration:
		return "a duration"
	case kindURL:
		return "a Redis URL"
	case kindChoice:
		return "one of " + strings.Join(f.choices, ", ")
	case kindTLS:
		return "a version of TLS"
	case kindEncoding:
		return "the name of an encoding"
	}
	return "text"
}

// shown returns a value for a message, masked where it may be secret.
func (f *field) shown(text string) string {
	switch {
	case f.secret:
		return "the value"
	case f.kind == kindURL:
		return oneLine(redisurl.Redact(text))
	}
	return oneLine(text)
}

func (f *field) empty() *fault {
	hint := "write a value, as " + f.example + ", or remove the line for the default"
	if f.kind == kindURL {
		hint = "give it the URL of a Redis server, or remove it to run without one"
	}
	return faultf("CW107", hint, "the value is empty").fixed(f.example)
}

// parseQuoted refuses a quoted value of an option that is no text, with the best guess of what was
// meant.
func (f *field) parseQuoted(s scalar) *fault {
	if _, bad := f.read(scalar{text: s.text}); bad != nil {
		return bad
	}
	return faultf("CW110", "remove the quotes", "wants %s, and quotes make %s text", f.shape(), oneLine(s.text)).fixed(s.text)
}

func (f *field) parseText(s scalar) (any, *fault) {
	switch s.tag {
	case "!!int", "!!float", "!!bool", "!!timestamp":
		if f.kind == kindText {
			what := map[string]string{"!!int": "a number", "!!float": "a number", "!!bool": "true or false", "!!timestamp": "a date"}[s.tag]
			return nil, faultf("CW105", "put it in quotes", "wants text, and YAML reads %s as %s", f.shown(s.text), what).fixed(f.quote(s.text))
		}
	}
	if f.kind == kindText && f.name == "key_prefix" {
		return s.text, nil // the one text that may be empty: no prefix
	}
	if s.text == "" {
		return nil, f.empty()
	}
	return s.text, nil
}

// quote returns text as a quoted YAML scalar, for a fix line.
func (f *field) quote(text string) string {
	if f.secret {
		return `"..."`
	}
	return strconv.Quote(text)
}

func (f *field) parseBool(text string) (any, *fault) {
	if value, ok := asBool(text); ok {
		return value, nil
	}
	truth := "true"
	if f.only != "" {
		truth = f.preset
	}
	return nil, faultf("CW104", "write true or false", "%s is neither true nor false", oneLine(text)).fixed(truth)
}

// asBool reads the words that YAML 1.1 and shells use for the two truths. 1 and 0 are numbers in a
// YAML file, but all that some environments can say.
func asBool(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "yes", "on", "1":
		return true, true
	case "false", "no", "off", "0":
		return false, true
	}
	return false, false
}

var (
	wholeNumber   = regexp.MustCompile(`^[+-]?(0|[1-9][0-9]*)$`)
	leadingZeros  = regexp.MustCompile(`^[+-]?0[0-9_]+$`)
	otherNotation = regexp.MustCompile(`^[+-]?(0[xXoObB][0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_]*)$`)
	fraction      = regexp.MustCompile(`^[+-]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+)$`)
)

func (f *field) parseInt(text string) (any, *fault) {
	switch {
	case wholeNumber.MatchString(text):
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, faultf("CW102", "write a smaller one", "%s is too large", text).fixed(f.example)
		}
		return n, nil
	case leadingZeros.MatchString(text):
		return nil, leadingZero(text)
	case otherNotation.MatchString(text):
		return nil, faultf("CW103", "write decimal digits only", "%s is in a notation that not every YAML reader knows", oneLine(text)).fixed(f.example)
	case fraction.MatchString(text):
		return nil, faultf("CW103", "write a whole number", "%s is not a whole number", oneLine(text)).fixed(f.example)
	}
	return nil, faultf("CW103", "write "+f.bounds(), "%s is not a number", oneLine(text)).fixed(f.example)
}

func leadingZero(text string) *fault {
	return faultf("CW103", "write the number without leading zeros",
		"%s has leading zeros, which some YAML readers take for octal and some do not", oneLine(text)).fixed(strings.TrimLeft(text, "+-0"))
}

// bounds describes the numbers that f takes.
func (f *field) bounds() string {
	switch {
	case f.min > 0 && f.max > 0 && f.max < math.MaxInt32:
		return fmt.Sprintf("a number from %d to %d", f.min, f.max)
	case f.min > 0:
		return fmt.Sprintf("a number of at least %d", f.min)
	}
	return "a number of 0 or more"
}

var size = regexp.MustCompile(`^([0-9]+)\s*([kKmMgGtT]?)(i?)[bB]?$`)

// parseBytes reads a number of bytes. KiB, MiB and GiB are powers of 1024; KB, MB and GB those of 1000.
func (f *field) parseBytes(text string) (any, *fault) {
	parts := size.FindStringSubmatch(text)
	if parts == nil || parts[2] == "" && parts[3] != "" {
		return nil, faultf("CW103", "write bytes, or a size as 64MiB", "%s is not a size", oneLine(text)).fixed(f.example)
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	step := int64(1000)
	if parts[3] != "" {
		step = 1024
	}
	for range strings.Index(" kmgt", strings.ToLower(parts[2] + " ")[:1]) {
		if n > math.MaxInt64/step {
			err = strconv.ErrRange
			break
		}
		n *= step
	}
	if err != nil {
		return nil, faultf("CW102", "write a smaller one", "%s is too large a size", oneLine(text)).fixed(f.example)
	}
	return n, nil
}

func (f *field) parseTLS(text string) (any, *fault) {
	switch strings.TrimPrefix(strings.ToLower(text), "tlsv") {
	case "1.2", "1_2", "771":
		return uint16(tls.VersionTLS12), nil
	case "1.3", "1_3", "772":
		return uint16(tls.VersionTLS13), nil
	case "1", "1.0", "1.1", "1_1", "769", "770":
		return nil, faultf("CW113", "write TLSv1.2 or TLSv1.3", "%s is too old to be safe", oneLine(text)).fixed("TLSv1.2")
	}
	return nil, faultf("CW113", "write TLSv1.2 or TLSv1.3", "%s is not a version of TLS", oneLine(text)).fixed("TLSv1.2")
}

// check checks a value of the option's type, whether read or set by a program. Zero values of a
// program are not checked: they ask for the default.
func (f *field) check(value any) *fault {
	switch v := value.(type) {
	case bool:
		if f.only != "" && v {
			return f.refused("true")
		}
	case string:
		return f.checkText(v)
	case int64:
		return f.checkNumber(v)
	case time.Duration:
		return f.checkDuration(v)
	case uint16:
		if v != tls.VersionTLS12 && v != tls.VersionTLS13 {
			return faultf("CW113", "use tls.VersionTLS12 or tls.VersionTLS13", "%d is not a version of TLS that is safe", v)
		}
	}
	return nil
}

func (f *field) checkText(v string) *fault {
	switch {
	case f.kind == kindURL:
		if _, err := redisurl.Parse(v); err != nil {
			return f.badURL(v, err)
		}
		return nil
	case f.kind == kindEncoding && !nameOfUTF8.MatchString(v):
		return f.refused(oneLine(v))
	case f.kind == kindChoice && !slices.Contains(f.choices, v):
		return f.badChoice(v)
	case f.kind == kindText && !f.secret && serverURL.MatchString(v):
		return faultf("CW109", "write the URL of a server as redis_url", "%s is a URL", oneLine(v))
	case f.path && strings.Contains(v, pemBegins):
		return faultf("CW116", "write the text into a file, and the name of that here", "holds a certificate or a key itself, and not the name of a file")
	case !utf8.ValidString(v):
		return faultf("CW115", "save it as UTF-8", "the value is not valid UTF-8")
	case strings.ContainsFunc(v, unicode.IsControl) && !f.secret && f.name != "ssl_ca_data":
		return faultf("CW115", "remove it", "the value holds a control character")
	case f.name == "client_name" && strings.Contains(v, " "):
		return faultf("CW115", "write - for a space", "%s holds a space, which Redis refuses in a client's name", oneLine(v)).fixed(strings.ReplaceAll(v, " ", "-"))
	case f.name == "key_prefix" && utf8.RuneCountInString(v) > maxPrefix:
		return faultf("CW114", "use a shorter prefix", "the prefix has %d characters, and a whole key may have 250", utf8.RuneCountInString(v))
	}
	return nil
}

// serverURL matches the URL of a server, as other systems have it for a cache's location.
var serverURL = regexp.MustCompile(`(?i)^(?:rediss?|valkeys?|memcached?|unix)://|://\S*@`)

// nameOfUTF8 matches the names that Python has for it.
var nameOfUTF8 = regexp.MustCompile(`^(?:` + utf8Words + `)$`)

// refused says why an option that takes its preset only does not take a value.
func (f *field) refused(value string) *fault {
	return faultf("CW017", "remove it: "+f.preset+", redis-py's default, is what holds", "%s is refused: %s", value, f.only).fixed(f.preset)
}

// maxPrefix leaves a key of 250 characters some room behind the prefix.
const maxPrefix = 200

func (f *field) badURL(v string, err error) *fault {
	hint := ""
	if e, ok := err.(*redisurl.Error); ok {
		hint = e.Fix
	}
	if v == "" {
		return f.empty()
	}
	bad := faultf("CW108", hint, "%s", err)
	if redisurl.Redact(v) != masked {
		bad.message = f.shown(v) + ": " + bad.message
	}
	if fixed, ok := strings.CutPrefix(hint, "write "); ok && strings.HasPrefix(fixed, "redis") && !strings.ContainsAny(fixed, " ;,") {
		bad.value = fixed
	}
	return bad
}

// meant are values that other systems use where ours has another word.
var meant = map[string]string{
	"locmem": "memory", "locmemcache": "memory", "local": "memory", "inmemory": "memory", "in-memory": "memory", "ram": "memory", "mem": "memory",
	"django.core.cache.backends.locmem.locmemcache": "memory",
	"filebased": "file", "filebasedcache": "file", "disk": "file", "filesystem": "file",
	"django.core.cache.backends.filebased.filebasedcache": "file",
	"dummycache": "dummy", "none": "dummy", "off": "dummy", "null": "dummy", "disabled": "dummy", "false": "dummy", "no": "dummy",
	"django.core.cache.backends.dummy.dummycache": "dummy",
	"rediscache": "redis", "django_redis": "redis", "django-redis": "redis", "valkey": "redis",
	"django_redis.cache.rediscache": "redis", "django.core.cache.backends.redis.rediscache": "redis",
	"cert_required": "required", "ssl.cert_required": "required", "cert_none": "none", "ssl.cert_none": "none",
	"cert_optional": "optional", "ssl.cert_optional": "optional",
	"go": "native", "yaml": "json", "gob": "native",
	"django_redis.serializers.json.jsonserializer":       "json",
	"django_redis.serializers.pickle.pickleserializer":   "pickle",
	"django_redis.serializers.msgpack.msgpackserializer": "msgpack",
}

func (f *field) badChoice(v string) *fault {
	list := strings.Join(f.choices, ", ")
	if other, ok := meant[strings.ToLower(v)]; ok && slices.Contains(f.choices, other) {
		return faultf("CW106", "write "+other, "%s is called %s here", oneLine(v), other).fixed(other)
	}
	if near, ok := spell.Near(v, f.choices); ok {
		return faultf("CW106", "did you mean "+near+"?", "%s is none of %s", oneLine(v), list).fixed(near)
	}
	return faultf("CW106", "write one of them", "%s is none of %s", oneLine(v), list).fixed(cmp.Or(f.preset, f.example))
}

func (f *field) checkNumber(v int64) *fault {
	switch {
	case v < f.min && f.kind == kindBytes && f.min > 1:
		return faultf("CW102", "write a larger size", "%d is less than %d bytes", v, f.min).fixed(f.example)
	case v < f.min:
		return faultf("CW102", "write "+f.bounds(), "%d is less than %d", v, f.min).fixed(strconv.FormatInt(f.min, 10))
	case f.max > 0 && v > f.max:
		return faultf("CW102", "write a smaller one", "%d is more than %d", v, f.max).fixed(strconv.FormatInt(f.max, 10))
	}
	return nil
}
