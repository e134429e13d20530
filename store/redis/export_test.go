package redis

import (
	"context"
	"net"
	"time"
)

// OpenThrough is [Open] with another network than that of the machine.
func OpenThrough(o Options, network func(ctx context.Context, network, address string) (net.Conn, error)) (*Store, error) {
	s, err := o.settle()
	if err != nil {
		return nil, err
	}
	s.network = network
	return &Store{link: openLink(s)}, nil
}

// AtTheClient returns how many calls, and senders of queued ones, the client works for.
func AtTheClient(s *Store) int {
	s.link.pipeline.mu.Lock()
	defer s.link.pipeline.mu.Unlock()
	return s.link.pipeline.sending
}

// SetsAgain sets a value and reports whether the next one would travel in the same memory.
func SetsAgain(s *Store, ctx context.Context, key string, value []byte) (bool, error) {
	c, err := s.link.begin(ctx, key)
	if err != nil {
		return false, err
	}
	defer c.end()
	p := pack(value)
	_, err = c.do(c.set(key, p.text(), time.Hour), again)
	c.release(p, err)
	return pack(nil) == p, err
}
