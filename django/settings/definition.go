package settings

import (
	_ "embed" // for the Python below
	"slices"
	"strings"
)

// definition is Python that a module needs for some of its settings, beside the settings themselves.
type definition int

// The definitions, in the order of writing: each uses only those before it.
const (
	sentinelFunction definition = iota
	lazyModule
	sentinelClients
	clusterConnection
	clusterClient
	clusterCache
)

// The Python of the definitions.
var (
	//go:embed python/sentinel_url.py
	sentinelFunctionSource string
	//go:embed python/lazy.py
	lazyModuleSource string
	//go:embed python/sentinel_clients.py
	sentinelClientsSource string
	//go:embed python/cluster.py
	clusterConnectionSource string
	//go:embed python/cluster_client.py
	clusterClientSource string
	//go:embed python/cluster_cache.py
	clusterCacheSource string
)

// definitions are what stands behind the constants.
var definitions = []struct {
	source  string
	imports []string
	uses    []definition
}{
	sentinelFunction:  {source: sentinelFunctionSource, imports: []string{importURLSplit}},
	lazyModule:        {source: lazyModuleSource, imports: []string{importSys, importTypes}},
	sentinelClients:   {source: sentinelClientsSource, uses: []definition{lazyModule}},
	clusterConnection: {source: clusterConnectionSource, imports: []string{importThreading}},
	clusterClient:     {source: clusterClientSource, uses: []definition{lazyModule, clusterConnection}},
	clusterCache:      {source: clusterCacheSource, uses: []definition{lazyModule, clusterConnection}},
}

// What modules import.
const (
	importOS        = "import os"
	importSocket    = "import socket"
	importSys       = "import sys"
	importThreading = "import threading"
	importTypes     = "import types"
	importURLSplit  = "from urllib.parse import urlsplit"
	importSentinel  = "from redis.sentinel import Sentinel"
)

// standardImports are the imports from Python's own library, in the order of writing.
var standardImports = []string{importOS, importSocket, importSys, importThreading, importTypes, importURLSplit}

// needs is what expressions ask of the module around them.
type needs struct {
	variables   []string // environment variables, in the order of their appearance
	imports     []string // in any order
	definitions []definition
}

// see adds what e asks for.
func (n *needs) see(e expression) {
	switch e := e.(type) {
	case environ:
		n.variables = append(n.variables, string(e))
		n.imports = append(n.imports, importOS)
	case fallback:
		n.see(environ(e.name))
		n.see(e.other)
	case sum:
		n.seeAll(e)
	case list:
		n.seeAll(e)
	case dict:
		for _, entry := range e {
			n.see(entry.key)
			n.see(entry.value)
		}
	case besideModule:
		n.imports = append(n.imports, importOS)
	case socketOption:
		n.imports = append(n.imports, importSocket)
	case sentinelURL:
		n.define(sentinelFunction)
		n.see(e.url)
	case sentinelManager:
		n.imports = append(n.imports, importSentinel)
		n.see(e.kwargs)
	case class:
		n.define(e.definition)
	}
}

func (n *needs) seeAll(all []expression) {
	for _, e := range all {
		n.see(e)
	}
}

// define adds a definition and what it uses.
func (n *needs) define(d definition) {
	for _, used := range definitions[d].uses {
		n.define(used)
	}
	n.imports = append(n.imports, definitions[d].imports...)
	n.definitions = append(n.definitions, d)
}

// write writes the imports in the order of Python's own style, and the definitions.
func (n *needs) write(b *strings.Builder) {
	separator := "\n"
	for _, line := range standardImports {
		if slices.Contains(n.imports, line) {
			b.WriteString(separator + line + "\n")
			separator = ""
		}
	}
	if slices.Contains(n.imports, importSentinel) {
		b.WriteString("\n" + importSentinel + "\n")
	}
	needed := slices.Compact(slices.Sorted(slices.Values(n.definitions)))
	for _, d := range needed {
		b.WriteString("\n\n" + definitions[d].source)
	}
	if len(needed) > 0 {
		b.WriteByte('\n')
	}
}
