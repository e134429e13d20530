package pyjson_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/pyjson"
)

// TestBudgetsOfAllocations: numbers and times are read and written in place, so a struct costs its strings.
func TestBudgetsOfAllocations(t *testing.T) {
	type account struct {
		ID      int64
		Score   float64
		Active  bool
		Created time.Time
		Name    string
	}
	c, err := pyjson.Compile(reflect.TypeFor[[]account]())
	if err != nil {
		t.Fatal(err)
	}
	accounts := make([]account, 50)
	for i := range accounts {
		accounts[i] = account{1 << 40, 99.5, true, time.Date(2024, 1, 2, 3, 4, 5, 6000, time.UTC), "Ada Lovelace"}
	}
	data, err := c.Append(nil, &accounts)
	if err != nil {
		t.Fatal(err)
	}
	if got := testing.AllocsPerRun(100, func() { data, err = c.Append(data[:0], &accounts) }); got > 2 || err != nil {
		t.Errorf("Append allocates %v times, want at most 2: the writer; %v", got, err)
	}
	if got := testing.AllocsPerRun(100, func() { err = c.Decode(data, &accounts) }); got > 60 || err != nil {
		t.Errorf("Decode allocates %v times, want at most 60: 50 strings, the list and the reader; %v", got, err)
	}
}
