package settings

import (
	"strings"

	"github.com/cachewright/cachewright"
	"github.com/cachewright/cachewright/internal/template"
)

// secret is an option that may hold a password; holds tells whether a text does. If the configuration
// took it from environment variables, so does Django.
func (b *builder) secret(c cachewright.CachePlan, option, resolved string, holds func(string) bool) expression {
	t := source(c.Values[option])
	lookup := !t.IsLiteral() && !b.data
	literal := resolved
	if lookup {
		literal = literalText(t)
	}
	switch {
	case holds(literal) && !b.options.AllowSecrets:
		b.refuseSecret(c, option, !t.IsLiteral())
		return none{}
	case lookup:
		return ofTemplate(t)
	}
	return text(resolved)
}

// refuseSecret says why a password is not written down, and what to do.
func (b *builder) refuseSecret(c cachewright.CachePlan, option string, fromEnvironment bool) {
	switch {
	case fromEnvironment && b.data:
		b.refuse(c, option, "it holds a password, and JSON cannot look up a variable; "+
			"write Python instead, or allow secrets in the output (--allow-secrets)")
	case fromEnvironment:
		b.refuse(c, option, "it holds a literal password beside its variable; "+
			"take the password from the variable alone, or allow secrets in the output (--allow-secrets)")
	default:
		b.refuse(c, option, "it holds a literal password; "+
			"take it from the environment, as in "+remedy(option)+", or allow secrets in the output (--allow-secrets)")
	}
}

// remedy is how a configuration takes option from the environment.
func remedy(option string) string {
	name := option[strings.LastIndexByte(option, '.')+1:]
	if name == "redis_url" {
		return "redis_url: ${REDIS_URL}"
	}
	return name + ": ${REDIS_" + strings.ToUpper(name) + "}"
}

// source is how v was written. What was written in Go is no template, whatever it looks like.
func source(v cachewright.Value) template.Template {
	if !v.Written || v.Origin == "Go" {
		return template.Template{}
	}
	t, err := template.Parse(v.Source.Reveal())
	if err != nil {
		return template.Template{} // it would not have become a Plan
	}
	return t
}

// urlHasPassword says that address holds a password, or something that may be one: address need not be
// a whole URL.
func urlHasPassword(address string) bool {
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	at := strings.LastIndex(address, "@")
	if at < 0 {
		return false
	}
	_, password, _ := strings.Cut(address[:at], ":")
	return password != ""
}

// isPassword holds for every text: the whole option is a password.
func isPassword(s string) bool { return s != "" }
