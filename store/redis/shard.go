package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

// shard is what serves a part of the keys as one: the one server, the master that the Sentinels name, or
// in a cluster a master with its replicas. Each has a breaker of its own, so that one that is gone does
// not cut off the others.
type shard struct {
	link    *link
	breaker *breaker
	seat    atomic.Pointer[seat]
	stop    context.CancelFunc // ends its breaker's goroutine; nil before start
	through time.Time          // when a probe last went through the client; the breaker's goroutine alone uses it
}

// astrayInterval is the time between two probes through the client of a shard whose node sends it elsewhere. Each
// of them has the client ask all nodes who serves what. With the looks that the client and the store take anyway,
// every refreshInterval, a node is asked about once in a second.
const astrayInterval = 2250 * time.Millisecond

// seat is where a shard is to be found at the moment. It never changes; the shard moves to the next.
type seat struct {
	// address is that of the server; behind Sentinels, the name of all servers as a whole.
	address string

	// members are the addresses of the nodes, in a cluster.
	members []string

	// key is one of the keys that the shard serves, in a cluster. Nobody needs to have stored it.
	key string

	// timekeeper says that the shard's clock is the store's.
	timekeeper bool
}

// newShard returns a shard that has not started.
func newShard(l *link, at *seat) *shard {
	sh := &shard{link: l}
	sh.seat.Store(at)
	sh.breaker = newBreaker(sh.probe, sh.report, checkInterval)
	return sh
}

// start has the shard looked for until its link is closed or it is retired.
func (sh *shard) start() {
	ctx, stop := context.WithCancel(sh.link.life)
	sh.stop = stop
	sh.link.running.Go(func() { sh.breaker.run(ctx) })
}

// retire refuses all calls from now on, because of refusal.
func (sh *shard) retire(refusal error) {
	sh.breaker.closeWith(refusal)
	sh.stop()
}

// address names the server. Behind Sentinels it is the one that the client holds for the master.
func (sh *shard) address() string {
	if client := sh.link.client.Load(); client != nil && sh.link.topology == sentinel {
		for address := range (*client).Nodes() { // there is one
			return address
		}
	}
	return sh.seat.Load().address
}

// node returns a client that speaks to the shard's master and nobody else, or nil if the client does not
// know it yet.
func (sh *shard) node(client rueidis.Client) rueidis.Client {
	if sh.link.topology == single {
		return client
	}
	nodes := client.Nodes()
	if sh.link.topology == cluster {
		return nodes[sh.address()]
	}
	for _, node := range nodes { // there is one
		return node
	}
	return nil
}

// report tells the log about a change. Who has come back may serve other keys now.
func (sh *shard) report(refusal error) {
	sh.link.report(sh.address(), refusal)
	if refusal == nil {
		sh.link.lookAgain()
	}
}

// probe asks the shard for a sign of life and for its time, over a new connection if there is none. An
// error is ready to be shown to callers.
func (sh *shard) probe(ctx context.Context, patient bool) error {
	l := sh.link
	limit := l.socketTimeout
	if patient {
		limit += l.connectTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := sh.ask(ctx)
	l.lookout.seen(err == nil)
	if err != nil {
		l.lookAgain() // perhaps another node serves these keys by now
	}
	return err
}

func (sh *shard) ask(ctx context.Context) error {
	l := sh.link
	client, err := l.reach()
	if err != nil {
		return l.unreachable(sh.address(), err)
	}
	if err := sh.ping(ctx, client); err != nil {
		return err
	}
	if sh.seat.Load().timekeeper {
		if node := sh.node(client); node != nil {
			l.clock.refresh(ctx, node)
		}
	}
	return nil
}

// ping returns nil if the shard is able to work.
func (sh *shard) ping(ctx context.Context, client rueidis.Client) error {
	l, place := sh.link, sh.address()
	if isAstray(sh.breaker.current.Load().refusal) && time.Since(sh.through) < astrayInterval {
		if answer := sh.astray(ctx, client); answer != nil {
			return fmt.Errorf("%w: redis %s: %w", store.ErrUnavailable, place, answer)
		}
	}
	sh.through = time.Now()
	r := client.Do(ctx, sh.signOfLife(client.B()))
	if err := r.NonRedisError(); err != nil && l.serverError(err) == nil && ctx.Err() == nil {
		// The connection that broke may have been given out once more, while the client was dropping it. An
		// answer in the place of a connection is a server that turns us away: it is not asked twice.
		r = client.Do(ctx, sh.signOfLife(client.B()))
	}
	switch err := r.NonRedisError(); {
	case err == nil:
	case ctx.Err() != nil:
		return overdue(place, "does not answer")
	case l.topology == cluster && isElsewhere(err, place):
		if answer := sh.astray(ctx, client); answer != nil {
			return fmt.Errorf("%w (%w)", l.unreachable(place, err), answer)
		}
		return l.unreachable(place, err)
	default:
		return l.unreachable(place, err)
	}
	answer := l.serverError(r.Error())
	switch {
	case answer != nil && answer.Code != "NOPERM": // a user who may not ask has got an answer too
		return l.unreachable(place, r.Error())
	case answer == nil && l.topology == sentinel && !isMaster(r):
		return l.unreachable(place, errDemoted)
	}
	return nil
}

// astray asks the shard's own node, without following where it sends, and returns its answer if it sends
// elsewhere. It returns nil if that node serves the keys, or does not answer.
func (sh *shard) astray(ctx context.Context, client rueidis.Client) *ServerError {
	node := sh.node(client)
	if node == nil {
		return nil
	}
	answer := sh.link.serverError(node.Do(ctx, sh.signOfLife(node.B())).Error())
	if answer == nil || !isAstray(answer) {
		return nil
	}
	return answer
}

// isElsewhere reports whether another node than the one at place could not be reached.
func isElsewhere(err error, place string) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Addr != nil && op.Addr.String() != place
}

// signOfLife builds the question of a probe. In a cluster it is one about a key, which goes the same way
// as calls do: to whom the client takes for the master, and that one must agree. Behind Sentinels it is
// whether the server is a master still.
func (sh *shard) signOfLife(b rueidis.Builder) rueidis.Completed {
	switch sh.link.topology {
	case cluster:
		return b.Arbitrary("EXISTS").Keys(sh.seat.Load().key).Build() // not marked as a read: replicas are not asked
	case sentinel:
		return b.Role().Build()
	}
	return b.Ping().Build()
}

// isMaster reads the reply to ROLE.
func isMaster(result rueidis.RedisResult) bool {
	parts, err := result.ToArray()
	if err != nil || len(parts) == 0 {
		return false
	}
	role, err := parts[0].ToString()
	return err == nil && role == "master"
}

// errDemoted is why a server that has become a replica is not used until the Sentinels have named another.
var errDemoted = errors.New("it is a replica now, and no other master has been named yet")

// errRetired is why calls to a shard are refused that is no longer part of its cluster.
var errRetired = fmt.Errorf("%w: the server has left the cluster", store.ErrUnavailable)
