//go:build unix

package testredis

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// SentinelOptions says what a group with sentinels is to be like. The zero value is one master, two replicas and
// three sentinels, without passwords.
type SentinelOptions struct {
	// Service is the name that the sentinels know the master by. Empty means mymaster.
	Service string

	// Replicas and Sentinels are how many there are. Zero means two replicas and three sentinels.
	Replicas, Sentinels int

	// Password is the password of the default user on the nodes, which replicas and sentinels use as well. Empty
	// means none. A sentinel cannot restart if a quote or a space is in this or in SentinelPassword: it saves both
	// as they are and cannot read them again.
	Password string

	// SentinelPassword is the password of the default user on the sentinels. Empty means none: it is not Password.
	SentinelPassword string

	// Users are ACL users of the nodes, SentinelUsers those of the sentinels, as in Options.
	Users, SentinelUsers []string

	// DownAfter is how long a node may be silent before a sentinel takes it for down, at least a millisecond. Zero
	// means a second.
	DownAfter time.Duration

	// Args are further arguments of the nodes.
	Args []string

	// Authority signs a certificate for 127.0.0.1 that nodes and sentinels share: all of them speak only TLS
	// then. Nil means plaintext.
	Authority *Authority
}

// Sentinel is a master and its replicas, watched by sentinels. Its methods fail the test instead of returning
// errors. They are for one goroutine at a time.
//
// The sentinels do their errands ten times as often as usual, so that the group learns fast who is there;
// they take a node for down exactly as late as DownAfter says. One that was paused is itself again a
// second after Continue.
type Sentinel struct {
	// Nodes are the servers with the data. The first was the master in the beginning.
	Nodes []*Server

	// Sentinels are the processes that watch. Do works on them, too.
	Sentinels []*Server

	t       testing.TB
	service string
}

// errNoSentinel is returned when there is nobody to ask for the master.
var errNoSentinel = errors.New("no sentinel runs")

// StartSentinel starts a group, waits until each sentinel knows all of it, and stops it at the end of the test.
func StartSentinel(t testing.TB, o SentinelOptions) *Sentinel {
	t.Helper()
	o = o.withDefaults()
	g := &Sentinel{t: t, service: o.Service}
	var id *identity
	if o.Authority != nil {
		id = newIdentity(t, o.Authority)
	}
	g.startNodes(o, id)
	g.startSentinels(o, id)
	g.Settle()
	return g
}

func (o SentinelOptions) withDefaults() SentinelOptions {
	if o.Service == "" {
		o.Service = "mymaster"
	}
	if o.Replicas == 0 {
		o.Replicas = 2
	}
	if o.Sentinels == 0 {
		o.Sentinels = 3
	}
	if o.DownAfter == 0 {
		o.DownAfter = time.Second
	}
	return o
}

func (g *Sentinel) startNodes(o SentinelOptions, id *identity) {
	g.t.Helper()
	args := append(replication(o.Password), o.Args...)
	for range 1 + o.Replicas {
		s := newServer(g.t, Options{Password: o.Password, Users: o.Users, Args: args})
		s.identity = id
		g.Nodes = append(g.Nodes, s)
	}
	master, replicas := g.Nodes[0], g.Nodes[1:]
	g.launch(master)
	for _, r := range replicas {
		r.options.Args = append(slices.Clone(args), "--replicaof", "127.0.0.1", strconv.Itoa(master.Port))
	}
	g.launch(replicas...)
}

func (g *Sentinel) startSentinels(o SentinelOptions, id *identity) {
	g.t.Helper()
	w := &watch{
		service: o.Service, port: g.Nodes[0].Port, password: o.Password,
		peerPassword: o.SentinelPassword, quorum: o.Sentinels/2 + 1, downAfter: o.DownAfter,
	}
	for range o.Sentinels {
		s := newServer(g.t, Options{Password: o.SentinelPassword, Users: o.SentinelUsers})
		s.identity, s.watch = id, w
		g.Sentinels = append(g.Sentinels, s)
	}
	g.launch(g.Sentinels...)
}

func (g *Sentinel) launch(servers ...*Server) {
	g.t.Helper()
	if err := launch(servers...); err != nil {
		g.t.Fatal(err)
	}
}

// Addresses returns host:port of every sentinel, in the order of Sentinels.
func (g *Sentinel) Addresses() []string { return addresses(g.Sentinels) }

// Service returns the name that the sentinels know the master by.
func (g *Sentinel) Service() string { return g.service }

// Master returns the node that the running sentinels name, once they name the same one. A master that went
// down is named until it is replaced: Settle waits for the next.
func (g *Sentinel) Master() (master *Server) {
	g.t.Helper()
	g.await("the sentinels name one master", func() (err error) {
		master, err = g.named()
		return err
	})
	return master
}

// Settle waits until the group is whole and returns its master: the sentinels name one that runs, the other
// running nodes replicate it, and every running sentinel sees every running process.
func (g *Sentinel) Settle() (master *Server) {
	g.t.Helper()
	g.await("the group is whole", func() (err error) {
		master, err = g.whole()
		return err
	})
	return master
}

// Failover makes the sentinels replace the master as if it were down, waits until the group is whole, and returns
// the new one. The old one, if it runs, is a replica then.
func (g *Sentinel) Failover() (master *Server) {
	g.t.Helper()
	old := g.Master()
	request := spaced(retry, func() error {
		watcher := slices.IndexFunc(g.Sentinels, (*Server).Running)
		if watcher < 0 {
			return errNoSentinel
		}
		_, err := g.Sentinels[watcher].ask("SENTINEL", "FAILOVER", g.service)
		return err
	})
	g.await("the group has another master", func() error {
		named, err := g.named()
		if err != nil {
			return err
		}
		if named == old {
			return errors.Join(fmt.Errorf("%s is still the master", old.Addr), request())
		}
		master, err = g.whole()
		return err
	})
	return master
}

// await fails the test if something does not come true of the group.
func (g *Sentinel) await(what string, happened func() error) {
	g.t.Helper()
	if err := await(settling, happened); err != nil {
		g.t.Fatalf("it did not come true that %s: %v%s", what, err, words(slices.Concat(g.Nodes, g.Sentinels)))
	}
}

// named returns the master that all running sentinels name.
func (g *Sentinel) named() (*Server, error) {
	var master *Server
	for _, s := range running(g.Sentinels) {
		reply, err := s.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", g.service)
		if err != nil {
			return nil, err
		}
		node := onPort(g.Nodes, reply[len(reply)-1])
		if node == nil {
			return nil, fmt.Errorf("the sentinel at %s names %v, which is none of the nodes", s.Addr, reply)
		}
		if master != nil && node != master {
			return nil, fmt.Errorf("one sentinel names %s, the one at %s %s", master.Addr, s.Addr, node.Addr)
		}
		master = node
	}
	if master == nil {
		return nil, errNoSentinel
	}
	return master, nil
}

// whole returns the master of a group that has no more to settle, or says what it has.
func (g *Sentinel) whole() (*Server, error) {
	master, err := g.named()
	if err != nil {
		return nil, err
	}
	if !master.Running() {
		return nil, fmt.Errorf("the sentinels name %s, which does not run", master.Addr)
	}
	for _, n := range running(g.Nodes) {
		if err := n.follows(master); err != nil {
			return nil, err
		}
	}
	for _, s := range running(g.Sentinels) {
		if err := g.seesAll(s); err != nil {
			return nil, err
		}
	}
	return master, nil
}

// follows says why the node is not the master, or a replica of it that is up to date.
func (s *Server) follows(master *Server) error {
	info, err := s.info("replication")
	if err != nil {
		return err
	}
	if s == master {
		if info["role"] != "master" {
			return fmt.Errorf("%s is a %s, not the master", s.Addr, info["role"])
		}
		return nil
	}
	if info["role"] != "slave" || info["master_port"] != strconv.Itoa(master.Port) || info["master_link_status"] != "up" {
		return fmt.Errorf("%s does not replicate %s: it is a %s, its link to port %s is %s", s.Addr, master.Addr,
			info["role"], info["master_port"], info["master_link_status"])
	}
	return nil
}

// seesAll says whom of the running processes a sentinel does not know or cannot reach.
func (g *Sentinel) seesAll(s *Server) error {
	reply, err := s.ask("SENTINEL", "MASTER", g.service)
	if err != nil {
		return err
	}
	seen := map[string]string{}
	add := func(entry []string) {
		fields := pairs(entry)
		seen[fields["port"]] = fields["flags"]
	}
	add(reply)
	for _, kind := range []string{"REPLICAS", "SENTINELS"} {
		reply, err := s.ask("SENTINEL", kind, g.service)
		if err != nil {
			return err
		}
		for _, entry := range reply {
			add(strings.Split(entry, "\n"))
		}
	}
	for _, other := range running(slices.Concat(g.Nodes, g.Sentinels)) {
		flags := seen[strconv.Itoa(other.Port)]
		if other != s && !slices.Contains([]string{"master", "slave", "sentinel"}, flags) {
			return fmt.Errorf("the sentinel at %s sees %s as %q", s.Addr, other.Addr, flags)
		}
	}
	return nil
}

// watch is what sentinels watch, and how.
type watch struct {
	service      string
	port         int    // of the master in the beginning
	password     string // of the nodes
	peerPassword string // of the sentinels
	quorum       int
	downAfter    time.Duration
}

func (w *watch) directives() [][]string {
	directives := [][]string{
		{"sentinel", "monitor", w.service, "127.0.0.1", strconv.Itoa(w.port), strconv.Itoa(w.quorum)},
		{"sentinel", "down-after-milliseconds", w.service, strconv.FormatInt(w.downAfter.Milliseconds(), 10)},
		{"sentinel", "failover-timeout", w.service, strconv.FormatInt(failoverTimeout.Milliseconds(), 10)},
		{"sentinel", "parallel-syncs", w.service, "8"},
	}
	if w.password != "" {
		directives = append(directives, []string{"sentinel", "auth-pass", w.service, w.password})
	}
	if w.peerPassword != "" {
		directives = append(directives, []string{"sentinel", "sentinel-pass", w.peerPassword})
	}
	return directives
}

// pace returns the command that shortens the periods, all in milliseconds, between a sentinel's errands. A
// sentinel forgets them when it ends.
func (w *watch) pace() []string {
	return []string{
		"SENTINEL", "DEBUG",
		"info-period", "200", "publish-period", "200", "ask-period", "100", "tilt-period", "1000",
	}
}
