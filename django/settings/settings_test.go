package settings_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/django/settings"
	"github.com/cachewright/cachewright/store/redis"
	"github.com/google/go-cmp/cmp"
)

var sentinels = []redis.Node{{Host: "sentinel1.example.com", Port: 26379}, {Host: "sentinel2.example.com"}}

// rendered are plans with their settings in testdata, as Python and, where data can say it, as JSON.
var rendered = []struct {
	name    string // of the golden files
	plan    *cachewright.Plan
	target  settings.Target
	secrets bool     // allow them in both
	environ []string // what the module looks up
	noJSON  string   // a part of the reason why JSON is refused
}{
	{name: "redis", plan: planOf(
		cache("default", "redis", url("redis://localhost:6379/0"), prefix("my_config"))),
	},
	{name: "sessions", plan: planOf(
		cache("default", "redis", url("redis://localhost:6379/0"), prefix("myapp")),
		cache("sessions", "redis", url("redis://localhost:6379/1"), prefix("sessions"), timeout(24*time.Hour))),
	},
	{name: "memory", plan: planOf(
		cache("default", "memory", prefix("myapp_dev")),
		cache("bare", "memory"),
		cache("bounded", "memory", func(c *cachewright.CachePlan) {
			c.MaxEntries = 1000
			wrote(c, "max_entries", "1000")
		})),
	},
	{name: "dummy", plan: planOf(cache("default", "dummy", prefix("myapp"), timeout(time.Hour)))},
	{name: "file", plan: planOf(cache("default", "file", prefix("myapp"), func(c *cachewright.CachePlan) {
		c.Directory = "/srv/shop/tmp/cache/myapp_default"
		c.MaxEntries = 10_000
		wrote(c, "max_entries", "10000")
	}))},
	{name: "lifetimes", plan: planOf(
		cache("default", "memory", timeout(cachewright.Forever)),
		cache("fraction", "memory", timeout(1500*time.Millisecond)),
		cache("off", "memory", timeout(cachewright.DoNotKeep)),
		cache("sessions", "memory")),
	},
	{name: "environment", environ: []string{"REDIS_URL=redis://:pw@h/0", "PW=p2", "HOST=cache.internal"}, secrets: true, plan: planOf(
		cache("default", "redis", urlFrom("${REDIS_URL}", "redis://:pw@h/0")),
		cache("fallback", "redis", urlFrom("${OTHER_URL:-redis://localhost/1}", "redis://localhost/1")),
		cache("nested", "redis", urlFrom("${A:-${B:-redis://localhost/2}}", "redis://localhost/2")),
		cache("pieces", "redis", urlFrom("redis://:${PW}@${HOST:?name it}:${PORT:-6379}/3", "redis://:p2@cache.internal:6379/3"))),
	},
	{name: "pool", plan: planOf(cache("default", "redis", url("redis://localhost:6379"), pool(func(p *redis.PoolOptions) {
		p.SocketConnectTimeout = 5 * time.Second
		p.SocketTimeout = 500 * time.Millisecond
		p.RetryOnTimeout = off()
		p.HealthCheckInterval = time.Minute
		p.SocketKeepalive = on()
		p.Username = "shop"
		p.ClientName = "shop"
		p.Protocol = 2
		p.DB = number(4)
	}, "socket_connect_timeout", "socket_timeout", "retry_on_timeout", "health_check_interval", "socket_keepalive",
		"username", "client_name", "protocol", "db"))),
	},
	{name: "keepalive", noJSON: "CACHES: default: OPTIONS: CONNECTION_POOL_KWARGS: socket_keepalive_options: JSON makes text of numbers",
		plan: planOf(cache("default", "redis", url("redis://localhost:6379/0"), pool(func(p *redis.PoolOptions) {
			p.SocketKeepalive = on()
			p.SocketKeepaliveOptions = redis.KeepaliveOptions{Idle: 60 * time.Second, Interval: 9500 * time.Millisecond, Count: 3}
		}, "socket_keepalive", "socket_keepalive_options"))),
	},
	{name: "tls", plan: planOf(
		cache("default", "redis", url("REDISS://cache.example.com:6380/0"), pool(func(p *redis.PoolOptions) {
			p.SSLCertReqs = "required"
			p.SSLCACerts = "/path/to/ca-cert.pem"
			p.SSLCertFile = "/path/to/client.pem"
			p.SSLKeyFile = "/path/to/client.key"
			p.SSLMinVersion = 771
		}, "ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_min_version")),
		cache("any_name", "redis", url("rediss://10.0.0.5:6380/0"), pool(func(p *redis.PoolOptions) {
			p.SSLCheckHostname = off()
		}, "ssl_check_hostname")),
		cache("unverified", "redis", url("rediss://localhost:6380/0"), pool(func(p *redis.PoolOptions) {
			p.SSLCertReqs = "none"
		}, "ssl_cert_reqs"))),
	},
	{name: "sentinel", environ: []string{"SENTINEL_PASSWORD=s3"}, secrets: true, plan: planOf(
		cache("default", "redis", url("redis://localhost:6379/0"), pool(func(p *redis.PoolOptions) {
			p.Sentinels = sentinels
			p.ServiceName = "mymaster"
			p.SentinelKwargs.Password = "s3"
			p.SocketTimeout = 2 * time.Second
			p.SocketConnectTimeout = time.Second
			p.SentinelKwargs.SocketTimeout = 3 * time.Second
		}, "sentinels", "service_name", "socket_timeout", "socket_connect_timeout", "sentinel_kwargs.socket_timeout"),
			poolFrom("sentinel_kwargs.password", "${SENTINEL_PASSWORD}"))),
	},
	{name: "sentinel_mixed", secrets: true, noJSON: "needs a class that JSON cannot carry", plan: planOf(
		cache("default", "redis", url("redis://shop:pw@localhost:6379?db=2"), pool(func(p *redis.PoolOptions) {
			p.Sentinels = sentinels
			p.ServiceName = "mymaster"
		}, "sentinels", "service_name")),
		cache("other", "redis", url("redis://localhost:6379/0")),
		cache("replicas", "redis", url("redis://localhost:6379/3"), pool(func(p *redis.PoolOptions) {
			p.Sentinels = sentinels
			p.ServiceName = "mymaster"
			p.ReadFromReplicas = true
		}, "sentinels", "service_name", "read_from_replicas"))),
	},
	{name: "cluster", environ: []string{"REDIS_URL=rediss://:p%40w@node1:6379/0"}, noJSON: `cache "plain": startup_nodes: a cluster needs classes`, plan: planOf(
		cache("default", "redis", urlFrom("${REDIS_URL}", "rediss://:p%40w@node1:6379/0"), serializer("json"), nodes,
			pool(func(p *redis.PoolOptions) {
				p.SkipFullCoverageCheck = off()
				p.ReadFromReplicas = true
				p.SSLCACerts = "/ca.pem"
				p.SocketTimeout = 2 * time.Second
				p.DB = number(0)
			}, "skip_full_coverage_check", "read_from_replicas", "ssl_ca_certs", "socket_timeout", "db")),
		cache("plain", "redis", serializer("pickle"), nodes),
		cache("tls", "redis", serializer("pickle"), nodes, pool(func(p *redis.PoolOptions) {
			p.SSLCACerts = "/ca.pem"
			p.RequireFullCoverage = on()
		}, "ssl_ca_certs", "require_full_coverage"))),
	},
	{name: "own", target: settings.Django, environ: []string{"REDIS_URL=redis://:pw@h/0"}, secrets: true, plan: planOf(
		cache("default", "redis", urlFrom("${REDIS_URL}", "redis://:pw@h/0"), serializer("pickle"), timeout(cachewright.Forever),
			pool(func(p *redis.PoolOptions) { p.SocketTimeout = 500 * time.Millisecond }, "socket_timeout")),
		cache("sessions", "redis", url("rediss://:a;b,c@h:6380/1"), serializer("pickle"), timeout(time.Hour)),
		cache("memory", "memory")),
	},
	{name: "own_sentinel", target: settings.Django, environ: []string{"REDIS_URL=rediss://shop:p%40w@h:6380/3", "SENTINEL_PASSWORD=s3"},
		noJSON: "Django's own backend wants an object", plan: planOf(
			cache("default", "redis", urlFrom("${REDIS_URL}", "rediss://shop:p%40w@h:6380/3"), serializer("pickle"), pool(func(p *redis.PoolOptions) {
				p.Sentinels = sentinels
				p.ServiceName = "mymaster"
				p.SentinelKwargs.Password = "s3"
				p.SocketTimeout = 2 * time.Second
				p.ReadFromReplicas = true
			}, "sentinels", "service_name", "socket_timeout", "read_from_replicas"), poolFrom("sentinel_kwargs.password", "${SENTINEL_PASSWORD}")),
			cache("bare", "redis", serializer("pickle"), pool(func(p *redis.PoolOptions) {
				p.Sentinels = sentinels[1:]
				p.ServiceName = "other"
			}, "sentinels", "service_name")),
			cache("sockets", "redis", serializer("pickle"), pool(func(p *redis.PoolOptions) {
				p.Sentinels = sentinels
				p.ServiceName = "other"
				p.SocketTimeout = 2 * time.Second
			}, "sentinels", "service_name", "socket_timeout"))),
	},
	{name: "own_cluster", target: settings.Django, noJSON: "a cluster needs classes", plan: planOf(
		cache("default", "redis", url("redis://node1:6379/0"), serializer("pickle"), nodes)),
	},
	{name: "sentinel_tls", environ: []string{"REDIS_URL=rediss://shop:p%40w@h:6380/3"}, secrets: true, plan: planOf(
		cache("default", "redis", urlFrom("${REDIS_URL}", "rediss://shop:p%40w@h:6380/3"), pool(func(p *redis.PoolOptions) {
			p.Sentinels = sentinels
			p.ServiceName = "mymaster"
			p.ReadFromReplicas = true
			p.SSLCACerts = "/ca.pem"
			p.SSLCertReqs = "required"
			p.SentinelKwargs.SSLCACerts = "/sentinel-ca.pem"
		}, "sentinels", "service_name", "read_from_replicas", "ssl_ca_certs", "ssl_cert_reqs", "sentinel_kwargs.ssl_ca_certs"))),
	},
	{name: "serializers", plan: planOf(
		cache("default", "redis", url("redis://localhost:6379/0"), serializer("json")),
		cache("packed", "redis", url("redis://localhost:6379/0"), serializer("msgpack"), func(c *cachewright.CachePlan) { c.Compress = true }),
		cache("pickled", "redis", url("redis://localhost:6379/0"), serializer("pickle"), func(c *cachewright.CachePlan) { c.OnError = "ignore" })),
	},
	{name: "pool_shared", plan: planOf(
		cache("default", "redis", url("redis://localhost:6379/0")),
		cache("slow", "redis", url("redis://localhost:6379/0"), func(c *cachewright.CachePlan) { c.MaxConnections = 10 })),
	},
	{name: "hostile", secrets: true, plan: hostile()},
}

// nodes are those of a cluster.
func nodes(c *cachewright.CachePlan) {
	c.Pool.StartupNodes = []redis.Node{{Host: "node2.example.com", Port: 7000}, {Host: "::1"}}
	wrote(c, "connection_pool_kwargs.startup_nodes", "as it is")
}

// hostile holds what a renderer could trip over: quotes, line ends, other scripts, a comma in a URL.
func hostile() *cachewright.Plan {
	p := planOf(
		cache("default", "redis", url("redis://:a,\"b'\\@localhost:6379/0"), prefix("caf\u00e9 \u2028 \U0001f41f\x00\r\n'''\"\"\"\\N{DASH}")),
		cache("\u043a\u044d\u0448", "memory"))
	p.Environment = "dev\"\"\"\nimport os"
	p.Files = []string{"caf\u00e9.yaml", "a\nraise SystemExit\n.yaml"}
	return p
}

func TestRenderedSettings(t *testing.T) {
	for _, tt := range rendered {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := settings.Options{Target: tt.target, Command: "cachewright django --env production", Version: "0.1.0", AllowSecrets: tt.secrets}
			module, err := settings.Python(tt.plan, o)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, tt.name+".py", module)
			ascii(t, tt.name+".py", module)
			got := execute(t, tt.environ, module)

			data, err := settings.JSON(tt.plan, o)
			if tt.noJSON != "" {
				if err == nil || !strings.Contains(err.Error(), tt.noJSON) {
					t.Errorf("JSON: got error %v, want one with %q", err, tt.noJSON)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			golden(t, tt.name+".json", data)
			ascii(t, tt.name+".json", data)
			if diff := cmp.Diff(decode(t, data), got); diff != "" {
				t.Errorf("Python makes other settings than JSON says (-json +python):\n%s", diff)
			}
		})
	}
}

func TestSameInputSameOutput(t *testing.T) {
	for _, tt := range rendered {
		first, err := settings.Python(tt.plan, settings.Options{Target: tt.target, AllowSecrets: tt.secrets})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			again, err := settings.Python(tt.plan, settings.Options{Target: tt.target, AllowSecrets: tt.secrets})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first, again) {
				t.Fatalf("%s: two runs differ:\n%s", tt.name, cmp.Diff(string(first), string(again)))
			}
		}
	}
}

func TestKeepaliveOptionsAreTheSystemsNumbers(t *testing.T) {
	i := 0
	for rendered[i].name != "keepalive" {
		i++
	}
	module, err := settings.Python(rendered[i].plan, settings.Options{})
	if err != nil {
		t.Fatal(err)
	}
	caches := execute(t, nil, module)["CACHES"].(map[string]any)
	options := caches["default"].(map[string]any)["OPTIONS"].(map[string]any)["CONNECTION_POOL_KWARGS"].(map[string]any)
	want := decode(t, python(t, nil, `
import json, socket
print(json.dumps({socket.TCP_KEEPIDLE: 60, socket.TCP_KEEPINTVL: 10, socket.TCP_KEEPCNT: 3}))
`))
	if diff := cmp.Diff(want, options["socket_keepalive_options"]); diff != "" {
		t.Errorf("socket_keepalive_options (-want +got):\n%s", diff)
	}
}

func TestModuleStartsOnlyWithItsVariables(t *testing.T) {
	p := planOf(cache("default", "redis", urlFrom("${REDIS_URL}", "redis://:hunter2@h/0")))
	module, err := settings.Python(p, settings.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(module), "hunter2") {
		t.Fatalf("the password is in the module:\n%s", module)
	}
	caches := execute(t, []string{"REDIS_URL=redis://:other@h2/1"}, module)["CACHES"].(map[string]any)
	if got, want := caches["default"].(map[string]any)["LOCATION"], "redis://:other@h2/1"; got != want {
		t.Errorf("LOCATION is %v, want %v: the variable's value when Django starts", got, want)
	}
}

func TestRefusals(t *testing.T) {
	sentinel := func(service string) edit {
		return pool(func(p *redis.PoolOptions) { p.Sentinels, p.ServiceName = sentinels, service }, "sentinels", "service_name")
	}
	tests := []struct {
		name string
		plan *cachewright.Plan
		want string
	}{
		{"a master with capitals cannot be named", planOf(cache("default", "redis", url("redis://h/0"), sentinel("MyMaster"))),
			`cache "default": service_name: Django needs the master's name as the host of a URL`},
		{"two masters that Django would take for one", planOf(
			cache("default", "redis", url("redis://h/0"), sentinel("mymaster")),
			cache("other", "redis", url("redis://h2/0"), sentinel("mymaster"), func(c *cachewright.CachePlan) {
				c.Pool.Sentinels = []redis.Node{{Host: "elsewhere"}}
			})), `cache "other": service_name: django-redis would take it for the master of cache "default"`},
		{"a backend that Django does not have", planOf(cache("default", "tape")), `cache "default": backend: "tape" has no counterpart`},
		{"text that is not UTF-8", planOf(cache("default", "memory", prefix("\xff"))),
			"CACHES: default: LOCATION: the text is not valid UTF-8"},
		{"a name that is not UTF-8", planOf(cache("\xff", "memory")), "CACHES: the text is not valid UTF-8"},
		{"all problems at once", planOf(cache("default", "tape"), cache("other", "tape")), `cache "other": backend`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for form, render := range map[string]func(*cachewright.Plan, settings.Options) ([]byte, error){
				"Python": settings.Python, "JSON": settings.JSON,
			} {
				out, err := render(tt.plan, settings.Options{AllowSecrets: true})
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: got error %v, want one with %q", form, err, tt.want)
				}
				if out != nil {
					t.Errorf("%s: got output beside an error", form)
				}
			}
		})
	}
}

func TestDjangosOwnBackendWritesPicklesOnly(t *testing.T) {
	tests := []struct {
		name  string
		cache cachewright.CachePlan
		want  string // a part of the refusal
	}{
		{"json", cache("default", "redis", url("redis://h/0"), serializer("json")), "serializer: Django's own backend writes pickles, not json"},
		{"msgpack", cache("default", "redis", url("redis://h/0"), serializer("msgpack")), "not msgpack"},
		{"compressed pickles", cache("default", "redis", url("redis://h/0"), serializer("pickle"),
			func(c *cachewright.CachePlan) { c.Compress = true }), "compress: Django's own backend does not compress"},
		{"a target that is none", cache("default", "memory"), `target "django-valkey" is unknown: write django-redis or django`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := settings.Options{Target: settings.Django}
			if strings.HasPrefix(tt.want, "target") {
				o.Target = "django-valkey"
			}
			if _, err := settings.Python(planOf(tt.cache), o); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// Two that choose the same environment in different ways get the same file, and so do two of whom one keeps
// his variables in a file.
func TestHeaderDoesNotDependOnWhoWrites(t *testing.T) {
	one, other := planOf(cache("default", "memory")), planOf(cache("default", "memory"))
	other.EnvironmentOrigin = "env DJANGO_ENV"
	other.Files = append(other.Files, ".env")
	got, err := settings.Python(other, settings.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := settings.Python(one, settings.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the module depends on who writes it:\n%s", diff)
	}
}

func TestWarnings(t *testing.T) {
	tests := []struct {
		name   string
		plan   *cachewright.Plan
		want   []string
		target settings.Target
	}{
		{"memory and dummy share nothing anyway", planOf(cache("default", "memory"), cache("off", "dummy")), nil, ""},
		{"bytes of Django's own need no warning", planOf(cache("default", "redis", url("redis://h/0"), serializer("json"))), nil, ""},
		{"native values on Redis", planOf(cache("default", "redis", url("redis://h/0"))), []string{
			`cache default: values are native (Go only), Django could not read them. Fix: serializer: json`}, ""},
		{"a literal secret does not hide a warning", planOf(cache("default", "redis", url("redis://:pw@h/0"))), []string{
			`cache default: values are native (Go only), Django could not read them. Fix: serializer: json`}, ""},
		{"files", planOf(cache("default", "file")), []string{
			`cache default: Django keeps its files in a folder of its own, so it does not see Go's values. Fix: share values in Redis, with serializer: json`}, ""},
		{"half seconds", planOf(cache("default", "memory", timeout(500*time.Millisecond))), []string{
			`cache default: a timeout of 500ms is 1 s in Django, which counts whole seconds. Fix: write a timeout of whole seconds`}, ""},
		{"two pools that Django makes one", planOf(
			cache("default", "redis", url("redis://h/0"), serializer("json")),
			cache("same", "redis", url("redis://h/0"), serializer("json")),
			cache("small", "redis", url("redis://h/0"), serializer("json"), func(c *cachewright.CachePlan) { c.MaxConnections = 1 })), []string{
			`cache default, small: with the same redis_url they share one pool in Django, with the options of whichever ` +
				`it uses first. Fix: give both the same pool options, or different databases`}, ""},
		{"a master and its replicas are two pools", planOf(
			cache("default", "redis", serializer("json"), pool(func(p *redis.PoolOptions) {
				p.Sentinels, p.ServiceName = sentinels, "mymaster"
			}, "sentinels", "service_name")),
			cache("replicas", "redis", serializer("json"), pool(func(p *redis.PoolOptions) {
				p.Sentinels, p.ServiceName, p.ReadFromReplicas, p.SocketTimeout = sentinels, "mymaster", true, time.Second
			}, "sentinels", "service_name", "read_from_replicas", "socket_timeout"))), nil, ""},
		{"two pools of one master that Django makes one", planOf(
			cache("default", "redis", serializer("json"), pool(func(p *redis.PoolOptions) {
				p.Sentinels, p.ServiceName = sentinels, "mymaster"
			}, "sentinels", "service_name")),
			cache("slow", "redis", serializer("json"), pool(func(p *redis.PoolOptions) {
				p.Sentinels, p.ServiceName, p.SocketTimeout = sentinels, "mymaster", time.Second
			}, "sentinels", "service_name", "socket_timeout"))), []string{
			`cache default, slow: with the same redis_url they share one pool in Django, with the options of whichever ` +
				`it uses first. Fix: give both the same pool options, or different databases`}, ""},
		{"what holds for two caches is said once", planOf(cache("default", "redis", url("redis://h/0")), cache("other", "redis", url("redis://h/1"))),
			[]string{`cache default, other: values are native (Go only), Django could not read them. Fix: serializer: json`}, ""},
		{"native values for Django's own backend", planOf(cache("default", "redis", url("redis://h/0"))), []string{
			`cache default: values are native (Go only), Django could not read them. Fix: serializer: pickle`}, settings.Django},
		{"replicas for Django's own backend", planOf(cache("default", "redis", serializer("pickle"), pool(func(p *redis.PoolOptions) {
			p.Sentinels, p.ServiceName, p.ReadFromReplicas = sentinels, "mymaster", true
		}, "sentinels", "service_name", "read_from_replicas"))), []string{
			`cache default: Django's own backend reads from the master, not from replicas. Fix: write settings for django-redis, ` +
				`or remove read_from_replicas`}, settings.Django},
		{"what older versions of redis-py refuse", planOf(cache("default", "redis", url("redis://h/0"), serializer("json"),
			pool(func(p *redis.PoolOptions) { p.Protocol = 2 }, "protocol"))), []string{
			`cache default: redis-py knows protocol from version 5 on. Fix: remove it where Django has an older one`}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, w := range settings.Warnings(tt.plan, settings.Options{Target: tt.target}) {
				got = append(got, w.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Warnings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMemoryLocationsAreUnique(t *testing.T) {
	p := planOf(cache("default", "memory", prefix("a-b")), cache("b-default", "memory", prefix("a")), cache("a-b-default", "memory"))
	data, err := settings.JSON(p, settings.Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[any]string{}
	for alias, c := range decode(t, data)["CACHES"].(map[string]any) {
		location := c.(map[string]any)["LOCATION"]
		if other, taken := seen[location]; taken {
			t.Errorf("caches %s and %s have the same LOCATION %v", alias, other, location)
		}
		seen[location] = alias
	}
}
