package redis

import (
	"bytes"
	"crypto/sha1"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestSettle(t *testing.T) {
	defaults := settings{
		topology: single, place: "localhost:6379", seeds: []string{"localhost:6379"}, protocol: 3,
		maxConnections: 50, maxValueBytes: 1 << 20,
		connectTimeout: time.Second, socketTimeout: 500 * time.Millisecond, healthCheck: time.Second, retry: true,
		keepAlive: net.KeepAliveConfig{Enable: true},
		sentinels: sentinelSettings{connectTimeout: time.Second, socketTimeout: 500 * time.Millisecond},
	}
	nodes := func(hosts ...string) []Node {
		var all []Node
		for _, host := range hosts {
			all = append(all, Node{Host: host})
		}
		return all
	}
	tests := []struct {
		name    string
		options Options
		want    func(*settings)
	}{
		{"nothing said -> defaults", Options{}, func(*settings) {}},
		{"everything said -> everything taken", Options{
			Address: "[::1]:7000", Username: "u", Password: "p", DB: new(2), MaxConnections: 7, MaxValueBytes: 8,
			Pool: PoolOptions{
				SocketConnectTimeout: 2 * time.Second, SocketTimeout: 3 * time.Second, HealthCheckInterval: 4 * time.Second,
				RetryOnTimeout: new(false), SocketKeepalive: new(false), ClientName: "c", Protocol: 2,
				SocketKeepaliveOptions: KeepaliveOptions{Idle: time.Minute, Interval: time.Second, Count: 3},
			},
		}, func(s *settings) {
			*s = settings{
				topology: single, place: "[::1]:7000", seeds: []string{"[::1]:7000"}, username: "u", password: "p", db: 2,
				clientName: "c", protocol: 2, maxConnections: 7, maxValueBytes: 8,
				connectTimeout: 2 * time.Second, socketTimeout: 3 * time.Second, healthCheck: 4 * time.Second,
				keepAlive: net.KeepAliveConfig{Idle: time.Minute, Interval: time.Second, Count: 3},
				sentinels: sentinelSettings{connectTimeout: 2 * time.Second, socketTimeout: 3 * time.Second},
			}
		}},
		{"the pool's max_connections comes first", Options{MaxConnections: 7, Pool: PoolOptions{MaxConnections: 8}},
			func(s *settings) { s.maxConnections = 8 }},
		{"the pool's user, password and database fill the gaps",
			Options{Pool: PoolOptions{Username: "u", Password: "p", DB: new(5)}},
			func(s *settings) { s.username, s.password, s.db = "u", "p", 5 }},
		{"but do not replace what is said",
			Options{Username: "a", Password: "b", DB: new(0), Pool: PoolOptions{Username: "u", Password: "p", DB: new(5)}},
			func(s *settings) { s.username, s.password = "a", "b" }},
		{"TLS -> encrypted", Options{TLS: true}, func(s *settings) { s.encryption = &encryption{} }},
		{"sentinels -> their addresses, not the server's; their password is never that of the data",
			Options{
				Address: "h:1", TLS: true, Password: "data",
				Pool: PoolOptions{Sentinels: []Node{{Host: "a"}, {Host: "::1", Port: 1}}, ServiceName: "m", SSLCertReqs: "none"},
			},
			func(s *settings) {
				s.topology, s.service, s.password = sentinel, "m", "data"
				s.seeds, s.place = []string{"a:26379", "[::1]:1"}, "master m of Sentinels a:26379, [::1]:1"
				s.encryption = &encryption{sslOptions{certReqs: "none"}}
				s.sentinels.encryption = s.encryption
			}},
		{"sentinel_kwargs -> for the sentinels alone",
			Options{Pool: PoolOptions{Sentinels: nodes("a"), ServiceName: "m", SentinelKwargs: SentinelOptions{
				Username: "u", Password: "p", SocketConnectTimeout: 8 * time.Second, SocketTimeout: 9 * time.Second,
				SSL: new(true), SSLCertReqs: "none",
			}}},
			func(s *settings) {
				s.topology, s.service, s.seeds, s.place = sentinel, "m", []string{"a:26379"}, "master m of Sentinels a:26379"
				s.sentinels = sentinelSettings{
					username: "u", password: "p", connectTimeout: 8 * time.Second, socketTimeout: 9 * time.Second,
					encryption: &encryption{sslOptions{certReqs: "none"}},
				}
			}},
		{"ssl: false -> sentinels in plain text under an encrypted master",
			Options{TLS: true, Pool: PoolOptions{Sentinels: nodes("a"), ServiceName: "m", SentinelKwargs: SentinelOptions{SSL: new(false)}}},
			func(s *settings) {
				s.topology, s.service, s.seeds, s.place = sentinel, "m", []string{"a:26379"}, "master m of Sentinels a:26379"
				s.encryption = &encryption{}
			}},
		{"startup_nodes -> a cluster, the server is one more node",
			Options{Address: "h:1", Pool: PoolOptions{StartupNodes: nodes("a", "b"), ReadFromReplicas: true}},
			func(s *settings) {
				s.topology, s.seeds, s.place = cluster, []string{"h:1", "a:6379", "b:6379"}, "cluster of h:1, a:6379, b:6379"
				s.readReplicas = true
			}},
		{"a server that is among the nodes is one",
			Options{Address: "a:6379", Pool: PoolOptions{StartupNodes: nodes("a"), RequireFullCoverage: new(true)}},
			func(s *settings) {
				s.topology, s.seeds, s.place, s.fullCoverage = cluster, []string{"a:6379"}, "cluster of a:6379", true
			}},
		{"skip_full_coverage_check: false -> full coverage",
			Options{Pool: PoolOptions{StartupNodes: nodes("a"), SkipFullCoverageCheck: new(false)}},
			func(s *settings) {
				s.topology, s.seeds, s.place, s.fullCoverage = cluster, []string{"a:6379"}, "cluster of a:6379", true
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := defaults
			tt.want(&want)
			got, err := tt.options.settle()
			if err != nil {
				t.Fatal(err)
			}
			got.logger, got.sentinels.mark, got.network = nil, nil, nil
			unexported := cmp.AllowUnexported(settings{}, sentinelSettings{}, encryption{}, sslOptions{})
			if diff := cmp.Diff(want, got, unexported, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("settings differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSentinelsInheritTLSPieceByPiece(t *testing.T) {
	data := sslOptions{
		certReqs: "required", caCerts: "ca", certFile: "cert", keyFile: "key", keyPassword: "pw", checkName: new(false), oldestSpoken: tls.VersionTLS13,
	}
	tests := []struct {
		name string
		own  SentinelOptions
		want func(*sslOptions)
	}{
		{"nothing of their own -> all that of the data", SentinelOptions{}, func(*sslOptions) {}},
		{"an authority of their own -> not that of the data", SentinelOptions{SSLCAData: "own"},
			func(o *sslOptions) { o.caCerts, o.caData = "", "own" }},
		{"a certificate of their own -> no key nor password of the data", SentinelOptions{SSLCertFile: "c", SSLKeyFile: "k"},
			func(o *sslOptions) { o.certFile, o.keyFile, o.keyPassword = "c", "k", "" }},
		{"the rest", SentinelOptions{SSLCertReqs: "none", SSLCheckHostname: new(true), SSLMinVersion: tls.VersionTLS12},
			func(o *sslOptions) { o.certReqs, o.checkName, o.oldestSpoken = "none", new(true), tls.VersionTLS12 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := data
			tt.want(&want)
			if diff := cmp.Diff(want, tt.own.ssl(data), cmp.AllowUnexported(sslOptions{})); diff != "" {
				t.Errorf("options differ (-want +got):\n%s", diff)
			}
		})
	}
}

func underSentinel(o SentinelOptions) Options {
	return Options{Pool: PoolOptions{Sentinels: []Node{{Host: "a"}}, ServiceName: "m", SentinelKwargs: o}}
}

func TestOpenRefusesWrongOptionsByName(t *testing.T) {
	tests := []struct {
		option string
		o      Options
	}{
		{"address", Options{Address: "localhost"}},
		{"address", Options{Address: "localhost:http"}},
		{"address", Options{Address: "localhost:0"}},
		{"address", Options{Address: ":6379"}},
		{"address", Options{Address: "redis://localhost:6379"}},
		{"max_connections", Options{MaxConnections: -1}},
		{"db", Options{DB: new(-1)}},
		{"connection_pool_kwargs.max_connections", Options{Pool: PoolOptions{MaxConnections: -1}}},
		{"connection_pool_kwargs.db", Options{Pool: PoolOptions{DB: new(-1)}}},
		{"socket_timeout", Options{Pool: PoolOptions{SocketTimeout: -1}}},
		{"socket_connect_timeout", Options{Pool: PoolOptions{SocketConnectTimeout: -1}}},
		{"health_check_interval", Options{Pool: PoolOptions{HealthCheckInterval: -1}}},
		{"socket_keepalive_options.idle", Options{Pool: PoolOptions{SocketKeepaliveOptions: KeepaliveOptions{Idle: -1}}}},
		{"socket_keepalive_options.interval", Options{Pool: PoolOptions{SocketKeepaliveOptions: KeepaliveOptions{Interval: -1}}}},
		{"socket_keepalive_options.count", Options{Pool: PoolOptions{SocketKeepaliveOptions: KeepaliveOptions{Count: -1}}}},
		{"protocol", Options{Pool: PoolOptions{Protocol: 4}}},
		{"client_name", Options{Pool: PoolOptions{ClientName: "two words"}}},
		{"max_value_bytes", Options{MaxValueBytes: -1}},
		{"sentinels[1]", Options{Pool: PoolOptions{Sentinels: []Node{{Host: "a"}, {}}, ServiceName: "m"}}},
		{"startup_nodes[0]", Options{Pool: PoolOptions{StartupNodes: []Node{{Host: "a", Port: 65536}}}}},
		{"sentinel_kwargs.socket_timeout", underSentinel(SentinelOptions{SocketTimeout: -1})},
		{"startup_nodes", Options{Pool: PoolOptions{Sentinels: []Node{{Host: "a"}}, ServiceName: "m", StartupNodes: []Node{{Host: "a"}}}}},
		{"service_name", Options{Pool: PoolOptions{Sentinels: []Node{{Host: "a"}}}}},
		{"service_name", Options{Pool: PoolOptions{ServiceName: "m"}}},
		{"sentinel_kwargs", Options{Pool: PoolOptions{SentinelKwargs: SentinelOptions{Username: "u"}}}},
		{"db", Options{DB: new(1), Pool: PoolOptions{StartupNodes: []Node{{Host: "a"}}}}},
		{"require_full_coverage", Options{Pool: PoolOptions{SkipFullCoverageCheck: new(true)}}},
		{"require_full_coverage", Options{Pool: PoolOptions{RequireFullCoverage: new(true)}}},
		{"skip_full_coverage_check", Options{Pool: PoolOptions{
			StartupNodes: []Node{{Host: "a"}}, SkipFullCoverageCheck: new(true), RequireFullCoverage: new(true)}}},
		{"read_from_replicas", Options{Pool: PoolOptions{ReadFromReplicas: true}}},
		{"ssl_check_hostname", Options{Pool: PoolOptions{SSLCheckHostname: new(true)}}},
		{"ssl_ca_data", Options{Pool: PoolOptions{SSLCAData: "x", StartupNodes: []Node{{Host: "a"}}}}},
		{"sentinel_kwargs.ssl_ca_data", underSentinel(SentinelOptions{SSLCAData: "x"})},
		{"ssl_cert_reqs", Options{TLS: true, Pool: PoolOptions{SSLCertReqs: "maybe"}}},
		{"ssl_min_version", Options{TLS: true, Pool: PoolOptions{SSLMinVersion: tls.VersionTLS11}}},
		{"ssl_certfile", Options{TLS: true, Pool: PoolOptions{SSLCertFile: "x"}}},
		{"ssl_keyfile", Options{TLS: true, Pool: PoolOptions{SSLKeyFile: "x"}}},
		{"ssl_keyfile_password", Options{TLS: true, Pool: PoolOptions{SSLKeyFilePassword: "x"}}},
		{"ssl_ca_certs", Options{TLS: true, Pool: PoolOptions{SSLCACerts: "testdata/absent.pem"}}},
		{"ssl_ca_certs", Options{TLS: true, Pool: PoolOptions{SSLCACerts: "options_test.go"}}},
		{"ssl_ca_data", Options{TLS: true, Pool: PoolOptions{SSLCAData: "x"}}},
		{"ssl_certfile", Options{TLS: true, Pool: PoolOptions{SSLCertFile: "testdata/absent.pem", SSLKeyFile: "x"}}},
		{"ssl_keyfile", Options{TLS: true, Pool: PoolOptions{SSLCertFile: "options_test.go", SSLKeyFile: "testdata/absent.pem"}}},
		{"ssl_keyfile", Options{TLS: true, Pool: PoolOptions{SSLCertFile: "options_test.go", SSLKeyFile: "options_test.go"}}},
		{"sentinel_kwargs.ssl_ca_data", underSentinel(SentinelOptions{SSL: new(true), SSLCAData: "x"})},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.o), func(t *testing.T) {
			s, err := Open(tt.o)
			if err == nil {
				s.Close()
				t.Fatalf("Open accepts it, want an error about %s", tt.option)
			}
			if !strings.Contains("\n"+err.Error(), " "+tt.option+": ") && !strings.Contains(err.Error(), "\n"+tt.option+": ") {
				t.Errorf("Open = %v, want an error about %s", err, tt.option)
			}
		})
	}
}

func TestOpenReportsAllProblemsAtOnce(t *testing.T) {
	_, err := Open(Options{Address: "x", MaxConnections: -1, TLS: true, Pool: PoolOptions{Protocol: 9, ServiceName: "m", SSLCAData: "x"}})
	if err == nil {
		t.Fatal("Open accepts it")
	}
	for _, want := range []string{"address", "max_connections", "ssl_ca_data", "protocol", "service_name"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("Open = %v, want %s among the problems", err, want)
		}
	}
}

// complete returns a T whose every field is set, in nested structs too; texts are secret.
func complete[T any](text string) T {
	var options T
	fill(reflect.ValueOf(&options).Elem(), text)
	return options
}

func fill(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.Type() == reflect.TypeFor[*slog.Logger]() {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), text)
		}
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint16:
		v.SetUint(tls.VersionTLS13)
	default:
		v.SetInt(3)
	}
}

// names returns the redis-py names of the fields of a struct type.
func names(t *testing.T, options reflect.Type) []string {
	var found []string
	for i := range options.NumField() {
		name := options.Field(i).Tag.Get("redispy")
		if name == "" {
			t.Errorf("%v.%s has no redispy tag", options, options.Field(i).Name)
		}
		found = append(found, name)
	}
	return found
}

func TestPoolOptionsHaveTheNamesOfRedisPy(t *testing.T) {
	want := strings.Fields(`
		max_connections socket_connect_timeout socket_timeout retry_on_timeout health_check_interval
		socket_keepalive socket_keepalive_options
		ssl_cert_reqs ssl_ca_certs ssl_ca_data ssl_certfile ssl_keyfile ssl_keyfile_password
		ssl_check_hostname ssl_min_version username password db client_name protocol
		sentinels service_name sentinel_kwargs
		startup_nodes skip_full_coverage_check require_full_coverage read_from_replicas`)
	if diff := cmp.Diff(want, names(t, reflect.TypeFor[PoolOptions]())); diff != "" {
		t.Errorf("names differ (-want +got):\n%s", diff)
	}
	want = strings.Fields(`
		username password socket_connect_timeout socket_timeout ssl ssl_cert_reqs ssl_ca_certs ssl_ca_data
		ssl_certfile ssl_keyfile ssl_keyfile_password ssl_check_hostname ssl_min_version`)
	if diff := cmp.Diff(want, names(t, reflect.TypeFor[SentinelOptions]())); diff != "" {
		t.Errorf("names of sentinel_kwargs differ (-want +got):\n%s", diff)
	}
}

// wrapped holds options as a program's own structs do.
type wrapped struct {
	O Options
	P PoolOptions
	S SentinelOptions
}

func TestOptionsShowEverythingButSecrets(t *testing.T) {
	// Every text is the same, so that only the mask can keep a secret one out.
	const text = "t3xt"
	var secrets int
	for _, options := range []any{complete[Options](text), complete[PoolOptions](text), complete[SentinelOptions](text)} {
		for _, o := range shown(options) {
			if o.value == masked {
				secrets++
			}
		}
	}
	if secrets != 5 { // password; password, ssl_keyfile_password; the same of the Sentinels
		t.Errorf("%d fields are masked, want 5", secrets)
	}

	o := Options{Password: text}
	o.Pool.Password, o.Pool.SSLKeyFilePassword = text, text
	o.Pool.SentinelKwargs.Password, o.Pool.SentinelKwargs.SSLKeyFilePassword = text, text
	w := wrapped{o, o.Pool, o.Pool.SentinelKwargs}
	for name, got := range map[string]string{
		"%v": fmt.Sprintf("%v", w), "%+v": fmt.Sprintf("%+v", w), "%#v": fmt.Sprintf("%#v", w),
		"%s": fmt.Sprintf("%s", w), "%q": fmt.Sprintf("%q", w), "%d": fmt.Sprintf("%d", w), "%x": fmt.Sprintf("%x", w),
		"String":   o.String() + o.Pool.String() + o.Pool.SentinelKwargs.String(),
		"GoString": o.GoString() + o.Pool.GoString() + o.Pool.SentinelKwargs.GoString(),
		"json":     marshalled(t, w),
		"slog":     logged(o, o.Pool, o.Pool.SentinelKwargs),
	} {
		if strings.Contains(got, text) || strings.Contains(got, hex.EncodeToString([]byte(text))) {
			t.Errorf("%s shows a secret: %s", name, got)
		}
		if !strings.Contains(got, masked) {
			t.Errorf("%s does not show that there is a secret: %s", name, got)
		}
	}
}

func TestOptionsShowWhatIsSet(t *testing.T) {
	o := PoolOptions{
		SocketTimeout: 1500 * time.Millisecond, RetryOnTimeout: new(false), DB: new(0), Password: "hidden",
		SocketKeepaliveOptions: KeepaliveOptions{Idle: time.Minute, Count: 3},
		Sentinels:              []Node{{Host: "s1", Port: 26379}},
	}
	want := "{socket_timeout:1.5s retry_on_timeout:false socket_keepalive_options:{Idle:1m0s Interval:0s Count:3} " +
		"password:*** db:0 sentinels:[{Host:s1 Port:26379}]}"
	if got := o.String(); got != want {
		t.Errorf("String = %s, want %s", got, want)
	}
	want = `{"socket_timeout":"1.5s","retry_on_timeout":false,"socket_keepalive_options":{"idle":"1m0s","count":3},` +
		`"password":"***","db":0,"sentinels":[{"host":"s1","port":26379}]}`
	if got := marshalled(t, o); got != want {
		t.Errorf("JSON = %s, want %s", got, want)
	}
	if got, want := logged(o), "socket_timeout=1.5s"; !strings.Contains(got, want) {
		t.Errorf("slog = %s, want %s in it", got, want)
	}
}

func marshalled(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func logged(values ...any) string {
	var b bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		for _, v := range values {
			slog.New(h).Info("options", slog.Any("", v))
		}
	}
	return b.String()
}

func TestProfileFollowsTheSettings(t *testing.T) {
	s, err := Options{
		Address: "10.0.0.5:6379", MaxConnections: 9,
		Pool: PoolOptions{SocketTimeout: 3 * time.Second, SocketConnectTimeout: 4 * time.Second, HealthCheckInterval: 5 * time.Second},
	}.settle()
	if err != nil {
		t.Fatal(err)
	}
	p := s.profile(nil)
	if !p.ForceSingleClient || !p.DisableRetry || !p.AlwaysPipelining || !p.DisableCache || p.AlwaysRESP2 {
		t.Error("one of the switches that keep calls within their time is not set")
	}
	if got, want := p.ConnWriteTimeout, 3*time.Second; got != want {
		t.Errorf("ConnWriteTimeout = %v, want %v", got, want)
	}
	if p.Dialer.Timeout != 4*time.Second || p.Dialer.KeepAlive != 5*time.Second {
		t.Errorf("Dialer = %v, %v, want 4s, 5s", p.Dialer.Timeout, p.Dialer.KeepAlive)
	}
	s.socketTimeout = time.Millisecond
	if got := s.profile(nil).ConnWriteTimeout; got != leastWriteTimeout {
		t.Errorf("ConnWriteTimeout of a short socket_timeout = %v, want %v", got, leastWriteTimeout)
	}
}

func TestProfileOfEachTopology(t *testing.T) {
	settled := func(o Options) settings {
		t.Helper()
		s, err := o.settle()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	t.Run("a single server", func(t *testing.T) {
		p := settled(Options{TLS: true}).profile(nil)
		if !p.ForceSingleClient || p.Sentinel.MasterSet != "" || p.TLSConfig == nil || p.SendToReplicas != nil {
			t.Errorf("profile = %+v", p)
		}
	})
	t.Run("Sentinels", func(t *testing.T) {
		s := settled(Options{Username: "u", Password: "p", DB: new(3), Pool: PoolOptions{
			Sentinels: []Node{{Host: "a"}}, ServiceName: "m", ReadFromReplicas: true, ClientName: "c",
			SentinelKwargs: SentinelOptions{SocketConnectTimeout: time.Minute, Password: "s"},
		}})
		p := s.profile(nil)
		if p.ForceSingleClient || p.SelectDB != 3 || p.Username != "u" || p.Password != "p" {
			t.Errorf("profile = %+v", p)
		}
		got := p.Sentinel
		if got.MasterSet != "m" || got.Username != "" || got.Password != "s" || got.ClientName != "c" ||
			got.Dialer.Timeout != time.Minute || got.Dialer.KeepAlive != time.Second ||
			got.TopologyRefreshInterval != refreshInterval || got.TLSConfig != s.sentinels.mark {
			t.Errorf("profile of the Sentinels = %+v", got)
		}
		if p.SendToReplicas != nil {
			t.Error("the client of the master needs a replica that works")
		}
	})
	t.Run("a cluster", func(t *testing.T) {
		s := settled(Options{MaxConnections: 9, Pool: PoolOptions{StartupNodes: []Node{{Host: "a"}}, ReadFromReplicas: true}})
		p := s.profile(nil)
		if p.ForceSingleClient || p.PipelineMultiplex != 0 || p.BlockingPoolSize != 4 || p.TLSConfig != nil ||
			p.ClusterOption.MaxMovedRedirections != mostRedirections || p.ClusterOption.ShardsRefreshInterval != refreshInterval ||
			p.SendToReplicas == nil || p.ReadNodeSelector == nil {
			t.Errorf("profile = %+v", p)
		}
		p = s.lone(nil, "b:1")
		if !p.ForceSingleClient || p.PipelineMultiplex != -1 || p.SendToReplicas != nil || !slices.Equal(p.InitAddress, []string{"b:1"}) {
			t.Errorf("profile for one node = %+v", p)
		}
	})
}

func TestMultiplex(t *testing.T) {
	tests := []struct{ cores, most, measure, want int }{
		{1, 50, -1, 1}, {2, 50, -1, 1}, {3, 50, 1, 2}, {8, 50, 1, 2}, {9, 50, 2, 4}, {128, 50, 2, 4},
		{128, 4, 2, 4}, {128, 3, 1, 2}, {128, 2, 1, 2}, {128, 1, -1, 1}, {4, 1, -1, 1},
	}
	for _, tt := range tests {
		measure, connections := settings{maxConnections: tt.most}.multiplex(tt.cores)
		if measure != tt.measure || connections != tt.want {
			t.Errorf("%d cores, at most %d connections: %d (measure %d), want %d (%d)",
				tt.cores, tt.most, connections, measure, tt.want, tt.measure)
		}
	}
}

func TestScriptsAreKnownByTheirSum(t *testing.T) {
	for _, s := range []script{persist, increment, swap, claim, settle, claimBeside, commitBeside} {
		sum := sha1.Sum([]byte(s.text))
		if got := hex.EncodeToString(sum[:]); got != s.sum {
			t.Errorf("the sum is %s, written down is %s, for the script%s", got, s.sum, s.text)
		}
	}
}
