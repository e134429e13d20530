package fromdjango

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// poolOptions are the options of connections that have an equivalent, in the order of writing.
var poolOptions = []string{
	"socket_connect_timeout", "socket_timeout", "retry_on_timeout", "health_check_interval",
	"socket_keepalive", "socket_keepalive_options", "username", "password", "db", "client_name", "protocol",
	"ssl_cert_reqs", "ssl_ca_certs", "ssl_ca_data", "ssl_certfile", "ssl_keyfile", "ssl_password",
	"ssl_check_hostname", "ssl_min_version",
}

// sentinelOptions are those that the connections to Sentinels have, too.
var sentinelOptions = slices.DeleteFunc(slices.Clone(poolOptions), func(name string) bool {
	return slices.Contains([]string{"retry_on_timeout", "health_check_interval", "socket_keepalive", "socket_keepalive_options",
		"db", "client_name", "protocol"}, name)
})

// renamed are the options that have another name here.
var renamed = map[string]string{"ssl_password": "ssl_keyfile_password"}

// readTopology takes what says how Redis is run, in the form that connects and in that of django-cfg's page.
func (x *connection) readTopology() {
	if ssl := x.takeArgument("ssl"); ssl.isTrue() {
		x.tls = true
	}
	x.sentinels = x.take("SENTINELS").items
	x.sentinelKwargs = x.take("SENTINEL_KWARGS")
	if manager := x.options["sentinel_manager"]; manager != nil && manager.fields != nil {
		x.take("sentinel_manager")
		x.sentinels, x.sentinelKwargs = manager.get("SENTINELS").items, manager.get("SENTINEL_KWARGS")
	}
	service := x.takeArgument("service_name")
	if page := x.takeArgument("sentinels"); page.kind == kindList {
		x.sentinels, x.sentinelKwargs = page.items, x.takeArgument("sentinel_kwargs")
	}
	if len(x.sentinels) > 0 {
		name := host(x.url)
		if service.kind == kindText {
			name = service.text
		}
		x.pool = append(x.pool, option{"sentinels", addresses(x.sentinels)}, option{"service_name", quoted(literal(name))})
	}
	x.readCluster()
	if x.replicas {
		x.pool = append(x.pool, option{"read_from_replicas", "true"})
	}
}

func (x *connection) readCluster() {
	nodes := x.take("STARTUP_NODES")
	kwargs := x.take("CLUSTER_KWARGS")
	if own := x.take("startup_nodes"); own.kind == kindList {
		nodes, kwargs = own, x.take("cluster_kwargs")
	}
	if page := x.takeArgument("startup_nodes"); page.kind == kindList {
		nodes = page
	}
	skip := x.takeArgument("skip_full_coverage_check")
	if nodes.kind != kindList {
		return
	}
	x.pool = append(x.pool, option{"startup_nodes", addresses(nodes.items)})
	if kwargs.get("require_full_coverage").isTrue() || skip.kind == kindBool && !skip.yes {
		x.pool = append(x.pool, option{"require_full_coverage", "true"})
	}
	x.replicas = x.replicas || kwargs.get("read_from_replicas").isTrue()
}

// takeArgument returns an option of connections and marks it as looked at.
func (x *connection) takeArgument(name string) *value {
	v := x.kwargs[name]
	delete(x.kwargs, name)
	if v == nil {
		return &value{}
	}
	return v
}

// host is that of a URL, without port.
func host(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	if end := strings.IndexAny(rest, ":/?"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// addresses is a list of servers as YAML: of pairs, or of dicts with host and port.
func addresses(nodes []*value) string {
	var all []string
	for _, n := range nodes {
		name, port := n.get("host"), n.get("port")
		if len(n.items) == 2 {
			name, port = n.items[0], n.items[1]
		}
		entry := "{host: " + quotedHost(name.text)
		if isDigits(port.text) {
			entry += ", port: " + port.text
		}
		all = append(all, entry+"}")
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// quotedHost quotes what could be read as something else inside a list.
func quotedHost(name string) string {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == "" && name != "" && !isDigits(name) {
		return name
	}
	return strconv.Quote(literal(name))
}

// writePool writes the options of connections.
func (x *connection) writePool() {
	if x.tls && x.kwargs["ssl_check_hostname"] == nil && !isUnverified(x.kwargs) {
		x.note("the name in the server's certificate is checked; redis-py before version 6 does not do that by itself")
	}
	unverified := isUnverified(x.kwargs)
	for _, name := range poolOptions {
		v, isThere := x.kwargs[name]
		delete(x.kwargs, name)
		switch {
		case !isThere, v.kind == kindNone && name != "ssl_cert_reqs", isDefault(name, v):
		case name == "ssl_check_hostname" && (v.isTrue() || unverified):
		default:
			x.pool = append(x.pool, x.poolOption(name, v, "REDIS")...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(x.kwargs)) {
		if x.kwargs[name].kind != kindNone && !isDefault(name, x.kwargs[name]) {
			x.none("CONNECTION_POOL_KWARGS "+name, "")
		}
	}
}

// isDefault says that an option says no more than redis-py's default does, which needs no line here.
func isDefault(name string, v *value) bool {
	switch {
	case v.source != "":
		return false
	case name == "decode_responses":
		return v.kind == kindBool && !v.yes
	case name == "encoding":
		return slices.Contains([]string{"utf-8", "utf8"}, strings.ReplaceAll(strings.ToLower(v.text), "_", "-"))
	case name == "health_check_interval":
		return v.kind == kindNumber && !v.isTrue()
	}
	return false
}

// isUnverified says that certificates are not verified, and so no name in them either.
func isUnverified(kwargs map[string]*value) bool {
	v, isThere := kwargs["ssl_cert_reqs"]
	return isThere && certReqs(v) == "none"
}

// poolOption is an option of connections as lines of YAML: one, or none for what cannot be said.
func (x *connection) poolOption(name string, v *value, owner string) []option {
	ours := name
	if other, ok := renamed[name]; ok {
		ours = other
	}
	text := ""
	switch {
	case name == "password":
		text = x.secret(v, owner+"_PASSWORD", "password")
	case name == "ssl_password":
		text = x.secret(v, owner+"_KEY_PASSWORD", "password of the key file")
	case name == "ssl_cert_reqs":
		text = certReqs(v)
	case name == "socket_keepalive_options":
		text = keepalive(v)
	case v.kind == kindBool:
		text = strconv.FormatBool(v.yes)
	case v.kind == kindNumber:
		text = x.number(v)
	case v.kind == kindText:
		text = x.text(v)
	}
	if text == "" {
		x.none("CONNECTION_POOL_KWARGS "+name+" as it is written", "")
		return nil
	}
	return []option{{ours, text}}
}

// certReqs is ssl_cert_reqs in our words; empty for what has none. Python's None verifies nothing.
func certReqs(v *value) string {
	name := strings.ToLower(strings.TrimPrefix(v.text, "CERT_"))
	switch {
	case v.kind == kindNone:
		return "none"
	case slices.Contains([]string{"none", "optional", "required"}, name):
		return name
	}
	return ""
}

// keepaliveNames are the numbers that Linux and macOS give to the options.
var keepaliveNames = map[string]string{"4": "idle", "5": "interval", "6": "count", "16": "idle", "257": "interval", "258": "count"}

// keepalive is socket_keepalive_options by name. The numbers 1, 2 and 3 are those of django-cfg's page, which
// the configuration understands as well.
func keepalive(v *value) string {
	pairs := v.items
	for _, name := range v.names() {
		pairs = append(pairs, &value{kind: kindText, text: name}, v.fields[name])
	}
	var all []string
	for i := 0; i+1 < len(pairs); i += 2 {
		name := pairs[i].text
		if ours, ok := keepaliveNames[name]; ok {
			name = ours
		} else if !slices.Contains([]string{"1", "2", "3"}, name) {
			return ""
		}
		if pairs[i+1].kind == kindNumber {
			all = append(all, name+": "+pairs[i+1].text)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return "{" + strings.Join(all, ", ") + "}"
}

// writeSentinel writes the options of the connections to Sentinels. What is that of the data connections is
// left out: it counts for both.
func (x *connection) writeSentinel() {
	if len(x.sentinels) == 0 {
		return
	}
	data := map[string]string{}
	for _, o := range x.pool {
		data[o.name] = o.text
	}
	kwargs := maps.Clone(x.sentinelKwargs.fields)
	if ssl := kwargs["ssl"]; (ssl != nil && ssl.isTrue()) != x.tls {
		x.sentinel = append(x.sentinel, option{"ssl", strconv.FormatBool(!x.tls)})
	}
	delete(kwargs, "ssl")
	for _, name := range sentinelOptions {
		v := kwargs[name]
		delete(kwargs, name)
		if v == nil || v.kind == kindNone || name == "ssl_check_hostname" && v.isTrue() {
			continue
		}
		for _, o := range x.poolOption(name, v, "SENTINEL") {
			if data[o.name] != o.text || name == "username" || name == "password" {
				x.sentinel = append(x.sentinel, o)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(kwargs)) {
		if name != "socket_keepalive" && name != "socket_keepalive_options" && kwargs[name].kind != kindNone && !isDefault(name, kwargs[name]) {
			x.none("SENTINEL_KWARGS "+name, "")
		}
	}
}
