package django_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/cachewright/cachewright/django"
)

// TestBudgetsOfAllocations: numbers and times are read and written in place, so a struct costs its strings. Under
// the race detector a sync.Pool forgets one time in four, for which there is some room.
func TestBudgetsOfAllocations(t *testing.T) {
	type visit struct {
		ID      int64
		Score   float64
		Active  bool
		Created time.Time
		Name    string
	}
	const many = 50
	visits := make([]visit, many)
	for i := range visits {
		visits[i] = visit{1 << 40, 99.5, true, time.Date(2024, 1, 2, 3, 4, 5, 6000, time.UTC), "Ada Lovelace"}
	}
	for _, s := range []django.Serializer{django.JSON, django.MsgPack, django.Pickle} {
		e, err := (django.Codec{Serializer: s}).Compile(reflect.TypeFor[[]visit]())
		must(t, err)
		data, err := e.Append(nil, &visits)
		must(t, err)
		if got := testing.AllocsPerRun(100, func() { data, err = e.Append(data[:0], &visits) }); got > 4 {
			t.Errorf("%s: Append allocates %v times, want at most 4: the writer", s, got)
		}
		must(t, err)
		if got := testing.AllocsPerRun(100, func() { err = e.Decode(data, &visits) }); got > many+12 {
			t.Errorf("%s: Decode allocates %v times, want at most %d: the strings, the list and the reader", s, got, many+12)
		}
		must(t, err)
	}
}
