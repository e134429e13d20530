//go:build unix

package redis_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
	"github.com/cachewright/cachewright/store/storetest"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/rueidis"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, leftBehind()...) }

// leftBehind are goroutines that are nobody's fault here. In a cluster, the client lets some sleep on after it was
// closed: before a refresh, and before it closes connections that are closed by then. They hold nothing and wake up
// to do nothing. The proxy of the tests leaves those of the connections that it was to spoil.
func leftBehind() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*call).DelayDo.func1"),
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*clusterClient)._refresh.func2"),
		goleak.IgnoreAnyFunction("github.com/redis/rueidis.(*clusterClient).redirectOrNew.func1"),
		goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2.(*ToxicLink).read"),
		goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2.(*ToxicLink).write"),
		goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*ToxicStub).Run"),
	}
}

// open returns a store that is closed with the test.
func open(t testing.TB, o redis.Options) *redis.Store {
	t.Helper()
	s, err := redis.Open(o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// at returns options for a server, with time enough for a busy machine.
func at(server *testredis.Server) redis.Options {
	return redis.Options{Address: server.Addr, Pool: redis.PoolOptions{SocketTimeout: 5 * time.Second}}
}

// ready waits until the store reaches its server.
func ready(t testing.TB, s *redis.Store) {
	t.Helper()
	eventually(t, "the server is reached", func() bool { return s.Ping(t.Context()) == nil })
}

// eventually waits for something that happens in the background.
func eventually(t testing.TB, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if happened() {
			return
		}
	}
	t.Fatalf("it never came true that %s", what)
}

var everything = []storetest.Capability{
	storetest.Batcher, storetest.Peeker, storetest.Counter, storetest.Swapper, storetest.Renewer, storetest.Leaser,
	storetest.Beside, storetest.Inspector, storetest.Giver, storetest.Clock, storetest.Pinger,
}

func TestValuesAreWhatOtherProgramsSee(t *testing.T) {
	server := testredis.Start(t)
	o := at(server)
	o.DB = new(3)
	s := open(t, o)
	if err := s.Set(t.Context(), "k", []byte("v"), time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := s.Set(t.Context(), "for ever", []byte("v"), store.Forever); err != nil {
		t.Fatal(err)
	}
	if got := server.Do("INFO", "keyspace"); !strings.Contains(got, "db3:keys=2,expires=1") {
		t.Errorf("INFO keyspace = %q, want two keys in database 3, one of them with a lifetime", got)
	}
	if got, want := s.String(), "redis "+server.Addr+"/3"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}

func TestLifetimeIsRoundedUpToAMillisecond(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, at(server))
	sent := monitor(t, server)
	if err := s.Set(t.Context(), "k", nil, 1500*time.Microsecond); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Touch(t.Context(), "k", time.Nanosecond); err != nil {
		t.Fatal(err)
	}
	if got, want := sent("SET"), `"SET" "k" "" "PX" "2"`; got != want {
		t.Errorf("the server was sent %s, want %s", got, want)
	}
	if got, want := sent("PEXPIRE"), `"PEXPIRE" "k" "1"`; got != want {
		t.Errorf("the server was sent %s, want %s", got, want)
	}
}

// monitor watches what the server is sent. The function it returns waits for a command by its name.
func monitor(t *testing.T, server *testredis.Server) func(command string) string {
	t.Helper()
	conn, err := net.Dial("tcp", server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprint(conn, "MONITOR\r\n")
	var seen bytes.Buffer
	read := func() {
		b := make([]byte, 4096)
		n, err := conn.Read(b)
		if err != nil {
			t.Fatalf("MONITOR: %v; seen so far:\n%s", err, &seen)
		}
		seen.Write(b[:n])
	}
	for !strings.HasPrefix(seen.String(), "+OK\r\n") {
		read()
	}
	return func(command string) string {
		for {
			for line := range strings.Lines(seen.String()) {
				if _, sent, ok := strings.Cut(line, "] "); ok && strings.HasPrefix(sent, `"`+command+`"`) &&
					strings.HasSuffix(sent, "\r\n") {
					return strings.TrimSpace(sent)
				}
			}
			read()
		}
	}
}

func TestKeyOfAnotherTypeIsAServerError(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, at(server))
	server.Do("RPUSH", "list", "a")
	calls := map[string]func() error{
		"Get":  func() error { _, _, err := s.Get(t.Context(), "list"); return err },
		"Incr": func() error { _, _, err := s.Incr(t.Context(), "list", 1); return err },
		"Swap": func() error { _, err := s.Swap(t.Context(), "list", []byte("a"), []byte("b"), store.Keep); return err },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			err := call()
			var answer *redis.ServerError
			if !errors.As(err, &answer) {
				t.Fatalf("error = %v, want a *redis.ServerError", err)
			}
			want := &redis.ServerError{Code: "WRONGTYPE", Message: "Operation against a key holding the wrong kind of value"}
			if diff := cmp.Diff(want, answer); diff != "" {
				t.Errorf("answer differs (-want +got):\n%s", diff)
			}
			if errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%v is store.ErrUnavailable, but the server is there", err)
			}
			if !strings.Contains(err.Error(), server.Addr) {
				t.Errorf("the error %q does not say where", err)
			}
		})
	}
	t.Run("GetMany takes it for absent", func(t *testing.T) {
		got, err := s.GetMany(t.Context(), []string{"list"})
		if err != nil || len(got) != 1 || got[0] != nil {
			t.Errorf("GetMany = %v, %v, want one nil", got, err)
		}
	})
}

func TestCounterIsExactTo64Bits(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, at(server))
	server.Do("SET", "n", "9223372036854775800")
	if n, _, err := s.Incr(t.Context(), "n", 7); n != 9223372036854775807 || err != nil {
		t.Errorf("Incr = %d, %v, want 9223372036854775807", n, err)
	}
}

func TestScanYieldsTenThousandKeysOnce(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, at(server))
	const prefix = `we[i]rd*:`
	items := make([]store.Item, 10_000)
	for i := range items {
		items[i] = store.Item{Key: prefix + strconv.Itoa(i), Value: []byte("v")}
	}
	if err := s.SetMany(t.Context(), items, time.Hour); err != nil {
		t.Fatal(err)
	}
	server.Do("SET", "weird:other", "v")
	seen := map[string]int{}
	for key, err := range s.Scan(t.Context(), prefix, "*") {
		if err != nil {
			t.Fatal(err)
		}
		seen[key]++
	}
	for _, item := range items {
		if seen[item.Key] != 1 {
			t.Fatalf("key %q was yielded %d times", item.Key, seen[item.Key])
		}
	}
	if len(seen) != len(items) {
		t.Errorf("%d keys were yielded, want %d", len(seen), len(items))
	}
	keys := slices.Collect(func(yield func(string) bool) {
		for _, item := range items {
			if !yield(item.Key) {
				return
			}
		}
	})
	values, err := s.GetMany(t.Context(), keys)
	if err != nil || slices.ContainsFunc(values, func(v []byte) bool { return string(v) != "v" }) {
		t.Errorf("GetMany of all keys: not every value is there, error %v", err)
	}
	if n, err := s.Delete(t.Context(), keys...); n != len(keys) || err != nil {
		t.Errorf("Delete = %d, %v, want %d", n, err, len(keys))
	}
}

func TestManyLargeValuesTravelInSeveralExchanges(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, at(server))
	large := bytes.Repeat([]byte("x"), 700<<10)
	var items []store.Item
	var keys []string
	for i := range 5 {
		items = append(items, store.Item{Key: strconv.Itoa(i), Value: large})
		keys = append(keys, strconv.Itoa(i))
	}
	if err := s.SetMany(t.Context(), items, time.Hour); err != nil {
		t.Fatal(err)
	}
	values, err := s.GetMany(t.Context(), keys)
	if err != nil || slices.ContainsFunc(values, func(v []byte) bool { return !bytes.Equal(v, large) }) {
		t.Errorf("GetMany: not every value came back, error %v", err)
	}
}

func TestSetManyNamesTheKeysThatFailed(t *testing.T) {
	server := testredis.StartWith(t, testredis.Options{Users: []string{"alice on >wonder ~ok:* +@all"}})
	o := at(server)
	o.Username, o.Password = "alice", "wonder"
	s := open(t, o)
	err := s.SetMany(t.Context(), []store.Item{{Key: "ok:1"}, {Key: "bad:1"}, {Key: "ok:2"}}, time.Hour)
	var failed store.KeyErrors
	if !errors.As(err, &failed) {
		t.Fatalf("SetMany = %v, want store.KeyErrors", err)
	}
	var answer *redis.ServerError
	if len(failed) != 1 || !errors.As(failed["bad:1"], &answer) || answer.Code != "NOPERM" {
		t.Errorf("SetMany = %v, want NOPERM for bad:1 only", err)
	}
	if got, want := server.Do("EXISTS", "ok:1", "ok:2"), "2"; got != want {
		t.Errorf("%s keys are there, want %s", got, want)
	}
	got, err := s.GetMany(t.Context(), []string{"bad:1"})
	if !errors.As(err, &failed) || !errors.As(failed["bad:1"], &answer) || len(got) != 1 {
		t.Errorf("GetMany = %v, %v, want one value and NOPERM for bad:1", got, err)
	}
	for _, err := range s.Scan(t.Context(), "", "*") {
		if err != nil {
			t.Errorf("Scan: %v", err)
		}
	}
}

func TestNativeClientIsHandedOut(t *testing.T) {
	server := testredis.Start(t)
	for name, s := range map[string]store.Store{
		"bare":                  open(t, at(server)),
		"behind an interceptor": store.Intercept(open(t, at(server)), bystander{}),
	} {
		client, ok := store.As[rueidis.Client](s)
		if !ok {
			t.Fatalf("%s: no native client", name)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if got, err := client.Do(ctx, client.B().Echo().Message("hi").Build()).ToString(); got != "hi" || err != nil {
			t.Errorf("%s: ECHO = %q, %v", name, got, err)
		}
	}
	if _, ok := store.As[fmt.Scanner](open(t, at(server))); ok {
		t.Error("the store claims a capability that it does not have")
	}
}

type bystander struct{}

func (bystander) Before(ctx context.Context, _ *store.Call) (context.Context, error) { return ctx, nil }
func (bystander) After(context.Context, *store.Call)                                 {}
