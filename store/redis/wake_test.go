//go:build unix

package redis_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// wakeWithin is less than the time after which anybody looks without being woken, on a busy machine too.
const wakeWithin = 10 * time.Second

// awaiting returns a channel of l for key. l has claimed a lease before.
func awaiting(t testing.TB, l store.Leaser, key string) <-chan struct{} {
	t.Helper()
	var woken <-chan struct{}
	eventually(t, "a lease can be awaited", func() bool {
		w, stop := l.Await(key)
		if woken = w; woken == nil {
			stop()
			return false
		}
		t.Cleanup(stop)
		return true
	})
	return woken
}

// wantWoken fails the test unless woken is closed by itself.
func wantWoken(t testing.TB, what string, woken <-chan struct{}) {
	t.Helper()
	select {
	case <-woken:
	case <-time.After(wakeWithin):
		t.Errorf("%s: who waits is not woken", what)
	}
}

// wantAsleep fails the test if woken is closed.
func wantAsleep(t testing.TB, what string, woken <-chan struct{}) {
	t.Helper()
	select {
	case <-woken:
		t.Errorf("%s: who waits is woken", what)
	default:
	}
}

// neverTold fails the test if l can be awaited, now or in a moment.
func neverTold(t testing.TB, l store.Leaser) {
	t.Helper()
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if woken, _ := l.Await("key"); woken != nil {
			t.Fatal("Await returns a channel, want nil")
		}
	}
}

func TestTheEndOfALeaseWakesWhoWaitsInAnotherProcess(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) redis.Options{
		"a single server": func(t *testing.T) redis.Options { return at(testredis.Start(t)) },
		"the master that Sentinels name": func(t *testing.T) redis.Options {
			return throughSentinels(t, group(t))
		},
		"a cluster": func(t *testing.T) redis.Options {
			return inCluster(t, testredis.StartCluster(t, testredis.ClusterOptions{}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			here, there := open(t, o), open(t, o)
			for kind, of := range map[string]func(*redis.Store) store.Leaser{
				"in place": func(s *redis.Store) store.Leaser { return leaser(t, s) },
				"beside":   func(s *redis.Store) store.Leaser { return besides(t, s) },
			} {
				// Keys of several slots: in a cluster the message comes from whichever node has the key.
				for _, key := range []string{"a", "b", "c", "\x00{\xff\r\n", "{tag}:1"} {
					key = kind + key
					claim(t, of(here), key, "lease")
					if got, err := of(there).Claim(t.Context(), key, []byte("other"), time.Hour); string(got) != "lease" || err != nil {
						t.Fatalf("%s: Claim = %q, %v; want the lease", kind, got, err)
					}
					woken, second, other := awaiting(t, of(there), key), awaiting(t, of(here), key), awaiting(t, of(there), "other")
					if held, err := of(here).Extend(t.Context(), key, []byte("lease"), []byte("next"), time.Hour); !held || err != nil {
						t.Fatalf("%s: Extend = %v, %v; want true", kind, held, err)
					}
					wantAsleep(t, kind+": Extend", woken)
					if stored, err := of(here).Commit(t.Context(), key, []byte("next"), []byte("value"), time.Hour); !stored || err != nil {
						t.Fatalf("%s: Commit = %v, %v; want true", kind, stored, err)
					}
					wantWoken(t, kind+": Commit, in the other store", woken)
					wantWoken(t, kind+": Commit, in the same store", second)
					wantAsleep(t, kind+": Commit of another key", other)
				}
			}
		})
	}
}

func TestDatabasesDoNotWakeEachOther(t *testing.T) {
	server := testredis.Start(t)
	first, second := at(server), at(server)
	first.DB, second.DB = new(1), new(2)
	one, two := leaser(t, open(t, first)), leaser(t, open(t, second))
	claim(t, one, "key", "lease")
	claim(t, two, "key", "lease")
	woken, asleep := awaiting(t, one, "key"), awaiting(t, two, "key")
	if got := server.Do("PUBSUB", "CHANNELS"); !strings.Contains(got, "cachewright:wake:1") || !strings.Contains(got, "cachewright:wake:2") {
		t.Errorf("the channels are %q, want one for each database", got)
	}
	if _, err := one.Yield(t.Context(), "key", []byte("lease"), nil, 0); err != nil {
		t.Fatal(err)
	}
	wantWoken(t, "in the same database", woken)
	if _, err := two.Extend(t.Context(), "key", []byte("lease"), []byte("next"), time.Hour); err != nil { // what was sent has arrived
		t.Fatal(err)
	}
	wantAsleep(t, "in the other database", asleep)
}

func TestTheSubscriptionTakesNoConnection(t *testing.T) {
	t.Parallel()
	const named = "subscribed"
	server := testredis.Start(t)
	o := at(server)
	o.MaxConnections, o.Pool.ClientName = 1, named
	s := open(t, o)
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := server.Do("PUBSUB", "CHANNELS"); got != "" {
		t.Errorf("a store that has claimed nothing subscribes to %q", got)
	}
	l := leaser(t, s)
	claim(t, l, "key", "lease")
	awaiting(t, l, "key")
	clients := server.Do("CLIENT", "LIST")
	if got := strings.Count(clients, " name="+named+" "); got != 1 {
		t.Errorf("%d connections, want 1:\n%s", got, clients)
	}
	if !strings.Contains(clients, " sub=1 ") {
		t.Errorf("nobody is subscribed:\n%s", clients)
	}
	crowd(t, s)
	wantAsleep(t, "other calls", awaiting(t, l, "key"))
}

func TestProtocol2TellsNobody(t *testing.T) {
	t.Parallel()
	t.Run("by choice", func(t *testing.T) {
		t.Parallel()
		server := testredis.Start(t)
		o := at(server)
		o.Pool.Protocol = 2
		l := leaser(t, open(t, o))
		claim(t, l, "key", "lease")
		neverTold(t, l)
		if stored, err := l.Commit(t.Context(), "key", []byte("lease"), []byte("value"), time.Hour); !stored || err != nil {
			t.Errorf("Commit = %v, %v; want true", stored, err)
		}
	})
	t.Run("because the server does not know better", func(t *testing.T) {
		t.Parallel()
		var connections atomic.Int32
		server := testredis.Start(t)
		// A server before version 6: it does not know HELLO, and answers all else.
		addr := listen(t, func(client net.Conn) {
			connections.Add(1)
			garble(client, server.Addr, "HELLO", "NOLLE")
		})
		l := leaser(t, open(t, redis.Options{Address: addr, Pool: redis.PoolOptions{SocketTimeout: 5 * time.Second}}))
		claim(t, l, "key", "lease")
		before := connections.Load()
		neverTold(t, l)
		if got := connections.Load(); got != before {
			t.Errorf("%d connections were made for a subscription, want none", got-before)
		}
		if got := server.Do("PUBSUB", "CHANNELS"); got != "" {
			t.Errorf("somebody subscribes to %q", got)
		}
	})
}

// garble passes on what client and the server at addr say to each other, but puts another word of the same
// length, which the server does not know, into the mouth of client, and does not let it see that.
func garble(client net.Conn, addr, word, other string) {
	upstream, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	var answers sync.WaitGroup
	answers.Go(func() {
		replace(client, upstream, other, word)
		client.Close()
	})
	replace(upstream, client, word, other)
	upstream.Close()
	answers.Wait()
}

// replace copies until one side ends. A word that arrives in parts is left as it is.
func replace(to io.Writer, from io.Reader, word, other string) {
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if _, err := io.WriteString(to, strings.ReplaceAll(string(b[:n]), word, other)); err != nil {
			return
		}
	}
}

func TestAUserWithoutChannels(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string]string{
		"none are allowed":                      "~* resetchannels +@all",
		"neither channels nor PUBLISH":          "~* resetchannels +@read +@write +@scripting +@connection",
		"all channels, but not the subscribing": "~* &* +@all -subscribe",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testredis.StartWith(t, testredis.Options{Users: []string{"shop on >open-sesame " + rules}})
			var lines journal
			o := at(server)
			o.Username, o.Password, o.Logger = "shop", "open-sesame", lines.logger()
			s := open(t, o)
			for kind, l := range map[string]store.Leaser{"in place": leaser(t, s), "beside": besides(t, s)} {
				claim(t, l, kind, "lease")
				neverTold(t, l)
				if stored, err := l.Commit(t.Context(), kind, []byte("lease"), []byte("value"), time.Hour); !stored || err != nil {
					t.Errorf("%s: Commit = %v, %v; want true", kind, stored, err)
				}
				claim(t, l, kind+" again", "lease")
				if held, err := l.Yield(t.Context(), kind+" again", []byte("lease"), nil, 0); !held || err != nil {
					t.Errorf("%s: Yield = %v, %v; want true", kind, held, err)
				}
			}
			if lines.has("redis") {
				t.Errorf("that nobody can be woken is logged:\n%s", lines.text.String())
			}
		})
	}
	t.Run("the channel is enough", func(t *testing.T) {
		t.Parallel()
		server := testredis.StartWith(t, testredis.Options{Users: []string{
			"shop on >open-sesame ~shop:* ~cachewright:lease:* resetchannels &cachewright:wake:0 " +
				"+@read +@write +@scripting +@connection +time +publish +subscribe",
		}})
		o := at(server)
		o.Username, o.Password = "shop", "open-sesame"
		s := open(t, o)
		for kind, l := range map[string]store.Leaser{"in place": leaser(t, s), "beside": besides(t, s)} {
			key := "shop:" + kind
			claim(t, l, key, "lease")
			woken := awaiting(t, l, key)
			if stored, err := l.Commit(t.Context(), key, []byte("lease"), []byte("value"), time.Hour); !stored || err != nil {
				t.Errorf("%s: Commit = %v, %v; want true", kind, stored, err)
			}
			wantWoken(t, kind+": Commit", woken)
		}
		if err := besides(t, s).VoidMatching(t.Context(), "shop:", "*"); err != nil {
			t.Errorf("VoidMatching = %v", err)
		}
		if heads, err := s.Peek(t.Context(), []string{"shop:beside"}, 3); err != nil || string(heads[0]) != "val" {
			t.Errorf("Peek = %q, %v; want the beginning of the value", heads, err)
		}
	})
}

func TestServerThatCrashesReleasesWhoWaits(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	s := open(t, at(server))
	l := leaser(t, s)
	claim(t, l, "key", "lease")
	woken := awaiting(t, l, "key")
	server.Kill()
	wantWoken(t, "a crash", woken)
	if again, _ := l.Await("key"); again != nil {
		t.Error("Await returns a channel although the server is gone")
	}
	server.Restart()
	ready(t, s)
	woken = awaiting(t, l, "key") // subscribed again, without another Claim
	claim(t, l, "key", "lease")
	if _, err := l.Commit(t.Context(), "key", []byte("lease"), []byte("value"), time.Hour); err != nil {
		t.Fatal(err)
	}
	wantWoken(t, "a Commit after the restart", woken)
}

func TestASubscriptionThatIsEndedIsMadeAgain(t *testing.T) {
	t.Parallel()
	c := testredis.StartCluster(t, testredis.ClusterOptions{})
	l := leaser(t, open(t, inCluster(t, c)))
	claim(t, l, "key", "lease")
	woken := awaiting(t, l, "key")
	for _, node := range c.Nodes { // one of them has the subscription
		node.Do("CLIENT", "KILL", "TYPE", "pubsub")
	}
	wantWoken(t, "the end of the subscription", woken)
	woken = awaiting(t, l, "key")
	if _, err := l.Yield(t.Context(), "key", []byte("lease"), nil, 0); err != nil {
		t.Fatal(err)
	}
	wantWoken(t, "Yield after the subscription was lost", woken)
}

func TestCloseReleasesWhoWaits(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(*testredis.Server){
		"of a server that works":                     func(*testredis.Server) {},
		"of a server that hangs":                     (*testredis.Server).Pause,
		"of a server that hangs, and then crashes":   func(s *testredis.Server) { s.Pause(); s.Kill() },
		"of a server that has just ended by request": (*testredis.Server).Stop,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := testredis.Start(t)
			s, err := redis.Open(redis.Options{Address: server.Addr, Pool: redis.PoolOptions{SocketTimeout: time.Minute}})
			if err != nil {
				t.Fatal(err)
			}
			l := leaser(t, s)
			claim(t, l, "key", "lease")
			woken := awaiting(t, l, "key")
			trouble(server)
			closed := make(chan error)
			go func() { closed <- s.Close() }()
			select {
			case err := <-closed:
				if err != nil {
					t.Errorf("Close = %v", err)
				}
			case <-time.After(ample): // it promises a second; the machine may be busy
				t.Fatal("Close does not return")
			}
			wantWoken(t, "Close", woken)
			if again, _ := l.Await("key"); again != nil {
				t.Error("a closed store offers a channel")
			}
			if _, err := l.Claim(t.Context(), "key", []byte("other"), time.Hour); err != store.ErrClosed {
				t.Errorf("Claim = %v, want store.ErrClosed", err)
			}
		})
	}
}
