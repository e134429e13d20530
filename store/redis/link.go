package redis

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

// closeGrace is how long Close waits for the answers to calls under way.
const closeGrace = 500 * time.Millisecond

// link is the way to the servers: the client, the breakers in front of it, and the connections under it.
// The client is made in the background, because making it needs a server.
type link struct {
	settings
	client    atomic.Pointer[rueidis.Client] // nil until a server was reached once
	whole     *shard                         // serves every key; nil in a cluster
	cluster   *nodes                         // knows who serves which key; nil elsewhere
	replicas  *replicas                      // for reads under Sentinels; nil if the master answers them
	lookout   *lookout                       // under Sentinels; nil elsewhere
	clock     clock
	deadlines deadlines
	pipeline  pipeline
	sockets   sockets
	formers   formers
	redialled atomic.Int64 // when redial last did something, in nanoseconds since 1970
	wakes     *wakes
	oldSet    atomic.Bool // the server's SET does not take NX and GET together

	life    context.Context // ends with Close
	stop    context.CancelFunc
	running sync.WaitGroup // the breakers' goroutines, and what they have started
	closing sync.Once
}

// openLink returns a link that is looking for its servers.
func openLink(s settings) *link {
	l := &link{settings: s}
	l.life, l.stop = context.WithCancel(context.Background())
	l.wakes = newWakes(l)
	if s.topology == cluster {
		l.cluster = newNodes(l)
		l.cluster.start()
		return l
	}
	l.whole = newShard(l, &seat{address: s.place, timekeeper: true})
	if s.topology == sentinel {
		l.lookout = newLookout(l)
		l.running.Go(func() { l.lookout.run(l.life) })
	}
	l.whole.start()
	if s.readReplicas {
		l.replicas = newReplicas(l)
		l.replicas.start()
	}
	return l
}

// gate returns the breaker that every call has to pass.
func (l *link) gate() *breaker {
	if l.cluster != nil {
		return l.cluster.breaker
	}
	return l.whole.breaker
}

// shards returns what serves the keys, once that is known.
func (l *link) shards() []*shard {
	if l.cluster == nil {
		return []*shard{l.whole}
	}
	if layout := l.cluster.layout.Load(); layout != nil {
		return layout.shards
	}
	return nil
}

// report tells the log that address was lost or, without a refusal, is back.
func (l *link) report(address string, refusal error) {
	if refusal == nil {
		l.logger.Info("redis is back", "address", address)
		return
	}
	l.logger.Warn("redis is not available; calls fail at once until it is back", "address", address, "error", refusal)
}

// lookAgain has it found out who serves which keys of a cluster.
func (l *link) lookAgain() {
	if l.cluster != nil {
		l.cluster.breaker.doubt()
	}
}

// close refuses further calls, ends the connections and waits for the goroutines. Calls under way have
// closeGrace to be answered.
func (l *link) close() { l.closing.Do(l.shut) }

func (l *link) shut() {
	reachable := l.refuse()
	l.stop()
	// Both the probers and the client wait for a last answer on a connection. Without a socket there is
	// none to wait for.
	timer := time.AfterFunc(closeGrace, l.sockets.close)
	defer timer.Stop()
	if !reachable {
		l.sockets.close()
	}
	l.running.Wait()
	l.wakes.close()
	l.refuse() // shards that were found in the meantime
	if l.replicas != nil {
		l.replicas.close()
	}
	if client := l.client.Load(); client != nil {
		(*client).Close()
		l.pipeline.wait()
		l.sockets.wait() // the client of a cluster goes on closing in the background
	}
	l.sockets.close()
}

// refuse refuses all calls from now on, and reports whether servers were there to answer those under way.
func (l *link) refuse() (reachable bool) {
	if l.cluster != nil {
		l.cluster.breaker.closeWith(store.ErrClosed)
	}
	for _, sh := range l.shards() {
		before := sh.breaker.closeWith(store.ErrClosed)
		reachable = reachable || before.up()
	}
	return reachable
}

// reach returns the client, making it if there is none yet. Making it opens a connection; that ends in
// time by the client's own limits and by Close.
func (l *link) reach() (rueidis.Client, error) {
	if c := l.client.Load(); c != nil {
		return *c, nil
	}
	client, err := connected(l.profile(l.dial))
	if err != nil {
		return nil, err
	}
	l.client.Store(&client)
	return client, nil
}

// connected returns a client that has reached a server.
func connected(o rueidis.ClientOption) (rueidis.Client, error) {
	client, err := rueidis.NewClient(o)
	if err == nil {
		return client, nil
	}
	if client != nil {
		client.Close()
	}
	return nil, err
}

// native returns the client, or nil if no server has ever been reached. It waits for the outcome of an
// attempt that is under way.
func (l *link) native() rueidis.Client {
	ctx, cancel := context.WithTimeout(l.life, l.connectTimeout+l.socketTimeout)
	defer cancel()
	if _, err := l.gate().pass(ctx); errors.Is(err, store.ErrClosed) {
		return nil
	}
	if c := l.client.Load(); c != nil {
		return *c
	}
	return nil
}
