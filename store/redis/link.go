package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

// closeGrace is how long Close waits for the answers to calls under way.
const closeGrace = 500 * time.Millisecond

// link is the way to the server: the client, the breaker in front of it, and the connections under it.
// The client is made in the background, because making it needs the server.
type link struct {
	settings
	client    atomic.Pointer[rueidis.Client] // nil until the server was reached once
	breaker   *breaker
	clock     clock
	deadlines deadlines
	sockets   sockets

	life    context.Context // ends with Close
	stop    context.CancelFunc
	ran     sync.WaitGroup // the breaker's goroutine
	closing sync.Once
}

// openLink returns a link that is looking for its server.
func openLink(s settings) *link {
	l := &link{settings: s}
	l.life, l.stop = context.WithCancel(context.Background())
	l.breaker = newBreaker(l.probe, l.report)
	l.ran.Go(func() { l.breaker.run(l.life) })
	return l
}

// close refuses further calls, ends the connections and waits for the goroutines. Calls under way have
// closeGrace to be answered.
func (l *link) close() { l.closing.Do(l.shut) }

func (l *link) shut() {
	reachable := l.breaker.current.Load().up()
	l.breaker.closeWith(store.ErrClosed)
	l.stop()
	// Both the prober and the client wait for a last answer on a connection. Without a socket there is
	// none to wait for.
	timer := time.AfterFunc(closeGrace, l.sockets.close)
	defer timer.Stop()
	if !reachable {
		l.sockets.close()
	}
	l.ran.Wait()
	if client := l.client.Load(); client != nil {
		(*client).Close()
	}
}

// probe asks the server for a sign of life and for its time, over a new connection if there is none. An
// error is ready to be shown to callers.
func (l *link) probe(ctx context.Context, patient bool) error {
	limit := l.socketTimeout
	if patient {
		limit += l.connectTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	client, err := l.reach()
	if err != nil {
		return l.unreachable(err)
	}
	if err := l.ping(ctx, client); err != nil {
		return err
	}
	l.clock.refresh(ctx, client)
	return nil
}

// reach returns the client, making it if there is none yet. Making it opens a connection; that ends in
// time by the client's own limits and by Close.
func (l *link) reach() (rueidis.Client, error) {
	if c := l.client.Load(); c != nil {
		return *c, nil
	}
	client, err := rueidis.NewClient(l.profile(l.dial))
	if err == nil {
		l.client.Store(&client)
		return client, nil
	}
	if client != nil {
		client.Close()
	}
	return nil, err
}

// ping returns nil if the server is able to work.
func (l *link) ping(ctx context.Context, client rueidis.Client) error {
	r := client.Do(ctx, client.B().Ping().Build())
	switch err := r.NonRedisError(); {
	case err == nil:
	case ctx.Err() != nil:
		return l.overdue("does not answer")
	default:
		return l.unreachable(err)
	}
	answer := l.serverError(r.Error())
	if answer == nil || answer.Code == "NOPERM" {
		return nil // a user who may not ping has got an answer too
	}
	return l.unreachable(r.Error())
}

// report tells the log about a change.
func (l *link) report(refusal error) {
	if refusal == nil {
		l.logger.Info("redis is back", "address", l.address)
		return
	}
	l.logger.Warn("redis is not available; calls fail at once until it is back", "address", l.address, "error", refusal)
}

// dial opens a connection. It serves every call that waits for one, so it ends neither with the call that
// happened to come first nor with its cancellation, but at a deadline or with Close.
func (l *link) dial(ctx context.Context, address string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
	if d, ok := ctx.(*deadline); ok {
		d.keep()
	}
	limit := time.Now().Add(l.connectTimeout)
	if at, ok := ctx.Deadline(); ok && at.Before(limit) {
		limit = at
	}
	bounded, cancel := context.WithDeadline(l.life, limit)
	defer cancel()
	dialer := net.Dialer{KeepAlive: -1, KeepAliveConfig: l.keepAlive}
	conn, err := dialer.DialContext(bounded, "tcp", address)
	if err != nil {
		return nil, err
	}
	return l.sockets.add(conn)
}

// native returns the client, or nil if the server has never been reached. It waits for the outcome of an
// attempt that is under way.
func (l *link) native() rueidis.Client {
	ctx, cancel := context.WithTimeout(l.life, l.connectTimeout+l.socketTimeout)
	defer cancel()
	if _, err := l.breaker.pass(ctx); errors.Is(err, store.ErrClosed) {
		return nil
	}
	if c := l.client.Load(); c != nil {
		return *c
	}
	return nil
}

// sockets are the open connections, so that Close can end them when the server does not. The zero value
// is ready to use.
type sockets struct {
	mu     sync.Mutex // guards open and closed
	open   map[*socket]struct{}
	closed bool
}

// socket is a connection that says when it is closed.
type socket struct {
	net.Conn
	owner *sockets
}

// add starts to watch conn.
func (s *sockets) add(conn net.Conn) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	if s.open == nil {
		s.open = map[*socket]struct{}{}
	}
	c := &socket{Conn: conn, owner: s}
	s.open[c] = struct{}{}
	return c, nil
}

// Close closes the connection.
func (c *socket) Close() error {
	c.owner.mu.Lock()
	delete(c.owner.open, c)
	c.owner.mu.Unlock()
	return c.Conn.Close()
}

// close closes all connections and those that are still to come.
func (s *sockets) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.open {
		_ = c.Conn.Close()
	}
	clear(s.open)
}
