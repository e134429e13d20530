package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
)

const (
	// reserved is the namespace in which a check writes. Its keys carry a random part, live for a
	// minute and are removed at the end.
	reserved = "cachewright-check"

	proofLifetime   = time.Minute
	touchedLifetime = 2 * time.Minute

	// A check measures this many reads, but not longer than measureFor.
	measuredReads = 200
	measureFor    = 50 * time.Millisecond

	// cleanupTimeout bounds the removal of what a check wrote.
	cleanupTimeout = 500 * time.Millisecond
)

// step is one part of a proof.
type step struct {
	name string
	do   func(context.Context) error
}

// proof proves one cache by using it.
type proof struct {
	values  *cache.Cache[any]
	key     string // a text
	counter string // a number
	text    string

	proved []string // the names of the steps that succeeded
	clean  bool     // nothing of the proof is left in the store
	reads  []time.Duration
}

func newProof(cs *cachewright.Caches, alias string) (*proof, error) {
	values, err := cachewright.Of[any](cs, alias, cache.Namespace(reserved))
	if err != nil {
		return nil, err
	}
	id := strings.ToLower(rand.Text())
	return &proof{values: values, key: id, counter: id + "-n", text: "proved by " + id}, nil
}

// run takes the steps that backend calls for until one fails, and cleans up behind them.
func (p *proof) run(ctx context.Context, backend string) error {
	defer p.cleanUp(ctx)
	for _, s := range p.steps(backend) {
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		p.proved = append(p.proved, s.name)
	}
	return nil
}

// steps are what a backend promises. A dummy promises to take everything and to keep nothing.
func (p *proof) steps(backend string) []step {
	if backend == cachewright.BackendDummy {
		return []step{{"set", p.set}, {"get misses", p.getMisses}}
	}
	return []step{
		{"set", p.set}, {"get", p.get}, {"other version misses", p.otherVersionMisses}, {"add", p.add},
		{"incr", p.incr}, {"touch", p.touch}, {"ttl", p.ttl}, {"delete", p.delete},
	}
}

func (p *proof) set(ctx context.Context) error {
	return p.values.Set(ctx, p.key, p.text, cache.TTL(proofLifetime))
}

// get reads the value back, and goes on reading to learn how long that takes.
func (p *proof) get(ctx context.Context) error {
	for end := time.Now().Add(measureFor); len(p.reads) < measuredReads; {
		start := time.Now()
		got, found, err := p.values.Get(ctx, p.key)
		now := time.Now()
		switch {
		case err != nil:
			return err
		case !found:
			return errors.New("the value just written is not there")
		case got != p.text:
			return errors.New("another value than the one just written")
		}
		p.reads = append(p.reads, now.Sub(start))
		if now.After(end) {
			break
		}
	}
	slices.Sort(p.reads)
	return nil
}

// quantile is the time that a share q of the measured reads stayed below; zero if none was measured.
func (p *proof) quantile(q float64) time.Duration {
	if len(p.reads) == 0 {
		return 0
	}
	return p.reads[int(q*float64(len(p.reads)-1))]
}

func (p *proof) getMisses(ctx context.Context) error {
	return expectMiss(p.values.Has(ctx, p.key))
}

func (p *proof) otherVersionMisses(ctx context.Context) error {
	return expectMiss(p.values.AtVersion(p.values.Version()+1).Has(ctx, p.key))
}

func expectMiss(found bool, err error) error {
	if err == nil && found {
		err = errors.New("a value is there and should not be")
	}
	return err
}

func (p *proof) add(ctx context.Context) error {
	stored, err := p.values.Add(ctx, p.key, "again", cache.TTL(proofLifetime))
	if err == nil && stored {
		err = errors.New("it replaced a value")
	}
	if err != nil {
		return err
	}
	stored, err = p.values.Add(ctx, p.counter, 40, cache.TTL(proofLifetime))
	if err == nil && !stored {
		err = errors.New("it found a value under a new key")
	}
	return err
}

func (p *proof) incr(ctx context.Context) error {
	n, found, err := p.values.Incr(ctx, p.counter, 2)
	if err == nil && (!found || n != 42) {
		err = fmt.Errorf("40 and 2 gave %d, found %t", n, found)
	}
	return err
}

func (p *proof) touch(ctx context.Context) error {
	found, err := p.values.Touch(ctx, p.key, cache.TTL(touchedLifetime))
	if err == nil && !found {
		err = errors.New("the value is not there")
	}
	return err
}

func (p *proof) ttl(ctx context.Context) error {
	ttl, found, err := p.values.TTL(ctx, p.key)
	if err == nil && (!found || ttl <= proofLifetime || ttl > touchedLifetime) {
		err = fmt.Errorf("%v remain of the %v given by touch, found %t", ttl, touchedLifetime, found)
	}
	return err
}

func (p *proof) delete(ctx context.Context) error {
	removed, err := p.values.Delete(ctx, p.key, p.counter)
	if err == nil && removed != 2 {
		err = fmt.Errorf("it removed %d of 2 values", removed)
	}
	if err != nil {
		return err
	}
	p.clean = true
	return expectMiss(p.values.Has(ctx, p.key))
}

// cleanUp removes what a proof that stopped half-way has left, also when its own time is over. What
// cannot be removed expires.
func (p *proof) cleanUp(ctx context.Context) {
	if p.clean {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	_, _ = p.values.Delete(ctx, p.key, p.counter)
}
