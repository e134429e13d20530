//go:build unix

package cachewright_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store/dummy"
	"github.com/cachewright/cachewright/store/redis"
	"github.com/google/go-cmp/cmp"
)

// folderWith is a folder with a configuration and with certificates: ca.pem, own.pem and own.key, which
// belong together, locked.key, which the password open opens, and other.key of another certificate.
func folderWith(t *testing.T, config string) string {
	t.Helper()
	dir := t.TempDir()
	authority := testredis.NewAuthority(t)
	own := authority.Issue(t, testredis.CertOptions{Client: true})
	locked := authority.Issue(t, testredis.CertOptions{Client: true, KeyPassword: "open"})
	other := authority.Issue(t, testredis.CertOptions{Client: true})
	for name, from := range map[string]string{"ca.pem": authority.CAFile, "own.pem": own.CertFile, "own.key": own.KeyFile,
		"locked.pem": locked.CertFile, "locked.key": locked.KeyFile, "other.key": other.KeyFile} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		writeText(t, filepath.Join(dir, name), string(text))
	}
	writeText(t, filepath.Join(dir, "config.yaml"), config)
	return dir
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func loadedFrom(t *testing.T, dir string, environ ...string) *cachewright.Config {
	t.Helper()
	c, err := cachewright.Load(cachewright.LoadOptions{Path: dir, Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCertificatesThatCannotBeUsedAreProblemsOfTheConfiguration(t *testing.T) {
	tests := []struct {
		name, config string
		environ      []string
		want         []string // lines with DIR for the folder; none if all can be used
	}{
		{name: "all that is named can be used", config: `
cache_default:
  redis_url: rediss://localhost:1/0
  connection_pool_kwargs: {ssl_ca_certs: ca.pem, ssl_certfile: own.pem, ssl_keyfile: own.key}
cache_locked:
  redis_url: rediss://localhost:1/1
  connection_pool_kwargs: {ssl_certfile: locked.pem, ssl_keyfile: locked.key, ssl_keyfile_password: open}`},
		{name: "one file is missing", config: `
cache_default:
  redis_url: rediss://localhost:1/0
  connection_pool_kwargs:
    ssl_ca_certs: tls/absent.pem`, want: []string{
			"config.yaml:5:19: cache_default.connection_pool_kwargs.ssl_ca_certs: DIR/tls/absent.pem: no such file or directory; correct the path, or put the file there",
		}},
		{name: "everything is wrong in two caches", config: `
cache_default:
  redis_url: rediss://localhost:1/0
  connection_pool_kwargs:
    ssl_ca_certs: .
    ssl_ca_data: none
    ssl_certfile: absent.pem
    ssl_keyfile: absent.key
cache_other:
  redis_url: rediss://localhost:1/1
  connection_pool_kwargs: {ssl_ca_certs: own.key}`, want: []string{
			"config.yaml:5:19: cache_default.connection_pool_kwargs.ssl_ca_certs: DIR: is a directory; name a file with certificates in PEM",
			"config.yaml:6:18: cache_default.connection_pool_kwargs.ssl_ca_data: there is no certificate in PEM in it; write certificates in PEM, or name their file with ssl_ca_certs",
			"config.yaml:7:19: cache_default.connection_pool_kwargs.ssl_certfile: DIR/absent.pem: no such file or directory; correct the path, or put the file there",
			"config.yaml:8:18: cache_default.connection_pool_kwargs.ssl_keyfile: DIR/absent.key: no such file or directory; correct the path, or put the file there",
			"config.yaml:11:42: cache_other.connection_pool_kwargs.ssl_ca_certs: DIR/own.key: there is no certificate in PEM in it; name a file with certificates in PEM",
		}},
		{name: "a key is not what it should be", config: `
cache_default:
  redis_url: rediss://localhost:1/0
  connection_pool_kwargs: {ssl_certfile: own.pem, ssl_keyfile: ca.pem}
cache_locked:
  redis_url: rediss://localhost:1/1
  connection_pool_kwargs: {ssl_certfile: locked.pem, ssl_keyfile: locked.key}
cache_mistyped:
  redis_url: rediss://localhost:1/2
  connection_pool_kwargs: {ssl_certfile: locked.pem, ssl_keyfile: locked.key, ssl_keyfile_password: hunter2}
cache_other:
  redis_url: rediss://localhost:1/3
  connection_pool_kwargs: {ssl_certfile: own.pem, ssl_keyfile: other.key}`, want: []string{
			"config.yaml:4:64: cache_default.connection_pool_kwargs.ssl_keyfile: DIR/ca.pem: there is no private key in it; name a file with a private key in PEM",
			"config.yaml:7:67: cache_locked.connection_pool_kwargs.ssl_keyfile: DIR/locked.key: the key is encrypted and there is no password for it; add ssl_keyfile_password",
			"config.yaml:10:101: cache_mistyped.connection_pool_kwargs.ssl_keyfile_password: DIR/locked.key: the password does not open the key; correct ssl_keyfile_password",
			"config.yaml:13:42: cache_other.connection_pool_kwargs.ssl_certfile: DIR/own.pem: with the key of DIR/other.key: tls: private key does not match public key; " +
				"name a file with a certificate in PEM, and with ssl_keyfile one with its key",
		}},
		{name: "of Sentinels, of their own and inherited", config: `
cache_default:
  connection_pool_kwargs:
    sentinels: [localhost:1]
    service_name: mymaster
    ssl_certfile: absent.pem
    ssl_keyfile: own.key
    sentinel_kwargs:
      ssl_ca_certs: absent.pem`, want: []string{
			"config.yaml:6:19: cache_default.connection_pool_kwargs.ssl_certfile: DIR/absent.pem: no such file or directory; correct the path, or put the file there",
			"config.yaml:9:21: cache_default.connection_pool_kwargs.sentinel_kwargs.ssl_ca_certs: DIR/absent.pem: no such file or directory; correct the path, or put the file there",
		}},
		{name: "named by variables", config: `
cache_default:
  redis_url: rediss://localhost:1/0
  connection_pool_kwargs: {ssl_ca_certs: "${CA}"}`,
			environ: []string{"CA=absent.pem", "CACHE_DEFAULT__CONNECTION_POOL_KWARGS__SSL_CERTFILE=own.pem",
				"CACHE_DEFAULT__CONNECTION_POOL_KWARGS__SSL_KEYFILE=/absent.key"},
			want: []string{
				"config.yaml:4:42: cache_default.connection_pool_kwargs.ssl_ca_certs: DIR/absent.pem: no such file or directory; correct the path, or put the file there",
				"CACHE_DEFAULT__CONNECTION_POOL_KWARGS__SSL_KEYFILE: /absent.key: no such file or directory; correct the path, or put the file there",
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := folderWith(t, tt.config)
			config := loadedFrom(t, dir, tt.environ...)
			if _, err := config.Resolve(cachewright.Env{}); err != nil {
				t.Fatalf("Resolve = %v; a plan does not need the files", err)
			}
			cs, err := cachewright.Open(t.Context(), *config)
			if err == nil {
				t.Cleanup(func() { cs.Close() })
			}
			problems, ok := errors.AsType[cachewright.Problems](err)
			if err != nil && !ok {
				t.Fatalf("Open = %v, want Problems", err)
			}
			var got []string
			for _, p := range problems {
				got = append(got, strings.ReplaceAll(p.Error(), dir, "DIR"))
				if _, known := cachewright.Explain(p.Code); p.Code != "CW116" || !known {
					t.Errorf("%s has code %s", p.Option, p.Code)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Open (-want +got):\n%s", diff)
			}
			if strings.Contains(problems.Report(), "hunter2") {
				t.Errorf("a password shows:\n%s", problems.Report())
			}
		})
	}
}

func TestAMissingCertificateIsReportedWithItsLine(t *testing.T) {
	dir := folderWith(t, "cache_default:\n  redis_url: rediss://localhost:1/0\n  connection_pool_kwargs:\n    ssl_ca_certs: /absent.pem # of the company\n")
	_, err := cachewright.Open(t.Context(), *loadedFrom(t, dir))
	problems, _ := errors.AsType[cachewright.Problems](err)
	want := `error[CW116]: cache_default.connection_pool_kwargs.ssl_ca_certs: /absent.pem: no such file or directory
 --> config.yaml:4:19
  |
4 |     ssl_ca_certs: /absent.pem
  |                   ^^^^^^^^^^^
  = help: correct the path, or put the file there`
	if diff := cmp.Diff(want, problems.Report()); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestCertificatesThatAProgramNamesAreReportedByTheirFields(t *testing.T) {
	made := cachewright.Config{Caches: map[string]cachewright.CacheConfig{"api": {
		RedisURL: "rediss://localhost:1/0",
		Pool: cachewright.PoolOptions{SSLCACerts: "/absent.pem", Sentinels: []redis.Node{{Host: "localhost", Port: 1}}, ServiceName: "m",
			SentinelKwargs: redis.SentinelOptions{SSLCertFile: "/absent.pem", SSLKeyFile: "/absent.key"}},
	}}}
	loaded := loadedFrom(t, folderWith(t, "cache_api:\n  redis_url: rediss://localhost:1/0\n  connection_pool_kwargs: {ssl_ca_certs: ca.pem}\n"))
	changed := loaded.Caches["api"]
	changed.Pool.SSLCACerts = "/absent.pem"
	loaded.Caches["api"] = changed
	for name, tt := range map[string]struct {
		config  cachewright.Config
		options []string
	}{
		"made in Go": {made, []string{
			`Config.Caches["api"].Pool.SSLCACerts`,
			`Config.Caches["api"].Pool.SentinelKwargs.SSLCertFile`, `Config.Caches["api"].Pool.SentinelKwargs.SSLKeyFile`}},
		"changed after it was loaded": {*loaded, []string{`Config.Caches["api"].Pool.SSLCACerts`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := cachewright.Open(t.Context(), tt.config)
			problems, _ := errors.AsType[cachewright.Problems](err)
			var got []string
			for _, p := range problems {
				got = append(got, p.Option)
			}
			if slices.Sort(got); !slices.Equal(got, tt.options) {
				t.Errorf("Open = %v, want problems of %v", err, tt.options)
			}
		})
	}
}

func TestOfACacheThatGetsAStoreNoCertificateIsLookedFor(t *testing.T) {
	config := loadedFrom(t, folderWith(t, "cache_default:\n  redis_url: rediss://localhost:1/0\n  connection_pool_kwargs: {ssl_ca_certs: absent.pem}\n"))
	cs, err := cachewright.Open(t.Context(), *config, cachewright.WithStore("default", dummy.New()))
	if err != nil {
		t.Fatal(err)
	}
	if err := cs.Close(); err != nil {
		t.Error(err)
	}
}

func TestAKeyWhereTheNameOfItsFileBelongsIsNotShown(t *testing.T) {
	const key = "-----BEGIN PRIVATE KEY----- hunter2 -----END PRIVATE KEY-----"
	dir := folderWith(t, "cache_default:\n  redis_url: rediss://localhost:1/0\n  connection_pool_kwargs:\n    ssl_certfile: own.pem\n    ssl_keyfile: "+key+"\n")
	variable := "CACHE_DEFAULT__CONNECTION_POOL_KWARGS__SSL_KEYFILE=" + strings.ReplaceAll(key, " ", "\n")
	for name, environ := range map[string][]string{"in a file": nil, "in a variable": {variable}} {
		_, err := cachewright.Load(cachewright.LoadOptions{Path: dir, Environ: environ})
		problems, _ := errors.AsType[cachewright.Problems](err)
		if len(problems) == 0 || strings.Contains(problems.Report(), "hunter2") {
			t.Errorf("%s: Load = %v\n%s", name, err, problems.Report())
		}
		for _, p := range problems {
			if p.Code != "CW116" {
				t.Errorf("%s: %v has code %s, want CW116", name, p, p.Code)
			}
		}
	}
	_, err := redis.Open(redis.Options{TLS: true, Pool: redis.PoolOptions{SSLCertFile: "own.pem", SSLKeyFile: key}})
	var bad *redis.FileError
	if !errors.As(err, &bad) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("redis.Open = %v, want a *redis.FileError without the key", err)
	}
}
