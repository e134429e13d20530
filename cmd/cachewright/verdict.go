package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
	"github.com/cachewright/cachewright/store/redis"
)

// verdict is what a check found out about one cache.
type verdict struct {
	cache    cachewright.CachePlan // what ran
	findings []cachewright.Finding // those that only running could tell
	proved   []string
	failure  *failure // nil: the cache works
	took     time.Duration
	p50, p99 time.Duration   // of a read
	server   *redis.Info     // nil for what is no server
	folder   *file.Condition // nil for what is no folder
}

func (v verdict) ok() bool { return v.failure == nil }

// judgeAll proves the caches of p side by side, each within timeout.
func judgeAll(ctx context.Context, p *cachewright.Plan, timeout time.Duration) []verdict {
	verdicts := make([]verdict, len(p.Caches))
	var wg sync.WaitGroup
	for i, c := range p.Caches {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			verdicts[i] = judge(ctx, p, c)
		})
	}
	wg.Wait()
	return verdicts
}

// judge opens one cache, proves it and closes it.
func judge(ctx context.Context, p *cachewright.Plan, c cachewright.CachePlan) verdict {
	v := verdict{cache: c}
	start := time.Now()
	if err := v.prove(ctx, p); err != nil {
		v.failure = explainFailure(err, v.cache)
	}
	v.took = time.Since(start)
	return v
}

func (v *verdict) prove(ctx context.Context, p *cachewright.Plan) error {
	var trouble error // what the reads swallowed; reads of one proof follow each other
	cs, err := openOne(ctx, p, v.cache, func(t cache.Trouble) { trouble = t.Err })
	if err != nil {
		return err
	}
	defer cs.Close()
	v.adopt(cs.Plan(), p)
	if err := cs.Ping(ctx); err != nil {
		return err
	}
	proof, err := newProof(cs, v.cache.Alias)
	if err != nil {
		return err
	}
	err = proof.run(ctx, v.cache.Backend)
	v.proved, v.p50, v.p99 = proof.proved, proof.quantile(0.50), proof.quantile(0.99)
	if err != nil && trouble != nil {
		return fmt.Errorf("%w (%w)", err, trouble)
	}
	if err != nil {
		return err
	}
	if v.server = serverInfo(ctx, cs, v.cache.Alias); v.server != nil {
		v.findings = append(v.findings, adviseServer(v.cache, *v.server, time.Now())...)
	}
	v.folder = folderCondition(ctx, cs, v.cache.Alias)
	if v.cache.Rule == ruleFallback {
		return errUncached
	}
	return nil
}

// adopt takes over what runs where it differs from what was planned.
func (v *verdict) adopt(ran, planned *cachewright.Plan) {
	if c, ok := ran.Cache(v.cache.Alias); ok {
		v.cache = c
	}
	for _, f := range ran.Findings[min(len(planned.Findings), len(ran.Findings)):] {
		v.findings = append(v.findings, f)
	}
}

// serverInfo asks a Redis what it is. A server that does not tell (INFO may be forbidden) is not worse.
func serverInfo(ctx context.Context, cs *cachewright.Caches, alias string) *redis.Info {
	s, err := cs.Store(alias)
	if err != nil {
		return nil
	}
	r, ok := store.As[*redis.Store](s)
	if !ok {
		return nil
	}
	info, err := r.Info(ctx)
	if err != nil {
		return nil
	}
	return &info
}
