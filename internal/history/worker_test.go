//go:build unix

package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
	"github.com/cachewright/cachewright/store/redis"
)

const (
	keys    = 24
	workers = 6 // goroutines of a process
)

// assignment is what a process is told.
type assignment struct {
	Process, Processes int
	Life               int // how many processes have had this number before
	Seed               uint64
	Folder             string // of the source and of the logs
	Server, Dir        string // where the cache is
	Bare               bool
	Stale              time.Duration
	Broken             bool // loads are stored whatever has happened meanwhile
}

func (a assignment) diary() string { return fmt.Sprintf("%s/%d.%d.log", a.Folder, a.Process, a.Life) }

func (a assignment) source() string { return a.Folder + "/source" }

// worker is a process at work.
type worker struct {
	assignment
	cache *cache.Cache[string]
	src   *source
	log   *diary
	owned [keys]sync.Mutex // writes of a key that is set are one after the other
	loads atomic.Uint64
}

// work does random things until its input ends.
func work(argument string) error {
	var w worker
	if err := json.Unmarshal([]byte(argument), &w.assignment); err != nil {
		return err
	}
	s, err := w.open()
	if err != nil {
		return err
	}
	base, err := cache.NewBase(s, w.options())
	if err != nil {
		return err
	}
	if w.cache, err = cache.On[string](base); err != nil {
		return err
	}
	if w.src, err = openSource(w.source(), keys); err != nil {
		return err
	}
	if w.log, err = openDiary(w.diary()); err != nil {
		return err
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() { w.toil(rand.New(rand.NewPCG(w.Seed, uint64(w.Process<<32|w.Life<<16|i))), done) })
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	close(done)
	wg.Wait()
	return errors.Join(base.Close(), s.Close())
}

func (a assignment) open() (s store.Store, err error) {
	if a.Dir != "" {
		s, err = file.Open(a.Dir, file.Options{})
	} else {
		s, err = redis.Open(redis.Options{Address: a.Server})
	}
	if err == nil && a.Broken {
		s = store.Intercept(s, careless{s})
	}
	return s, err
}

func (a assignment) options() cache.Options {
	o := cache.Options{TTL: 200 * time.Millisecond, LoadTimeout: patience}
	o.Hooks.Trouble = func(ctx context.Context, t cache.Trouble) { // of a store that is killed on purpose
		if call, ok := ctx.Value(blindKey{}).(*atomic.Bool); ok && t.Op == "read" {
			call.Store(true)
		}
	}
	if a.Bare {
		o.Codec = django.Codec{Serializer: django.JSON}
		return o
	}
	o.StaleFor, o.AbsentFor, o.ErrorFor = a.Stale, 50*time.Millisecond, 5*time.Millisecond
	return o
}

// blindKey is for what a call finds out: that the store does not answer it.
type blindKey struct{}

// careless stores what was loaded without a look at what has happened since.
type careless struct{ s store.Store }

func (c careless) Before(ctx context.Context, call *store.Call) (context.Context, error) {
	if call.Op == "commit" {
		call.Answered, call.Found = true, true
		call.Err = c.s.Set(ctx, call.Key, call.Value, call.TTL)
	}
	return ctx, nil
}

func (careless) After(context.Context, *store.Call) {}

// patience is how long a call may take.
const patience = time.Duration(Patience)

// toil does one random thing after the other.
func (w *worker) toil(r *rand.Rand, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
		}
		key := int(float64(keys) * r.Float64() * r.Float64()) // some are used more than others
		switch n := r.IntN(100); {
		case n < 30:
			w.get(key)
		case n < 70:
			w.fetch(r, key)
		case n < 76:
			w.fetchMany(key)
		case n < 90:
			w.write(r, key)
		case n < 94:
			_, _ = w.cache.Delete(context.Background(), name(key)) // though nothing has changed
		default:
			_, _ = w.cache.Touch(context.Background(), name(key), cache.TTL(time.Duration(1+r.IntN(20))*time.Millisecond))
		}
	}
}

func name(key int) string { return "key-" + strconv.Itoa(key) }

// value is what the source holds, and with it the cache.
func value(key int, version int64) string { return fmt.Sprintf("%s=%d", name(key), version) }

// versionOf returns the version of a value of key, or -1 for what is none.
func versionOf(key int, value string) int64 {
	text, ok := strings.CutPrefix(value, name(key)+"=")
	version, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil {
		return -1
	}
	return version
}

func (w *worker) begin(op Op, key int) Event {
	return Event{ID: w.log.next(), Process: w.Process, Op: op, Key: key, Begin: now()}
}

func (w *worker) get(key int) {
	e := w.begin(Get, key)
	v, found, err := w.cache.Get(context.Background(), name(key))
	e.End, e.Failed = now(), err != nil
	if found {
		e.Version = versionOf(key, v)
	}
	if err != nil && w.Dir != "" {
		w.log.oddity("get: %v", err)
	}
	w.log.put(e)
}

var errSource = errors.New("the source failed")

// load reads the source, and takes its time. It may run on when the call that began it has returned.
func (w *worker) load(ctx context.Context, key int) (string, error) {
	r := rand.New(rand.NewPCG(w.Seed+uint64(w.Process), w.loads.Add(1)))
	version := w.src.read(key)
	pause := time.Duration(r.IntN(3000)) * time.Microsecond
	if r.IntN(50) == 0 {
		pause *= 50
	}
	select {
	case <-time.After(pause):
	case <-ctx.Done():
		return "", ctx.Err()
	}
	switch {
	case r.IntN(50) == 0:
		return "", errSource
	case IsAbsent(version):
		return "", cache.ErrNotFound
	}
	return value(key, version), nil
}

func (w *worker) fetch(r *rand.Rand, key int) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if r.IntN(30) == 0 {
		time.AfterFunc(time.Duration(r.IntN(2000))*time.Microsecond, cancel)
	}
	var blind atomic.Bool
	ctx = context.WithValue(ctx, blindKey{}, &blind)
	e := w.begin(Fetch, key)
	v, err := w.cache.Fetch(ctx, name(key), func(ctx context.Context) (string, error) { return w.load(ctx, key) },
		cache.TTL(time.Duration(5+r.IntN(300))*time.Millisecond))
	e.End, e.Blind = now(), blind.Load()
	switch {
	case err == nil:
		e.Version = versionOf(key, v)
	case errors.Is(err, cache.ErrNotFound):
		e.Absent = true
	default:
		e.Failed = true
		w.judge(err)
	}
	w.log.put(e)
}

// judge logs an error that a Fetch has no business to return: the source answers, whatever the store does.
func (w *worker) judge(err error) {
	if errors.Is(err, context.Canceled) || strings.Contains(err.Error(), errSource.Error()) {
		return
	}
	w.log.oddity("fetch: %v", err)
}

// fetchMany fetches key and some of those that follow.
func (w *worker) fetchMany(key int) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var blind atomic.Bool
	ctx = context.WithValue(ctx, blindKey{}, &blind)
	var events []Event
	var names []string
	for k := key; k < min(key+4, keys); k++ {
		events = append(events, w.begin(Fetch, k))
		names = append(names, name(k))
	}
	values, err := w.cache.FetchMany(ctx, names, w.loadMany)
	end := now()
	var each cache.KeyErrors
	if err != nil && !errors.As(err, &each) {
		w.judge(err)
		return
	}
	for i, e := range events {
		e.End, e.Blind = end, blind.Load()
		v, found := values[names[i]]
		switch {
		case each[names[i]] != nil:
			e.Failed = true
			w.judge(each[names[i]])
		case found:
			e.Version = versionOf(e.Key, v)
		default:
			e.Absent = true
		}
		w.log.put(e)
	}
}

func (w *worker) loadMany(ctx context.Context, missing []string) (map[string]string, error) {
	loaded := make(map[string]string)
	for _, n := range missing {
		key, err := strconv.Atoi(strings.TrimPrefix(n, "key-"))
		if err != nil {
			return nil, err
		}
		v, err := w.load(ctx, key)
		switch {
		case err == nil:
			loaded[n] = v
		case !errors.Is(err, cache.ErrNotFound):
			return nil, err
		}
	}
	return loaded, nil
}

// write changes the source and tells the cache. Keys that are set have one process that writes them, one
// write after the other; the others are deleted by everybody at any time.
func (w *worker) write(r *rand.Rand, key int) {
	sets := key%2 == 0
	if sets {
		key = key - key%(2*w.Processes) + 2*w.Process // one of its own
		if key >= keys {
			key = 2 * w.Process
		}
		w.owned[key].Lock()
		defer w.owned[key].Unlock()
	}
	e := w.begin(Delete, key)
	e.Version = w.src.change(key)
	if sets && !IsAbsent(e.Version) && r.IntN(4) > 0 {
		e.Op = Set
	}
	w.log.put(e)
	var err error
	if e.Op == Set {
		err = w.cache.Set(context.Background(), name(key), value(key, e.Version), cache.TTL(time.Duration(5+r.IntN(300))*time.Millisecond))
	} else {
		_, err = w.cache.Delete(context.Background(), name(key))
	}
	e.End, e.Failed = now(), err != nil
	if err != nil && w.Dir != "" {
		w.log.oddity("%s: %v", e.Op, err)
	}
	w.log.put(e)
}
