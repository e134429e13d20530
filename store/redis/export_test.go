package redis

import (
	"context"
	"net"
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
