// Package redisurl reads the URLs of Redis servers.
//
// It accepts what redis-py and this product read alike, and says of everything else what is wrong with
// it. The user part of a URL holds a password, so no error of this package repeats any of it, nor
// wraps an error that does, as those of net/url do.
package redisurl

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// DefaultPort is the port of a URL that names none.
const DefaultPort = 6379

// maxDB is the largest number of a database. Servers have 16 of them unless configured otherwise.
const maxDB = 1<<31 - 1

// masked stands for a secret.
const masked = "***"

// URL is one Redis server and database, and who logs in.
type URL struct {
	TLS      bool   // rediss://
	Username string // decoded; empty for none
	Password string // decoded; empty for none
	Host     string // a name or an address, IPv6 without brackets
	Port     int
	DB       int
	HasDB    bool // the URL says which database
}

// Error says what is wrong with a URL. It holds none of the URL's user part.
type Error struct {
	Message string // what is wrong
	Fix     string // what to write instead
}

func (e *Error) Error() string { return e.Message }

// Parse reads redis://[[user]:password@]host[:port][/database] and the same with rediss://. Its errors
// are of type [*Error].
func Parse(s string) (URL, error) {
	u, err := parse(s)
	if err != nil {
		return URL{}, err
	}
	return u, nil
}

func parse(s string) (URL, *Error) {
	var u URL
	if s != strings.TrimSpace(s) {
		return u, &Error{"the URL begins or ends with a space", "remove it"}
	}
	rest, err := u.scheme(s)
	if err != nil {
		return u, err
	}
	if i := strings.IndexFunc(rest, func(r rune) bool { return r <= ' ' || r == 0x7f }); i >= 0 {
		return u, &Error{"the URL holds a space or a control character", "write %20 for a space in a password"}
	}
	// The last @ ends the user part, whatever a password holds: what is behind it never has one.
	user, server := "", rest
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		user, server = rest[:i], rest[i+1:]
	}
	if err := u.user(user); err != nil {
		return u, err
	}
	server, fragment, found := strings.Cut(server, "#")
	if found || fragment != "" {
		return u, &Error{"the URL has a # behind its host, which means nothing to Redis", "write %23 for a # in a password, or remove it"}
	}
	server, query, _ := strings.Cut(server, "?")
	address, path, _ := strings.Cut(server, "/")
	if err := u.address(address); err != nil {
		return u, err
	}
	if err := u.database(path); err != nil {
		return u, err
	}
	return u, u.query(query)
}

// reserved are the characters that end a part of a URL, and what to write for them in a password.
const reserved = "#/?[]"

func (u *URL) user(user string) *Error {
	if i := strings.IndexAny(user, reserved); i >= 0 {
		c := user[i : i+1]
		return &Error{"user or password holds the character " + c + ", which ends a part of a URL",
			"write " + url.QueryEscape(c) + " for " + c}
	}
	name, password, _ := strings.Cut(user, ":")
	var err error
	if u.Username, err = url.PathUnescape(name); err != nil {
		return badEscape()
	}
	if u.Password, err = url.PathUnescape(password); err != nil {
		return badEscape()
	}
	return nil
}

func badEscape() *Error {
	return &Error{"user or password holds a % that is not followed by two hexadecimal digits", "write %25 for a %"}
}

func (u *URL) address(address string) *Error {
	host, port, hasPort := address, "", false
	if strings.HasPrefix(address, "[") {
		end := strings.IndexByte(address, ']')
		if end < 0 {
			return &Error{"the bracket before the IPv6 address is never closed", "write redis://[::1]:6379/0"}
		}
		host = address[1:end]
		port, hasPort = strings.CutPrefix(address[end+1:], ":")
		ip, err := netip.ParseAddr(host)
		if err != nil || !ip.Is6() || !hasPort && port != "" {
			return &Error{"what stands in brackets is not an IPv6 address", "write redis://[::1]:6379/0"}
		}
	} else {
		if strings.Count(address, ":") > 1 {
			return &Error{"the host holds more than one colon",
				"put an IPv6 address in brackets: redis://[::1]:6379/0; or write the @ behind the password: redis://:password@host:6379/0"}
		}
		host, port, hasPort = strings.Cut(address, ":")
	}
	if host == "" {
		return &Error{"the URL names no host", "write redis://localhost:6379/0"}
	}
	if !strings.Contains(host, ":") && !isHost(host) {
		return &Error{"the host holds a character that no host name has", "write redis://host:6379/0"}
	}
	u.Host = host
	return u.port(port, hasPort)
}

func isHost(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '-' && c != '_' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return strings.Trim(s, ".-") != ""
}

func (u *URL) port(port string, hasPort bool) *Error {
	u.Port = DefaultPort
	if !hasPort {
		return nil
	}
	n, ok := number(port, 65535)
	if !ok || n == 0 {
		return &Error{"the port is not a number from 1 to 65535", "write redis://host:6379/0; a password goes before the host: redis://:password@host:6379/0"}
	}
	u.Port = n
	return nil
}

func (u *URL) database(path string) *Error {
	if path == "" {
		return nil
	}
	n, ok := number(path, maxDB)
	if !ok {
		return &Error{"the database is not a number", "write the number of the database behind the last slash: redis://host:6379/0"}
	}
	u.DB, u.HasDB = n, true
	return nil
}

// query takes the one option that belongs to the address, db, as redis-py does. All others have
// options of their own, where they are checked and where their secrets are known as such.
func (u *URL) query(query string) *Error {
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case pair == "":
		case name != "db":
			return &Error{"the URL has an option behind its ?, where only db is read",
				"write it under connection_pool_kwargs; or write %3F for a ? in a password"}
		default:
			if err := u.database(value); err != nil || value == "" {
				return &Error{"the database in ?db= is not a number", "write it behind the last slash: redis://host:6379/0"}
			}
		}
	}
	return nil
}

func number(s string, most int) (int, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n <= most
}

// Address returns host:port, with brackets around an IPv6 address.
func (u URL) Address() string { return net.JoinHostPort(u.Host, strconv.Itoa(u.Port)) }

// plainUser is a user's name that is just that, and not a password in the wrong place.
var plainUser = regexp.MustCompile(`^[a-zA-Z0-9._-]*$`)

// Redacted returns the whole URL with its password masked. A user without a password is masked too, and
// one with characters that names do not have: both are more often a password in the wrong place.
func (u URL) Redacted() string {
	var b strings.Builder
	b.WriteString("redis")
	if u.TLS {
		b.WriteByte('s')
	}
	b.WriteString("://")
	switch {
	case u.Password != "" && plainUser.MatchString(u.Username):
		b.WriteString(u.Username + ":" + masked + "@")
	case u.Password != "" || u.Username != "":
		b.WriteString(masked + "@")
	}
	b.WriteString(u.Address() + "/" + strconv.Itoa(u.DB))
	return b.String()
}

// IsLocal says that the server is this machine: its traffic crosses no network.
func (u URL) IsLocal() bool {
	if ip, err := netip.ParseAddr(u.Host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	host := strings.TrimSuffix(strings.ToLower(u.Host), ".")
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
