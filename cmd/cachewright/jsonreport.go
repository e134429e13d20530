package main

import (
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/store/file"
	"github.com/cachewright/cachewright/store/redis"
)

// The JSON shapes of check and plan are part of the product: programs read them. Fields are never
// renamed or removed.

// cacheJSON is what check and plan say alike about one cache.
type cacheJSON struct {
	Backend        string `json:"backend"`
	Rule           int    `json:"rule"`
	Reason         string `json:"reason"`
	Location       string `json:"location"`
	KeyPrefix      string `json:"key_prefix"`
	Version        int    `json:"version"`
	TimeoutSeconds any    `json:"timeout_seconds"` // null for never
}

// findingJSON is one finding.
type findingJSON struct {
	Code    string `json:"code"`
	Level   string `json:"level"`
	Message string `json:"message"`
}

type checkJSON struct {
	Environment string                      `json:"environment"`
	OK          bool                        `json:"ok"`
	Caches      map[string]checkedCacheJSON `json:"caches"`
}

type checkedCacheJSON struct {
	cacheJSON
	OK          bool          `json:"ok"`
	Error       string        `json:"error"` // empty if OK
	RoundTripUS int64         `json:"round_trip_us"`
	Findings    []findingJSON `json:"findings"`
	Folder      *folderJSON   `json:"folder,omitempty"` // of a cache in files
	Server      *serverJSON   `json:"server,omitempty"` // of a cache on Redis
}

// serverJSON is what a server says about itself, and what was measured on the way to it. What it does not
// tell is empty or zero.
type serverJSON struct {
	Kind           string     `json:"kind"`
	Version        string     `json:"version"`
	Topology       string     `json:"topology"`
	Role           string     `json:"role"`
	Protocol       int        `json:"protocol"`
	Tracking       bool       `json:"tracking"`
	UsedBytes      int64      `json:"used_bytes"`
	MaxBytes       int64      `json:"max_bytes"` // 0 for no limit
	EvictionPolicy string     `json:"eviction_policy"`
	Persistence    string     `json:"persistence"`
	Connections    int        `json:"connections"` // of this check
	Clients        int        `json:"clients"`
	MaxClients     int        `json:"max_clients"`
	PingP50US      int64      `json:"ping_p50_us"`
	PingP99US      int64      `json:"ping_p99_us"`
	ClockOffsetUS  int64      `json:"clock_offset_us"` // how far it is ahead
	TLSName        string     `json:"tls_name,omitempty"`
	TLSExpires     *time.Time `json:"tls_expires,omitempty"`
}

func serverJSONOf(i *redis.Info) *serverJSON {
	if i == nil {
		return nil
	}
	server := &serverJSON{
		Kind: i.Server, Version: i.Version, Topology: topologyName(*i), Role: roleName(i.Role), Protocol: i.Protocol, Tracking: i.Tracking,
		UsedBytes: i.UsedMemory, MaxBytes: i.MaxMemory, EvictionPolicy: i.EvictionPolicy, Persistence: i.Persistence,
		Connections: i.Connections, Clients: i.Clients, MaxClients: i.MaxClients,
		PingP50US: wholeMicros(i.LatencyP50), PingP99US: wholeMicros(i.LatencyP99), ClockOffsetUS: i.ClockOffset.Microseconds(), TLSName: i.TLSName,
	}
	if !i.TLSExpires.IsZero() {
		server.TLSExpires = &i.TLSExpires
	}
	return server
}

// folderJSON is how a folder of files is doing.
type folderJSON struct {
	Entries    int        `json:"entries"`
	Bytes      int64      `json:"bytes"`
	MaxEntries int        `json:"max_entries"` // 0 for no bound
	MaxBytes   int64      `json:"max_bytes"`
	OldestUsed *time.Time `json:"oldest_used"` // null if there is no entry
	FreeBytes  int64      `json:"free_bytes"`
	Folders    int        `json:"folders"`        // of the layout
	Wanted     int        `json:"folders_wanted"` // for these bounds; differs if the folder was made for others
}

func folderJSONOf(c *file.Condition) *folderJSON {
	if c == nil {
		return nil
	}
	folder := &folderJSON{
		Entries: c.Entries, Bytes: c.Bytes, MaxEntries: c.MaxEntries, MaxBytes: c.MaxBytes, FreeBytes: c.Free,
		Folders: c.Folders, Wanted: c.FoldersWanted,
	}
	if !c.Oldest.IsZero() {
		folder.OldestUsed = &c.Oldest
	}
	return folder
}

type planJSON struct {
	Environment string                      `json:"environment"`
	Caches      map[string]plannedCacheJSON `json:"caches"`
}

type plannedCacheJSON struct {
	cacheJSON
	Findings []findingJSON        `json:"findings"`
	Values   map[string]valueJSON `json:"values"`
}

// valueJSON is one effective option.
type valueJSON struct {
	Value    any         `json:"value"`
	Origin   string      `json:"origin"`
	Overrode []valueJSON `json:"overrode,omitempty"` // the values it replaced, the nearest first
}

func cacheJSONOf(c cachewright.CachePlan) cacheJSON {
	return cacheJSON{
		Backend: c.Backend, Rule: c.Rule, Reason: c.Reason, Location: c.Location,
		KeyPrefix: c.KeyPrefix, Version: c.Version, TimeoutSeconds: secondsJSON(c.Timeout),
	}
}

// findingsJSON are the findings about alias. Those about the project are listed with the default cache:
// every project has one, and the project's options are its options.
func findingsJSON(findings []cachewright.Finding, alias string) []findingJSON {
	list := []findingJSON{}
	for _, f := range findings {
		if f.Alias == alias || f.Alias == "" && alias == defaultAlias {
			list = append(list, findingJSON{Code: f.Code, Level: f.Level, Message: f.Message})
		}
	}
	return list
}

// json is the report of a check.
func (c checked) json() checkJSON {
	report := checkJSON{
		Environment: c.plan.Environment, OK: c.failed() == 0,
		Caches: make(map[string]checkedCacheJSON, len(c.verdicts)),
	}
	for _, v := range c.verdicts {
		one := checkedCacheJSON{
			cacheJSON: cacheJSONOf(v.cache), OK: v.ok(), RoundTripUS: wholeMicros(v.p50),
			Findings: findingsJSON(c.findings, v.cache.Alias), Folder: folderJSONOf(v.folder), Server: serverJSONOf(v.server),
		}
		if v.failure != nil {
			one.Error = v.failure.Error()
		}
		report.Caches[v.cache.Alias] = one
	}
	return report
}

// wholeMicros counts begun microseconds, so that a measured time is never zero.
func wholeMicros(d time.Duration) int64 {
	return int64((d + time.Microsecond - 1) / time.Microsecond)
}

func planJSONOf(p *cachewright.Plan) planJSON {
	report := planJSON{Environment: p.Environment, Caches: make(map[string]plannedCacheJSON, len(p.Caches))}
	for _, c := range p.Caches {
		values := make(map[string]valueJSON, len(c.Values))
		for name, value := range c.Values {
			values[name] = valueJSONOf(value)
		}
		report.Caches[c.Alias] = plannedCacheJSON{
			cacheJSON: cacheJSONOf(c), Findings: findingsJSON(p.Findings, c.Alias), Values: values,
		}
	}
	return report
}

func valueJSONOf(value cachewright.Value) valueJSON {
	report := valueJSON{Value: value.Value, Origin: value.Origin}
	for _, lost := range value.Overrode {
		report.Overrode = append(report.Overrode, valueJSON{Value: lost.Value, Origin: lost.Origin})
	}
	return report
}

// problemsJSON is what check and plan say of a configuration that is wrong.
type problemsJSON struct {
	OK       bool                 `json:"ok"` // false
	Problems cachewright.Problems `json:"problems"`
}

// withProblems prints the problems of a configuration for programs, if it is they who ask, and returns
// err, which tells people on stderr.
func (v *invocation) withProblems(err error) error {
	var problems cachewright.Problems
	if !v.json || !errors.As(err, &problems) {
		return err
	}
	return errors.Join(err, v.printJSON(problemsJSON{Problems: problems}))
}

// printJSON prints one JSON document for people and programs.
func (v *invocation) printJSON(document any) error {
	e := jsonEncoder(v.stdout)
	e.SetIndent("", "  ")
	return e.Encode(document)
}

// jsonEncoder writes JSON, one document a line, with <, > and & as they are: no browser reads it.
func jsonEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}
