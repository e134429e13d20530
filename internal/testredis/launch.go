//go:build unix

package testredis

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// patience is how long a server may take to answer after its start.
	patience = 10 * time.Second

	// ports is how many ports are tried before a test fails: the port that is free when it is chosen may be
	// taken when the server binds it, because packages are tested in parallel.
	ports = 10

	// poll is the time between two looks at something that is about to happen.
	poll = 2 * time.Millisecond

	// Ports are chosen from lowPort up to highPort: below those that Linux gives to outgoing connections, so that none
	// of these takes the port of a server that is down and about to be restarted.
	lowPort, highPort = 12_000, 32_000

	// bus is the distance of the second port of a cluster's node. The default, 10000, need not be free.
	bus = 1
)

// launch starts servers side by side, each on a port of its own.
func launch(servers ...*Server) error {
	failures := make([]error, len(servers))
	var group sync.WaitGroup
	for i, s := range servers {
		group.Go(func() { failures[i] = s.settleOnPort() })
	}
	group.Wait()
	return errors.Join(failures...)
}

// settleOnPort starts the server on a port that turns out to be free.
func (s *Server) settleOnPort() error {
	for range ports {
		port, err := freePort()
		if err != nil {
			return err
		}
		s.Port = port
		s.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		if err := s.start(); !errors.Is(err, errPortTaken) {
			return err
		}
	}
	return fmt.Errorf("no port for redis-server in %d attempts", ports)
}

// start runs a process on the port and waits until it answers.
func (s *Server) start() error {
	args, err := s.args()
	if err != nil {
		return fmt.Errorf("configuring redis-server: %w", err)
	}
	p, err := startProcess(args)
	if err != nil {
		return fmt.Errorf("starting redis-server: %w", err)
	}
	s.process = p
	if err := p.waitReady(s.readyWords(), s.answers, patience); err != nil {
		s.end()
		return err
	}
	if s.watch == nil {
		return nil
	}
	_, err = s.ask(s.watch.pace()...)
	return err
}

// end kills the server if it still runs, also a paused one.
func (s *Server) end() {
	if s.process == nil {
		return
	}
	if err := s.process.send(kill); err == nil {
		<-s.process.ended
	}
}

func (s *Server) readyWords() string {
	if s.watch != nil {
		return "Sentinel ID is"
	}
	return "Ready to accept connections"
}

// answers reports whether the server answers a PING, if only to say that it wants a password.
func (s *Server) answers() bool {
	c, err := dial(s.Addr, s.identity.client(), "")
	if err != nil {
		return false
	}
	defer c.close()
	_, err = c.do("PING")
	var refused replyError
	return err == nil || errors.As(err, &refused) && strings.HasPrefix(string(refused), "NOAUTH")
}

// ask runs one command on a connection of its own, as the default user.
func (s *Server) ask(args ...string) ([]string, error) {
	c, err := dial(s.Addr, s.identity.client(), s.options.Password)
	if err != nil {
		return nil, fmt.Errorf("redis-server at %s: %w", s.Addr, err)
	}
	defer c.close()
	reply, err := c.do(args...)
	if err != nil {
		return nil, fmt.Errorf("redis-server at %s: %s: %w", s.Addr, strings.Join(args, " "), err)
	}
	return reply, nil
}

// info returns the values of one section of INFO.
func (s *Server) info(section string) (map[string]string, error) {
	reply, err := s.ask("INFO", section)
	if err != nil {
		return nil, err
	}
	return report(strings.Join(reply, "\n")), nil
}

// args returns the arguments of the process. A sentinel insists on a file for them, which it rewrites.
func (s *Server) args() ([]string, error) {
	if s.watch != nil {
		file, err := s.watchFile()
		return []string{file, "--sentinel"}, err
	}
	directives := append(s.directives(), []string{"save", ""}, []string{"appendonly", "no"})
	if s.clustered {
		directives = append(directives, []string{"cluster-enabled", "yes"},
			[]string{"cluster-port", strconv.Itoa(s.Port + bus)})
	}
	var args []string
	for _, d := range directives {
		args = append(args, "--"+d[0])
		args = append(args, d[1:]...)
	}
	return append(args, s.options.Args...), nil
}

// directives returns the configuration that all kinds of servers share, word by word.
func (s *Server) directives() [][]string {
	directives := [][]string{{"bind", "127.0.0.1"}, {"dir", s.dir}, {"daemonize", "no"}}
	directives = append(directives, s.identity.directives(s.Port)...)
	if s.options.Password != "" {
		directives = append(directives, []string{"requirepass", s.options.Password})
	}
	for _, user := range s.options.Users {
		directives = append(directives, append([]string{"user"}, strings.Fields(user)...))
	}
	return directives
}

// watchFile returns the configuration file of a sentinel on its port. One that is there stays as it is: the sentinel
// wrote into it what it knows.
func (s *Server) watchFile() (string, error) {
	file := filepath.Join(s.dir, fmt.Sprintf("sentinel-%d.conf", s.Port))
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	var text strings.Builder
	for _, d := range append(s.directives(), s.watch.directives()...) {
		for _, word := range d {
			text.WriteString(quoted(word) + " ")
		}
		text.WriteString("\n")
	}
	return file, os.WriteFile(file, []byte(text.String()), 0o600)
}

// quoted writes a word as a configuration file wants it, whatever is in it.
func quoted(word string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(word) {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			fmt.Fprintf(&b, `\x%02x`, c)
			continue
		}
		b.WriteByte(c)
	}
	b.WriteByte('"')
	return b.String()
}

// freePort returns a port that nobody listens on at this moment, nor on the one that a bus would have.
func freePort() (int, error) {
	var taken error
	for range 100 {
		port := lowPort + rand.IntN(highPort-lowPort)
		if taken = errors.Join(probe(port), probe(port+bus)); taken == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("looking for a free port: %w", taken)
}

// probe listens on a port for a moment.
func probe(port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}
