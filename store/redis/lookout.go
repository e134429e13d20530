package redis

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/redis/rueidis"
)

// lookout asks the Sentinels who the master is, from the moment it does not answer until one does. The client
// leaves that to the one Sentinel that it listens to; the one that leads a failover tells the news last, a
// second or more after it names the next master to whoever asks. And the client hears nothing while it
// waits for a master that was stopped.
type lookout struct {
	link    *link
	missing atomic.Bool   // the master
	wake    chan struct{} // has room for one
	turns   int           // of the Sentinels; belongs to run
}

func newLookout(l *link) *lookout { return &lookout{link: l, wake: make(chan struct{}, 1)} }

// seen says whether the master has answered. A nil lookout is fine.
func (o *lookout) seen(answered bool) {
	if o == nil {
		return
	}
	o.missing.Store(!answered)
	if !answered {
		select {
		case o.wake <- struct{}{}:
		default:
		}
	}
}

// run looks out whenever the master is missing, until ctx ends.
func (o *lookout) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-o.wake:
			o.watch(ctx)
		}
	}
}

// watch asks one Sentinel, and the next one when it does not answer, until the master is not missing any more.
func (o *lookout) watch(ctx context.Context) {
	var guide rueidis.Client
	defer func() {
		if guide != nil {
			guide.Close()
		}
	}()
	for attempt := 0; o.missing.Load(); attempt++ {
		if guide == nil {
			guide = o.next()
		}
		if guide != nil {
			if next, err := o.master(ctx, guide); err == nil {
				o.follow(next)
			} else {
				guide.Close()
				guide = nil
			}
		}
		if !sleep(ctx, pause(attempt, false)) {
			return
		}
	}
}

// next connects to the Sentinel whose turn it is, or returns nil. A client that is still being made asks them itself.
func (o *lookout) next() rueidis.Client {
	l := o.link
	if l.client.Load() == nil {
		return nil
	}
	address := l.seeds[o.turns%len(l.seeds)]
	o.turns++
	client, err := connected(l.guide(l.dial, address))
	if err != nil {
		return nil
	}
	return client
}

// master asks a Sentinel for the address of the master.
func (o *lookout) master(ctx context.Context, guide rueidis.Client) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, o.link.sentinels.socketTimeout)
	defer cancel()
	place, err := guide.Do(ctx, guide.B().SentinelGetMasterAddrByName().Master(o.link.service).Build()).AsStrSlice()
	if err != nil {
		return "", err
	}
	if len(place) != 2 {
		return "", errors.New("a Sentinel names no address")
	}
	return net.JoinHostPort(place[0], place[1]), nil
}

// follow has the client leave its master if the Sentinels name another: it gives up the connections to the former,
// and those to the Sentinels, upon which the client asks them again, one after the other.
func (o *lookout) follow(next string) {
	l := o.link
	if l.formers.has(l.whole.address()) || !l.whole.leaveFor(next) {
		return
	}
	for _, c := range l.sockets.toSentinels() {
		_ = c.Conn.Close()
	}
}
