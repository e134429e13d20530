//go:build unix

package cachewright_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/internal/testredis"
)

// pairs writes addresses as a list of [host, port].
func pairs(addresses []string) string {
	var all []string
	for _, a := range addresses {
		host, port, _ := strings.Cut(a, ":")
		all = append(all, fmt.Sprintf("[%s, %s]", host, port))
	}
	return "[" + strings.Join(all, ", ") + "]"
}

func TestEveryTopologyOpensFromItsConfiguration(t *testing.T) {
	tests := []struct {
		name   string
		config func(*testing.T) string // the options of cache_default
	}{
		{"rediss with an authority and a client certificate", func(t *testing.T) string {
			server := testredis.StartTLS(t, testredis.TLSOptions{RequireClientCert: true, Options: testredis.Options{Password: "p@ss"}})
			own := server.Authority.Issue(t, testredis.CertOptions{Client: true, KeyPassword: "open"})
			return fmt.Sprintf(`
  redis_url: rediss://:%s@%s/3
  connection_pool_kwargs:
    ssl_ca_certs: %s
    ssl_certfile: %s
    ssl_keyfile: %s
    ssl_keyfile_password: open`, url.QueryEscape("p@ss"), server.Addr, server.Authority.CAFile, own.CertFile, own.KeyFile)
		}},
		{"sentinels without a redis_url", func(t *testing.T) string {
			g := testredis.StartSentinel(t, testredis.SentinelOptions{Replicas: 1, Sentinels: 1, Password: "data", SentinelPassword: "watch"})
			return fmt.Sprintf(`
  connection_pool_kwargs:
    sentinels: %s
    service_name: mymaster
    password: data
    sentinel_kwargs: {password: watch}`, pairs(g.Addresses()))
		}},
		{"sentinels over TLS, which an ssl_ option asks for", func(t *testing.T) string {
			authority := testredis.NewAuthority(t)
			g := testredis.StartSentinel(t, testredis.SentinelOptions{Replicas: 1, Sentinels: 1, Authority: authority})
			return fmt.Sprintf(`
  connection_pool_kwargs:
    sentinels: %s
    service_name: mymaster
    ssl_ca_certs: %s`, pairs(g.Addresses()), authority.CAFile)
		}},
		{"a cluster, with redis_url as one more node", func(t *testing.T) string {
			c := testredis.StartCluster(t, testredis.ClusterOptions{})
			return fmt.Sprintf(`
  redis_url: redis://%s/0
  connection_pool_kwargs:
    startup_nodes: %s
    skip_full_coverage_check: true`, c.Nodes[2].Addr, pairs(c.Addresses()[:1]))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			text := "cache_default:" + tt.config(t) + "\n  require: true\n  max_value_bytes: 1KiB\n"
			if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			config, err := cachewright.Load(cachewright.LoadOptions{Path: dir})
			if err != nil {
				t.Fatal(err)
			}
			config.Logger = quiet
			caches := mustOpen(t, *config)
			names, err := cachewright.Of[string](caches, "default")
			if err != nil {
				t.Fatal(err)
			}
			if err := names.Set(t.Context(), "k", "v"); err != nil {
				t.Errorf("Set = %v", err)
			}
			if v, found, err := names.Get(t.Context(), "k"); v != "v" || !found || err != nil {
				t.Errorf("Get = %q, %v, %v", v, found, err)
			}
			if err := names.Set(t.Context(), "k", strings.Repeat("v", 2<<10)); err == nil || !strings.Contains(err.Error(), "max_value_bytes") {
				t.Errorf("Set of 2 KiB = %v, want an error about max_value_bytes", err)
			}
		})
	}
}
