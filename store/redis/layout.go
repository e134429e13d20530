package redis

import (
	"fmt"
	"math/rand/v2"

	"github.com/redis/rueidis"
)

// connect makes the client if there is none, or if none of the nodes that it knows serves keys any more:
// it would never find the others.
func (n *nodes) connect(spans []span) error {
	current := n.link.client.Load()
	if current != nil {
		known := (*current).Nodes()
		for _, s := range spans {
			if _, ok := known[s.members[0]]; ok {
				return nil
			}
		}
	}
	client, err := n.newClient(masters(spans))
	if err != nil {
		return err
	}
	n.link.client.Store(&client)
	if current != nil {
		n.link.running.Go((*current).Close)
	}
	return nil
}

// newClient returns a client that has reached one of the masters. It begins with an address by which the
// nodes know each other, not with the seeds, because under two names a node would get two connections; and
// with one, because of several it drops some of the connections again.
func (n *nodes) newClient(masters []string) (client rueidis.Client, err error) {
	rand.Shuffle(len(masters), func(i, j int) { masters[i], masters[j] = masters[j], masters[i] })
	for _, master := range masters {
		o := n.link.profile(n.link.dial)
		o.InitAddress = []string{master}
		if client, err = connected(o); err != nil {
			continue
		}
		if client.Mode() == rueidis.ClientModeCluster {
			return client, nil
		}
		client.Close() // it has decided by itself that there is no cluster
		err = fmt.Errorf("the node at %s does not take part in a cluster", master)
	}
	return nil, err
}

// masters returns the addresses of the masters, each once.
func masters(spans []span) []string {
	var all []string
	seen := map[string]bool{}
	for _, s := range spans {
		if master := s.members[0]; !seen[master] {
			seen[master] = true
			all = append(all, master)
		}
	}
	return all
}

// adopt takes over who serves what. A shard stays the same as long as one of its nodes does, so that its
// breaker keeps what it knows through a failover.
func (n *nodes) adopt(spans []span) {
	before, next := n.link.shards(), &layout{}
	index := map[string]uint16{} // of masters, as in served
	kept := map[*shard]bool{}
	for _, s := range spans {
		master := s.members[0]
		if index[master] == 0 {
			at := &seat{address: master, members: s.members, key: keyIn(s.first, s.last), timekeeper: len(next.shards) == 0}
			sh := inherit(before, kept, at)
			if sh == nil {
				sh = newShard(n.link, at)
				sh.start()
			}
			kept[sh] = true
			next.shards = append(next.shards, sh)
			index[master] = uint16(len(next.shards))
		}
		for slot := s.first; slot <= s.last; slot++ {
			next.served[slot] = index[master]
		}
	}
	n.layout.Store(next)
	for _, sh := range before {
		if !kept[sh] {
			sh.retire(errRetired)
		}
	}
}

// inherit returns the shard that at is the new seat of, or nil. The nodes are gone through from the master
// on, because a replica may have changed sides.
func inherit(before []*shard, taken map[*shard]bool, at *seat) *shard {
	for _, address := range at.members {
		for _, sh := range before {
			if !taken[sh] && sh.has(address) {
				sh.move(at)
				return sh
			}
		}
	}
	return nil
}

// has reports whether the node at address belongs to the shard.
func (sh *shard) has(address string) bool {
	for _, member := range sh.seat.Load().members {
		if member == address {
			return true
		}
	}
	return false
}

// move says where the shard is from now on.
func (sh *shard) move(to *seat) {
	if former := sh.address(); sh.leaveFor(to.address) {
		sh.link.formers.replace(former, to.address)
	}
	sh.seat.Store(to)
}

// leaveFor gives up the connections to the former master, if that has not answered and address is another:
// probes and calls may be waiting for it still, and the client looks for another when it loses one. It reports
// whether it did.
func (sh *shard) leaveFor(address string) bool {
	former := sh.address()
	if former == address || sh.breaker.current.Load().up() {
		return false
	}
	sh.link.sockets.drop(former)
	return true
}
