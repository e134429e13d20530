package redis

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// wakes tells who waits for a key that its lease has ended. Whoever ends a lease publishes the key, over one
// channel per database; wakes subscribes to it, on the connection that the calls use, from the first claim
// of a lease until the store is closed. It needs RESP3: otherwise it would take a connection of its own.
//
// A server that does not let us subscribe, or is away, costs nothing but time: those who wait look from
// time to time.
type wakes struct {
	link    *link
	channel string
	running sync.WaitGroup

	mu         sync.Mutex // guards the rest
	started    bool
	closed     bool
	subscribed bool
	waiting    map[string]map[chan struct{}]struct{}
}

func newWakes(l *link) *wakes {
	return &wakes{link: l, channel: "cachewright:wake:" + strconv.Itoa(l.db), waiting: make(map[string]map[chan struct{}]struct{})}
}

// listen subscribes, in the background, unless that is under way already.
func (w *wakes) listen() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.started || w.closed || w.link.protocol == 2 {
		return
	}
	w.started = true
	w.running.Go(w.run)
}

// close waits for the subscription to end, which the end of the link's life ends.
func (w *wakes) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.running.Wait()
}

// run stays subscribed until the link is closed.
func (w *wakes) run() {
	const most = 10 * time.Second
	pause := 100 * time.Millisecond
	for w.link.life.Err() == nil {
		if w.subscribe(w.link.life) {
			pause = 100 * time.Millisecond
		} else {
			pause = min(2*pause, most)
		}
		sleep(w.link.life, pause/2+rand.N(pause/2))
	}
}

// subscribe receives until the connection breaks or ctx ends, and reports whether it was subscribed.
func (w *wakes) subscribe(ctx context.Context) bool {
	if _, err := w.link.gate().pass(ctx); err != nil {
		return false
	}
	client := w.link.client.Load()
	if client == nil {
		return false
	}
	var subscribed atomic.Bool // by the connection's goroutine
	ctx = rueidis.WithOnSubscriptionHook(ctx, func(s rueidis.PubSubSubscription) {
		if s.Kind == "subscribe" {
			subscribed.Store(true)
			w.set(true)
		}
	})
	cmd := (*client).B().Subscribe().Channel(w.channel).Build()
	_ = (*client).Receive(ctx, cmd, func(m rueidis.PubSubMessage) { w.wake(m.Message) }) // what went wrong, the calls will find out
	w.set(false)
	return subscribed.Load()
}

// set notes whether messages arrive. When they stop, nobody is left waiting for one.
func (w *wakes) set(subscribed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.subscribed = subscribed
	if subscribed {
		return
	}
	for _, waiting := range w.waiting {
		for woken := range waiting {
			close(woken)
		}
	}
	clear(w.waiting)
}

// wake releases who waits for key.
func (w *wakes) wake(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for woken := range w.waiting[key] {
		close(woken)
	}
	delete(w.waiting, key)
}

// await returns a channel that is closed when the lease of key ends, or nil if no messages arrive.
func (w *wakes) await(key string) (<-chan struct{}, func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.subscribed {
		return nil, func() {}
	}
	woken := make(chan struct{})
	if w.waiting[key] == nil {
		w.waiting[key] = make(map[chan struct{}]struct{})
	}
	w.waiting[key][woken] = struct{}{}
	return woken, func() { w.leave(key, woken) }
}

// leave forgets who waits for key by woken.
func (w *wakes) leave(key string, woken chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiting[key], woken)
	if len(w.waiting[key]) == 0 {
		delete(w.waiting, key)
	}
}
