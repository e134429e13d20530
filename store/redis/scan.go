package redis

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

const (
	// scanCount is how many keys the server looks at in one step of a scan. It answers nobody else
	// meanwhile, for well under a millisecond.
	scanCount = 1000

	// mostPasses is how often a cluster is scanned anew because slots moved meanwhile.
	mostPasses = 5
)

// Scan implements [store.Inspector]. It remembers every key it has yielded, because the server may name a
// key more than once. In a cluster it asks all masters, one after the other, and once more if slots moved
// from one to another meanwhile. Leases that stand beside values are not among the keys, unless prefix asks
// for them.
func (s *Store) Scan(ctx context.Context, prefix, pattern string) iter.Seq2[string, error] {
	leasesToo := strings.HasPrefix(prefix, besidePrefix)
	return func(yield func(string, error) bool) {
		c := scan{ctx: ctx, link: s.link, match: store.EscapePattern(prefix) + pattern, leasesToo: leasesToo, seen: map[string]struct{}{}, yield: yield}
		if err := c.run(); err != nil {
			yield("", err)
		}
	}
}

// scan is one scan under way.
type scan struct {
	ctx       context.Context
	link      *link
	match     string
	leasesToo bool
	seen      map[string]struct{}
	yield     func(string, error) bool
	stopped   bool // by the loop
}

// run yields all keys, or returns why it cannot.
func (c *scan) run() error {
	for again := range mostPasses {
		shards, err := c.link.allShards(c.ctx)
		if err != nil {
			return err
		}
		before, err := c.holdings(shards)
		if err != nil {
			return err
		}
		for _, sh := range shards {
			if err := c.pass(sh); err != nil || c.stopped {
				return err
			}
		}
		after, err := c.holdings(shards)
		// A key that moves while the first pass is under way is found by the second, where it moved to.
		if err != nil || after == before && (again > 0 || !strings.Contains(after, moving)) {
			return err
		}
	}
	return nil
}

// pass yields the keys of one shard that were not seen before. A cursor means something to the process
// that gave it and to no other: after each change of the server it begins anew.
func (c *scan) pass(sh *shard) error {
	var from source
	for cursor, failed := uint64(0), false; ; {
		page, by, err := c.page(sh, cursor, from)
		switch {
		case err == nil:
		case failed || !c.link.retry || !errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded):
			return err
		default:
			failed = true
			continue
		}
		for _, key := range page.Elements {
			if _, again := c.seen[key]; again || !c.leasesToo && strings.HasPrefix(key, besidePrefix) {
				continue
			}
			c.seen[key] = struct{}{}
			if !c.yield(key, nil) {
				c.stopped = true
				return nil
			}
		}
		failed, from = false, by
		if cursor = page.Cursor; cursor == 0 {
			return nil
		}
	}
}

// source is who gave a cursor: a server, and the time during which connections to it have held.
type source struct {
	address string
	phase   *phase
}

// page gets the keys at cursor, which from gave, or the first if that was somebody else.
func (c *scan) page(sh *shard, cursor uint64, from source) (rueidis.ScanEntry, source, error) {
	exchange, err := sh.begin(c.ctx, c.link.socketTimeout)
	if err != nil {
		return rueidis.ScanEntry{}, source{}, err
	}
	defer exchange.end()
	if err := exchange.narrow(); err != nil {
		return rueidis.ScanEntry{}, source{}, err
	}
	by := source{sh.address(), exchange.phase}
	if by != from {
		cursor = 0
	}
	cmd := exchange.build().Scan().Cursor(cursor).Match(c.match).Count(scanCount).Build()
	if c.leasesToo {
		cmd = repeated(cmd) // a replica may not know of a lease yet
	}
	m, err := exchange.do(cmd, once)
	if err != nil {
		return rueidis.ScanEntry{}, source{}, err
	}
	page, err := m.AsScanEntry()
	return page, by, err
}

// moving is in the holdings of a node that takes slots over or hands them on.
const moving = "["

// holdings tells which slots the shards of a cluster hold, each in its own words. It is empty elsewhere.
func (c *scan) holdings(shards []*shard) (string, error) {
	if c.link.cluster == nil {
		return "", nil
	}
	var all strings.Builder
	for _, sh := range shards {
		exchange, err := sh.begin(c.ctx, c.link.socketTimeout)
		if err != nil {
			return "", err
		}
		text, err := exchange.nodeTable()
		exchange.end()
		if err != nil {
			return "", err
		}
		all.WriteString(ownSlots(text) + "\n")
	}
	return all.String(), nil
}

// nodeTable returns the cluster as the shard's master sees it.
func (c *call) nodeTable() (string, error) {
	if err := c.narrow(); err != nil {
		return "", err
	}
	m, err := c.do(c.build().ClusterNodes().Build(), once)
	if err != nil {
		return "", err
	}
	return m.ToString()
}

// ownSlots returns what the table of CLUSTER NODES says about the slots of the node that gave it.
func ownSlots(table string) string {
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) > 8 && strings.Contains(fields[2], "myself") {
			return strings.Join(fields[8:], " ")
		}
	}
	return ""
}

// narrow makes the call one to the shard's master and nobody else, for commands that are sent once.
func (c *call) narrow() error {
	node := c.shard.node(c.client)
	if node == nil {
		return c.link.unreachable(c.place(), errors.New("not yet known as a node"))
	}
	c.client = node
	return nil
}

// allShards returns all shards, waiting until they are known.
func (l *link) allShards(parent context.Context) ([]*shard, error) {
	if l.cluster == nil {
		return l.shards(), nil
	}
	c, err := l.open(parent, l.socketTimeout)
	if err != nil {
		return nil, err
	}
	defer c.end()
	return c.shards()
}

// shards waits until all shards are known.
func (c *call) shards() ([]*shard, error) {
	phase, err := c.link.gate().pass(c.ctx)
	if err := c.admitted(phase, err); err != nil {
		return nil, err
	}
	return c.link.shards(), nil
}
