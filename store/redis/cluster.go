package redis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

const (
	// leastRefresh is the shortest time between two questions to a cluster who serves what.
	leastRefresh = time.Second

	// nextAfter is how long one node is given to say who serves what before the next is asked, too.
	nextAfter = 150 * time.Millisecond
)

// nodes are those of a cluster: which of them serves which keys. The client finds its own way, by MOVED and
// ASK; this knowledge says whose breaker a call has to pass, and whom to ask one by one.
//
// Its breaker is about the cluster as a whole: whether anybody says who serves what. Its probe is the
// refresh of that knowledge.
type nodes struct {
	link    *link
	breaker *breaker
	layout  atomic.Pointer[layout] // nil until it is known
	asked   time.Time              // the latest refresh; the breaker's goroutine alone uses it
}

// layout says who serves which slot. It never changes; nodes moves to the next.
type layout struct {
	shards []*shard
	served [slots]uint16 // one more than the index into shards; zero is nobody
}

// of returns who serves slot, or nil.
func (y *layout) of(slot int) *shard {
	if i := y.served[slot]; i > 0 {
		return y.shards[i-1]
	}
	return nil
}

// newNodes returns the nodes of a cluster, of which nothing is known.
func newNodes(l *link) *nodes {
	n := &nodes{link: l}
	n.breaker = newBreaker(n.refresh, n.report, refreshInterval)
	return n
}

// start has the nodes asked for until the link is closed.
func (n *nodes) start() {
	n.link.running.Go(func() { n.breaker.run(n.link.life) })
}

// report tells the log about a change.
func (n *nodes) report(refusal error) { n.link.report(n.link.place, refusal) }

// serving returns the shard of key, waiting until it is known. The phase is nil if ctx ended first.
func (n *nodes) serving(ctx context.Context, key string) (*shard, *phase, error) {
	phase, err := n.breaker.pass(ctx)
	if err != nil {
		return nil, phase, err
	}
	slot := slotOf(key)
	if sh := n.layout.Load().of(slot); sh != nil {
		return sh, phase, nil
	}
	n.breaker.doubt()
	return nil, phase, fmt.Errorf("%w: redis %s: nobody serves slot %d", store.ErrUnavailable, n.link.place, slot)
}

// refresh finds out who serves what. While that is known, it takes its time, and leaves it to the client
// where that asks by itself.
func (n *nodes) refresh(ctx context.Context, patient bool) error {
	if !patient && !sleep(ctx, time.Until(n.asked.Add(leastRefresh))) {
		return nil
	}
	if !patient && n.astray() && time.Since(n.asked) < refreshInterval {
		return nil
	}
	n.asked = time.Now()
	spans, err := n.ask(ctx)
	if err != nil {
		return n.link.unreachable(n.link.place, err)
	}
	if covered := coverage(spans); n.link.fullCoverage && covered < slots {
		return fmt.Errorf("%w: redis %s: only %d of %d slots are served; require_full_coverage: false uses those",
			store.ErrUnavailable, n.link.place, covered, slots)
	}
	if err := n.connect(spans); err != nil {
		return n.link.unreachable(n.link.place, err)
	}
	n.adopt(spans)
	return nil
}

// astray reports whether nothing is wrong but that nodes send us elsewhere. A node that is gone or silent is
// another matter: its keys wait for the next master.
func (n *nodes) astray() bool {
	some := false
	for _, sh := range n.link.shards() {
		p := sh.breaker.current.Load()
		if !p.up() && !isAstray(p.refusal) {
			return false
		}
		some = some || !p.up()
	}
	return some
}

// ask returns what some node says: one that serves keys now, or if none of them answers, a seed.
func (n *nodes) ask(ctx context.Context) ([]span, error) {
	limit := n.link.connectTimeout + n.link.socketTimeout
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if client := n.link.client.Load(); client != nil {
		known := (*client).Nodes()
		addresses := n.preferred(known)
		spans, err := hedge(ctx, n, addresses, func(ctx context.Context, address string) ([]span, error) {
			return spansOf(ctx, known[address], address)
		})
		if err == nil {
			return spans, nil
		}
	}
	seeds := slices.Clone(n.link.seeds)
	rand.Shuffle(len(seeds), func(i, j int) { seeds[i], seeds[j] = seeds[j], seeds[i] })
	return hedge(ctx, n, seeds, func(ctx context.Context, address string) ([]span, error) {
		client, err := connected(n.link.lone(n.link.dial, address))
		if err != nil {
			return nil, err
		}
		defer client.Close()
		return spansOf(ctx, client, address)
	})
}

// preferred returns the addresses of the known nodes, first of all the masters that nobody doubts.
func (n *nodes) preferred(known map[string]rueidis.Client) []string {
	var sound, others []string
	seen := map[string]bool{}
	for _, sh := range n.link.shards() {
		address := sh.address()
		if _, ok := known[address]; ok && sh.breaker.current.Load().up() {
			sound, seen[address] = append(sound, address), true
		}
	}
	for address := range known {
		if !seen[address] {
			others = append(others, address)
		}
	}
	rand.Shuffle(len(sound), func(i, j int) { sound[i], sound[j] = sound[j], sound[i] })
	return append(sound, others...)
}

// hedge asks the nodes at addresses one after the other, the next whenever one has failed or let nextAfter
// pass, and returns the first answer, or the first error if there is none. Questions without an answer
// are left behind; Close waits for them.
func hedge[T any](ctx context.Context, n *nodes, addresses []string, ask func(context.Context, string) (T, error)) (T, error) {
	type reply struct {
		answer T
		err    error
	}
	var (
		none    T
		first   error
		asked   int
		replies = make(chan reply, len(addresses))
	)
	next := func() {
		if asked == len(addresses) {
			return
		}
		address := addresses[asked]
		asked++
		n.link.running.Go(func() {
			answer, err := ask(ctx, address)
			replies <- reply{answer, err}
		})
	}
	next()
	hurry := time.NewTicker(nextAfter)
	defer hurry.Stop()
	for failed := 0; failed < len(addresses); {
		select {
		case r := <-replies:
			if r.err == nil {
				return r.answer, nil
			}
			if first == nil {
				first = r.err
			}
			if failed++; failed == asked {
				next()
			}
		case <-hurry.C:
			next()
		case <-ctx.Done():
			return none, errors.Join(first, ctx.Err())
		}
	}
	return none, first
}

// span is a range of slots with the nodes that hold it, the master first.
type span struct {
	first, last int
	members     []string
}

// spansOf asks the node at address.
func spansOf(ctx context.Context, client rueidis.Client, address string) ([]span, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	rows, err := client.Do(ctx, client.B().ClusterSlots().Build()).ToArray()
	if err != nil {
		return nil, err
	}
	spans := make([]span, 0, len(rows))
	for _, row := range rows {
		s, err := spanOf(row, host)
		if err != nil {
			return nil, err
		}
		if len(s.members) > 0 {
			spans = append(spans, s)
		}
	}
	if len(spans) == 0 {
		return nil, errors.New("the node knows of no node that serves keys")
	}
	slices.SortFunc(spans, func(a, b span) int { return a.first - b.first })
	return spans, nil
}

// spanOf reads one element of the reply to CLUSTER SLOTS: two numbers and the nodes. Nodes that do not
// know their own name leave it empty, and mean the one by which they were called.
func spanOf(row rueidis.RedisMessage, host string) (span, error) {
	bad := errors.New("a reply to CLUSTER SLOTS that does not fit")
	cells, err := row.ToArray()
	if err != nil || len(cells) < 3 {
		return span{}, bad
	}
	first, errFirst := cells[0].AsInt64()
	last, errLast := cells[1].AsInt64()
	if errFirst != nil || errLast != nil || first < 0 || first > last || last >= slots {
		return span{}, bad
	}
	s := span{first: int(first), last: int(last)}
	for i, cell := range cells[2:] {
		node, err := cell.ToArray()
		if err != nil || len(node) < 2 {
			return span{}, bad
		}
		name, _ := node[0].ToString() // nil stands for an unknown name
		port, err := node[1].AsInt64()
		if err != nil {
			return span{}, bad
		}
		if name == "?" {
			if i == 0 {
				return span{}, nil // the master is unknown: nobody serves this
			}
			continue
		}
		if name == "" {
			name = host
		}
		s.members = append(s.members, net.JoinHostPort(name, strconv.FormatInt(port, 10)))
	}
	return s, nil
}

// coverage returns how many slots are served.
func coverage(spans []span) int {
	covered := 0
	for _, s := range spans {
		covered += s.last - s.first + 1
	}
	return covered
}
