package redis

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/redis/rueidis"
)

const (
	// exchangeKeys is how many keys one call carries. Each such call has its own deadline.
	exchangeKeys = 1000

	// exchangeBytes is how many bytes of values one call carries, unless a single value is larger.
	exchangeBytes = 1 << 20

	// commandKeys is how many keys one command carries: other clients get their turn in between.
	commandKeys = 100
)

// batch is a call on many keys. They are divided among the shards, which work side by side, each in
// exchanges of its own that follow each other.
type batch struct {
	link *link
	keys []string

	// size returns how many bytes a key brings along. Nil means none.
	size func(i int) int

	// serve carries out one exchange, on the keys at some indices. What the server says about single keys
	// goes to failed.
	serve func(c *call, at []int, failed store.KeyErrors) error
}

// part is the share of one shard.
type part struct {
	shard    *shard
	at       []int // indices of keys
	failed   store.KeyErrors
	unserved int   // how many keys met err
	err      error // why the rest was not served
}

// run returns nil if all went well, store.KeyErrors if something did, and else what went wrong.
func (b *batch) run(ctx context.Context) error {
	parts, err := b.divide(ctx)
	if err != nil {
		return err
	}
	if len(parts) == 1 {
		b.share(ctx, parts[0])
	} else {
		var working sync.WaitGroup
		for _, p := range parts {
			working.Go(func() { b.share(ctx, p) })
		}
		working.Wait()
	}
	return b.outcome(ctx, parts)
}

// divide finds out whose keys are whose. Keys that nobody serves get a part without a shard.
func (b *batch) divide(ctx context.Context) ([]*part, error) {
	shards, err := b.link.allShards(ctx)
	if err != nil {
		return nil, err
	}
	if b.link.cluster == nil {
		p := &part{shard: shards[0], at: make([]int, len(b.keys)), failed: store.KeyErrors{}}
		for i := range p.at {
			p.at[i] = i
		}
		return []*part{p}, nil
	}
	layout := b.link.cluster.layout.Load()
	var parts []*part
	of := map[*shard]*part{}
	for i, key := range b.keys {
		sh := layout.of(slotOf(key))
		if of[sh] == nil {
			of[sh] = &part{shard: sh, failed: store.KeyErrors{}}
			parts = append(parts, of[sh])
		}
		of[sh].at = append(of[sh].at, i)
	}
	return parts, nil
}

// share serves one part, until something goes wrong.
func (b *batch) share(ctx context.Context, p *part) {
	for rest := p.at; len(rest) > 0; {
		n := b.exchange(rest)
		if err := b.serveAt(ctx, p, rest[:n]); err != nil {
			p.err, p.unserved = err, len(rest)
			for _, i := range rest {
				p.failed[b.keys[i]] = err
			}
			return
		}
		rest = rest[n:]
	}
}

func (b *batch) serveAt(ctx context.Context, p *part, at []int) error {
	if p.shard == nil {
		sh, _, err := b.link.cluster.serving(ctx, b.keys[at[0]])
		if err != nil {
			return err
		}
		p.shard = sh
	}
	c, err := p.shard.begin(ctx, b.link.socketTimeout)
	if err != nil {
		return err
	}
	defer c.end()
	return b.serve(&c, at, p.failed)
}

// exchange returns how many of the keys at some indices go into one exchange: at least one.
func (b *batch) exchange(at []int) int {
	most := min(len(at), exchangeKeys)
	if b.size == nil {
		return most
	}
	bytes := 0
	for n, i := range at[:most] {
		if bytes += b.size(i); n > 0 && bytes > exchangeBytes {
			return n
		}
	}
	return most
}

// outcome puts together what went wrong. If no key was served, or the caller has gone, that is all there
// is to say.
func (b *batch) outcome(ctx context.Context, parts []*part) error {
	failed, unserved := store.KeyErrors{}, 0
	var first error
	for _, p := range parts {
		maps.Copy(failed, p.failed)
		unserved += p.unserved
		if first == nil {
			first = p.err
		}
	}
	switch {
	case first != nil && (unserved == len(b.keys) || ctx.Err() != nil):
		return first
	case len(failed) > 0:
		return failed
	}
	return nil
}

// GetMany implements [store.Batcher]. A key that holds another type of Redis looks absent.
func (s *Store) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	if len(keys) == 0 {
		return nil, s.link.idle(ctx)
	}
	values := make([][]byte, len(keys))
	get := batch{link: s.link, keys: keys}
	get.serve = func(c *call, at []int, failed store.KeyErrors) error {
		if s.link.cluster != nil {
			return c.getEach(keys, at, values, failed)
		}
		return c.getGroups(keys, at, values, failed)
	}
	err := get.run(ctx)
	if some := (store.KeyErrors)(nil); err != nil && !errors.As(err, &some) {
		return nil, err
	}
	return values, err
}

// getGroups gets the keys at some indices, many with one command.
func (c *call) getGroups(keys []string, at []int, values [][]byte, failed store.KeyErrors) error {
	groups := slices.Collect(slices.Chunk(at, commandKeys))
	cmds := make([]rueidis.Completed, len(groups))
	for i, group := range groups {
		names := make([]string, len(group))
		for j, k := range group {
			names[j] = keys[k]
		}
		cmds[i] = c.build().Mget().Key(names...).Build().Pin()
	}
	results, err := c.doMulti(cmds, again)
	if err != nil {
		return err
	}
	for i, group := range groups {
		got, err := c.values(results[i], len(group))
		for j, k := range group {
			if err != nil {
				failed[keys[k]] = err
				continue
			}
			values[k] = got[j]
		}
	}
	return nil
}

// values reads the reply to an MGET of n keys.
func (c *call) values(result rueidis.RedisResult, n int) ([][]byte, error) {
	m, err := c.answer(result)
	if err != nil {
		return nil, err
	}
	messages, err := m.ToArray()
	if err != nil || len(messages) != n {
		return nil, errors.Join(errors.New("redis: a reply to MGET that does not fit"), err)
	}
	values := make([][]byte, n)
	for i, m := range messages {
		if m.IsNil() {
			continue
		}
		if values[i], err = content(m); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// getEach gets the keys at some indices, each with a command of its own: while a slot moves, a command on
// several of its keys is refused.
func (c *call) getEach(keys []string, at []int, values [][]byte, failed store.KeyErrors) error {
	ask := func(key string) rueidis.Completed { return c.build().Get().Key(key).Build() }
	return c.readEach(ask, keys, at, failed, func(k int, m rueidis.RedisMessage) (err error) {
		if !m.IsNil() {
			values[k], err = content(m)
		}
		return err
	})
}

// readEach asks for the keys at some indices, each with a command of its own, and hands the answers to read.
// A key of another type is passed over: it is absent, as MGET sees it.
func (c *call) readEach(ask func(key string) rueidis.Completed, keys []string, at []int, failed store.KeyErrors,
	read func(k int, m rueidis.RedisMessage) error,
) error {
	cmds := make([]rueidis.Completed, len(at))
	for i, k := range at {
		cmds[i] = ask(keys[k]).Pin()
	}
	results, err := c.doMulti(cmds, again)
	if err != nil {
		return err
	}
	for i, k := range at {
		m, err := c.answer(results[i])
		if err == nil {
			err = read(k, m)
		}
		var answer *ServerError
		if errors.As(err, &answer) && answer.Code == "WRONGTYPE" {
			continue
		}
		if err != nil {
			failed[keys[k]] = err
		}
	}
	return nil
}

// SetMany implements [store.Batcher].
func (s *Store) SetMany(ctx context.Context, items []store.Item, ttl time.Duration) error {
	if err := store.CheckTTL(ttl); err != nil {
		return err
	}
	if len(items) == 0 {
		return s.link.idle(ctx)
	}
	keys := make([]string, len(items))
	for i, item := range items {
		keys[i] = item.Key
	}
	set := batch{link: s.link, keys: keys, size: func(i int) int { return len(items[i].Value) }}
	set.serve = func(c *call, at []int, failed store.KeyErrors) error {
		return s.setEach(c, items, at, ttl, failed)
	}
	return set.run(ctx)
}

// setEach stores the items at some indices. Those that are too large fail alone.
func (s *Store) setEach(c *call, items []store.Item, at []int, ttl time.Duration, failed store.KeyErrors) error {
	cmds := make([]rueidis.Completed, 0, len(at))
	sent := make([]int, 0, len(at))
	packed := make([]*parcel, 0, len(at))
	for _, i := range at {
		if err := s.checkSize(items[i].Value); err != nil {
			failed[items[i].Key] = err
			continue
		}
		p := pack(items[i].Value)
		cmds, packed = append(cmds, c.set(items[i].Key, p.text(), ttl).Pin()), append(packed, p)
		sent = append(sent, i)
	}
	if len(cmds) == 0 {
		return nil
	}
	results, err := c.doMulti(cmds, again)
	if err != nil {
		return err
	}
	for n, i := range sent {
		_, err := c.answer(results[n])
		c.release(packed[n], err)
		if err != nil {
			failed[items[i].Key] = err
		}
	}
	return nil
}

// Delete implements [store.Store]. If the connection fails under way and the command is sent again, the
// count misses what the first attempt had removed. If only some of the keys could be deleted, the error is
// a [store.KeyErrors] and the count is theirs.
func (s *Store) Delete(ctx context.Context, keys ...string) (int, error) {
	if len(keys) == 0 {
		return 0, s.link.idle(ctx)
	}
	var removed atomic.Int64
	unlink := batch{link: s.link, keys: keys}
	unlink.serve = func(c *call, at []int, failed store.KeyErrors) error {
		n, err := c.unlink(keys, at, failed)
		removed.Add(n)
		return err
	}
	err := unlink.run(ctx)
	return int(removed.Load()), err
}

// unlink deletes the keys at some indices, with one command or, in a cluster, one for each.
func (c *call) unlink(keys []string, at []int, failed store.KeyErrors) (removed int64, err error) {
	group := len(at)
	if c.link.cluster != nil {
		group = 1
	}
	var cmds []rueidis.Completed
	groups := slices.Collect(slices.Chunk(at, group))
	for _, group := range groups {
		names := make([]string, len(group))
		for i, k := range group {
			names[i] = keys[k]
		}
		cmds = append(cmds, c.build().Unlink().Key(names...).Build().Pin())
	}
	results, err := c.doMulti(cmds, again)
	if err != nil {
		return 0, err
	}
	for i, group := range groups {
		m, err := c.answer(results[i])
		var n int64
		if err == nil {
			n, err = m.AsInt64()
		}
		if err != nil && len(groups) == 1 {
			return 0, err
		}
		for _, k := range group {
			if err != nil {
				failed[keys[k]] = err
			}
		}
		removed += n
	}
	return removed, nil
}
