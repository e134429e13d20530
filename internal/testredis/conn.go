//go:build unix

package testredis

import (
	"bufio"
	"crypto/tls"
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
	net net.Conn
	in  *bufio.Reader
}

// replyError is an error that the server answered.
type replyError string

func (e replyError) Error() string { return string(e) }

// dial connects, through TLS unless secure is nil, and, with a password, logs in. Everything on the
// connection happens within patience.
func dial(addr string, secure *tls.Config, password string) (*conn, error) {
	stream, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	if secure != nil {
		stream = tls.Client(stream, secure)
	}
	c := &conn{net: stream, in: bufio.NewReader(stream)}
	if err := stream.SetDeadline(time.Now().Add(patience)); err != nil {
		c.close()
		return nil, err
	}
	if password == "" {
		return c, nil
	}
	if _, err := c.do("AUTH", password); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *conn) close() { _ = c.net.Close() }

// do sends one command and returns its reply: the elements of an array, or one element for everything
// else. An array inside is one element, its own elements on lines.
func (c *conn) do(args ...string) ([]string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := io.WriteString(c.net, b.String()); err != nil {
		return nil, err
	}
	return c.reply()
}

func (c *conn) reply() ([]string, error) {
	line, err := c.in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	kind, rest := line[:1], line[1:]
	switch kind {
	case "+", ":":
		return []string{rest}, nil
	case "-":
		return nil, replyError(rest)
	}
	n, err := strconv.Atoi(rest)
	if err != nil {
		return nil, fmt.Errorf("not a Redis reply: %q", line)
	}
	if n < 0 {
		return []string{"(nil)"}, nil
	}
	if kind == "$" {
		text, err := c.text(n)
		return []string{text}, err
	}
	elements := make([]string, n)
	for i := range elements {
		element, err := c.reply()
		if err != nil {
			return nil, err
		}
		elements[i] = strings.Join(element, "\n")
	}
	return elements, nil
}

func (c *conn) text(n int) (string, error) {
	b := make([]byte, n+len("\r\n"))
	if _, err := io.ReadFull(c.in, b); err != nil {
		return "", err
	}
	return string(b[:n]), nil
}

// pairs reads a list in which every name is followed by its value.
func pairs(list []string) map[string]string {
	values := make(map[string]string, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		values[list[i]] = list[i+1]
	}
	return values
}

// report reads the lines "name:value" of INFO and CLUSTER INFO.
func report(text string) map[string]string {
	values := make(map[string]string)
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			values[name] = value
		}
	}
	return values
}
