package cachewright

import (
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/cachewright/cachewright/internal/spell"
	"github.com/cachewright/cachewright/internal/yamltree"
	"github.com/cachewright/cachewright/store/redis"
)

// structure reads the value of an option that is a list or a mapping.
func (d *decoder) structure(s *setting) (value any, text string, _ *fault) {
	switch s.field.kind {
	case kindNodes:
		nodes, bad := d.nodes(s.node)
		return nodes, "", bad
	case kindKeepalive:
		options, bad := d.keepalive(s.node)
		return options, "", bad
	}
	return nil, "", faultf("CW109", "write one value, as "+s.field.example, "is %s, not %s", kindName(s.node), s.field.shape())
}

func badNode(format string, args ...any) *fault {
	return faultf("CW111", "write an address as {host: node1, port: 6379}, or as node1:6379", format, args...)
}

// nodes reads addresses in the three forms that are around: a mapping, a pair, and host:port.
func (d *decoder) nodes(list *yamltree.Node) ([]redis.Node, *fault) {
	if list.Kind() != yamltree.List {
		return nil, badNode("is a mapping, not a list of addresses")
	}
	var nodes []redis.Node
	for i, item := range list.Items() {
		n, bad := d.node(item)
		if bad != nil {
			return nil, bad.ofAddress(i + 1)
		}
		nodes = append(nodes, n)
	}
	if len(nodes) == 0 {
		return nil, badNode("is a list without addresses")
	}
	return nodes, nil
}

// ofAddress says which address of a list f is about.
func (f *fault) ofAddress(number int) *fault {
	separator := " "
	if f.code != "CW111" {
		separator = ": "
	}
	f.message = "address " + strconv.Itoa(number) + " of the list" + separator + f.message
	return f
}

func (d *decoder) node(n *yamltree.Node) (redis.Node, *fault) {
	switch n.Kind() {
	case yamltree.Scalar:
		text, bad := d.scalar(n)
		if bad != nil {
			return redis.Node{}, bad
		}
		return parseAddress(text)
	case yamltree.List:
		items := n.Items()
		if len(items) != 2 {
			return redis.Node{}, badNode("is a list of %d items, not a pair of host and port", len(items))
		}
		return d.hostPort(items[0], items[1])
	}
	var host, port *yamltree.Node
	for _, f := range n.Fields() {
		switch f.Key.Text() {
		case "host":
			host = f.Value
		case "port":
			port = f.Value
		default:
			return redis.Node{}, badNode("has an entry that is neither host nor port")
		}
	}
	if host == nil {
		return redis.Node{}, badNode("has no host")
	}
	return d.hostPort(host, port)
}

// scalar returns the text of a scalar inside a structure, with its variables filled in.
func (d *decoder) scalar(n *yamltree.Node) (string, *fault) {
	if n.Kind() != yamltree.Scalar || n.IsNull() {
		return "", badNode("has a part that is not a single value")
	}
	t, bad := parseTemplate(n.Text())
	if bad != nil {
		return "", bad
	}
	return d.fill(t)
}

func (d *decoder) hostPort(host, port *yamltree.Node) (redis.Node, *fault) {
	name, bad := d.scalar(host)
	if bad != nil {
		return redis.Node{}, bad
	}
	if port == nil {
		return makeNode(name, "")
	}
	number, bad := d.scalar(port)
	if bad != nil {
		return redis.Node{}, bad
	}
	if number == "" {
		return redis.Node{}, badNode("has an empty port")
	}
	return makeNode(name, number)
}

// parseNodeList reads addresses out of one line: host:port, with commas between them.
func parseNodeList(text string) ([]redis.Node, *fault) {
	var nodes []redis.Node
	for part := range strings.SplitSeq(text, ",") {
		n, bad := parseAddress(strings.TrimSpace(part))
		if bad != nil {
			return nil, bad.ofAddress(len(nodes) + 1)
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

func parseAddress(text string) (redis.Node, *fault) {
	if strings.Contains(text, "://") {
		return redis.Node{}, badNode("is a URL")
	}
	if host, port, err := net.SplitHostPort(text); err == nil {
		return makeNode(host, port)
	}
	return makeNode(strings.Trim(text, "[]"), "")
}

func makeNode(host, port string) (redis.Node, *fault) {
	n := redis.Node{Host: host}
	if host == "" || strings.ContainsAny(host, " /@[]") {
		return n, badNode("names no host")
	}
	if strings.Trim(host, "0123456789") == "" {
		return n, badNode("names no host, only a number")
	}
	if port == "" {
		return n, nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return n, badNode("has a port that is not a number from 1 to 65535")
	}
	n.Port = int(number)
	return n, nil
}

// keepaliveNames are the names of the three numbers elsewhere. Python's are those of the kernel, whose
// numbers on Linux are 4, 5 and 6. The numbers 1, 2 and 3 name other options there, with which every
// connect fails, so that nothing but the three in their order can be meant by them.
var keepaliveNames = map[string]string{
	"TCP_KEEPIDLE": "idle", "TCP_KEEPINTVL": "interval", "TCP_KEEPCNT": "count",
	"socket.TCP_KEEPIDLE": "idle", "socket.TCP_KEEPINTVL": "interval", "socket.TCP_KEEPCNT": "count",
	"4": "idle", "5": "interval", "6": "count",
	"1": "idle", "2": "interval", "3": "count",
}

func (d *decoder) keepalive(n *yamltree.Node) (redis.KeepaliveOptions, *fault) {
	var options redis.KeepaliveOptions
	if n.Kind() != yamltree.Mapping {
		return options, faultf("CW112", "write {idle: 30, interval: 5, count: 3}", "is a list, not a mapping")
	}
	seen := map[string]bool{}
	for _, f := range n.Fields() {
		name := f.Key.Text()
		if other, ok := keepaliveNames[name]; ok {
			name = other
		}
		row := find(keepaliveFields, name)
		if row == nil {
			return options, unknownKeepalive(name)
		}
		if seen[name] {
			return options, faultf("CW112", "remove one of them", "%s is written twice", name)
		}
		seen[name] = true
		text, bad := d.scalar(f.Value)
		if bad != nil {
			return options, bad
		}
		value, bad := row.read(scalar{text: text, quoted: f.Value.Quoted() && !strings.Contains(f.Value.Text(), "${")})
		if bad != nil {
			bad.message, bad.value = name+": "+bad.message, ""
			return options, bad
		}
		switch v := value.(type) {
		case time.Duration:
			if name == "idle" {
				options.Idle = v
			} else {
				options.Interval = v
			}
		case int64:
			options.Count = int(v)
		}
	}
	return options, nil
}

func unknownKeepalive(name string) *fault {
	hint := "options are idle, interval and count"
	if near, ok := spell.Near(name, names(keepaliveFields)); ok {
		hint = "did you mean " + near + "?"
	}
	return faultf("CW112", hint, "has an unknown entry %s", oneLine(name))
}

// keepaliveByNumber says that a mapping names its entries 1, 2 or 3.
func keepaliveByNumber(n *yamltree.Node) bool {
	for _, f := range n.Fields() {
		switch f.Key.Text() {
		case "1", "2", "3":
			return true
		}
	}
	return false
}
