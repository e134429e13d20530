package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/internal/redisurl"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// failure is why a cache does not work, and what to do about it.
type failure struct {
	code      string // of package cachewright; empty if none fits
	message   string
	meanwhile string // what programs experience until it is mended
	fix       string
	err       error
}

// Error returns the code and the message.
func (f *failure) Error() string { return strings.TrimPrefix(f.code+" "+f.message, " ") }

// Unwrap returns what happened.
func (f *failure) Unwrap() error { return f.err }

// What programs experience.
const (
	meanwhileUnavailable = "Get answers ErrUnavailable, Fetch loads from the source"
	meanwhileUncached    = "Get misses, Fetch loads from the source every time"
)

// slowNetwork is what to write for a server that answers too late.
const slowNetwork = "connection_pool_kwargs: {socket_connect_timeout: 10, retry_on_timeout: true}"

// errUncached is why a check fails for a cache that rule 7 left without a backend.
var errUncached = errors.New("nothing is cached")

// explainFailure says why c failed with err.
func explainFailure(err error, c cachewright.CachePlan) *failure {
	f := &failure{err: err}
	if errors.Is(err, store.ErrUnavailable) {
		f.meanwhile = meanwhileUnavailable
	}
	switch {
	case errors.Is(err, errUncached):
		f.code, f.message, f.meanwhile = codeDirectory, c.Reason, meanwhileUncached
		f.fix = "make the directory writable, or give the cache a redis_url"
	case c.Backend == cachewright.BackendRedis && (errors.Is(err, store.ErrUnavailable) || answered(err)):
		f.explainRedis(err, c)
	case c.Backend == cachewright.BackendFile:
		f.explainFile(err, c)
	default:
		f.message = withoutName(err)
		f.fix = "cachewright plan shows the cache's options and where they come from"
	}
	return f
}

// answered reports whether err is what a server said.
func answered(err error) bool {
	var answer *redis.ServerError
	return errors.As(err, &answer)
}

// withoutName is the text of err without the library's name, which every layer may have put before it.
func withoutName(err error) string {
	return redisurl.HideUsers(strings.ReplaceAll(err.Error(), "cachewright: ", ""))
}

// explainRedis tells the ways apart in which a server can be out of reach. The messages are made here,
// of the address and the kind of error alone, so that no secret can be in them.
func (f *failure) explainRedis(err error, c cachewright.CachePlan) {
	address := addressOf(c)
	correct := "correct " + optionOf(c, serversOf(c))
	var (
		handshake *redis.TLSError
		answer    *redis.ServerError
		dns       *net.DNSError
		netErr    net.Error
		system    syscall.Errno
	)
	switch {
	case errors.As(err, &answer) && (answer.Code == "NOAUTH" || answer.Code == "WRONGPASS"):
		f.code, f.message = codeAuthentication, fmt.Sprintf("user or password refused (%s)", address)
		f.fix = "correct " + optionOf(c, "redis_url")
		if len(c.Pool.Sentinels) > 0 {
			f.fix = "correct user and password of the data, or those in connection_pool_kwargs.sentinel_kwargs"
		}
	case errors.As(err, &handshake):
		f.code, f.message = codeUnreachable, fmt.Sprintf("%s (%s)", handshake, handshake.Address)
		f.fix = correct + ", or the ssl_ options in connection_pool_kwargs"
	case errors.As(err, &answer) && strings.HasPrefix(answer.Message, "DB index is out of range"):
		f.code, f.message = codeServerError, fmt.Sprintf("the server has no such database (%s)", address)
		f.fix = "correct the database in " + optionOf(c, "redis_url")
	case errors.As(err, &answer):
		f.code, f.message = codeServerError, fmt.Sprintf("the server answers %s (%s)", answer, address)
		f.fix = "see what the server reports, with redis-cli INFO"
	case errors.Is(err, syscall.ECONNREFUSED):
		f.code, f.message = codeRefused, fmt.Sprintf("connection refused (%s)", address)
		f.fix = "start Redis, or " + correct
	case errors.As(err, &dns) && !dns.IsTimeout:
		f.code, f.message = codeUnknownHost, fmt.Sprintf("unknown host (%s)", address)
		f.fix = correct
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		f.code, f.message = codeTimeout, fmt.Sprintf("no answer in time (%s)", address)
		f.fix = "see that the server is up and the network lets you through; for a slow one " + slowNetwork
	default:
		reason := "the connection failed"
		switch {
		case errors.As(err, &system):
			reason = system.Error()
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			reason = "the server closed the connection"
		case strings.Contains(err.Error(), "unknown message type"):
			reason = "what answers there does not speak the Redis protocol"
		}
		f.code, f.message = codeUnreachable, fmt.Sprintf("%s (%s)", reason, address)
		f.fix = "see that the server is up, or " + correct
	}
}

func (f *failure) explainFile(err error, c cachewright.CachePlan) {
	f.code = codeDirectory
	f.message = withoutName(err)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		f.fix = "free space on the disk of " + c.Directory + ", or correct " + optionOf(c, "location")
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		f.fix = "raise the limit of open files (ulimit -n)"
	case errors.Is(err, syscall.EROFS):
		f.fix = "correct " + optionOf(c, "location") + ": nothing can be written there"
	default:
		f.fix = "make " + c.Directory + " a directory of this user, or correct " + optionOf(c, "location")
	}
}

// serversOf is the option that says where the servers of a Redis cache are.
func serversOf(c cachewright.CachePlan) string {
	switch {
	case len(c.Pool.Sentinels) > 0:
		return "connection_pool_kwargs.sentinels"
	case len(c.Pool.StartupNodes) > 0:
		return "connection_pool_kwargs.startup_nodes"
	}
	return "redis_url"
}

// addressOf is the host and port of a Redis cache, or what stands for several of them.
func addressOf(c cachewright.CachePlan) string {
	if serversOf(c) != "redis_url" {
		return c.Location
	}
	u, err := redisurl.Parse(c.RedisURL.Reveal())
	if err != nil {
		return c.Location // masked by whoever made the plan
	}
	return u.Address()
}

// optionOf names an option with the place where it was written.
func optionOf(c cachewright.CachePlan, option string) string {
	origin := c.Values[option].Origin
	if variable, ok := strings.CutPrefix(origin, "env "); ok {
		return variable
	}
	if !c.Values[option].Written {
		return option
	}
	return fmt.Sprintf("%s (%s)", option, origin)
}

// Codes of what can go wrong while caches run.
const (
	codeUnreachable    = "CW500"
	codeRefused        = "CW501"
	codeTimeout        = "CW502"
	codeAuthentication = "CW503"
	codeUnknownHost    = "CW504"
	codeServerError    = "CW505"
	codeDirectory      = "CW506"
)
