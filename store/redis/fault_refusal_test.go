//go:build unix

package redis_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// wantAnswer fails the test unless err is the server's answer with code, and says rightly whether the server as a
// whole is unavailable.
func wantAnswer(t *testing.T, call string, err error, code string, unavailable bool) {
	t.Helper()
	var answer *redis.ServerError
	if !errors.As(err, &answer) || answer.Code != code || errors.Is(err, store.ErrUnavailable) != unavailable {
		t.Errorf("%s = %v, want a *redis.ServerError with the code %s (unavailable: %v)", call, err, code, unavailable)
	}
}

// Servers that take no writes, for want of memory or of a disk that works, serve reads all the same.
func TestF15FullServerServesReads(t *testing.T) {
	tests := []struct {
		name, code string
		breakIt    func(*testing.T, *testredis.Server)
	}{
		{"no memory", "OOM", func(_ *testing.T, s *testredis.Server) { s.Do("CONFIG", "SET", "maxmemory", "1") }},
		{"no disk", "MISCONF", func(t *testing.T, s *testredis.Server) {
			dir := strings.TrimPrefix(s.Do("CONFIG", "GET", "dir"), "dir\n")
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			s.Do("CONFIG", "SET", "save", "3600 1")
			s.Do("BGSAVE")
			eventually(t, "the save has failed", func() bool {
				return strings.Contains(s.Do("INFO", "persistence"), "rdb_last_bgsave_status:err")
			})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := testredis.Start(t)
			s := open(t, at(server))
			if err := setting(s, "k")(); err != nil {
				t.Fatal(err)
			}
			tt.breakIt(t, server)
			failed := 0
			for range 100 {
				wantAnswer(t, "Set", setting(s, "other")(), tt.code, false)
				if v, found, err := s.Get(t.Context(), "k"); string(v) != "k" || !found || err != nil {
					failed++
				}
			}
			heldCount(t, "F15", tt.name+": reads that failed, of 100 beside failing writes", failed, 0)
		})
	}
}

// A server that was made a replica of another: the old master of somebody's failover.
func TestF16ServerThatBecameAReplica(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, redis.Options{Address: server.Addr})
	if err := setting(s, "k")(); err != nil {
		t.Fatal(err)
	}
	server.Do("REPLICAOF", "127.0.0.1", "1") // nobody is there
	for range 100 {
		wantAnswer(t, "Set", setting(s, "k")(), "READONLY", false)
		if err := getting(s, "k")(); err != nil {
			t.Errorf("Get = %v, want the value", err)
		}
	}
	if !strings.Contains(server.Do("INFO", "errorstats"), "errorstat_READONLY:count=100\r") {
		t.Errorf("the server has refused other than 100 writes: %s", server.Do("INFO", "errorstats"))
	}

	server.Do("CONFIG", "SET", "replica-serve-stale-data", "no")
	wantAnswer(t, "Get", getting(s, "k")(), "MASTERDOWN", true)
	eventually(t, "the breaker opens", func() bool { return errors.Is(getting(s, "k")(), store.ErrUnavailable) })
	const calm = 2 // seconds
	commands := statistic(t, server, "stats", "total_commands_processed")
	var w watch
	for start := time.Now(); time.Since(start) < calm*time.Second; time.Sleep(time.Millisecond) {
		_ = w.time(getting(s, "k"))
	}
	w.wantErrors(t, store.ErrUnavailable)
	sent := statistic(t, server, "stats", "total_commands_processed") - commands
	heldCount(t, "F16", "MASTERDOWN: commands sent in 2 s of calls", sent, 20*calm)
	held(t, "F16", "MASTERDOWN: slowest call", w.worst(), redis.DefaultSocketTimeout)
	server.Do("REPLICAOF", "NO", "ONE")
	held(t, "F16", "time until it is used as a master", until(t, "it is written to", setting(s, "k")), time.Second)
}

// A service that moves a name to the new master in a failover leaves the connections to the old one alone.
func TestF16NameThatStandsForAnotherServer(t *testing.T) {
	before, after := testredis.Start(t), testredis.Start(t)
	name := newForward(t, before.Addr)
	s := open(t, redis.Options{Address: name.addr})
	if err := setting(s, "k")(); err != nil {
		t.Fatal(err)
	}
	name.to.Store(&after.Addr)
	before.Do("REPLICAOF", "127.0.0.1", strconv.Itoa(after.Port))
	held(t, "F16", "time until the next server behind the same name is written to", until(t, "it is used", setting(s, "k")), time.Second)
	if got := after.Do("GET", "k"); got != "k" {
		t.Errorf("the next server has %q", got)
	}
}

// Whichever call meets the refusal, the name is looked up anew.
func TestF16NameIsLookedUpByEveryWrite(t *testing.T) {
	ctx := context.Background()
	for name, write := range map[string]func(*redis.Store) error{
		"Add": func(s *redis.Store) error {
			_, err := s.Add(ctx, "new", []byte("v"), time.Minute)
			return err
		},
		"SetMany": func(s *redis.Store) error {
			return s.SetMany(ctx, []store.Item{{Key: "k", Value: []byte("k")}, {Key: "l", Value: []byte("l")}}, time.Minute)
		},
		"Delete": func(s *redis.Store) error {
			_, err := s.Delete(ctx, "k", "l")
			return err
		},
		"Incr": func(s *redis.Store) error {
			_, _, err := s.Incr(ctx, "n", 1)
			return err
		},
		"Touch": func(s *redis.Store) error {
			_, err := s.Touch(ctx, "k", store.Forever)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := testredis.Start(t), testredis.Start(t)
			moved := newForward(t, before.Addr)
			s := open(t, redis.Options{Address: moved.addr})
			ready(t, s)
			before.Do("SET", "k", "k")
			before.Do("SET", "n", "1")
			moved.to.Store(&after.Addr)
			before.Do("REPLICAOF", "127.0.0.1", "1") // keeps its keys
			until(t, "the next server is used", func() error { return write(s) })
		})
	}
}

// All places are taken. The server says so and hangs up, and which of it arrives is chance. Only probes ask for a
// place, once the pauses between them have grown at most eight in a second, with two attempts each.
func TestF17NoRoomForAnotherClient(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, redis.Options{Address: server.Addr})
	ready(t, s)
	run := control(t, server, "CONFIG SET maxclients 1", "CLIENT KILL TYPE normal")
	time.Sleep(100 * time.Millisecond)
	const crowded = 2 // seconds
	var w watch
	call := func(d time.Duration) {
		for start := time.Now(); time.Since(start) < d; time.Sleep(time.Millisecond) {
			_ = w.time(getting(s, "k"))
		}
	}
	call(2 * longestPause)
	run("CONFIG RESETSTAT")
	call(crowded * time.Second)
	w.wantErrors(t, store.ErrUnavailable)
	if w.ok > 0 {
		t.Errorf("%d calls worked without a connection", w.ok)
	}
	run("CONFIG SET maxclients 100")
	back := until(t, "the server is used", getting(s, "k"))
	refused := statistic(t, server, "stats", "rejected_connections")
	heldCount(t, "F17", "connections tried in 2 s, once the pauses between them have grown", refused, 2*8*crowded)
	held(t, "F17", "slowest call", w.worst(), redis.DefaultSocketTimeout)
	held(t, "F17", "time until the server that has room is used", back, longestPause)
}

// Passwords that are wrong, rights that are taken away, and a password that changes under a running store, which goes
// on with its connections but cannot make another one: a store has one password for all its life.
func TestF18CredentialsThatChange(t *testing.T) {
	const first, next = "the-f1rst-password", "the-n3xt-password"
	t.Run("a new password keeps the connections that stand", func(t *testing.T) {
		server := testredis.StartWith(t, testredis.Options{Users: []string{"shop on >" + first + " ~* +@all"}})
		var lines journal
		o := redis.Options{Address: server.Addr, Username: "shop", Password: first, Logger: lines.logger()}
		s := open(t, o)
		load := underLoad(t, s, "a")
		load.resumes(t)
		server.Do("ACL", "SETUSER", "shop", ">"+next, "<"+first)
		time.Sleep(50 * time.Millisecond)
		load.wantOnly(t)
		heldCount(t, "F18", "calls that failed under the change of a password", load.failed(), 0)

		o.Password = next
		if err := open(t, o).Ping(t.Context()); err != nil {
			t.Errorf("Ping with the next password = %v", err)
		}
		const attempts = 3 // seconds
		server.Do("CLIENT", "KILL", "USER", "shop")
		connections := statistic(t, server, "stats", "total_connections_received")
		var w watch
		for start := time.Now(); time.Since(start) < attempts*time.Second; time.Sleep(time.Millisecond) {
			_ = w.time(getting(s, "a"))
		}
		wantAnswer(t, "Get", getting(s, "a")(), "WRONGPASS", true)
		w.wantErrors(t, store.ErrUnavailable)
		tried := statistic(t, server, "stats", "total_connections_received") - connections - 1
		heldCount(t, "F18", "attempts with a password that is wrong now, in 3 s of calls", tried, 12)
		held(t, "F18", "slowest call meanwhile", w.worst(), redis.DefaultSocketTimeout)
		server.Do("ACL", "SETUSER", "shop", ">"+first)
		held(t, "F18", "time until the password that is right again is used", until(t, "it is used", getting(s, "a")), 5*time.Second)
		if lines.has(first) || lines.has(next) {
			t.Error("a password is in the log")
		}
	})
	t.Run("a user who is deleted is out at once", func(t *testing.T) {
		server := testredis.StartWith(t, testredis.Options{Users: []string{"shop on >" + first + " ~* +@all"}})
		s := open(t, redis.Options{Address: server.Addr, Username: "shop", Password: first})
		ready(t, s)
		server.Do("ACL", "DELUSER", "shop")
		eventually(t, "calls are refused", func() bool {
			err := getting(s, "k")()
			return isA[*redis.ServerError](err) && errors.Is(err, store.ErrUnavailable)
		})
		err := getting(s, "k")()
		wantAnswer(t, "Get", err, "WRONGPASS", true)
		if strings.Contains(err.Error(), first) {
			t.Errorf("the password shows in %q", err)
		}
	})
	t.Run("a right that is taken away is an error of the call", func(t *testing.T) {
		server := testredis.StartWith(t, testredis.Options{Users: []string{"shop on >" + first + " ~* +@all"}})
		s := open(t, redis.Options{Address: server.Addr, Username: "shop", Password: first})
		ready(t, s)
		server.Do("ACL", "SETUSER", "shop", "-set")
		wantAnswer(t, "Set", setting(s, "k")(), "NOPERM", false)
		if err := getting(s, "k")(); err != nil {
			t.Errorf("Get = %v", err)
		}
	})
}

// Servers that are not who they should be are refused at once, and nothing is ever said in plain text. The whole
// list of what can be wrong is in TestServerThatIsNotToBeTrusted.
func TestF19ServersThatAreNotToBeTrustedAreRefusedAtOnce(t *testing.T) {
	const enough = 300 * time.Millisecond
	for name, breakIt := range map[string]func(*testing.T, *redis.Options){
		"wrong authority": func(t *testing.T, o *redis.Options) {
			o.Address, o.Pool.SSLCACerts = testredis.StartTLS(t, testredis.TLSOptions{}).Addr, testredis.NewAuthority(t).CAFile
		},
		"expired": func(t *testing.T, o *redis.Options) {
			a := testredis.NewAuthority(t)
			o.Address = testredis.StartTLS(t, testredis.TLSOptions{Authority: a, Certificate: expired(t)(a)}).Addr
			o.Pool.SSLCACerts = a.CAFile
		},
		"another host": func(t *testing.T, o *redis.Options) {
			a := testredis.NewAuthority(t)
			o.Address = testredis.StartTLS(t, testredis.TLSOptions{Authority: a, Certificate: otherHost(t)(a)}).Addr
			o.Pool.SSLCACerts = a.CAFile
		},
		"plain port": func(t *testing.T, o *redis.Options) { o.Address = testredis.Start(t).Addr },
	} {
		t.Run(name, func(t *testing.T) {
			o := redis.Options{TLS: true, Pool: redis.PoolOptions{SocketTimeout: ample, SocketConnectTimeout: ample}}
			breakIt(t, &o)
			s := open(t, o)
			var w watch
			for range 100 {
				if err := w.time(getting(s, "k")); !isA[*redis.TLSError](err) || !errors.Is(err, store.ErrUnavailable) {
					t.Fatalf("Get = %v, want a *redis.TLSError and store.ErrUnavailable", err)
				}
			}
			bound := enough
			if name == "plain port" {
				bound = time.Second // until it is known that the server waits for the end of a line
			}
			held(t, "F19", name+": slowest of 100 calls", w.worst(), bound)
		})
	}
}

func TestF21ServerThatForgetsScripts(t *testing.T) {
	server := testredis.Start(t)
	s := open(t, at(server))
	if err := s.Set(t.Context(), "n", []byte("1"), time.Hour); err != nil {
		t.Fatal(err)
	}
	var w watch
	for want := int64(2); want < 52; want++ {
		server.Do("SCRIPT", "FLUSH")
		_ = w.time(func() error {
			n, found, err := s.Incr(context.Background(), "n", 1)
			if n != want || !found || err != nil {
				t.Errorf("Incr = %d, %v, %v, want %d, true, nil", n, found, err, want)
			}
			return err
		})
	}
	heldCount(t, "F21", "calls that failed, of 50 each after SCRIPT FLUSH", w.failed(), 0)
	server.Do("SCRIPT", "FLUSH")
	if found, err := s.Touch(t.Context(), "n", store.Forever); !found || err != nil {
		t.Errorf("Touch = %v, %v, want true, nil", found, err)
	}
	server.Do("SCRIPT", "FLUSH")
	if swapped, err := s.Swap(t.Context(), "n", []byte("51"), []byte("4"), store.Keep); !swapped || err != nil {
		t.Errorf("Swap = %v, %v, want true, nil", swapped, err)
	}
	if got, want := server.Do("PTTL", "n"), "-1"; got != want {
		t.Errorf("PTTL = %s, want %s", got, want)
	}
}
