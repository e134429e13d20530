//go:build unix

package history

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// now is the time on a clock that all processes of this machine share.
func now() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err)
	}
	return t.Nano()
}

// source is the version of each key, in memory that all processes share.
type source struct{ versions []atomic.Int64 }

// openSource maps the file at path, which holds n versions.
func openSource(path string, n int) (*source, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := n * int(unsafe.Sizeof(atomic.Int64{}))
	if err := f.Truncate(int64(size)); err != nil {
		return nil, err
	}
	memory, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return &source{unsafe.Slice((*atomic.Int64)(unsafe.Pointer(&memory[0])), n)}, nil
}

// change raises the version of key and returns it.
func (s *source) change(key int) int64 { return s.versions[key].Add(1) }

func (s *source) read(key int) int64 { return s.versions[key].Load() }

func (s *source) all() []int64 {
	all := make([]int64, len(s.versions))
	for i := range all {
		all[i] = s.read(i)
	}
	return all
}

// diary is where a process logs its events. Each is one write, which survives the process's death.
type diary struct {
	file *os.File
	ids  atomic.Int64
}

func openDiary(path string) (*diary, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	return &diary{file: f}, err
}

// put logs e. What is logged again under the same ID replaces what was logged before.
func (d *diary) put(e Event) {
	line := fmt.Appendf(nil, "%s %d %d %d %d %d %d %d\n", e.Op, e.ID, e.Process, e.Key, e.Begin, e.End, e.Version, e.flags())
	if _, err := d.file.Write(line); err != nil {
		panic(err)
	}
}

func (d *diary) next() int64 { return d.ids.Add(1) }

// oddity logs what should not happen and is no read of a wrong value.
func (d *diary) oddity(format string, args ...any) {
	text := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " ")
	if _, err := fmt.Fprintf(d.file, "! %s\n", text); err != nil {
		panic(err)
	}
}

// The bits of an event's flags.
const (
	absentFlag = 1 << iota
	blindFlag
	failedFlag
)

func (e Event) flags() (f int64) {
	for flag, set := range map[int64]bool{absentFlag: e.Absent, blindFlag: e.Blind, failedFlag: e.Failed} {
		if set {
			f |= flag
		}
	}
	return f
}

// parseEvent reads a line of a diary, if it is whole.
func parseEvent(line string) (e Event, ok bool) {
	words := strings.Fields(line)
	if len(words) != 8 {
		return e, false
	}
	var n [7]int64
	for i, word := range words[1:] {
		var err error
		if n[i], err = strconv.ParseInt(word, 10, 64); err != nil {
			return e, false
		}
	}
	return Event{
		Op: Op(words[0]), ID: n[0], Process: int(n[1]), Key: int(n[2]), Begin: n[3], End: n[4], Version: n[5],
		Absent: n[6]&absentFlag != 0, Blind: n[6]&blindFlag != 0, Failed: n[6]&failedFlag != 0,
	}, true
}

// readDiary returns the events of a log, of which the last line may be torn, and the oddities.
func readDiary(t *testing.T, path string) (events []Event, oddities []string) {
	t.Helper()
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // it died before it had anything to say
	}
	must(t, err)
	defer f.Close()
	at := make(map[int64]int)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if text, odd := strings.CutPrefix(lines.Text(), "! "); odd {
			oddities = append(oddities, text)
			continue
		}
		e, ok := parseEvent(lines.Text())
		if !ok {
			continue
		}
		if i, again := at[e.ID]; again {
			events[i] = e
			continue
		}
		at[e.ID] = len(events)
		events = append(events, e)
	}
	return events, oddities
}

func TestDiaryKeepsTheLastWord(t *testing.T) {
	path := t.TempDir() + "/diary"
	d, err := openDiary(path)
	must(t, err)
	begun := Event{ID: d.next(), Process: 3, Op: Set, Key: 4, Begin: 5, Version: 6}
	d.put(begun)
	lost := Event{ID: d.next(), Process: 3, Op: Delete, Key: 4, Begin: 7, Version: 8}
	d.put(lost)
	d.oddity("two\nlines")
	done := begun
	done.End, done.Failed, done.Blind = 9, true, true
	d.put(done)
	_, err = d.file.WriteString("set 7 3 4")
	must(t, err)
	events, oddities := readDiary(t, path)
	if len(events) != 2 || events[0] != done || events[1] != lost || len(oddities) != 1 || oddities[0] != "two lines" {
		t.Errorf("got %v, %q", events, oddities)
	}
}

func TestProcessesShareClockAndSource(t *testing.T) {
	path := t.TempDir() + "/source"
	a, err := openSource(path, 3)
	must(t, err)
	b, err := openSource(path, 3)
	must(t, err)
	if a.change(1) != 1 || b.change(1) != 2 || a.read(1) != 2 || a.read(2) != 0 {
		t.Errorf("got %v and %v", a.all(), b.all())
	}
	before := now()
	time.Sleep(time.Millisecond)
	if d := now() - before; d < int64(time.Millisecond) {
		t.Errorf("a millisecond took %d ns", d)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
