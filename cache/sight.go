package cache

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"time"

	"github.com/cachewright/cachewright/store"
)

// state is what a read found under a key.
type state uint8

const (
	missing    state = iota
	present          // a value within its lifetime
	stale            // a value past its lifetime that may still be served in place of an error
	absent           // a remembered absence
	failed           // the error of the last load
	leased           // nothing yet: somebody is loading it
	unreadable       // bare bytes that do not decode: somebody's value, and the error says why
)

// taken reports whether the key has a value, be it one that cannot be read.
func (s state) taken() bool { return s == present || s == unreadable }

// sight is what a read saw beside the value. Times are microseconds of the store's clock, zero for none.
type sight struct {
	state               state
	cost, backoff       uint32 // milliseconds
	created, soft, hard int64
	pause               pause  // of a value; the token and the end of a lease or a failure
	failure             string // the text of the error
}

// sightOf translates the header of a record at the time that now tells. A record that is void is missing.
func sightOf(h header, now func() int64) sight {
	s := sight{
		cost: h.cost, backoff: h.backoff, created: h.created, soft: h.soft, hard: h.hard, pause: h.pause,
	}
	switch h.kind {
	case kindValue:
		s.state = present
	case kindAbsent:
		s.state = absent
	case kindFailed:
		s.state, s.pause = failed, pause{h.generation, h.hard}
	case kindLease:
		s.state, s.pause = leased, pause{h.generation, h.hard}
		return s // a void lease is one that may be taken over
	default:
		return sight{}
	}
	if h.hard != 0 {
		s.grow(now())
	}
	return s
}

// grow ages what has a hard end to the time now. A value that ends while it is loaded anew goes on as the
// lease of that load.
func (s *sight) grow(now int64) {
	switch {
	case now >= s.hard && s.state == present && s.pause.token != 0 && s.pause.holds(now):
		s.state = leased
	case now >= s.hard:
		s.state = missing
	case s.state == present && now >= s.soft:
		s.state = stale
	}
}

// glance is the sight of a record that was opened before, and whose value is kept decoded beside it. It
// looks at the few bytes that matter for a hit.
func (b *Base) glance(record []byte) sight {
	le := binary.LittleEndian
	switch {
	case isShort(record): // a value that has no end of its own
		return sight{state: present, created: int64(le.Uint64(record[8:]))}
	case len(record) < headerSize || record[0] != recordMagic[0]: // a decimal
		return sight{state: present}
	}
	s := sight{
		state: present, cost: le.Uint32(record[40:]), backoff: le.Uint32(record[12:]),
		created: int64(le.Uint64(record[16:])), soft: int64(le.Uint64(record[24:])), hard: int64(le.Uint64(record[32:])),
	}
	if size := int(le.Uint16(record[4:])); size > headerSize {
		s.pause = pauseOf(record[headerSize:size])
	}
	if s.hard != 0 && b.reached(s.soft) {
		s.grow(b.now())
	}
	return s
}

// endless is the end of what has none.
const endless = math.MaxInt64

// youngUntil is when the value of s may begin to age or to be stale.
func (s *sight) youngUntil() int64 {
	switch {
	case s.soft != 0:
		return s.soft - unlikely*headStart(s.cost, s.soft-s.created)
	case s.hard != 0: // of no value that is written; let the bytes tell
		return 0
	}
	return endless
}

// holds reports whether a value is to be left alone at the time now. A pause that lies further ahead than any
// pause is long comes from a clock that is ahead of this one, and does not count.
func (p pause) holds(now int64) bool {
	longest := mostBackoff
	if p.token != 0 {
		longest = leaseTTL
	}
	return now < p.until && p.until-now <= (longest+time.Second).Microseconds()
}

// now is the store's time in microseconds, for the stamps of records.
func (b *Base) now() int64 {
	if b.clock != nil {
		return b.clock.Now().UnixMicro()
	}
	return time.Now().UnixMicro()
}

// reached reports whether the store's time has come to at. What is far off it knows without a look at the
// clock, which costs as much as the rest of a hit.
func (b *Base) reached(at int64) bool {
	if b.ticker != nil && at-b.ticker.Ticked().UnixMicro() > store.TickLag.Microseconds() {
		return false
	}
	return b.now() >= at
}

// unlikely is what an exponential variate is never larger than: e^-40.
const unlikely = 40

// headStart is by how much a load of a value begins ahead of its end, on average: what it costs, in milliseconds, but
// a twentieth of the lifetime at most.
func headStart(cost uint32, lifetime int64) int64 { return max(0, min(int64(cost)*1000, lifetime/20)) }

// aging reports whether a value is to be loaded anew before its end: at random, the more likely the nearer
// its end is and the longer its load takes (XFetch, from Vattani, Chierichetti and Lowenstein, "Optimal
// Probabilistic Cache Stampede Prevention", 2015). A load that is slow against the lifetime would, without the
// bound of headStart, begin at once, and again and again.
func (b *Base) aging(s *sight) bool {
	if s.soft == 0 || s.cost == 0 || b.refreshing == nil {
		return false
	}
	delta := headStart(s.cost, s.soft-s.created)
	if !b.reached(s.soft - unlikely*delta) {
		return false
	}
	now := b.now()
	return !s.pause.holds(now) && now+int64(float64(delta)*rand.ExpFloat64()) >= s.soft
}

// life is how long a value lives: the stamps of its record and its lifetime in the store.
type life struct {
	created, soft, hard int64
	cost                uint32        // of the load, milliseconds; zero if it was not loaded
	ttl                 time.Duration // of the value
	keep                time.Duration // in the store, of a record
}

// lifeOf returns the life of a value that is stored now for ttl, and that took cost to load.
func (b *Base) lifeOf(ttl, cost time.Duration) life {
	l := life{created: b.now(), ttl: ttl, keep: ttl}
	if cost > 0 {
		l.cost = uint32(min(max(cost.Milliseconds(), 1), 1<<32-1))
	}
	if ttl == Forever {
		return l
	}
	if cost > 0 || b.options.StaleFor > 0 {
		l.soft = l.created + ttl.Microseconds()
	}
	if extra := b.options.StaleFor; extra > 0 {
		l.keep = addTTL(ttl, extra)
		l.hard = l.created + l.keep.Microseconds()
	}
	return l
}

// addTTL adds lifetimes, up to Forever.
func addTTL(ttl, extra time.Duration) time.Duration {
	if sum := ttl + extra; sum > ttl && sum < Forever {
		return sum
	}
	return Forever
}

// storeTTL is how long the store is to keep value, the encoding of a value with this life: a bare value or a
// decimal cannot say when it is stale.
func (l life) storeTTL(value []byte) time.Duration {
	if len(value) > 0 && value[0] == recordMagic[0] {
		return l.keep
	}
	return l.ttl
}
