package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
	"github.com/google/go-cmp/cmp"
)

func TestFailuresAreExplained(t *testing.T) {
	down := func(cause error) error { return fmt.Errorf("%w: redis: %w", store.ErrUnavailable, cause) }
	onRedis := cachewright.CachePlan{
		Alias: "default", Backend: cachewright.BackendRedis,
		RedisURL: cachewright.NewSecret("redis://ada:hunter2@cache.internal:6380/1"),
		Values:   map[string]cachewright.Value{"redis_url": {Origin: "config.yaml:2:12", Written: true}},
	}
	byVariable := onRedis
	byVariable.Values = map[string]cachewright.Value{"redis_url": {Origin: "env REDIS_URL", Written: true}}
	behindSentinels := onRedis
	behindSentinels.Pool.Sentinels = []redis.Node{{Host: "watch", Port: 26379}}
	behindSentinels.Location = "shop at Sentinels watch:26379, database 0"
	behindSentinels.Values = map[string]cachewright.Value{
		"redis_url":                        {Origin: "config.yaml:2:12", Written: true},
		"connection_pool_kwargs.sentinels": {Origin: "config.yaml:4:16", Written: true},
	}
	onCluster := onRedis
	onCluster.Pool.StartupNodes = []redis.Node{{Host: "node1", Port: 6379}}
	onCluster.Location = "cluster of node1:6379"
	plainPort := &redis.TLSError{Address: "cache.internal:6380", Err: errors.New("the server at this port speaks plain text")}
	onFile := cachewright.CachePlan{Alias: "default", Backend: cachewright.BackendFile, Directory: "/srv/cache"}

	tests := []struct {
		name          string
		err           error
		plan          cachewright.CachePlan
		want, wantFix string
	}{
		{"nobody listens", down(syscall.ECONNREFUSED), onRedis,
			"CW501 connection refused (cache.internal:6380)", "start Redis, or correct redis_url (config.yaml:2:12)"},
		{"the place is a variable", down(syscall.ECONNREFUSED), byVariable,
			"CW501 connection refused (cache.internal:6380)", "start Redis, or correct REDIS_URL"},
		{"no answer", down(context.DeadlineExceeded), onRedis,
			"CW502 no answer in time (cache.internal:6380)",
			"see that the server is up and the network lets you through; for a slow one " + slowNetwork},
		{"a wrong password", down(&redis.ServerError{Code: "WRONGPASS", Message: "invalid username-password pair"}), onRedis,
			"CW503 user or password refused (cache.internal:6380)", "correct redis_url (config.yaml:2:12)"},
		{"a name that nobody knows", down(&net.DNSError{Err: "no such host", Name: "cache.internal", IsNotFound: true}), onRedis,
			"CW504 unknown host (cache.internal:6380)", "correct redis_url (config.yaml:2:12)"},
		{"a server out of memory", &redis.ServerError{Code: "OOM", Message: "command not allowed"}, onRedis,
			"CW505 the server answers OOM command not allowed (cache.internal:6380)", "see what the server reports, with redis-cli INFO"},
		{"a connection that breaks", down(errors.New("unexpected EOF of redis://:hunter2@")), onRedis,
			"CW500 the connection failed (cache.internal:6380)", "see that the server is up, or correct redis_url (config.yaml:2:12)"},
		{"something else on the network", down(syscall.EHOSTUNREACH), onRedis,
			"CW500 no route to host (cache.internal:6380)", "see that the server is up, or correct redis_url (config.yaml:2:12)"},
		{"TLS that is not trusted, or not spoken", down(plainPort), onRedis,
			"CW500 TLS: the server at this port speaks plain text (cache.internal:6380)",
			"correct redis_url (config.yaml:2:12), or the ssl_ options in connection_pool_kwargs"},
		{"no Sentinel listens: the host of redis_url has no part in it", down(syscall.ECONNREFUSED), behindSentinels,
			"CW501 connection refused (shop at Sentinels watch:26379, database 0)",
			"start Redis, or correct connection_pool_kwargs.sentinels (config.yaml:4:16)"},
		{"a wrong password, of the data or of the Sentinels", down(&redis.ServerError{Code: "WRONGPASS"}), behindSentinels,
			"CW503 user or password refused (shop at Sentinels watch:26379, database 0)",
			"correct user and password of the data, or those in connection_pool_kwargs.sentinel_kwargs"},
		{"no node of a cluster listens", down(syscall.ECONNREFUSED), onCluster,
			"CW501 connection refused (cluster of node1:6379)", "start Redis, or correct connection_pool_kwargs.startup_nodes"},
		{"no such database", down(&redis.ServerError{Code: "ERR", Message: "DB index is out of range"}), onRedis,
			"CW505 the server has no such database (cache.internal:6380)", "correct the database in redis_url (config.yaml:2:12)"},
		{"a full disk", fmt.Errorf("cachewright: set: file store: write: %w: %w", store.ErrUnavailable, syscall.ENOSPC), onFile,
			"CW506 set: file store: write: store unavailable: no space left on device",
			"free space on the disk of /srv/cache, or correct location"},
		{"too many open files", fmt.Errorf("%w: %w", store.ErrUnavailable, syscall.EMFILE), onFile,
			"CW506 store unavailable: too many open files", "raise the limit of open files (ulimit -n)"},
		{"a read-only disk", fmt.Errorf("%w: %w", store.ErrUnavailable, syscall.EROFS), onFile,
			"CW506 store unavailable: read-only file system", "correct location: nothing can be written there"},
		{"somebody else's directory", fmt.Errorf("%w: %w", store.ErrUnavailable, syscall.EACCES), onFile,
			"CW506 store unavailable: permission denied", "make /srv/cache a directory of this user, or correct location"},
		{"a wrong answer", errors.New("get: another value than the one just written"), onRedis,
			"get: another value than the one just written", "cachewright plan shows the cache's options and where they come from"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := explainFailure(tt.err, tt.plan)
			if diff := cmp.Diff([]string{tt.want, tt.wantFix}, []string{f.Error(), f.fix}); diff != "" {
				t.Errorf("message and fix (-want +got):\n%s", diff)
			}
			if !errors.Is(f, tt.err) {
				t.Errorf("the failure does not wrap %v", tt.err)
			}
			if strings.Contains(f.Error()+f.fix, "hunter2") {
				t.Error("the failure shows the password")
			}
			if got, want := f.meanwhile != "", errors.Is(tt.err, store.ErrUnavailable); got != want {
				t.Errorf("says what happens meanwhile: %t, want %t", got, want)
			}
		})
	}
}
