//go:build unix

package testredis

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"
)

// slots is the number of hash slots of every cluster.
const slots = 16384

// ClusterOptions says what a cluster is to be like. The zero value is three masters without replicas and without a
// password.
type ClusterOptions struct {
	// Masters is how many masters share the slots, in equal ranges. Zero means three.
	Masters int

	// Replicas is how many replicas each master has. Zero means none: a master that goes down is not replaced.
	Replicas int

	// Password is the password of the default user, which replicas use as well. Empty means none.
	Password string

	// Users are ACL users, as in Options.
	Users []string

	// NodeTimeout is how long a node may be silent before the others take it for failing. Zero means two seconds.
	NodeTimeout time.Duration

	// Args are further arguments of every node: "--cluster-require-full-coverage", "no".
	Args []string

	// Authority signs a certificate for 127.0.0.1 that all nodes share, which speak only TLS then. Nil means
	// plaintext.
	Authority *Authority
}

// Cluster is a Redis cluster. Its methods fail the test instead of returning errors. They are for one goroutine at
// a time; load may run in others.
//
// Replicas stay with their master: none moves to one that has lost its own, nor does a master without slots become a
// replica of somebody.
type Cluster struct {
	// Nodes are all nodes: first the masters of the beginning, in the order of their slots, then the replicas, one
	// of each master in turn.
	Nodes []*Server

	t   testing.TB
	ids map[*Server]string // how the nodes call each other
}

// errNoNode is returned when there is nobody to ask about the cluster.
var errNoNode = errors.New("no node runs")

// StartCluster starts a cluster, waits until every node can serve and knows all others, and stops it at the end of
// the test. Redis itself takes two seconds of that, to be sure of what a new master has heard.
func StartCluster(t testing.TB, o ClusterOptions) *Cluster {
	t.Helper()
	o = o.withDefaults()
	c := &Cluster{t: t, ids: map[*Server]string{}}
	var id *identity
	if o.Authority != nil {
		id = newIdentity(t, o.Authority)
	}
	for range o.Masters * (1 + o.Replicas) {
		s := newServer(t, Options{Password: o.Password, Users: o.Users, Args: o.args()})
		s.identity, s.clustered = id, true
		c.Nodes = append(c.Nodes, s)
	}
	if err := launch(c.Nodes...); err != nil {
		t.Fatal(err)
	}
	c.form(o.Masters)
	c.Settle()
	return c
}

func (o ClusterOptions) withDefaults() ClusterOptions {
	if o.Masters == 0 {
		o.Masters = 3
	}
	if o.NodeTimeout == 0 {
		o.NodeTimeout = 2 * time.Second
	}
	return o
}

func (o ClusterOptions) args() []string {
	args := append(replication(o.Password),
		"--cluster-node-timeout", strconv.FormatInt(o.NodeTimeout.Milliseconds(), 10),
		"--cluster-announce-ip", "127.0.0.1",
		"--cluster-allow-replica-migration", "no",
		// A replica that has been alone for long is still better than no master.
		"--cluster-replica-validity-factor", "0")
	return append(args, o.Args...)
}

// form makes one cluster of nodes that know nothing of each other. Everybody meets everybody, which is faster than
// waiting for gossip.
func (c *Cluster) form(masters int) {
	c.t.Helper()
	for i, n := range c.Nodes {
		c.ids[n] = n.Do("CLUSTER", "MYID")
		n.Do("CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
		for _, earlier := range c.Nodes[:i] {
			n.Do("CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(earlier.Port), strconv.Itoa(earlier.Port+bus))
		}
	}
	for i, n := range c.Nodes[:masters] {
		first, last := i*slots/masters, (i+1)*slots/masters-1
		n.Do("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(first), strconv.Itoa(last))
	}
	c.view() // a replica can only follow a master that it knows
	for i, n := range c.Nodes[masters:] {
		n.Do("CLUSTER", "REPLICATE", c.ids[c.Nodes[i%masters]])
	}
}

// Addresses returns host:port of every node, in the order of Nodes.
func (c *Cluster) Addresses() []string { return addresses(c.Nodes) }

// Slot returns the slot of a key.
func (c *Cluster) Slot(key string) int {
	c.t.Helper()
	return number(c.t, c.any().Do("CLUSTER", "KEYSLOT", key))
}

// NodeFor returns the master of a key: MasterOf its slot.
func (c *Cluster) NodeFor(key string) *Server {
	c.t.Helper()
	return c.MasterOf(c.Slot(key))
}

// MasterOf returns the node that owns a slot, once all running nodes agree on everybody's slots. A master that went
// down owns its slots until it is replaced: Settle waits for that.
func (c *Cluster) MasterOf(slot int) *Server {
	c.t.Helper()
	v := c.view()
	for _, n := range c.Nodes {
		if v[c.ids[n]].owns(slot) {
			return n
		}
	}
	c.t.Fatalf("slot %d belongs to nobody", slot)
	return nil
}

// SlotsOf returns the slots that a node owns, in order.
func (c *Cluster) SlotsOf(node *Server) []int {
	c.t.Helper()
	var owned []int
	for _, ends := range c.view()[c.ids[node]].ranges {
		for slot := ends[0]; slot <= ends[1]; slot++ {
			owned = append(owned, slot)
		}
	}
	return owned
}

// ReplicasOf returns the running replicas of a master, in the order of Nodes.
func (c *Cluster) ReplicasOf(master *Server) []*Server {
	c.t.Helper()
	v := c.view()
	return slices.DeleteFunc(running(c.Nodes), func(n *Server) bool { return v[c.ids[n]].master != c.ids[master] })
}

// Settle waits until the cluster is whole: every slot is owned by a node that runs, all running nodes say so, see each
// other and serve, and running replicas are up to date.
func (c *Cluster) Settle() {
	c.t.Helper()
	c.await("the cluster is whole", c.whole)
}

// Failover makes a replica of a running master take over in the orderly way, which loses nothing, waits until the
// cluster is whole, and returns the new master. The old one is its replica then.
//
// A master that went down is replaced without being asked: Settle waits for that.
func (c *Cluster) Failover(master *Server) *Server {
	c.t.Helper()
	replicas := c.ReplicasOf(master)
	if len(replicas) == 0 {
		c.t.Fatalf("the master at %s has no replica that could take over", master.Addr)
	}
	next := replicas[0]
	request := spaced(retry, func() error {
		_, err := next.ask("CLUSTER", "FAILOVER")
		return err
	})
	c.await("the replica takes over", func() error {
		info, err := next.info("replication")
		if err != nil {
			return err
		}
		if info["role"] != "master" {
			return errors.Join(fmt.Errorf("%s is a %s", next.Addr, info["role"]), request())
		}
		return c.whole()
	})
	return next
}

// await fails the test if something does not come true of the cluster.
func (c *Cluster) await(what string, happened func() error) {
	c.t.Helper()
	if err := await(settling, happened); err != nil {
		c.t.Fatalf("it did not come true that %s: %v%s", what, err, words(c.Nodes))
	}
}

// view returns the cluster as all running nodes see it, once they see the same.
func (c *Cluster) view() (v view) {
	c.t.Helper()
	c.await("the nodes agree", func() (err error) {
		v, err = c.agreed()
		return err
	})
	return v
}

// agreed returns the cluster as all running nodes see it, if they see the same.
func (c *Cluster) agreed() (common view, err error) {
	for _, n := range running(c.Nodes) {
		v, err := n.view()
		switch {
		case err != nil:
			return nil, err
		case len(v) < len(c.Nodes):
			return nil, fmt.Errorf("%s knows %d of %d nodes", n.Addr, len(v), len(c.Nodes))
		case common != nil && v.shape() != common.shape():
			return nil, fmt.Errorf("%s sees %s others see %s", n.Addr, v.shape(), common.shape())
		}
		common = v
	}
	if common == nil {
		return nil, errNoNode
	}
	return common, nil
}

// whole says what a cluster still has to settle.
func (c *Cluster) whole() error {
	if _, err := c.agreed(); err != nil {
		return err
	}
	for _, n := range running(c.Nodes) {
		if err := c.servesAndSees(n); err != nil {
			return err
		}
	}
	return nil
}

// servesAndSees says why a node cannot serve all slots, or whom of the running nodes it does not see.
func (c *Cluster) servesAndSees(n *Server) error {
	reply, err := n.ask("CLUSTER", "INFO")
	if err != nil {
		return err
	}
	if state := report(reply[0])["cluster_state"]; state != "ok" {
		return fmt.Errorf("the state of the cluster at %s is %s", n.Addr, state)
	}
	v, err := n.view()
	if err != nil {
		return err
	}
	for _, other := range c.Nodes {
		m := v[c.ids[other]]
		switch {
		case !other.Running() && len(m.ranges) > 0:
			return fmt.Errorf("slots belong to %s, which does not run", other.Addr)
		case other.Running() && !m.reachable():
			return fmt.Errorf("%s sees %s as %v", n.Addr, other.Addr, m)
		}
	}
	return c.upToDate(n, v)
}

// upToDate says why a replica is behind.
func (c *Cluster) upToDate(n *Server, v view) error {
	if v[c.ids[n]].master == "" {
		return nil
	}
	info, err := n.info("replication")
	if err != nil {
		return err
	}
	if info["master_link_status"] != "up" {
		return fmt.Errorf("the link of %s to its master on port %s is %s", n.Addr,
			info["master_port"], info["master_link_status"])
	}
	return nil
}

// any returns a node that can be asked what all know.
func (c *Cluster) any() *Server {
	c.t.Helper()
	nodes := running(c.Nodes)
	if len(nodes) == 0 {
		c.t.Fatal(errNoNode)
	}
	return nodes[0]
}

// number reads an integer that a server sent.
func number(t testing.TB, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("not a number from Redis: %v", err)
	}
	return n
}
