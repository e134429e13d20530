//go:build unix

package testredis

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// settling is how long a group may take to agree, on a machine that has other things to do.
	settling = 30 * time.Second

	// failoverTimeout is how long sentinels try one failover. They do not replace a master again until twice
	// this time has passed, unless they are told to.
	failoverTimeout = 3 * time.Second

	// retry is how long a failover that was asked for may fail to happen before it is asked for again: on a slow
	// machine Redis gives up earlier than this package.
	retry = 2 * failoverTimeout
)

// replication returns arguments of servers that replicate each other and log in with the password. Copies
// start at once instead of waiting for others that want one, too.
func replication(password string) []string {
	args := []string{"--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"}
	if password == "" {
		return args
	}
	return append(args, "--masterauth", password)
}

// running returns the servers that run.
func running(servers []*Server) []*Server {
	return slices.DeleteFunc(slices.Clone(servers), func(s *Server) bool { return !s.Running() })
}

// onPort returns the server on a port, or nil.
func onPort(servers []*Server, port string) *Server {
	i := slices.IndexFunc(servers, func(s *Server) bool { return strconv.Itoa(s.Port) == port })
	if i < 0 {
		return nil
	}
	return servers[i]
}

func addresses(servers []*Server) []string {
	var list []string
	for _, s := range servers {
		list = append(list, s.Addr)
	}
	return list
}

// await looks until happened has no more objection, and returns its last one when the time is up.
func await(limit time.Duration, happened func() error) error {
	const pause = 10 * poll // looking at a whole group takes more than looking at one process
	end := time.Now().Add(limit)
	for {
		err := happened()
		if err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("after %v: %w", limit, err)
		}
		time.Sleep(pause)
	}
}

// spaced returns a function that runs f, and does nothing until interval has passed since f last succeeded.
func spaced(interval time.Duration, f func() error) func() error {
	var last time.Time
	return func() error {
		if time.Since(last) < interval {
			return nil
		}
		err := f()
		if err == nil {
			last = time.Now()
		}
		return err
	}
}

// words returns what processes printed, for a test that fails because of them.
func words(servers []*Server) string {
	var b strings.Builder
	for _, s := range servers {
		if s.process != nil {
			fmt.Fprintf(&b, "\nredis-server at %s said:\n%s", s.Addr, s.process.log.String())
		}
	}
	return b.String()
}
