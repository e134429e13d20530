//go:build unix

package testredis

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// routed runs a command where the cluster says that it belongs, as a client does.
func routed(s *Server, args ...string) ([]string, error) {
	addr, asking := s.Addr, false
	var refused replyError
	for range 8 {
		reply, err := once(addr, s.options.Password, asking, args)
		if !errors.As(err, &refused) {
			return reply, err
		}
		words := strings.Fields(string(refused))
		if words[0] != "MOVED" && words[0] != "ASK" {
			return nil, err
		}
		addr, asking = words[2], words[0] == "ASK"
	}
	return nil, fmt.Errorf("sent around for too long: %w", refused)
}

func once(addr, password string, asking bool, args []string) ([]string, error) {
	c, err := dial(addr, nil, password)
	if err != nil {
		return nil, err
	}
	defer c.close()
	if asking {
		if _, err := c.do("ASKING"); err != nil {
			return nil, err
		}
	}
	return c.do(args...)
}

func TestReshardingUnderLoadLosesNothing(t *testing.T) {
	t.Parallel()
	c := StartCluster(t, ClusterOptions{Masters: 2, Password: "data"})
	from, to := c.Nodes[0], c.Nodes[1]

	var written atomic.Int64
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			key := "key " + strconv.FormatInt(written.Load(), 10)
			if _, err := routed(from, "SET", key, key); err != nil {
				done <- fmt.Errorf("SET %q: %w", key, err)
				return
			}
			written.Add(1)
		}
	}()
	c.Move(c.SlotsOf(from)[:200], from, to)
	close(stop)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if written.Load() == 0 {
		t.Fatal("nothing was written meanwhile")
	}
	for i := range written.Load() {
		key := "key " + strconv.FormatInt(i, 10)
		got, err := routed(from, "GET", key)
		if err != nil {
			t.Fatalf("GET %q: %v", key, err)
		}
		if want := key; got[0] != want {
			t.Errorf("GET %q = %q, want %q", key, got[0], want)
		}
	}
}

func TestSlotOnItsWaySendsClientsToAsk(t *testing.T) {
	t.Parallel()
	c := StartCluster(t, ClusterOptions{Masters: 2})
	slot := c.Slot("{x}")
	from, to := c.MasterOf(slot), c.Nodes[0]
	if to == from {
		to = c.Nodes[1]
	}
	from.Do("SET", "{x}here", "old")
	from.Do("SET", "{x}there", "new")
	m := c.StartMove(slot, from, to)
	m.Carry("{x}there", "{x}nowhere")

	if got, want := from.Do("GET", "{x}here"), "old"; got != want {
		t.Errorf("a key that is still here: %q, want %q", got, want)
	}
	ask := fmt.Sprintf("ASK %d %s", slot, to.Addr)
	if _, err := from.ask("GET", "{x}there"); err == nil || !strings.Contains(err.Error(), ask) {
		t.Errorf("a key that is gone: %v, want %s", err, ask)
	}
	if _, err := from.ask("MGET", "{x}here", "{x}there"); err == nil || !strings.Contains(err.Error(), "TRYAGAIN") {
		t.Errorf("keys on both sides: %v, want TRYAGAIN", err)
	}
	moved := fmt.Sprintf("MOVED %d %s", slot, from.Addr)
	if _, err := to.ask("GET", "{x}there"); err == nil || !strings.Contains(err.Error(), moved) {
		t.Errorf("without ASKING: %v, want %s", err, moved)
	}
	m.Finish()
	c.Settle()
	if got := c.MasterOf(slot); got != to {
		t.Errorf("after Finish slot %d belongs to %s, want %s", slot, got.Addr, to.Addr)
	}
	for key, want := range map[string]string{"{x}here": "old", "{x}there": "new"} {
		if got := to.Do("GET", key); got != want {
			t.Errorf("after Finish, GET %s = %q, want %q", key, got, want)
		}
	}
}

func TestParseMember(t *testing.T) {
	t.Parallel()
	const id = "07c37dfeb235213a872192d90877d0cd55635b91"
	good := []struct {
		name, line string
		check      func(member) bool
	}{
		{"a master with ranges and single slots", id + " 127.0.0.1:1@2 master - 0 0 1 connected 0-5 9",
			func(m member) bool {
				return m.master == "" && m.reachable() && m.owns(5) && m.owns(9) && !m.owns(6) && len(m.ranges) == 2
			}},
		{"a slot that leaves is listed once", id + " 127.0.0.1:1@2,host myself,master - 0 0 1 connected 0-5 [5->-abc]",
			func(m member) bool { return m.reachable() && len(m.ranges) == 1 }},
		{"a replica that is failing", id + " 127.0.0.1:1@2 slave,fail? abc 0 0 1 connected",
			func(m member) bool { return m.master == "abc" && !m.reachable() }},
		{"a link that is down", id + " 127.0.0.1:1@2 master - 0 0 1 disconnected 0-5",
			func(m member) bool { return !m.reachable() }},
	}
	for _, test := range good {
		gotID, m, err := parseMember(test.line)
		if err != nil || gotID != id || !test.check(m) {
			t.Errorf("%s: %q, %+v, %v", test.name, gotID, m, err)
		}
	}
	for name, line := range map[string]string{
		"too few words":           id + " 127.0.0.1:1@2 master",
		"a slot that is a word":   id + " 127.0.0.1:1@2 master - 0 0 1 connected many",
		"a slot that is too high": id + " 127.0.0.1:1@2 master - 0 0 1 connected 16384",
	} {
		if _, m, err := parseMember(line); err == nil {
			t.Errorf("%s: %+v, want an error", name, m)
		}
	}
}
