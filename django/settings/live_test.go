//go:build unix

package settings_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/django/settings"
	"github.com/cachewright/cachewright/internal/testredis"
)

// The password has everything in it that a URL, a shell or Python could trip over.
const password = `p@ss/w:rd?#1%20"'\`

// packages names the variable with a folder of newer Python packages than the system's, for make interop.
const packages = "CACHEWRIGHT_TEST_PACKAGES"

// live is a project whose settings are loaded into a real Django and used against real servers.
type live struct {
	config  string   // config.yaml
	environ []string // variables, of the configuration and of Django
	forms   []string // how the project takes the settings over; none means as a module
}

// topologies start servers and configure caches on them.
var topologies = map[string]func(*testing.T) live{
	"one server":            oneServer,
	"TLS":                   overTLS,
	"Sentinel":              sentinelTopology,
	"Sentinel over TLS":     sentinelOverTLS,
	"Sentinel and a server": sentinelAndServer,
	"Cluster":               clusterTopology,
	"Cluster over TLS":      clusterOverTLS,
}

// Each topology connects on the first try, and every cache does in Django what Django promises.
func TestDjangoConnects(t *testing.T) {
	connects(t, settings.Options{}, func(config string) string { return config })
}

// connects renders the settings of each topology, under a configuration that change may have changed, and uses
// them in Django.
func connects(t *testing.T, o settings.Options, change func(config string) string) {
	t.Helper()
	for name, start := range topologies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t)
			l.config = change(l.config)
			module := l.module(t, o)
			forms := l.forms
			if forms == nil {
				forms = []string{"module"}
			}
			for _, form := range forms {
				if failures := l.check(t, form, module); failures != "" {
					t.Errorf("as a %s:\n%swith the settings\n%s", form, failures, module)
				}
			}
		})
	}
}

// A certificate for another host is no proof of anything. Older versions of redis-py do not ask for it
// unless they are told to.
func TestDjangoRefusesTheCertificateOfAnotherHost(t *testing.T) {
	authority := testredis.NewAuthority(t)
	server := testredis.StartTLS(t, testredis.TLSOptions{
		Authority: authority, Certificate: authority.Issue(t, testredis.CertOptions{Names: []string{"other.example"}}),
	})
	l := live{config: fmt.Sprintf(`
cache_default:
  redis_url: %s
  serializer: pickle
  connection_pool_kwargs: {ssl_ca_certs: %s}
`, server.URL(0), authority.CAFile)}
	if failures := l.check(t, "module", l.module(t, settings.Options{})); !strings.Contains(failures, "CERTIFICATE_VERIFY_FAILED") {
		t.Errorf("got %q, want a refusal", failures)
	}
}

func oneServer(t *testing.T) live {
	server := testredis.StartWith(t, testredis.Options{Password: password})
	return live{
		environ: []string{"REDIS_URL=" + server.URL(0), "REDIS_PASSWORD=" + password},
		forms:   []string{"module", "package", "runpy"},
		config: fmt.Sprintf(`
cache_default:
  redis_url: ${REDIS_URL}
  key_prefix: "shop [a*?]"
  version: 3
  serializer: pickle
  timeout: 1h
cache_sessions:
  redis_url: redis://%[1]s/1
  key_prefix: sessions
  serializer: json
  timeout: 2h
  connection_pool_kwargs: {password: "${REDIS_PASSWORD}"}
cache_packed:
  redis_url: redis://%[1]s/2
  serializer: msgpack
  compress: true
  timeout: never
  connection_pool_kwargs:
    password: "${REDIS_PASSWORD}"
    socket_timeout: 20
    socket_connect_timeout: 20
    retry_on_timeout: true
    health_check_interval: 5
    socket_keepalive: true
    socket_keepalive_options: {idle: 60, interval: 10, count: 3}
    client_name: shop
    encoding: UTF-8
    decode_responses: false
cache_memory:
  backend: memory
cache_files:
  backend: file
  location: files
  key_prefix: files
`, server.Addr),
	}
}

func overTLS(t *testing.T) live {
	server := testredis.StartTLS(t, testredis.TLSOptions{
		Options: testredis.Options{Password: password}, RequireClientCert: true,
	})
	client := server.Authority.Issue(t, testredis.CertOptions{Client: true, KeyPassword: "s3cret"})
	return live{
		environ: []string{"REDIS_URL=" + server.URL(0), "KEY_PASSWORD=s3cret"},
		config: fmt.Sprintf(`
cache_default:
  redis_url: ${REDIS_URL}
  serializer: pickle
  connection_pool_kwargs:
    ssl_cert_reqs: required
    ssl_ca_certs: %s
    ssl_certfile: %s
    ssl_keyfile: %s
    ssl_keyfile_password: ${KEY_PASSWORD}
    health_check_interval: 5
    socket_keepalive: true
    socket_keepalive_options: {idle: 60, interval: 10, count: 3}
`, server.Authority.CAFile, client.CertFile, client.KeyFile),
	}
}

func sentinelTopology(t *testing.T) live {
	group := testredis.StartSentinel(t, testredis.SentinelOptions{Password: password, SentinelPassword: "s3ntinel"})
	return live{
		// Only user, password and database count; nobody listens on the port.
		environ: []string{"REDIS_URL=redis://:" + urlPassword() + "@127.0.0.1:1/0", "SENTINEL_PASSWORD=s3ntinel"},
		config: fmt.Sprintf(`
cache_default:
  redis_url: ${REDIS_URL}
  serializer: pickle
  connection_pool_kwargs: &sentinel
    sentinels: %[1]s
    service_name: mymaster
    socket_timeout: 20
    sentinel_kwargs: {password: "${SENTINEL_PASSWORD}"}
cache_sessions:
  redis_url: ${REDIS_URL}
  key_prefix: sessions
  serializer: json
  timeout: 1d
  connection_pool_kwargs: *sentinel
cache_replicas:
  redis_url: ${REDIS_URL}
  key_prefix: replicas
  serializer: json
  connection_pool_kwargs:
    sentinels: %[1]s
    service_name: mymaster
    socket_timeout: 20
    read_from_replicas: true
    sentinel_kwargs: {password: "${SENTINEL_PASSWORD}"}
`, addressList(group.Addresses())),
	}
}

func sentinelOverTLS(t *testing.T) live {
	authority := testredis.NewAuthority(t)
	group := testredis.StartSentinel(t, testredis.SentinelOptions{Replicas: 1, Sentinels: 1, Authority: authority})
	return live{config: fmt.Sprintf(`
cache_default:
  redis_url: rediss://127.0.0.1:1/0
  serializer: pickle
  connection_pool_kwargs:
    sentinels: %s
    service_name: mymaster
    ssl_ca_certs: %s
`, addressList(group.Addresses()), authority.CAFile)}
}

func sentinelAndServer(t *testing.T) live {
	group := testredis.StartSentinel(t, testredis.SentinelOptions{Replicas: 1, Sentinels: 1})
	server := testredis.Start(t)
	return live{
		forms: []string{"package", "runpy"},
		config: fmt.Sprintf(`
cache_default:
  redis_url: %[1]s
  serializer: pickle
cache_master:
  redis_url: redis://127.0.0.1:1/0
  key_prefix: master
  serializer: pickle
  connection_pool_kwargs: {sentinels: %[2]s, service_name: mymaster}
cache_replicas:
  redis_url: redis://127.0.0.1:1/1
  serializer: pickle
  connection_pool_kwargs: {sentinels: %[2]s, service_name: mymaster, read_from_replicas: true}
`, server.URL(0), addressList(group.Addresses())),
	}
}

func clusterTopology(t *testing.T) live {
	group := testredis.StartCluster(t, testredis.ClusterOptions{Password: password})
	return live{
		environ: []string{"REDIS_URL=" + group.Nodes[0].URL(0)},
		forms:   []string{"module", "package", "runpy"},
		config: fmt.Sprintf(`
cache_default:
  redis_url: ${REDIS_URL}
  key_prefix: shop
  serializer: pickle
  connection_pool_kwargs: &cluster
    startup_nodes: %s
    socket_timeout: 20
    health_check_interval: 5
    socket_keepalive: true
    socket_keepalive_options: {idle: 60, interval: 10, count: 3}
cache_sessions:
  redis_url: ${REDIS_URL}
  key_prefix: sessions
  serializer: json
  compress: true
  timeout: 1d
  connection_pool_kwargs: *cluster
`, addressList(group.Addresses()[1:])),
	}
}

func clusterOverTLS(t *testing.T) live {
	authority := testredis.NewAuthority(t)
	group := testredis.StartCluster(t, testredis.ClusterOptions{Authority: authority, Replicas: 1})
	return live{config: fmt.Sprintf(`
cache_default:
  redis_url: %s
  serializer: pickle
  connection_pool_kwargs:
    startup_nodes: %s
    ssl_ca_certs: %s
    read_from_replicas: true
`, group.Nodes[0].URL(0), addressList(group.Addresses()[1:]), authority.CAFile)}
}

// urlPassword is the password as a URL has it.
func urlPassword() string {
	return strings.NewReplacer("%", "%25", "@", "%40", "/", "%2F", ":", "%3A", "?", "%3F", "#", "%23", `"`, "%22",
		"'", "%27", `\`, "%5C").Replace(password)
}

// addressList is a list of host:port as YAML.
func addressList(addresses []string) string {
	quoted := make([]string, len(addresses))
	for i, a := range addresses {
		quoted[i] = fmt.Sprintf("%q", a)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// module renders the settings of a project.
func (l live) module(t *testing.T, o settings.Options) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.yaml"), []byte(l.config), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := cachewright.Load(cachewright.LoadOptions{Path: dir, Environment: "production", Environ: l.environ})
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = slog.New(slog.DiscardHandler)
	plan, err := config.Resolve(cachewright.Env{})
	if err != nil {
		t.Fatal(err)
	}
	module, err := settings.Python(plan, o)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(module, []byte(urlPassword())) || bytes.Contains(module, []byte("s3")) {
		t.Errorf("a password is in the module:\n%s", module)
	}
	return module
}

// check runs the checklist in Django and returns what failed.
func (l live) check(t *testing.T, form string, module []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cache_settings.py")
	if err := os.WriteFile(path, module, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/usr/bin/python3", "-I", "-X", "utf8", filepath.Join("testdata", "live", "checklist.py"), form, path, t.TempDir())
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), packages + "=" + os.Getenv(packages)}, l.environ...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the checklist needs Debian's python3-django, python3-django-redis, python3-redis and python3-msgpack "+
			"(make deps): %v\n%s", err, &stderr)
	}
	return string(out)
}
