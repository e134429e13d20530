package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/cachewright/cachewright/store"
)

func (s *mapStore) GetMany(ctx context.Context, keys []string) ([][]byte, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	if len(keys) == 0 && s.has("a batch of nothing fails") {
		return nil, errFlaw
	}
	if s.has("GetMany sorts") {
		keys = slices.Sorted(slices.Values(keys))
	}
	values := make([][]byte, len(keys))
	seen := make(map[string]bool)
	for i, key := range keys {
		e := s.live(key)
		if e == nil || seen[key] && s.has("GetMany answers duplicates once") || i >= 1000 && s.has("GetMany stops at a thousand") {
			continue
		}
		seen[key] = true
		values[i] = e.value
		if len(e.value) == 0 && s.has("GetMany answers nil for empty values") {
			values[i] = nil
		}
	}
	return values, nil
}

func (s *mapStore) SetMany(ctx context.Context, items []store.Item, ttl time.Duration) error {
	if err := s.checkTTL("SetMany", ttl); err != nil {
		return err
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if s.has("SetMany lets the first duplicate win") {
		items = slices.Clone(items)
		slices.Reverse(items)
	}
	for _, item := range items {
		s.write("SetMany", item.Key, item.Value, ttl)
	}
	return nil
}

func (s *mapStore) Incr(ctx context.Context, key string, delta int64) (int64, bool, error) {
	if err := s.enter(ctx); err != nil {
		return 0, false, err
	}
	defer s.leave()
	e := s.lookup("Incr", key)
	if e == nil {
		if s.has("Incr creates") {
			s.write("Incr", key, []byte("0"), store.Forever)
		}
		return 0, false, nil
	}
	n, ok := store.Decimal(e.value)
	if s.has("Incr reads any spelling of a number") {
		parsed, err := strconv.ParseInt(string(e.value), 10, 64)
		n, ok = parsed, err == nil
	}
	if !ok {
		return 0, false, store.ErrNotInteger
	}
	sum, err := store.Sum(n, delta)
	if s.has("Incr wraps around") {
		sum, err = n+delta, nil
	}
	if err != nil {
		return 0, false, err
	}
	if delta < 0 && s.has("Incr cannot subtract") {
		sum = n
	}
	s.yieldTo("Incr takes two steps")
	value := strconv.AppendInt(nil, sum, 10)
	if s.has("Incr pads its sum") {
		value = fmt.Appendf(nil, "%5d", sum)
	}
	s.write("Incr", key, value, store.Keep)
	return sum, true, nil
}

func (s *mapStore) GetTouch(ctx context.Context, key string, ttl time.Duration) ([]byte, bool, error) {
	if err := s.checkTTL("GetTouch", ttl); err != nil {
		return nil, false, err
	}
	if err := s.enter(ctx); err != nil {
		return nil, false, err
	}
	defer s.leave()
	e := s.lookup("GetTouch", key)
	if e == nil {
		return nil, false, nil
	}
	if ttl != store.Keep && !s.has("GetTouch does not touch") {
		s.end(e, ttl)
	}
	return e.value, true, nil
}

func (s *mapStore) Swap(ctx context.Context, key string, old, new []byte, ttl time.Duration) (bool, error) {
	if old == nil && new == nil && !s.has("Swap takes nothing for nothing") {
		return false, errors.New("swap of nothing for nothing")
	}
	if new != nil || s.has("Swap checks the lifetime of a deletion") {
		if err := s.checkTTL("Swap", ttl); err != nil {
			return false, err
		}
	}
	if err := s.enter(ctx); err != nil {
		return false, err
	}
	defer s.leave()
	if !s.swapMatches(s.lookup("Swap", key), old) {
		return false, nil
	}
	s.yieldTo("Swap takes two steps")
	if new == nil {
		delete(s.entries, key)
		return true, nil
	}
	s.write("Swap", key, new, ttl)
	return true, nil
}

func (s *mapStore) swapMatches(e *mapEntry, old []byte) bool {
	switch {
	case s.has("Swap takes nil for empty") && len(old) == 0:
		return e == nil || len(e.value) == 0
	case s.has("Swap takes an empty old for absence") && len(old) == 0:
		return e == nil
	case s.has("Swap compares lengths") && e != nil && old != nil:
		return len(e.value) == len(old)
	case e == nil:
		return old == nil
	}
	return old != nil && bytes.Equal(e.value, old)
}

func (s *mapStore) Scan(ctx context.Context, prefix, pattern string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := s.enter(ctx); err != nil {
			yield("", err)
			return
		}
		keys := s.scan(prefix, pattern)
		start := s.cursor
		s.leave()
		for i := start; i < len(keys); i++ {
			if err := ctx.Err(); err != nil && !s.has("a Scan under way ignores its context") {
				yield("", err)
				return
			}
			if i >= 1000 && s.has("Scan stops at a thousand") {
				return
			}
			if !yield(keys[i], nil) {
				if s.has("Scan goes on where the last one was left") {
					s.cursor = i + 1
				}
				return
			}
			if i%100 == 0 && s.has("Scan counts positions") {
				s.mu.Lock()
				keys = s.scan(prefix, pattern)
				s.mu.Unlock()
			}
		}
	}
}

func (s *mapStore) scan(prefix, pattern string) (keys []string) {
	for key := range s.entries {
		if s.lookup("Scan", key) != nil && s.scanMatches(prefix, pattern, key) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	if s.has("Scan yields a key of its own") {
		keys = append(keys, "internal:version")
	}
	return keys
}

func (s *mapStore) scanMatches(prefix, pattern, key string) bool {
	if s.has("Scan takes the prefix for a pattern") {
		return store.Match(prefix+pattern, key)
	}
	if s.has("Scan looks for the prefix anywhere") {
		return strings.Contains(key, prefix)
	}
	rest, ok := strings.CutPrefix(key, prefix)
	if s.has("Scan matches as files do") {
		matched, _ := path.Match(pattern, rest)
		return ok && matched
	}
	return ok && store.Match(pattern, rest)
}

func (s *mapStore) TTL(ctx context.Context, key string) (time.Duration, bool, error) {
	if err := s.enter(ctx); err != nil {
		return 0, false, err
	}
	defer s.leave()
	e := s.lookup("TTL", key)
	switch {
	case e == nil:
		return 0, s.has("TTL finds absent keys"), nil
	case e.endless && s.has("TTL of an endless entry is long"):
		return 1000 * time.Hour, true, nil
	case e.endless:
		return store.Forever, true, nil
	case s.has("TTL is what the entry began with"):
		return e.born, true, nil
	case s.has("TTL is cut to milliseconds"):
		return time.Until(e.deadline).Truncate(time.Millisecond), true, nil
	}
	return time.Until(e.deadline), true, nil
}

func (s *mapStore) View(ctx context.Context, key string, decode func([]byte) error) (bool, error) {
	value, found, err := s.Get(ctx, key)
	if err != nil || !found && !s.has("View shows absent keys") {
		return false, err
	}
	if err := decode(value); err != nil {
		if s.has("View wraps errors") {
			return true, fmt.Errorf("view: %w", err)
		}
		return true, err
	}
	if s.has("View decodes twice") {
		return true, decode(value)
	}
	return true, nil
}

func (s *mapStore) Object(lead, rest string) ([]byte, any, bool) {
	if err := s.enter(context.Background()); err != nil {
		return nil, nil, false
	}
	defer s.leave()
	if s.has("Object looks at the rest only") && rest != "" {
		lead = ""
	}
	e := s.lookup("Object", lead+rest)
	if e == nil {
		return nil, nil, false
	}
	return e.value, e.object, true
}

func (s *mapStore) Attach(key string, value []byte, object any) {
	if err := s.enter(context.Background()); err != nil {
		return
	}
	defer s.leave()
	e := s.live(key)
	if e == nil && s.has("Attach creates") {
		s.write("Attach", key, value, store.Forever)
		e = s.live(key)
	}
	if e == nil || s.has("Attach forgets") {
		return
	}
	same := unsafe.SliceData(e.value) == unsafe.SliceData(value)
	if same || bytes.Equal(e.value, value) && s.has("Attach compares bytes") {
		e.object = object
	}
	if s.has("Attach lets live forever") {
		e.endless = true
	}
}

func (s *mapStore) Now() time.Time {
	if s.has("the clock stands still") {
		return time.Unix(math.MaxInt32, 0)
	}
	return time.Now()
}

func (s *mapStore) Ping(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if s.has("Ping fails") {
		return errFlaw
	}
	return nil
}
