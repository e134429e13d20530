//go:build unix

package redis_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

const (
	guide      = "guide.test:26379"
	oldMaster  = "10.0.0.1:6379"
	nextMaster = "10.0.0.2:6379"
)

// secretive answers as a Sentinel that names a master when asked, and never announces one.
func secretive(named *atomic.Pointer[string]) answers {
	bulk := func(s string) string { return fmt.Sprintf("$%d\r\n%s", len(s), s) }
	return func(args []string) string {
		switch {
		case args[0] == "PING":
			return "+PONG"
		case args[0] == "SENTINEL" && strings.EqualFold(args[1], "SENTINELS"):
			return "*0"
		case args[0] == "SENTINEL":
			host, port, _ := net.SplitHostPort(*named.Load())
			return "*2\r\n" + bulk(host) + "\r\n" + bulk(port)
		case args[0] == "SUBSCRIBE" || args[0] == "UNSUBSCRIBE":
			var replies []string
			for i, channel := range args[1:] {
				replies = append(replies, fmt.Sprintf(">3\r\n%s\r\n%s\r\n:%d", bulk(strings.ToLower(args[0])), bulk(channel), i+1))
			}
			return strings.Join(replies, "\r\n")
		}
		return "-ERR unknown command"
	}
}

func leading(args []string) string {
	if args[0] == "ROLE" {
		return "*3\r\n$6\r\nmaster\r\n:0\r\n*0"
	}
	return well(args)
}

// callInVain goes on calling for two seconds, while there is no master.
func callInVain(t *testing.T, s *redis.Store) {
	t.Helper()
	for start := time.Now(); time.Since(start) < 2*time.Second; time.Sleep(10 * time.Millisecond) {
		if err := s.Set(t.Context(), "k", nil, time.Hour); err != nil && !errors.Is(err, store.ErrUnavailable) {
			t.Fatal(err)
		}
	}
}

// TestSentinelThatIsLate has one of two Sentinels go on naming the former master, which is a replica now.
func TestSentinelThatIsLate(t *testing.T) {
	const late = "late.test:26379"
	for name, sentinels := range map[string][]redis.Node{
		"asked first": {{Host: "late.test", Port: 26379}, {Host: "guide.test", Port: 26379}},
		"asked last":  {{Host: "guide.test", Port: 26379}, {Host: "late.test", Port: 26379}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, map[string]answers{oldMaster: leading, nextMaster: leading}, func(t *testing.T, n *internet) {
				var named, stale atomic.Pointer[string]
				named.Store(new(oldMaster))
				stale.Store(new(oldMaster))
				n.set(guide, secretive(&named))
				n.set(late, secretive(&stale))
				s := n.open(t, redis.Options{Pool: redis.PoolOptions{ServiceName: "mymaster", Sentinels: sentinels}})
				if err := s.Ping(t.Context()); err != nil {
					t.Fatal(err)
				}
				n.set(oldMaster, mute)
				callInVain(t, s)
				named.Store(new(nextMaster))
				before := n.dialled(guide, late)
				if took := until(t, "the next master is used", setting(s, "k")); took > 4*longestPause {
					t.Errorf("it took %v until the next master was used, want four pauses, %v, at most", took, 4*longestPause)
				}
				time.Sleep(time.Minute)
				if dials := n.dialled(guide, late) - before; dials > 20 {
					t.Errorf("the Sentinels were dialled %d times over one failover, want a few", dials)
				}
			})
		})
	}
}

// TestNextMasterThatNobodyAnnounces has the Sentinels tell of a failover only when asked, as the one does that leads it.
func TestNextMasterThatNobodyAnnounces(t *testing.T) {
	for name, gone := range map[string]answers{"stopped": mute, "gone": nil} {
		t.Run(name, func(t *testing.T) {
			bubble(t, map[string]answers{oldMaster: leading, nextMaster: leading}, func(t *testing.T, n *internet) {
				var named atomic.Pointer[string]
				named.Store(new(oldMaster))
				n.set(guide, secretive(&named))
				s := n.open(t, redis.Options{Pool: redis.PoolOptions{ServiceName: "mymaster", Sentinels: []redis.Node{{Host: "guide.test", Port: 26379}}}})
				if err := s.Ping(t.Context()); err != nil {
					t.Fatal(err)
				}

				n.set(oldMaster, gone)
				callInVain(t, s)
				named.Store(new(nextMaster))
				took := until(t, "the next master is used", setting(s, "k"))
				if took > 2*longestPause {
					t.Errorf("it took %v until the next master was used, want two pauses, %v, at most", took, 2*longestPause)
				}

				time.Sleep(time.Second)
				asked := n.count(guide + " SENTINEL")
				time.Sleep(time.Minute)
				if more := n.count(guide+" SENTINEL") - asked; more > 2*60/5+2 {
					t.Errorf("the Sentinel was asked %d times in a minute in which the master was there, want twice in 5 s at most", more)
				}
			})
		})
	}
}
