package redis

import (
	"context"
	"math/rand/v2"
	"sync/atomic"

	"github.com/redis/rueidis"
)

// replicas is the way to a replica of the master that the Sentinels name, for reads that may lag behind.
// No call waits for one: as long as there is none that works, the master answers.
type replicas struct {
	link    *link
	client  atomic.Pointer[rueidis.Client] // nil until a replica was reached once
	breaker *breaker
}

// newReplicas returns a way to the replicas that has not been looked for.
func newReplicas(l *link) *replicas {
	r := &replicas{link: l}
	r.breaker = newBreaker(r.probe, r.report, checkInterval)
	return r
}

// start has a replica looked for until the link is closed.
func (r *replicas) start() {
	r.link.running.Go(func() { r.breaker.run(r.link.life) })
}

// ready returns a client that speaks to a replica, or nil if the master is to answer. A nil replicas is fine.
func (r *replicas) ready() rueidis.Client {
	if r == nil || !r.breaker.current.Load().up() {
		return nil
	}
	return *r.client.Load()
}

// report tells the log about a change.
func (r *replicas) report(refusal error) {
	if refusal == nil {
		r.link.logger.Info("a redis replica is back; it answers reads", "address", r.link.place)
		return
	}
	r.link.logger.Warn("no redis replica is available; the master answers reads", "address", r.link.place, "error", refusal)
}

// probe asks a replica for a sign of life, having the Sentinels name one if none was reached yet.
func (r *replicas) probe(ctx context.Context, _ bool) error {
	l := r.link
	ctx, cancel := context.WithTimeout(ctx, l.connectTimeout+l.socketTimeout)
	defer cancel()
	if r.client.Load() == nil {
		o := l.profile(l.dial)
		o.ReplicaOnly = true
		client, err := connected(o)
		if err != nil {
			return l.unreachable(l.place, err)
		}
		r.client.Store(&client)
	}
	client := *r.client.Load()
	if err := client.Do(ctx, client.B().Ping().Build()).Error(); err != nil {
		return l.unreachable(l.place, err)
	}
	return nil
}

// close ends the connections.
func (r *replicas) close() {
	if client := r.client.Load(); client != nil {
		(*client).Close()
	}
}

// mayLag reports whether a replica may carry out a command. Reads that are repeated go to the master: they
// are marked by repeated.
func mayLag(cmd rueidis.Completed) bool { return cmd.IsReadOnly() && !cmd.IsPipe() }

func mustNotLag(cmd rueidis.Completed) bool { return !mayLag(cmd) }

// anyReplica chooses, in a cluster, one of the replicas behind the master, which comes first.
func anyReplica(_ uint16, nodes []rueidis.NodeInfo) int {
	if len(nodes) < 2 {
		return 0
	}
	return 1 + rand.IntN(len(nodes)-1)
}
