package main

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"text/template"

	"github.com/cachewright/cachewright/internal/redisurl"
)

// address is what the file of init says about Redis.
type address struct {
	url      string // of the project; empty for none
	sessions string // of the sessions: a database of their own where that can be written
	variable string // that both refer to; empty for a URL that is written out
	withheld bool   // the URL that was given is not in the file
}

// redisVariable is where a URL with a password belongs.
const redisVariable = "REDIS_URL"

// oneVariable is a reference to a variable and nothing else. A default in it could hold a password.
var oneVariable = regexp.MustCompile(`^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$`)

// usualDatabases is how many databases a Redis has unless it is told otherwise.
const usualDatabases = 16

// addressFrom reads the URL that --redis gives. Whoever is named in it may be a password in the wrong
// place, so the whole user part counts as secret.
func addressFrom(text string) (address, error) {
	if text == "" {
		return address{}, nil
	}
	if m := oneVariable.FindStringSubmatch(text); m != nil {
		return address{url: text, sessions: text, variable: m[1]}, nil
	}
	u, err := redisurl.Parse(text)
	if bad, ok := errors.AsType[*redisurl.Error](err); ok {
		return address{}, misuse("--redis: %s; %s, or ${NAME} for a variable", bad.Message, bad.Fix)
	}
	if err != nil {
		return address{}, err
	}
	if u.Username != "" || u.Password != "" {
		reference := "${" + redisVariable + "}"
		return address{url: reference, sessions: reference, variable: redisVariable, withheld: true}, nil
	}
	u.DB = (u.DB + 1) % usualDatabases
	return address{url: text, sessions: u.Redacted()}, nil
}

// schemaName is the name under which the schema is expected beside the configuration.
const schemaName = "config.schema.json"

// starter is the configuration that init writes. Texts are scalars of YAML; empty ones are switched off.
type starter struct {
	HasSchema bool // the schema is in the folder

	Project       string
	Redis         string
	Sessions      bool
	SessionsRedis string
	Variable      string // that the URLs refer to; empty for none
}

// starterText is the template of a starter. A line is prose if a space follows its #, and otherwise an
// option that is switched off.
const starterText = `{{if .HasSchema -}}
# yaml-language-server: $schema=./` + schemaName + `
{{else -}}
# Editors complete and check this file once its schema is beside it,
#     cachewright schema --out ` + schemaName + `
# and its first line is
#     # yaml-language-server: $schema=./` + schemaName + `
{{end}}
# The caches of this project. What is not here has a default: "cachewright plan" shows every option,
# its value and where that comes from. A line like #timeout: is an option that is switched off; remove
# the # to use it.
#
# config.production.yaml beside this file changes options for production only. Variables beat both, as
# REDIS_URL and CACHE_DEFAULT__TIMEOUT do.

# The name of the project. On Redis the keys of the default cache begin with it.
{{if .Project}}project_name: {{.Project}}{{else}}#project_name: My Shop{{end}}

# The Redis of the default cache. Without one, values live in memory in development, in files in
# production, and nowhere under test.
{{- if .Variable}}
# Its URL is in the variable {{.Variable}}: no password belongs into a file.{{end}}
{{if .Redis}}redis_url: {{.Redis}}{{else}}#redis_url: redis://localhost:6379/0{{end}}

# The cache that is used where no other is named.
#cache_default:
#  timeout: 10m          # how long a value is kept: seconds, 5m, 1d, never; 300 without this line
#  max_connections: 20   # from one process to Redis; 50 without this line
#  version: 2            # raise it when the meaning of values changes: the old ones are not read any more

# Sessions. They need a place that outlives a restart: Redis, in a database of their own.
{{- if and .Sessions .Variable}}
# CACHE_SESSIONS__REDIS_URL names one; until then they share that of the default cache.{{end}}
{{if .Sessions -}}
cache_sessions:
{{if .SessionsRedis}}  redis_url: {{.SessionsRedis}}{{else}}#  redis_url: redis://localhost:6379/1{{end}}
  key_prefix: sessions
  timeout: 2w            # how long a session lasts
{{- else -}}
#cache_sessions:
#  redis_url: redis://localhost:6379/1
#  key_prefix: sessions
#  timeout: 2w           # how long a session lasts
{{- end}}

# Any other cache is cache_ and its name. It has a backend of its own: redis, memory, file or dummy.
#cache_pages:
#  backend: memory
#  max_bytes: 64MiB
#  timeout: 1h
`

// render returns the text of the file.
func (s starter) render() ([]byte, error) {
	t, err := template.New(configName).Parse(starterText)
	if err != nil {
		return nil, fmt.Errorf("read the template of %s: %w", configName, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, s); err != nil {
		return nil, fmt.Errorf("fill the template of %s: %w", configName, err)
	}
	return b.Bytes(), nil
}
