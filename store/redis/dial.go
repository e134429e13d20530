package redis

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"sync"
	"time"
)

// dial opens a connection. It serves every call that waits for one, so it ends neither with the call that
// happened to come first nor with its cancellation, but at a deadline or with Close.
//
// The client hands through what the profile says about a kind of connection: its dialer, and the mark by
// which those to Sentinels are known.
func (l *link) dial(ctx context.Context, address string, profile *net.Dialer, mark *tls.Config) (net.Conn, error) {
	if d, ok := ctx.(*deadline); ok {
		d.keep()
	}
	limit := time.Now().Add(profile.Timeout)
	if at, ok := ctx.Deadline(); ok && at.Before(limit) {
		limit = at
	}
	ctx, cancel := context.WithDeadline(l.life, limit)
	defer cancel()
	if l.topology == sentinel && mark == l.sentinels.mark {
		conn, err := l.connect(ctx, address, l.sentinels.encryption)
		if err != nil {
			return nil, err
		}
		return l.sockets.add(&impatient{Conn: conn, patience: l.sentinels.socketTimeout}, address)
	}
	if l.formers.has(address) {
		return nil, errFormer
	}
	conn, err := l.connect(ctx, address, l.encryption)
	if err != nil {
		return nil, err
	}
	if l.topology == sentinel {
		l.whole.leaveFor(address) // the Sentinels have named another
	}
	return l.sockets.add(conn, address)
}

// redial gives up the connections to a single server, which says that it is a replica: its name may stand for
// another by now, as behind a service that moves names in a failover, and is looked up for new connections only.
// Where the name still stands for the same server this changes nothing, and is done once in a while at most.
func (l *link) redial() {
	now, last := time.Now().UnixNano(), l.redialled.Load()
	if now-last < int64(refreshInterval) || !l.redialled.CompareAndSwap(last, now) {
		return
	}
	l.sockets.drop(l.place)
}

// connect opens a connection and encrypts it, if e is not nil.
func (l *link) connect(ctx context.Context, address string, e *encryption) (net.Conn, error) {
	plain := func(ctx context.Context) (net.Conn, error) { return l.network(ctx, "tcp", address) }
	conn, err := plain(ctx)
	if err != nil || e == nil {
		return conn, err
	}
	return e.secure(ctx, conn, address, plain)
}

// impatient is a connection that breaks when a question gets no answer within patience. It may be silent
// for any time when nothing was asked.
type impatient struct {
	net.Conn
	patience time.Duration

	mu    sync.Mutex // guards limit
	limit time.Time  // until when its user wants to wait; zero is for ever
}

// SetDeadline sets until when to wait at most.
func (c *impatient) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = t
	return c.Conn.SetDeadline(t)
}

// Write sends a question.
func (c *impatient) Write(b []byte) (int, error) {
	if err := c.wait(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// Read receives an answer.
func (c *impatient) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		_ = c.wait(time.Time{}) // if the connection was closed, the next Read says so
	}
	return n, err
}

// wait has Read wait until t, or the limit if that is earlier. The zero time is never.
func (c *impatient) wait(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.IsZero() || !c.limit.IsZero() && c.limit.Before(t) {
		t = c.limit
	}
	return c.SetReadDeadline(t)
}

// sockets are the open connections, so that Close can end them when the server does not. The zero value
// is ready to use.
type sockets struct {
	mu     sync.Mutex // guards open, closed and empty
	open   map[*socket]struct{}
	closed bool
	empty  chan struct{} // closed when there are none; nil unless somebody waits for that
}

// socket is a connection that says when it is closed.
type socket struct {
	net.Conn
	owner   *sockets
	address string // as it was called
}

// add starts to watch conn, which leads to address.
func (s *sockets) add(conn net.Conn, address string) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	if s.open == nil {
		s.open = map[*socket]struct{}{}
	}
	c := &socket{Conn: conn, owner: s, address: address}
	s.open[c] = struct{}{}
	return c, nil
}

// Close closes the connection.
func (c *socket) Close() error {
	c.owner.forget(c)
	return c.Conn.Close()
}

func (s *sockets) forget(c *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
	s.settle()
}

// settle tells who waits for the last connection that it is gone. The caller holds mu.
func (s *sockets) settle() {
	if s.empty != nil && len(s.open) == 0 {
		close(s.empty)
		s.empty = nil
	}
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
	s.settle()
}

// wait waits until there is no connection.
func (s *sockets) wait() {
	s.mu.Lock()
	if s.empty == nil {
		s.empty = make(chan struct{})
	}
	empty := s.empty
	s.settle()
	s.mu.Unlock()
	<-empty
}

// to returns the open connections to address.
func (s *sockets) to(address string) []*socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []*socket
	for c := range s.open {
		if c.address == address {
			found = append(found, c)
		}
	}
	return found
}

// drop breaks the connections to address. Their users close them.
func (s *sockets) drop(address string) {
	for _, c := range s.to(address) {
		_ = c.Conn.Close()
	}
}

// dropGuides breaks the connections to Sentinels.
func (s *sockets) dropGuides() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		if guide, ok := c.Conn.(*impatient); ok {
			_ = guide.Close()
		}
	}
}

// peer returns the certificate that the server showed, or nil on a plain connection.
func (c *socket) peer() *x509.Certificate {
	encrypted, ok := c.Conn.(interface{ ConnectionState() tls.ConnectionState })
	if !ok {
		return nil
	}
	if shown := encrypted.ConnectionState().PeerCertificates; len(shown) > 0 {
		return shown[0]
	}
	return nil
}
