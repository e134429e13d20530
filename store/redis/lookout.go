package redis

import (
	"context"
	"crypto/tls"
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

// watch asks the Sentinels of the options in turn until the master is not missing any more. A client that is still
// being made asks them itself.
func (o *lookout) watch(ctx context.Context) {
	l := o.link
	guides := make([]rueidis.Client, len(l.seeds))
	defer func() {
		for _, guide := range guides {
			if guide != nil {
				guide.Close()
			}
		}
	}()
	missed := l.whole.address()
	for attempt := 0; o.missing.Load(); attempt++ {
		var err error
		if l.client.Load() != nil {
			if at := l.whole.address(); at != missed { // the client has followed: it has seen that at is a master
				o.retire(missed, at)
				missed = at
			}
			err = o.look(ctx, guides, attempt%len(guides))
		}
		if !sleep(ctx, pause(attempt, isRefusal(err))) {
			return
		}
	}
}

// look asks one Sentinel, and follows if it names another master than the client has.
func (o *lookout) look(ctx context.Context, guides []rueidis.Client, turn int) (err error) {
	l := o.link
	if guides[turn] == nil {
		if guides[turn], err = connected(l.guide(l.dial, l.seeds[turn])); err != nil {
			guides[turn] = nil
			return l.unreachable(l.seeds[turn], err)
		}
	}
	next, err := o.named(ctx, guides[turn])
	if err != nil {
		guides[turn].Close()
		guides[turn] = nil
		return l.unreachable(l.seeds[turn], err)
	}
	if at := l.whole.address(); next != at && !l.formers.has(at) && o.leads(ctx, next) {
		o.follow(at, next)
	}
	return nil
}

// named asks a Sentinel for the address of the master.
func (o *lookout) named(ctx context.Context, guide rueidis.Client) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, o.link.sentinels.socketTimeout)
	defer cancel()
	place, err := guide.Do(ctx, guide.B().SentinelGetMasterAddrByName().Master(o.link.service).Build()).AsStrSlice()
	if err == nil && len(place) != 2 {
		err = errors.New("no address")
	}
	if err != nil {
		return "", err
	}
	return net.JoinHostPort(place[0], place[1]), nil
}

// leads reports whether the server at address says that it is a master. A Sentinel that is late names one that is
// gone, or is none any more.
func (o *lookout) leads(ctx context.Context, address string) bool {
	l := o.link
	visit := func(_ context.Context, address string, profile *net.Dialer, _ *tls.Config) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(l.life, profile.Timeout)
		defer cancel()
		conn, err := l.connect(ctx, address, l.encryption)
		if err != nil {
			return nil, err
		}
		return l.sockets.add(conn, address)
	}
	client, err := connected(l.lone(visit, address))
	if err != nil {
		return false
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, l.socketTimeout)
	defer cancel()
	return isMaster(client.Do(ctx, client.B().Role().Build()))
}

// follow has the client leave its master for next: it gives up the connections to it, and those to the Sentinels (its
// own as well), upon which the client asks them again, one after the other.
func (o *lookout) follow(at, next string) {
	o.retire(at, next)
	o.link.sockets.dropGuides()
}

// retire gives up the connections to a master that next has replaced, and has nobody connect to it for a while.
func (o *lookout) retire(address, next string) {
	o.link.formers.replace(address, next)
	o.link.sockets.drop(address)
}
