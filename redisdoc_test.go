package cachewright

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
)

// redisPage has a table that is made from the table of options, between two marks, in a text by hand.
const (
	redisPage  = "docs/redis.md"
	tableBegin = "<!-- The table is made from the table of options by go test . -update. Do not edit it. -->\n"
	tableEnd   = "<!-- The end of the table. -->\n"
)

// clientGets says what an option of a connection does to the Go client, below the names in the reference.
var clientGets = map[string]string{
	"max_connections":          "a ceiling for each server: one connection that all calls share (two to four on many cores), the rest for a native client",
	"socket_connect_timeout":   "bounds the dial with its TLS handshake, and once more the greeting",
	"socket_timeout":           "the deadline of every call, where the caller's context has none that is earlier; a connection that takes no bytes for so long (1 s at least) is given up",
	"retry_on_timeout":         "one more attempt after a connection broke, for reads, Set, Touch and Delete, if half of the time is left; never for Add, Incr and Swap",
	"health_check_interval":    "the time between PINGs, never 0; a silent connection is given up after twice this and the time to write, 3 s",
	"socket_keepalive":         "`SO_KEEPALIVE`",
	"socket_keepalive_options": "`TCP_KEEPIDLE`, `TCP_KEEPINTVL`, `TCP_KEEPCNT`; the keys 1, 2 and 3 are read as these, with a finding, because on Linux they are other options",
	"username":                 "`HELLO AUTH`",
	"password":                 "`HELLO AUTH`",
	"db":                       "`SELECT`; refused in a cluster unless 0",
	"client_name":              "`HELLO SETNAME`",
	"protocol":                 "2: no `HELLO`; 3 falls back to 2 where the server knows no 3",
	"sentinels":                "the Sentinels are asked for the master, and heard when they name another; looked at again every 5 s",
	"service_name":             "the name in the question",
	"sentinel_kwargs":          "see below",
	"startup_nodes":            "the nodes are asked who serves what; MOVED and ASK are followed, five in a call; looked at again every 5 s, and when a node is gone or silent at most once in a second",
	"skip_full_coverage_check": "see require_full_coverage",
	"require_full_coverage":    "`true`: every call fails while a slot is served by nobody; otherwise only calls for such slots do",
	"read_from_replicas":       "reads go to a replica first; what it does not answer, the master does",
	"encoding":                 "nothing: texts are UTF-8, values are bytes",
	"decode_responses":         "nothing: values are bytes",
	"ssl_cert_reqs":            "verification of the chain and the name; `none` verifies nothing",
	"ssl_ca_certs":             "the authorities, read anew for each connection",
	"ssl_ca_data":              "the authorities, beside those of the file",
	"ssl_certfile":             "the certificate to show, read anew for each connection",
	"ssl_keyfile":              "its key, read anew for each connection",
	"ssl_keyfile_password":     "opens the key: PKCS #8, or the older form of OpenSSL",
	"ssl_check_hostname":       "`false`: the chain is verified, the name is not",
	"ssl_min_version":          "the oldest version in the handshake, never below 1.2",

	"socket_keepalive_options.idle":          "`TCP_KEEPIDLE`",
	"socket_keepalive_options.interval":      "`TCP_KEEPINTVL`",
	"socket_keepalive_options.count":         "`TCP_KEEPCNT`",
	"sentinel_kwargs.username":               "`HELLO AUTH` to Sentinels",
	"sentinel_kwargs.password":               "`HELLO AUTH` to Sentinels; that of the data is never sent to them",
	"sentinel_kwargs.socket_connect_timeout": "bounds the dial of a Sentinel",
	"sentinel_kwargs.socket_timeout":         "bounds a question to a Sentinel; then the next is asked",
	"sentinel_kwargs.ssl":                    "TLS to the Sentinels, apart from that to the data",
}

// isConnection says that a group of options is about connections to Redis.
func (g group) isConnection() bool { return len(g.path) > 1 }

// shortName is the name of an option below connection_pool_kwargs.
func (g group) shortName(f *field) string { return strings.TrimPrefix(g.prefix, poolName+".") + f.name }

// redisTable maps redis-py's names to ours, and to what becomes of them on both sides.
func redisTable() string {
	var b strings.Builder
	b.WriteString("| redis-py | in Go | default | what the Go client gets | what Django's settings get |\n|---|---|---|---|---|\n")
	for _, g := range groups {
		for i := range g.fields {
			f := &g.fields[i]
			if gets := clientGets[g.shortName(f)]; g.isConnection() && gets != "" {
				fmt.Fprintf(&b, "| [`%s`](options.md#%s) | %s | %s | %s | %s |\n", g.shortName(f), anchor(g.prefix+f.name),
					g.goField(f), f.defaultText(), gets, djangoGets(f))
			}
		}
	}
	b.WriteString("\nThe `ssl_` options of `sentinel_kwargs` are those above for the Sentinels, and without them the same.\n")
	return b.String()
}

// goField is what an option is in Go.
func (g group) goField(f *field) string {
	if f.goName == "" {
		return "-"
	}
	return "`" + g.goType + "." + f.goName + "`"
}

// djangoGets says what an option is in Django's settings.
func djangoGets(f *field) string {
	if f.django != "" {
		return f.django
	}
	return "`" + f.name + "`"
}

func TestRedisPageIsUpToDate(t *testing.T) {
	page, err := os.ReadFile(redisPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(page, []byte(tableBegin))
	_, after, end := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !end {
		t.Fatalf("%s has no place for the table", redisPage)
	}
	comparePage(t, redisPage, []byte(string(before)+tableBegin+redisTable()+tableEnd+string(after)))
}

func TestEveryOptionOfAConnectionIsOnTheRedisPage(t *testing.T) {
	options := map[string]bool{}
	for _, g := range groups {
		for i := range g.fields {
			if name := g.shortName(&g.fields[i]); g.isConnection() {
				options[name] = true
				_, shared := clientGets[g.fields[i].name] // what is the same for Sentinels is told once
				if clientGets[name] == "" && !(shared && (strings.HasPrefix(g.fields[i].name, "ssl_") || g.fields[i].only != "")) {
					t.Errorf("nobody says what the client gets of %s", name)
				}
			}
		}
	}
	for name := range clientGets {
		if !options[name] {
			t.Errorf("%s is no option", name)
		}
	}
}
