package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/cachewright/cachewright"
)

// checked is the outcome of a check.
type checked struct {
	plan     *cachewright.Plan
	verdicts []verdict
	findings []cachewright.Finding // of the plan and of running it
}

func newChecked(p *cachewright.Plan, verdicts []verdict) checked {
	c := checked{plan: p, verdicts: verdicts}
	c.findings = append(c.findings, p.Findings...)
	for _, v := range verdicts {
		c.findings = append(c.findings, v.findings...)
	}
	return c
}

// failed is how many caches do not work.
func (c checked) failed() int {
	n := 0
	for _, v := range c.verdicts {
		if !v.ok() {
			n++
		}
	}
	return n
}

// printChecked prints a check for people.
func (v *invocation) printChecked(c checked) {
	v.printTitle(c.plan)
	cards := newCard(v.report, c.plan)
	for _, verdict := range c.verdicts {
		v.printVerdict(cards, verdict)
	}
	v.printFindings(c.findings)
	if unconfigured(c.plan) {
		v.printScenarios(c.plan)
		v.printNext()
	}
	v.printSummary(c)
}

func (v *invocation) printVerdict(cards card, verdict verdict) {
	if verdict.ok() {
		cards.head(good("✓"), verdict.cache, verdict.latency())
	} else {
		cards.head(bad("✗"), verdict.cache, "failed after "+describeLatency(verdict.took))
	}
	cards.body(verdict.cache)
	cards.redisRows(verdict.cache, verdict.server)
	if verdict.folder != nil {
		row(v.report, "holds", describeFolder(*verdict.folder, time.Now()))
	}
	if len(verdict.proved) > 0 {
		row(v.report, "proved", strings.Join(verdict.proved, " · "))
	}
	if f := verdict.failure; f != nil {
		row(v.report, "error", bad(f.Error()))
		if f.meanwhile != "" {
			row(v.report, "meanwhile", f.meanwhile)
		}
		row(v.report, "fix", f.fix)
	}
	fmt.Fprintln(v.report)
}

// latency is how long a read takes. A server is measured with its slow reads, everything else is fast.
func (v verdict) latency() string {
	switch {
	case v.p50 == 0:
		return ""
	case v.cache.Backend == cachewright.BackendRedis:
		return fmt.Sprintf("p50 %s  p99 %s", describeLatency(v.p50), describeLatency(v.p99))
	}
	return "round trip " + describeLatency(v.p50)
}

// printSummary prints the last line: the answer of the whole check.
func (v *invocation) printSummary(c checked) {
	findings := countFindings(c.findings)
	if failed := c.failed(); failed > 0 {
		fmt.Fprintf(v.report, "%s   %d of %s failed, %s\n", bad("failed"), failed, count(len(c.verdicts), "cache"), findings)
		return
	}
	written := ", no file written"
	for _, verdict := range c.verdicts {
		if verdict.cache.Backend != cachewright.BackendRedis {
			written = ""
		}
	}
	fmt.Fprintf(v.report, "%s   %s proved, %s%s\n", good("ok"), count(len(c.verdicts), "cache"), findings, written)
}
