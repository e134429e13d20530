package store_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/store"
)

func TestCheckTTL(t *testing.T) {
	for _, c := range []struct {
		ttl  time.Duration
		want bool
	}{
		{1, true},
		{time.Hour, true},
		{store.Forever, true},
		{store.Keep, true},
		{0, false},
		{-1, false},
		{store.DoNotKeep, false},
		{store.Keep + 1, false},
	} {
		if err := store.CheckTTL(c.ttl); (err == nil) != c.want {
			t.Errorf("CheckTTL(%d) = %v, want acceptance: %v", c.ttl, err, c.want)
		}
	}
}

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		value string
		want  int64
	}{
		{"0", 0},
		{"7", 7},
		{"-7", -7},
		{"1000", 1000},
		{"9223372036854775807", math.MaxInt64},
		{"-9223372036854775808", math.MinInt64},
	} {
		if got, ok := store.Decimal([]byte(c.value)); got != c.want || !ok {
			t.Errorf("Decimal(%q) = %d, %v; want %d", c.value, got, ok, c.want)
		}
	}
	for _, value := range []string{
		"", "-", "+1", "-0", "00", "01", "-01", " 1", "1 ", "1\n", "1.0", "1e3", "0x1", "1_0", "one", "--1", "1-", "\x00", "１",
		"9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551617", "99999999999999999999",
	} {
		if got, ok := store.Decimal([]byte(value)); ok {
			t.Errorf("Decimal(%q) = %d, want none", value, got)
		}
	}
}

// FuzzDecimal holds Decimal to its definition: what strconv prints, and nothing else.
func FuzzDecimal(f *testing.F) {
	for _, seed := range []string{"0", "-1", "9223372036854775807", "-9223372036854775808", "01", "+1", "1 "} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		want, err := strconv.ParseInt(string(value), 10, 64)
		wantOK := err == nil && strconv.FormatInt(want, 10) == string(value)
		if got, ok := store.Decimal(value); ok != wantOK || ok && got != want {
			t.Errorf("Decimal(%q) = %d, %v; want %d, %v", value, got, ok, want, wantOK)
		}
	})
}

func FuzzSum(f *testing.F) {
	for _, seed := range [][2]int64{
		{0, 0}, {1, -1}, {math.MaxInt64, 1}, {math.MaxInt64, 0}, {math.MinInt64, -1}, {math.MinInt64, math.MinInt64}, {-1, math.MaxInt64},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, n, delta int64) {
		want := new(big.Int).Add(big.NewInt(n), big.NewInt(delta))
		got, err := store.Sum(n, delta)
		if !want.IsInt64() {
			if !errors.Is(err, store.ErrOverflow) {
				t.Errorf("Sum(%d, %d) = %d, %v; want %v", n, delta, got, err, store.ErrOverflow)
			}
			return
		}
		if err != nil || got != want.Int64() {
			t.Errorf("Sum(%d, %d) = %d, %v; want %v", n, delta, got, err, want)
		}
	})
}

func TestKeyErrors(t *testing.T) {
	refused := errors.New("refused")
	gone := fmt.Errorf("gone: %w", store.ErrUnavailable)
	for _, c := range []struct {
		name string
		errs store.KeyErrors
		want string
	}{
		{"one", store.KeyErrors{"a": refused}, `1 key failed; "a": refused`},
		{"in the order of the keys", store.KeyErrors{"b": gone, "a": refused},
			`2 keys failed; "a": refused; "b": gone: store unavailable`},
		{"at most three in full", store.KeyErrors{"d": refused, "c": refused, "b": refused, "a\n": refused},
			`4 keys failed; "a\n": refused; "b": refused; "c": refused; ...`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.errs.Error(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}

	var err error = store.KeyErrors{"b": gone, "a": refused}
	if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, refused) {
		t.Errorf("errors.Is does not look into %v", err)
	}
	if errors.Is(err, store.ErrClosed) {
		t.Errorf("%v is %v, which is none of its errors", err, store.ErrClosed)
	}
	var keys store.KeyErrors
	if !errors.As(fmt.Errorf("batch: %w", err), &keys) {
		t.Errorf("errors.As does not find the KeyErrors of %v", err)
	}
	want := []string{"refused", "gone: store unavailable"}
	var got []string
	for _, e := range keys.Unwrap() {
		got = append(got, e.Error())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Unwrap (-want +got):\n%s", diff)
	}
}

// client stands for the native client of a backend.
type client struct{ name string }

// answering is a store that answers As by itself.
type answering struct{ store.Store }

func (answering) As(target any) bool {
	c, ok := target.(**client)
	if ok {
		*c = &client{"native"}
	}
	return ok
}

// counting is a store that has a capability by its methods.
type counting struct {
	store.Store
	store.Counter
}

func TestAs(t *testing.T) {
	if _, ok := store.As[store.Counter](counting{}); !ok {
		t.Error("a store that implements Counter does not offer it")
	}
	if _, ok := store.As[store.Batcher](counting{}); ok {
		t.Error("a store that does not implement Batcher offers it")
	}
	if c, ok := store.As[*client](answering{}); !ok || c.name != "native" {
		t.Errorf("a store that answers As for its client: got %v, %v", c, ok)
	}
	if c, ok := store.As[*client](counting{}); ok {
		t.Errorf("a store without a client offers %v", c)
	}
	if got, ok := store.As[counting](counting{}); !ok {
		t.Errorf("a store does not offer its own type: %v", got)
	}
}

func TestKeyErrorsNameTheBeginningOfALongKey(t *testing.T) {
	key := strings.Repeat("k", 1<<20)
	if text := (store.KeyErrors{key: store.ErrClosed}).Error(); len(text) > 200 || !strings.Contains(text, `kkk...": store closed`) {
		t.Errorf("the message has %d bytes: %.300s", len(text), text)
	}
}
