package redis

import (
	"bytes"
	"crypto/sha1"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
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
		address: "localhost:6379", protocol: 3, maxConnections: 50,
		connectTimeout: time.Second, socketTimeout: 500 * time.Millisecond, healthCheck: time.Second, retry: true,
		keepAlive: net.KeepAliveConfig{Enable: true},
	}
	tests := []struct {
		name    string
		options Options
		want    func(*settings)
	}{
		{"nothing said -> defaults", Options{}, func(*settings) {}},
		{"everything said -> everything taken", Options{
			Address: "[::1]:7000", Username: "u", Password: "p", DB: new(2), MaxConnections: 7,
			Pool: PoolOptions{
				SocketConnectTimeout: 2 * time.Second, SocketTimeout: 3 * time.Second, HealthCheckInterval: 4 * time.Second,
				RetryOnTimeout: new(false), SocketKeepalive: new(false), ClientName: "c", Protocol: 2,
				SocketKeepaliveOptions: KeepaliveOptions{Idle: time.Minute, Interval: time.Second, Count: 3},
			},
		}, func(s *settings) {
			*s = settings{
				address: "[::1]:7000", username: "u", password: "p", db: 2, clientName: "c", protocol: 2, maxConnections: 7,
				connectTimeout: 2 * time.Second, socketTimeout: 3 * time.Second, healthCheck: 4 * time.Second,
				keepAlive: net.KeepAliveConfig{Idle: time.Minute, Interval: time.Second, Count: 3},
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
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := defaults
			tt.want(&want)
			got, err := tt.options.settle()
			if err != nil {
				t.Fatal(err)
			}
			got.logger = nil
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(settings{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("settings differ (-want +got):\n%s", diff)
			}
		})
	}
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
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.o), func(t *testing.T) {
			s, err := Open(tt.o)
			if err == nil {
				s.Close()
				t.Fatalf("Open accepts it, want an error about %s", tt.option)
			}
			if !strings.Contains(err.Error(), " "+tt.option+": ") {
				t.Errorf("Open = %v, want an error about %s", err, tt.option)
			}
			if errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("%v is errors.ErrUnsupported", err)
			}
		})
	}
}

func TestOpenReportsAllProblemsAtOnce(t *testing.T) {
	_, err := Open(Options{Address: "x", MaxConnections: -1, TLS: true, Pool: PoolOptions{Protocol: 9, ServiceName: "m"}})
	if err == nil {
		t.Fatal("Open accepts it")
	}
	for _, want := range []string{"address", "max_connections", "rediss", "protocol", "service_name"} {
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

func TestOpenRefusesWhatIsNotBuilt(t *testing.T) {
	unsupported := strings.Fields(`
		ssl_cert_reqs ssl_ca_certs ssl_ca_data ssl_certfile ssl_keyfile ssl_keyfile_password
		ssl_check_hostname ssl_min_version sentinels service_name sentinel_kwargs
		startup_nodes skip_full_coverage_check require_full_coverage read_from_replicas`)
	all := complete[PoolOptions]("text")
	fields := reflect.TypeFor[PoolOptions]()
	for i, name := range names(t, fields) {
		t.Run(name, func(t *testing.T) {
			var o Options
			reflect.ValueOf(&o.Pool).Elem().Field(i).Set(reflect.ValueOf(all).Field(i))
			s, err := Open(o)
			if err == nil {
				s.Close()
			}
			if got, want := errors.Is(err, errors.ErrUnsupported), slices.Contains(unsupported, name); got != want {
				t.Errorf("Open = %v, is errors.ErrUnsupported = %v, want %v", err, got, want)
			}
			if err != nil && !strings.Contains(err.Error(), name) {
				t.Errorf("Open = %v, does not name %s", err, name)
			}
		})
	}
	if _, err := Open(Options{TLS: true}); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "rediss") {
		t.Errorf("Open with TLS = %v, want errors.ErrUnsupported and the word rediss", err)
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
	for _, s := range []script{persist, increment, swap} {
		sum := sha1.Sum([]byte(s.text))
		if got := hex.EncodeToString(sum[:]); got != s.sum {
			t.Errorf("the sum is %s, written down is %s, for the script%s", got, s.sum, s.text)
		}
	}
}
