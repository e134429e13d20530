package history

import (
	"strings"
	"testing"
)

// script is a history of one key, as short as it can be told: an event is op, version, begin, end.
func script(events ...Event) []Event { return events }

func read(version, begin, end int64) Event {
	return Event{Op: Get, Version: version, Begin: begin, End: end}
}

func fetched(version, begin, end int64) Event {
	return Event{Op: Fetch, Version: version, Begin: begin, End: end}
}

func set(version, begin, end int64) Event {
	return Event{Op: Set, Version: version, Begin: begin, End: end}
}

func deleted(version, begin, end int64) Event {
	return Event{Op: Delete, Version: version, Begin: begin, End: end}
}

func failed(e Event) Event { e.Failed = true; return e }

func blind(e Event) Event { e.Blind = true; return e }

func absence(begin, end int64) Event { return Event{Op: Fetch, Absent: true, Begin: begin, End: end} }

func TestCheck(t *testing.T) {
	for _, test := range []struct {
		name   string
		events []Event
		last   int64
		why    string // a part of what is wrong; empty: the history is possible
	}{
		{"the last write is read", script(set(1, 1, 2), set(2, 3, 4), read(2, 5, 6)), 2, ""},
		{"a write before the last one is read", script(set(1, 1, 2), set(2, 3, 4), read(1, 5, 6)), 2, "version 2 had been made known"},
		{"nothing is read after a write", script(set(1, 1, 2), read(0, 3, 4)), 1, ""},
		{"a write under way is read", script(set(1, 1, 2), set(2, 3, 9), read(2, 4, 5)), 2, ""},
		{"a write under way is not read", script(set(1, 1, 2), set(2, 3, 9), read(1, 4, 5)), 2, ""},
		{"a write that returns when the read begins is not read", script(set(1, 1, 2), set(2, 3, 5), read(1, 5, 6)), 2, ""},
		{"a write that returned just before the read began is not read",
			script(set(1, 1, 2), set(2, 3, 4), read(1, 5, 6)), 2, "version 2 had been made known"},
		{"the old value is read during a delete", script(deleted(1, 1, 2), deleted(2, 3, 9), fetched(1, 4, 5)), 2, ""},
		{"the old value is read after a delete", script(deleted(1, 1, 2), deleted(2, 3, 4), fetched(1, 5, 6)), 2, "version 2 had been made known"},
		{"the old value is read by a call that began during the delete and ends after it",
			script(deleted(1, 1, 2), deleted(2, 3, 5), fetched(1, 4, 9)), 2, ""},
		{"the old value comes back after the new one was read, without a write in between",
			script(deleted(2, 1, 9), fetched(2, 2, 3), fetched(1, 4, 5)), 2, ""},
		{"the old value comes back after the delete has returned",
			script(deleted(2, 1, 4), fetched(2, 2, 3), fetched(1, 5, 6)), 2, "version 2 had been made known"},
		{"a version of a write that told nobody yet", script(deleted(1, 1, 2), deleted(2, 3, Never), fetched(2, 4, 5)), 2, ""},
		{"a version whose write was not even logged", script(deleted(1, 1, 2), fetched(2, 4, 5)), 2, ""},
		{"a version that the source never held", script(set(1, 1, 2), read(3, 4, 5)), 2, "never held"},
		{"a version from the future", script(set(1, 1, 2), read(2, 3, 4), set(2, 5, 6)), 2, "only after the read had returned"},
		{"a value that was none", script(set(1, 1, 2), read(-1, 3, 4)), 2, "never held"},

		{"a delete that failed obliges to nothing", script(deleted(1, 1, 2), failed(deleted(2, 3, 4)), fetched(1, 5, 6)), 2, ""},
		{"a delete without an end obliges to nothing", script(deleted(1, 1, 2), deleted(2, 3, Never), fetched(1, 5, 6)), 2, ""},
		{"the delete after one that failed counts",
			script(deleted(1, 1, 2), failed(deleted(2, 3, 4)), deleted(3, 5, 6), fetched(2, 7, 8)), 3, "version 3 had been made known"},
		{"a set that failed comes late", script(failed(set(1, 1, 2)), set(2, 3, 4), read(1, 5, 6)), 2, ""},
		{"a set whose process died comes late", script(set(1, 1, Never), set(2, 3, 4), read(1, 5, 6)), 2, ""},
		{"another version comes with it", script(set(1, 1, 2), failed(set(2, 3, 4)), set(3, 5, 6), read(1, 7, 8)), 3, "version 3 had been made known"},
		{"a set that failed is no excuse before it began", script(set(3, 1, 2), read(2, 3, 4), failed(set(2, 5, 6))), 3, "only after"},
		{"a delete that failed stores nothing late", script(failed(deleted(1, 1, 2)), deleted(2, 3, 4), fetched(1, 5, 6)), 2, "version 2 had been made known"},
		{"of two sets at the same time the earlier version is the last", script(set(1, 1, 5), set(2, 2, 4), read(1, 6, 7)), 2, ""},
		{"but not after a third one", script(set(1, 1, 5), set(2, 2, 4), set(3, 6, 7), read(1, 8, 9)), 3, "version 3 had been made known"},
		{"a read that failed tells nothing", script(set(1, 1, 2), set(2, 3, 4), failed(read(1, 5, 6))), 2, ""},
		{"a read that did not return tells nothing", script(set(1, 1, 2), set(2, 3, 4), read(1, 5, Never)), 2, ""},

		{"an old value without the store, from a load that began before", script(deleted(1, 1, 2), deleted(2, 3, 4), blind(fetched(1, 5, 6))), 2, ""},
		{"an older value than any load", script(deleted(1, 1, 2), deleted(2, 3, 4), blind(fetched(1, Patience+5, Patience+6))), 2, "version 2 had been made known"},

		{"nothing where there is nothing", script(deleted(7, 1, 2), absence(3, 4)), 7, ""},
		{"nothing where there was nothing before", script(deleted(7, 1, 2), deleted(8, 3, 4), absence(5, 6)), 8, "something from version 8 on"},
		{"nothing while there is something again", script(deleted(7, 1, 2), deleted(8, 3, 9), absence(5, 6)), 8, ""},
		{"nothing that comes only later", script(deleted(6, 1, 2), absence(3, 4), deleted(7, 5, 6)), 7, "something from version 6 on"},
		{"something where there is nothing", script(deleted(7, 1, 2), fetched(7, 3, 4)), 7, "nothing at this version"},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := Check(test.events, []int64{test.last})
			switch {
			case test.why == "" && len(found) > 0:
				t.Errorf("refused: %v", found)
			case test.why != "" && len(found) != 1:
				t.Errorf("%d violations, want one: %v", len(found), found)
			case test.why != "" && !strings.Contains(found[0].Why, test.why):
				t.Errorf("refused because %s, want %s", found[0].Why, test.why)
			}
		})
	}
}

func TestKeysDoNotTouchEachOther(t *testing.T) {
	other := set(5, 1, 2)
	other.Key = 1
	if found := Check(script(other, set(1, 1, 2), read(1, 3, 4)), []int64{1, 5}); found != nil {
		t.Errorf("refused: %v", found)
	}
	stray := read(1, 3, 4)
	stray.Key = 2
	if found := Check(script(stray), []int64{1, 5}); len(found) != 1 {
		t.Errorf("a read of a key that is not there: %v", found)
	}
}

func TestViolationTellsTheStory(t *testing.T) {
	found := Check(script(set(1, 1e6, 2e6), set(2, 3e6, 4e6), read(1, 5e6, 6e6)), []int64{2})
	want := "process 0: get of key 0: version 1, from 5.000 ms to 6.000 ms\n" +
		"\tversion 2 had been made known before it began\n" +
		"\t\tprocess 0: set of key 0: version 1, from 1.000 ms to 2.000 ms\n" +
		"\t\tprocess 0: set of key 0: version 2, from 3.000 ms to 4.000 ms"
	if len(found) != 1 || found[0].String() != want {
		t.Errorf("got %v\nwant %s", found, want)
	}
}
