//go:build unix

package testredis

import (
	"slices"
	"strconv"
)

// Migration is one slot on its way between two masters. Until Finish the old owner answers for the keys that it
// still has, and sends clients to the new one (ASK) for all others. It is used like its Cluster.
type Migration struct {
	cluster  *Cluster
	slot     string
	from, to *Server
}

// Move moves slots with all their keys from one master to another, as resharding does, and waits until the cluster
// is whole. Load may run meanwhile.
func (c *Cluster) Move(slots []int, from, to *Server) {
	c.t.Helper()
	for _, slot := range slots {
		c.StartMove(slot, from, to).Finish()
	}
	c.Settle()
}

// StartMove begins to move one slot, and moves no key yet.
func (c *Cluster) StartMove(slot int, from, to *Server) *Migration {
	c.t.Helper()
	m := &Migration{cluster: c, slot: strconv.Itoa(slot), from: from, to: to}
	to.Do("CLUSTER", "SETSLOT", m.slot, "IMPORTING", c.ids[from])
	from.Do("CLUSTER", "SETSLOT", m.slot, "MIGRATING", c.ids[to])
	return m
}

// Carry moves some keys of the slot. Those that are not there are no failure.
func (m *Migration) Carry(keys ...string) {
	m.from.t.Helper()
	limit := strconv.FormatInt((patience / 2).Milliseconds(), 10)
	args := []string{"MIGRATE", "127.0.0.1", strconv.Itoa(m.to.Port), "", "0", limit}
	if password := m.to.options.Password; password != "" {
		args = append(args, "AUTH", password)
	}
	m.from.Do(slices.Concat(args, []string{"KEYS"}, keys)...)
}

// Finish moves the keys that are left, and gives the slot to its new owner. Other nodes learn of it in a moment:
// Cluster.Settle waits for that.
func (m *Migration) Finish() {
	m.from.t.Helper()
	const batch = "100"
	for {
		keys, err := m.from.ask("CLUSTER", "GETKEYSINSLOT", m.slot, batch)
		if err != nil {
			m.from.t.Fatal(err)
		}
		if len(keys) == 0 {
			break
		}
		m.Carry(keys...)
	}
	// The new owner is told first: nobody is to be sent to a node that does not know of it.
	for _, node := range []*Server{m.to, m.from} {
		node.Do("CLUSTER", "SETSLOT", m.slot, "NODE", m.cluster.ids[m.to])
	}
}
