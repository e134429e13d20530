//go:build unix

package redis_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachewright/cachewright/internal/testredis"
	"github.com/cachewright/cachewright/store"
	"github.com/cachewright/cachewright/store/redis"
)

// listen accepts connections on a loopback port until the test ends, each served by a goroutine that has
// ended by then.
func listen(t *testing.T, serve func(net.Conn)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		running.Wait()
	})
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	return l.Addr().String()
}

// cutter is a proxy that breaks a connection instead of passing on what contains a word.
type cutter struct {
	addr string
	word atomic.Pointer[string] // nil: nothing is cut
	cuts atomic.Int32
}

func newCutter(t *testing.T, server *testredis.Server) *cutter {
	c := &cutter{}
	c.addr = listen(t, func(client net.Conn) {
		upstream, err := net.Dial("tcp", server.Addr)
		if err != nil {
			return
		}
		defer upstream.Close()
		var answers sync.WaitGroup
		answers.Go(func() {
			io.Copy(client, upstream)
			client.Close()
		})
		c.pass(upstream, client)
		upstream.Close()
		answers.Wait()
	})
	return c
}

func (c *cutter) pass(to io.Writer, from io.Reader) {
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		if word := c.word.Load(); word != nil && bytes.Contains(b[:n], []byte(*word)) {
			c.cuts.Add(1)
			c.word.Store(nil)
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

func TestCallWhoseConnectionBreaks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		call    func(context.Context, *redis.Store) error
		retries bool
	}{
		{"Get is sent again", func(ctx context.Context, s *redis.Store) error {
			_, _, err := s.Get(ctx, "victim")
			return err
		}, true},
		{"Set is sent again", func(ctx context.Context, s *redis.Store) error {
			return s.Set(ctx, "victim", nil, time.Hour)
		}, true},
		{"Delete is sent again", func(ctx context.Context, s *redis.Store) error {
			_, err := s.Delete(ctx, "victim")
			return err
		}, true},
		{"GetMany is sent again", func(ctx context.Context, s *redis.Store) error {
			_, err := s.GetMany(ctx, []string{"victim", "other"})
			return err
		}, true},
		{"Scan is sent again", func(ctx context.Context, s *redis.Store) error {
			for _, err := range s.Scan(ctx, "victim", "*") {
				if err != nil {
					return err
				}
			}
			return nil
		}, true},
		{"Add is not", func(ctx context.Context, s *redis.Store) error {
			_, err := s.Add(ctx, "victim", nil, time.Hour)
			return err
		}, false},
		{"Incr is not", func(ctx context.Context, s *redis.Store) error {
			_, _, err := s.Incr(ctx, "victim", 1)
			return err
		}, false},
		{"Swap is not", func(ctx context.Context, s *redis.Store) error {
			_, err := s.Swap(ctx, "victim", nil, []byte("1"), time.Hour)
			return err
		}, false},
	}
	for _, tt := range tests {
		for _, allowed := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, retry_on_timeout %v", tt.name, allowed), func(t *testing.T) {
				t.Parallel()
				proxy := newCutter(t, testredis.Start(t))
				s := open(t, redis.Options{Address: proxy.addr, Pool: redis.PoolOptions{
					SocketTimeout: 10 * time.Second, RetryOnTimeout: new(allowed),
				}})
				ready(t, s)
				proxy.word.Store(new("victim"))
				err := tt.call(t.Context(), s)
				if got, want := err == nil, tt.retries && allowed; got != want {
					t.Errorf("the call worked = %v (%v), want %v", got, err, want)
				}
				if err != nil && !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("error = %v, want store.ErrUnavailable", err)
				}
				if got := proxy.cuts.Load(); got != 1 {
					t.Errorf("the connection was cut %d times, want once", got)
				}
				ready(t, s)
			})
		}
	}
}

func TestManyKeysOfWhichSomeWereServedBeforeTheEnd(t *testing.T) {
	server := testredis.Start(t)
	proxy := newCutter(t, server)
	s := open(t, redis.Options{Address: proxy.addr, Pool: redis.PoolOptions{
		SocketTimeout: 10 * time.Second, RetryOnTimeout: new(false),
	}})
	items := make([]store.Item, 2500)
	keys := make([]string, len(items))
	for i := range items {
		keys[i] = "k" + strconv.Itoa(i)
		items[i] = store.Item{Key: keys[i], Value: []byte("v")}
	}
	keys[2400], items[2400].Key = "victim", "victim"

	var failed store.KeyErrors
	ready(t, s)
	proxy.word.Store(new("victim"))
	if err := s.SetMany(t.Context(), items, time.Hour); !errors.As(err, &failed) || !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("SetMany = %v, want store.KeyErrors of store.ErrUnavailable", err)
	}
	if failed["victim"] == nil || failed["k0"] != nil || failed["k1999"] != nil {
		t.Errorf("SetMany blames %d keys, want those of the last exchange", len(failed))
	}

	ready(t, s)
	proxy.word.Store(new("victim"))
	values, err := s.GetMany(t.Context(), keys)
	if !errors.As(err, &failed) || failed["victim"] == nil || failed["k0"] != nil {
		t.Fatalf("GetMany = %v, want store.KeyErrors of the last exchange", err)
	}
	if len(values) != len(keys) || string(values[0]) != "v" || string(values[1999]) != "v" || values[2400] != nil {
		t.Errorf("GetMany does not return the values it got beside the error")
	}
}

// script is a server that gives fixed answers, by command. It does not know HELLO.
type script map[string]string

func (s script) serve(t *testing.T) redis.Options {
	addr := listen(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		for {
			args, err := command(in)
			if err != nil {
				return
			}
			reply, ok := s[strings.ToUpper(args[0])]
			if !ok {
				reply = fmt.Sprintf("-ERR unknown command '%s', with args beginning with: '%s'",
					args[0], strings.Join(args[1:], "' '"))
			}
			if _, err := io.WriteString(conn, reply+"\r\n"); err != nil {
				return
			}
		}
	})
	return redis.Options{Address: addr, Pool: redis.PoolOptions{SocketTimeout: 5 * time.Second}}
}

// command reads an array of strings.
func command(in *bufio.Reader) ([]string, error) {
	n, err := number(in)
	if err != nil {
		return nil, err
	}
	args := make([]string, n)
	for i := range args {
		size, err := number(in)
		if err != nil {
			return nil, err
		}
		b := make([]byte, size+2)
		if _, err := io.ReadFull(in, b); err != nil {
			return nil, err
		}
		args[i] = string(b[:size])
	}
	return args, nil
}

func number(in *bufio.Reader) (int, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

func TestNowIsTheServersTime(t *testing.T) {
	const ahead = 15 * time.Minute
	now := time.Now().Add(ahead).Unix()
	s := open(t, script{
		"PING": "+PONG",
		"TIME": fmt.Sprintf("*2\r\n$%d\r\n%d\r\n$1\r\n0", len(strconv.FormatInt(now, 10)), now),
	}.serve(t))
	ready(t, s)
	if got := s.Now().Sub(time.Now()); got < ahead-time.Minute || got > ahead+time.Minute {
		t.Errorf("Now is %v ahead of this machine, want %v", got, ahead)
	}
}

func TestServersThatAnswerButDoNotServe(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		server script
		code   string // of the error of Get; empty if it is a miss
		gone   bool   // whether the error is store.ErrUnavailable
	}{
		{"it is loading", script{"PING": "-LOADING Redis is loading the dataset in memory"}, "LOADING", true},
		{"it has too many clients", script{"PING": "-ERR max number of clients reached"}, "ERR", true},
		{"we may not ping, but get", script{"PING": "-NOPERM no permission", "GET": "$-1"}, "", false},
		{"it begins to load under a call", script{"PING": "+PONG", "GET": "-LOADING Redis is loading"}, "LOADING", true},
		{"its master is gone", script{"PING": "+PONG", "GET": "-MASTERDOWN Link with MASTER is down"}, "MASTERDOWN", true},
		{"it does not know the command", script{"PING": "+PONG"}, "ERR", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, tt.server.serve(t))
			_, found, err := s.Get(t.Context(), "k3y")
			if tt.code == "" {
				if found || err != nil {
					t.Errorf("Get = %v, %v, want a miss", found, err)
				}
				return
			}
			var answer *redis.ServerError
			if !errors.As(err, &answer) || answer.Code != tt.code {
				t.Errorf("Get = %v, want a *redis.ServerError with the code %s", err, tt.code)
			}
			if got := errors.Is(err, store.ErrUnavailable); got != tt.gone {
				t.Errorf("%v is store.ErrUnavailable = %v, want %v", err, got, tt.gone)
			}
			if strings.Contains(err.Error(), "k3y") {
				t.Errorf("the error %q repeats what was sent", err)
			}
		})
	}
}

func TestRepliesThatDoNotFit(t *testing.T) {
	s := open(t, script{
		"PING": "+PONG", "GET": ":1", "MGET": "*1\r\n$1\r\nx", "SCAN": "+what", "PTTL": "+what",
		"UNLINK": "+what", "PEXPIRE": "+what", "INFO": ":1", "EVALSHA": "*0",
	}.serve(t))
	for name, call := range map[string]func() error{
		"Get":     func() error { return third(s.Get(t.Context(), "k")) },
		"GetMany": func() error { return second(s.GetMany(t.Context(), []string{"k", "l"})) },
		"TTL":     func() error { return third(s.TTL(t.Context(), "k")) },
		"Touch":   func() error { return second(s.Touch(t.Context(), "k", time.Hour)) },
		"Delete":  func() error { return second(s.Delete(t.Context(), "k")) },
		"Info":    func() error { return second(s.Info(t.Context())) },
		"Incr":    func() error { return third(s.Incr(t.Context(), "k", 1)) },
		"Swap":    func() error { return second(s.Swap(t.Context(), "k", nil, []byte("v"), time.Hour)) },
		"Scan": func() error {
			for _, err := range s.Scan(t.Context(), "", "*") {
				return err
			}
			return nil
		},
	} {
		if err := call(); err == nil || errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s = %v, want a plain error", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func third[A, B any](_ A, _ B, err error) error { return err }
