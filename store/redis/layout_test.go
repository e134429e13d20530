package redis

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// inLayouts runs f with the nodes of a cluster whose shards ask nobody.
func inLayouts(t *testing.T, f func(*nodes)) {
	t.Helper()
	s, err := Options{Address: "127.0.0.1:1", Pool: PoolOptions{StartupNodes: []Node{{Host: "127.0.0.1", Port: 1}}}}.settle()
	if err != nil {
		t.Fatal(err)
	}
	l := &link{settings: s}
	l.life, l.stop = context.WithCancel(t.Context())
	l.stop() // the shards' goroutines end at once
	l.cluster = newNodes(l)
	f(l.cluster)
	l.running.Wait()
}

// seats returns where the shards of n are, in order.
func seats(n *nodes) []string {
	var all []string
	for _, sh := range n.link.shards() {
		all = append(all, sh.address())
	}
	return all
}

func TestShardsOutliveChangesOfTheirNodes(t *testing.T) {
	two := []span{{0, 99, []string{"a", "a1"}}, {100, 16383, []string{"b", "b1"}}}
	tests := []struct {
		name  string
		after []span
		same  map[string]string // address after -> address before, of shards that are the same
		gone  []string
	}{
		{"nothing changed", two, map[string]string{"a": "a", "b": "b"}, nil},
		{"a replica took over", []span{{0, 99, []string{"a1", "a"}}, {100, 16383, []string{"b", "b1"}}},
			map[string]string{"a1": "a", "b": "b"}, nil},
		{"and the old master is gone", []span{{0, 99, []string{"a1"}}, {100, 16383, []string{"b", "b1"}}},
			map[string]string{"a1": "a", "b": "b"}, nil},
		{"slots moved to a new master", []span{{0, 49, []string{"c"}}, {50, 99, []string{"a"}}, {100, 16383, []string{"b"}}},
			map[string]string{"a": "a", "b": "b"}, nil},
		{"slots came in pieces", []span{{0, 9, []string{"b"}}, {10, 99, []string{"a"}}, {100, 16383, []string{"b"}}},
			map[string]string{"a": "a", "b": "b"}, nil},
		{"a replica changed sides", []span{{0, 99, []string{"a"}}, {100, 16383, []string{"b", "a1"}}},
			map[string]string{"a": "a", "b": "b"}, nil},
		{"a master left", []span{{0, 16383, []string{"b", "b1"}}}, map[string]string{"b": "b"}, []string{"a"}},
		{"all are new", []span{{0, 16383, []string{"x"}}}, nil, []string{"a", "b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inLayouts(t, func(n *nodes) {
				n.adopt(two)
				before := map[string]*shard{}
				for _, sh := range n.link.shards() {
					before[sh.address()] = sh
				}
				n.adopt(tt.after)
				layout := n.layout.Load()
				for _, s := range tt.after {
					for _, slot := range []int{s.first, s.last} {
						if got := layout.of(slot).address(); got != s.members[0] {
							t.Errorf("slot %d belongs to %s, want %s", slot, got, s.members[0])
						}
					}
				}
				for _, sh := range n.link.shards() {
					if want, ok := tt.same[sh.address()]; ok != (before[want] == sh) {
						t.Errorf("the shard at %s is the same as before = %v, want %v", sh.address(), !ok, ok)
					}
					if key := sh.seat.Load().key; layout.of(slotOf(key)) != sh {
						t.Errorf("the shard at %s is probed with the key %q of another", sh.address(), key)
					}
				}
				for _, address := range tt.gone {
					if _, err := before[address].breaker.pass(t.Context()); !errors.Is(err, errRetired) {
						t.Errorf("calls to %s, which is gone, get %v, want %v", address, err, errRetired)
					}
				}
			})
		})
	}
}

func TestLayoutKnowsWhatNobodyServes(t *testing.T) {
	inLayouts(t, func(n *nodes) {
		n.adopt([]span{{5, 9, []string{"a"}}})
		layout := n.layout.Load()
		for slot, want := range map[int]bool{0: false, 4: false, 5: true, 9: true, 10: false, slots - 1: false} {
			if got := layout.of(slot) != nil; got != want {
				t.Errorf("slot %d is served = %v, want %v", slot, got, want)
			}
		}
		if got := coverage([]span{{5, 9, nil}, {10, 10, nil}}); got != 6 {
			t.Errorf("coverage = %d, want 6", got)
		}
		if diff := cmp.Diff([]string{"a"}, seats(n)); diff != "" {
			t.Errorf("shards (-want +got):\n%s", diff)
		}
	})
}

func TestOneShardKeepsTheTime(t *testing.T) {
	inLayouts(t, func(n *nodes) {
		n.adopt([]span{{0, 9, []string{"a"}}, {10, 19, []string{"b"}}})
		for i, sh := range n.link.shards() {
			if got := sh.seat.Load().timekeeper; got != (i == 0) {
				t.Errorf("shard %d keeps the time = %v", i, got)
			}
		}
	})
}

func TestOwnSlots(t *testing.T) {
	const table = "07c3 127.0.0.1:30004@31004 slave e7d1 0 1426238317239 4 connected\n" +
		"67ed 127.0.0.1:30002@31002,host master - 0 1426238316232 2 connected 5461-10922\n" +
		"e7d1 127.0.0.1:30001@31001 myself,master - 0 0 1 connected 0-5460 7000 [93-<-67ed]\n"
	if got, want := ownSlots(table), "0-5460 7000 [93-<-67ed]"; got != want {
		t.Errorf("ownSlots = %q, want %q", got, want)
	}
	if got := ownSlots("e7d1 127.0.0.1:30001@31001 myself,slave 67ed 0 0 1 connected\n"); got != "" {
		t.Errorf("ownSlots of a replica = %q, want none", got)
	}
}
