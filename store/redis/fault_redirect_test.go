//go:build unix

package redis_test

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// The nodes of a scripted cluster. The first serves all keys, as both of them say.
const (
	firstNode  = "10.0.0.1:7000"
	secondNode = "10.0.0.2:7000"
	deadNode   = "10.0.0.3:7000"
)

// slotsAt is a reply to CLUSTER SLOTS by which one node serves everything.
func slotsAt(address string) string {
	host, port, _ := net.SplitHostPort(address)
	return fmt.Sprintf("*1\r\n*3\r\n:0\r\n:16383\r\n*3\r\n$%d\r\n%s\r\n:%s\r\n$2\r\nid", len(host), host, port)
}

// member answers as a node of the cluster does, but with reply to whatever is about a key. Without one it is well.
func member(reply string) answers {
	return func(args []string) string {
		switch args[0] {
		case "CLUSTER":
			return slotsAt(firstNode)
		case "GET", "EXISTS":
			if reply != "" {
				return reply
			}
		case "ASKING":
			return "+OK"
		}
		return well(args)
	}
}

// A cluster that does not know what it wants sends its clients around. The client asks who serves what up to twice
// a second while it is sent around, and makes a new connection to a node that sends it to itself; so a node that
// sends elsewhere is asked directly, and the client gets to hear of it only now and then. Once the cluster is well
// again, the client knows within a second of being told so, and a probe finds it within a quarter of one.
func TestF14RedirectionsEnd(t *testing.T) {
	const (
		storm     = 30        // seconds
		questions = storm + 2 // one in a second, and two when it begins
		attempts  = 2 * storm
		recovery  = 1250 * time.Millisecond
	)
	slot := strconv.Itoa(8000)
	moved := func(to string) string { return "-MOVED " + slot + " " + to }
	ask := func(to string) string { return "-ASK " + slot + " " + to }
	tests := []struct {
		name          string
		first, second string // the answers to GET
		sent          int    // how many GETs one call may send: the first, and five redirections
		code          string // of the error; empty if there is no node to have answered
	}{
		{"MOVED to the node itself", moved(firstNode), "", 6, "MOVED"},
		{"MOVED in a circle", moved(secondNode), moved(firstNode), 6, "MOVED"},
		{"MOVED to a node that is gone", moved(deadNode), "", 2, ""},
		{"ASK in a circle", ask(secondNode), ask(firstNode), 6, "ASK"},
		{"TRYAGAIN", "-TRYAGAIN Multiple keys request during rehashing of slot", "", 1, "TRYAGAIN"},
		{"CLUSTERDOWN", "-CLUSTERDOWN The cluster is down", "", 1, "CLUSTERDOWN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nodes := map[string]answers{firstNode: member(""), secondNode: member(tt.second)}
			bubble(t, nodes, func(t *testing.T, n *internet) {
				o := redis.Options{Address: firstNode, Pool: redis.PoolOptions{StartupNodes: []redis.Node{{Host: "10.0.0.2", Port: 7000}}}}
				s := n.open(t, o)
				if _, _, err := s.Get(t.Context(), "k"); err != nil {
					t.Fatal(err)
				}
				n.set(firstNode, member(tt.first))

				var w watch
				sent := n.count("GET")
				err := w.time(getting(s, "k"))
				var answer *redis.ServerError
				if !errors.Is(err, store.ErrUnavailable) || tt.code != "" && (!errors.As(err, &answer) || answer.Code != tt.code) {
					t.Errorf("Get = %v, want store.ErrUnavailable with the code %q", err, tt.code)
				}
				heldCount(t, "F14", tt.name+": commands sent for one call", n.count("GET")-sent, tt.sent)

				asked, dials := n.count(firstNode+" CLUSTER"), n.dialled(firstNode, secondNode, deadNode)
				for start := time.Now(); time.Since(start) < storm*time.Second; time.Sleep(time.Millisecond) {
					if err := w.time(getting(s, "k")); !errors.Is(err, store.ErrUnavailable) {
						t.Fatalf("Get = %v, want store.ErrUnavailable", err)
					}
				}
				heldExactly(t, "F14", tt.name+": slowest of 30000 calls in 30 s", w.worst(), patience)
				heldCount(t, "F14", tt.name+": questions to a node who serves what, in 30 s", n.count(firstNode+" CLUSTER")-asked, questions)
				heldCount(t, "F14", tt.name+": connections tried, in 30 s", n.dialled(firstNode, secondNode, deadNode)-dials, attempts)

				n.set(firstNode, member(""))
				heldExactly(t, "F14", tt.name+": time until the cluster that is well again is used",
					until(t, "it is used", getting(s, "k")), recovery)
			})
		})
	}
}
