package cachewright

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/cachewright/cachewright/internal/pemkey"
	"github.com/cachewright/cachewright/store/redis"
)

// pemBegins is how a certificate or a key begins where the name of its file belongs.
const pemBegins = "-----BEGIN"

// CheckFiles reads the certificates and keys that the caches on Redis name, and returns everything that
// cannot be used as [Problems], each with the place where the option is written. [Plan.Open] does the same
// before it opens anything. [Config.Resolve] does not: a plan may be made, and Django's settings written,
// on a machine that does not have the files.
func (p *Plan) CheckFiles() error { return p.checkFiles(func(string) bool { return false }) }

// checkFiles leaves out the caches whose aliases have stores already.
func (p *Plan) checkFiles(hasStore func(alias string) bool) error {
	var found Problems
	for i := range p.Caches {
		c := &p.Caches[i]
		if c.Backend != BackendRedis || hasStore(c.Alias) {
			continue
		}
		o, err := c.redisOptions(nil)
		if err != nil {
			continue // opening it says so
		}
		for _, bad := range o.CheckFiles() {
			found = append(found, p.unusable(c, bad))
		}
	}
	return found.asError()
}

// certificates notes the options of c that name or hold certificates and keys, with their places. The plan
// has nothing else that could tell them later, and the lines that it keeps here hold no secrets.
func (r *resolver) certificates(c *resolution) {
	for option, v := range c.plan.Values {
		if !v.Written || !strings.HasPrefix(option[strings.LastIndexByte(option, '.')+1:], "ssl_") {
			continue
		}
		path := c.path(option)
		if rowAt(path).kind != kindText {
			continue
		}
		at := reporter{journal: &journal{}, written: r.written}
		if v.Origin == originGo {
			at.written = nil // a program has replaced what the files say
		}
		at.fault(path, &fault{})
		if r.plan.certificates == nil {
			r.plan.certificates = make(map[string]Problem)
		}
		r.plan.certificates[dotted(path)] = *at.problems[0]
	}
}

// unusable reports a certificate or a key that cannot be used.
func (p *Plan) unusable(c *CachePlan, bad *redis.FileError) *Problem {
	path := cachePrefix + c.Alias + "." + c.writtenOption(bad.Option)
	problem, ok := p.certificates[path]
	if !ok { // a plan that no Config was resolved to
		problem = Problem{Option: path, layer: layerGo}
	}
	if bad.Path != "" {
		problem.Message += printable(bad.Path) + ": "
	}
	problem.Code, problem.Hint = "CW116", hintForFile(bad)
	problem.Message += bad.Err.Error()
	return &problem
}

// writtenOption is where an option of the connections is written: options of the Sentinels may be those of
// the data connections.
func (c *CachePlan) writtenOption(option string) string {
	if data, ok := strings.CutPrefix(option, "sentinel_kwargs."); ok && !c.Values[poolName+"."+option].Written {
		option = data
	}
	return poolName + "." + option
}

// hintForFile says what to do about it.
func hintForFile(bad *redis.FileError) string {
	option := bad.Option[strings.LastIndexByte(bad.Option, '.')+1:]
	switch {
	case errors.Is(bad.Err, fs.ErrNotExist):
		return "correct the path, or put the file there"
	case errors.Is(bad.Err, fs.ErrPermission):
		return "let the user that runs the program read the file"
	case errors.Is(bad.Err, pemkey.ErrNoPassword):
		return "add ssl_keyfile_password"
	case errors.Is(bad.Err, pemkey.ErrWrongPassword):
		return "correct ssl_keyfile_password"
	case option == "ssl_ca_data":
		return "write certificates in PEM, or name their file with ssl_ca_certs"
	case option == "ssl_keyfile":
		return "name a file with a private key in PEM"
	case option == "ssl_certfile":
		return "name a file with a certificate in PEM, and with ssl_keyfile one with its key"
	}
	return "name a file with certificates in PEM"
}
