//go:build unix

package testredis

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// view is a cluster as one of its nodes sees it (CLUSTER NODES), by the nodes' ids.
type view map[string]member

// member is one node in a view.
type member struct {
	flags     []string
	master    string // the id of its master; empty: it is one itself
	connected bool
	ranges    [][2]int // the slots that it owns, both ends included
}

// view returns the cluster as the node sees it.
func (s *Server) view() (view, error) {
	reply, err := s.ask("CLUSTER", "NODES")
	if err != nil {
		return nil, err
	}
	v := view{}
	for line := range strings.Lines(strings.Join(reply, "\n")) {
		id, m, err := parseMember(line)
		if err != nil {
			return nil, fmt.Errorf("redis-server at %s: CLUSTER NODES: %w", s.Addr, err)
		}
		v[id] = m
	}
	return v, nil
}

// parseMember reads a line: id, address, flags, master, two times, epoch, link, and what slots there are.
func parseMember(line string) (id string, m member, err error) {
	words := strings.Fields(line)
	if len(words) < 8 {
		return "", member{}, fmt.Errorf("a line of %d words: %q", len(words), line)
	}
	m = member{flags: strings.Split(words[2], ","), master: strings.Trim(words[3], "-"), connected: words[7] == "connected"}
	for _, word := range words[8:] {
		if strings.HasPrefix(word, "[") {
			continue // a slot on its way: it is among the ranges of its owner
		}
		first, last, many := strings.Cut(word, "-")
		if !many {
			last = first
		}
		var ends [2]int
		for i, text := range []string{first, last} {
			if ends[i], err = strconv.Atoi(text); err != nil || ends[i] >= slots {
				return "", member{}, fmt.Errorf("not slots: %q", word)
			}
		}
		m.ranges = append(m.ranges, ends)
	}
	return words[0], m, nil
}

// reachable reports whether the node is in touch with this member and has nothing to say against it.
func (m member) reachable() bool {
	return m.connected && !slices.ContainsFunc(m.flags, func(flag string) bool {
		return !slices.Contains([]string{"myself", "master", "slave"}, flag)
	})
}

// owns reports whether a slot is the member's.
func (m member) owns(slot int) bool {
	return slices.ContainsFunc(m.ranges, func(ends [2]int) bool { return ends[0] <= slot && slot <= ends[1] })
}

// shape returns who owns what and who replicates whom.
func (v view) shape() string {
	var b strings.Builder
	for _, id := range slices.Sorted(maps.Keys(v)) {
		fmt.Fprintf(&b, "%s replicates %q owns %v; ", id, v[id].master, v[id].ranges)
	}
	return b.String()
}
