package cache

import (
	"reflect"
	"testing"
)

func TestNobodyWhoHasSeenTheStoreJoinsALoadThatNothingCouldEnd(t *testing.T) {
	tests := map[string]struct {
		first  miss
		before func(f *flights, fl *flight)
		joins  bool
	}{
		"past bytes that do not decode": {miss{err: &DecodeError{Key: "k"}}, func(*flights, *flight) {}, false},
		"while the store failed":        {miss{err: ErrUnavailable}, func(*flights, *flight) {}, false},
		"without the lease it needs":    {miss{proof: true}, (*flights).bereave, false},
		"of a key that can have none":   {miss{proof: true}, (*flights).proceed, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, typ := newFlights(), reflect.TypeFor[string]()
			fl, _, err := f.join("k", typ, test.first)
			if err != nil {
				t.Fatal(err)
			}
			test.before(f, fl)
			if boarding, _ := f.underway("k", typ); boarding {
				t.Error("it is about to ask for a lease, which it has not")
			}
			later, started, err := f.join("k", typ, miss{proof: true, began: f.marks.Load()})
			if err != nil || started == test.joins || (later == fl) != test.joins {
				t.Errorf("joined: %v, %v; want %v", later == fl, err, test.joins)
			}
		})
	}
}
