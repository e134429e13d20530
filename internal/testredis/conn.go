//go:build unix

package testredis

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// conn speaks as much of the Redis protocol (version 2) as tests need, so that what they check does not
// depend on the client that they check.
type conn struct {
	tcp net.Conn
	in  *bufio.Reader
}

// replyError is an error that the server answered.
type replyError string

func (e replyError) Error() string { return string(e) }

// dialServer connects and, with a password, logs in. Everything on the connection happens within patience.
func dialServer(addr, password string) (*conn, error) {
	tcp, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	if err := tcp.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	c := &conn{tcp: tcp, in: bufio.NewReader(tcp)}
	if password == "" {
		return c, nil
	}
	if _, err := c.do("AUTH", password); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *conn) close() { _ = c.tcp.Close() }

func (c *conn) do(args ...string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := io.WriteString(c.tcp, b.String()); err != nil {
		return "", err
	}
	return c.reply()
}

func (c *conn) reply() (string, error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimSuffix(line, "\r\n")
	kind, rest := line[:1], line[1:]
	switch kind {
	case "+", ":":
		return rest, nil
	case "-":
		return "", replyError(rest)
	}
	n, err := strconv.Atoi(rest)
	if err != nil {
		return "", fmt.Errorf("not a Redis reply: %q", line)
	}
	if n < 0 {
		return "(nil)", nil
	}
	if kind == "$" {
		return c.text(n)
	}
	elements := make([]string, n)
	for i := range elements {
		if elements[i], err = c.reply(); err != nil {
			return "", err
		}
	}
	return strings.Join(elements, "\n"), nil
}

func (c *conn) text(n int) (string, error) {
	b := make([]byte, n+len("\r\n"))
	if _, err := io.ReadFull(c.in, b); err != nil {
		return "", err
	}
	return string(b[:n]), nil
}
