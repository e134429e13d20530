//go:build linux || darwin

package file_test

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/file"
	"github.com/cachewright/cachewright/store/storetest"
)

// TestProcessesTogetherFollowTheContract holds a store to the contract of which every call is served by
// another one of four processes.
func TestProcessesTogetherFollowTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, startRelays(t).open, relayed())
}

func TestProcessesTogetherAgreeWithTheModel(t *testing.T) {
	t.Parallel()
	storetest.Model(t, startRelays(t).open, relayed())
}

func relayed() storetest.Options {
	return storetest.Options{Offers: []storetest.Capability{
		storetest.Batcher, storetest.Counter, storetest.Swapper, storetest.Inspector,
	}}
}

// relay is one call to a store in another process, and its answer.
type relay struct {
	Dir string
	Op  store.Op

	Key, Pattern string
	Keys         []string
	Value, Old   []byte
	HasValue     bool // gob does not tell an empty slice from nil
	HasOld       bool
	Items        []store.Item
	TTL          time.Duration
	Delta        int64

	Found  bool
	N      int64
	Values [][]byte
	Absent []bool // of Values
	Failed string
}

// relayRole serves calls from standard input until that ends. A store is opened by the first call for
// its directory.
func relayRole(string) error {
	calls, answers := gob.NewDecoder(os.Stdin), gob.NewEncoder(os.Stdout)
	stores := make(map[string]*file.Store)
	for {
		var r relay
		if err := calls.Decode(&r); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		s, err := stores[r.Dir], error(nil)
		if s == nil {
			if s, err = file.Open(r.Dir, file.Options{}); err != nil {
				return err
			}
			stores[r.Dir] = s
		}
		if r.Op == store.OpClose {
			delete(stores, r.Dir)
		}
		if err := r.serve(context.Background(), s); err != nil {
			r.Failed = err.Error()
			for _, known := range knownErrors {
				if errors.Is(err, known) {
					r.Failed = known.Error()
				}
			}
		}
		if err := answers.Encode(&r); err != nil {
			return err
		}
	}
}

// knownErrors come back from another process as what they are.
var knownErrors = []error{store.ErrNotInteger, store.ErrOverflow}

// serve performs the call on s.
func (r *relay) serve(ctx context.Context, s *file.Store) (err error) {
	switch r.Op {
	case store.OpGet:
		r.Value, r.Found, err = s.Get(ctx, r.Key)
	case store.OpSet:
		err = s.Set(ctx, r.Key, r.Value, r.TTL)
	case store.OpAdd:
		r.Found, err = s.Add(ctx, r.Key, r.Value, r.TTL)
	case store.OpTouch:
		r.Found, err = s.Touch(ctx, r.Key, r.TTL)
	case store.OpDelete:
		var removed int
		removed, err = s.Delete(ctx, r.Keys...)
		r.N = int64(removed)
	case store.OpGetMany:
		r.Values, err = s.GetMany(ctx, r.Keys)
		for _, v := range r.Values {
			r.Absent = append(r.Absent, v == nil)
		}
	case store.OpSetMany:
		err = s.SetMany(ctx, r.Items, r.TTL)
	case store.OpIncr:
		r.N, r.Found, err = s.Incr(ctx, r.Key, r.Delta)
	case store.OpSwap:
		r.Found, err = s.Swap(ctx, r.Key, given(r.Old, r.HasOld), given(r.Value, r.HasValue), r.TTL)
	case store.OpScan:
		for key, err := range s.Scan(ctx, r.Key, r.Pattern) {
			if err != nil {
				return err
			}
			r.Keys = append(r.Keys, key)
		}
	case store.OpTTL:
		r.TTL, r.Found, err = s.TTL(ctx, r.Key)
	case store.OpClose:
		err = s.Close()
	default:
		err = fmt.Errorf("%w: operation %s", errWant, r.Op)
	}
	return err
}

// given returns value as it was before gob has taken empty for nil.
func given(value []byte, has bool) []byte {
	if has && value == nil {
		return []byte{}
	}
	return value
}

// relays are the processes.
type relays struct {
	t    *testing.T
	each []*relayProcess
}

type relayProcess struct {
	mu      sync.Mutex // guards the two: one call at a time
	calls   *gob.Encoder
	answers *gob.Decoder
}

func startRelays(t *testing.T) *relays {
	t.Helper()
	p := &relays{t: t}
	for range processes {
		cmd := process(t, "relay", "-")
		in, err := cmd.StdinPipe()
		noError(t, err)
		out, err := cmd.StdoutPipe()
		noError(t, err)
		cmd.Stderr = os.Stderr
		noError(t, cmd.Start())
		t.Cleanup(func() { endRelay(t, cmd, in) })
		p.each = append(p.each, &relayProcess{calls: gob.NewEncoder(in), answers: gob.NewDecoder(out)})
	}
	return p
}

func endRelay(t *testing.T, cmd *exec.Cmd, in io.Closer) {
	if err := errors.Join(in.Close(), cmd.Wait()); err != nil {
		t.Errorf("end a relay: %v", err)
	}
}

// open returns a store in a new directory that all processes share.
func (p *relays) open(t *testing.T) store.Store {
	return &relayStore{relays: p, dir: filepath.Join(memoryDir(t), "cache")}
}

// relayStore lets the processes serve its calls in turn.
type relayStore struct {
	*relays
	dir    string
	turn   atomic.Int64
	mu     sync.RWMutex // held by calls, and by Close alone
	closed bool
}

func (s *relayStore) call(ctx context.Context, r relay) (relay, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return r, store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return r, err
	}
	return s.exchange(s.each[s.turn.Add(1)%int64(len(s.each))], r)
}

func (s *relayStore) exchange(p *relayProcess, r relay) (answer relay, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.Dir, r.HasValue, r.HasOld = s.dir, r.Value != nil, r.Old != nil
	if err := p.calls.Encode(&r); err != nil {
		return answer, err
	}
	if err := p.answers.Decode(&answer); err != nil || answer.Failed == "" {
		return answer, err
	}
	for _, known := range knownErrors {
		if answer.Failed == known.Error() {
			return answer, known
		}
	}
	return answer, errors.New(answer.Failed)
}

func (s *relayStore) Get(ctx context.Context, key string) ([]byte, bool, error) {
	r, err := s.call(ctx, relay{Op: store.OpGet, Key: key})
	return given(r.Value, r.Found), r.Found, err
}

func (s *relayStore) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	_, err := s.call(ctx, relay{Op: store.OpSet, Key: key, Value: value, TTL: ttl})
	return err
}

func (s *relayStore) Add(ctx context.Context, key string, value []byte, ttl time.Duration) (bool, error) {
	r, err := s.call(ctx, relay{Op: store.OpAdd, Key: key, Value: value, TTL: ttl})
	return r.Found, err
}

func (s *relayStore) Touch(ctx context.Context, key string, ttl time.Duration) (bool, error) {
	r, err := s.call(ctx, relay{Op: store.OpTouch, Key: key, TTL: ttl})
	return r.Found, err
}

func (s *relayStore) Delete(ctx context.Context, keys ...string) (int, error) {
	r, err := s.call(ctx, relay{Op: store.OpDelete, Keys: keys})
	return int(r.N), err
}

func (s *relayStore) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	r, err := s.call(ctx, relay{Op: store.OpGetMany, Keys: keys})
	for i := range r.Values {
		r.Values[i] = given(r.Values[i], !r.Absent[i])
	}
	return r.Values, err
}

func (s *relayStore) SetMany(ctx context.Context, items []store.Item, ttl time.Duration) error {
	_, err := s.call(ctx, relay{Op: store.OpSetMany, Items: items, TTL: ttl})
	return err
}

func (s *relayStore) Incr(ctx context.Context, key string, delta int64) (int64, bool, error) {
	r, err := s.call(ctx, relay{Op: store.OpIncr, Key: key, Delta: delta})
	return r.N, r.Found, err
}

func (s *relayStore) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	r, err := s.call(ctx, relay{Op: store.OpSwap, Key: key, Old: old, Value: new, TTL: ttl})
	return r.Found, err
}

func (s *relayStore) Scan(ctx context.Context, prefix, pattern string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		r, err := s.call(ctx, relay{Op: store.OpScan, Key: prefix, Pattern: pattern})
		for _, key := range slices.Clone(r.Keys) {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				break
			}
			if !yield(key, nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

func (s *relayStore) TTL(ctx context.Context, key string) (time.Duration, bool, error) {
	r, err := s.call(ctx, relay{Op: store.OpTTL, Key: key})
	return r.TTL, r.Found, err
}

func (s *relayStore) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	for _, p := range s.each {
		_, err := s.exchange(p, relay{Op: store.OpClose})
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
