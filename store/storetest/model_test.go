package storetest

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cachewright/cachewright/store"
)

func TestModelAgreesWithAStoreThatFollowsTheContract(t *testing.T) {
	t.Run("in a bubble", func(t *testing.T) { Model(t, openMap, Options{Bubble: true}) })
	t.Run("in real time", func(t *testing.T) {
		checks := flag.Lookup("rapid.checks").Value.String()
		setFlag(t, "rapid.checks", "10")
		defer setFlag(t, "rapid.checks", checks)
		Model(t, openMap, Options{})
	})
}

func setFlag(t *testing.T, name, value string) {
	t.Helper()
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
}

// listener is a rapid.TB that only takes notes.
type listener struct {
	rapid.TB
	notes []string
}

func (l *listener) note(format string, args ...any) {
	l.notes = append(l.notes, fmt.Sprintf(format, args...))
}
func (l *listener) Helper()                           {}
func (l *listener) Logf(string, ...any)               {}
func (l *listener) Log(...any)                        {}
func (l *listener) Errorf(format string, args ...any) { l.note(format, args...) }
func (l *listener) Fatalf(format string, args ...any) { l.note(format, args...) }
func (l *listener) Failed() bool                      { return false }

// TestModelFindsFlaws lets the model look for faults that take several operations to show. A hundred runs
// do not always meet the rarest of them.
func TestModelFindsFlaws(t *testing.T) {
	checks := flag.Lookup("rapid.checks").Value.String()
	setFlag(t, "rapid.checks", "2000")
	defer setFlag(t, "rapid.checks", checks)
	for _, c := range []struct {
		flaw   flaw
		script []string // lines of every script that shows the flaw
	}{
		{"Add sees ended entries", []string{"pass "}},
		{"Keep is Forever", nil},
		{"Incr stores forever", []string{"Incr("}},
		{"Swap takes nil for empty", []string{"Swap("}},
		{"Touch only prolongs", []string{"Touch("}},
		{"Delete counts duplicates", []string{"Delete("}},
		{"objects survive their value", []string{"Attach(", "Object("}},
		{"Scan takes the prefix for a pattern", []string{`Scan("a*"`}},
		{"SetMany lets the first duplicate win", []string{"SetMany("}},
		{"entries are there at their deadline", []string{"pass "}},
	} {
		t.Run(string(c.flaw), func(t *testing.T) {
			open := func(*testing.T) store.Store { return newMapStore(c.flaw) }
			l := &listener{TB: t}
			rapid.Check(l, modelProperty(t, open, Options{Bubble: true}))
			got := strings.Join(l.notes, "\n")
			for _, want := range append(c.script, "want", "The script:") {
				if !strings.Contains(got, want) {
					t.Errorf("the model's failure does not say %q:\n%s", want, got)
				}
			}
		})
	}
}

func TestModelDoesNotJudgeWhatTookTooLong(t *testing.T) {
	m := newModel(t, newMapStore(""), Options{})
	m.step("a slow call", func() string { time.Sleep(stall + 5*time.Millisecond); return "too late" }, func() string { return "in time" })
	if !m.stalled {
		t.Error("a call that took too long was judged")
	}
}

func TestModelKeepsAwayFromTheEndOfEntries(t *testing.T) {
	m := newModel(t, newMapStore(""), Options{})
	const life = margin - 5*time.Millisecond
	m.set("key", nil, life)
	m.get("key")
	if left := life + settled - time.Since(m.start); left > 0 {
		t.Errorf("the model looked at an entry %v before its end was settled", left)
	}
}
