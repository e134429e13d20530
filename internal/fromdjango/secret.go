package fromdjango

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cachewright/cachewright/internal/redisurl"
	"github.com/cachewright/cachewright/internal/template"
)

// secrets are the texts that the configuration must not hold, and the variables that hold them instead.
type secrets struct {
	names     map[string]string // of variables, by the secret in them
	variables []Variable
	environ   []string

	ofSettings []string // variables that the settings look up, which hold what they hold there
}

// reference returns ${NAME} for a secret. The same secret is in the same variable.
func (s *secrets) reference(secret, name, is string) string {
	if known, ok := s.names[secret]; ok {
		return "${" + known + "}"
	}
	free := name
	for i := 2; s.taken(free); i++ {
		free = fmt.Sprintf("%s_%d", name, i)
	}
	s.names[secret] = free
	s.variables = append(s.variables, Variable{Name: free, Is: is})
	s.environ = append(s.environ, free+"="+secret)
	return "${" + free + "}"
}

// standIn returns ${NAME} for a secret that stands in the settings for a variable that is not set: that variable
// has to hold it from now on. Two secrets that stand in for one variable are two variables.
func (s *secrets) standIn(secret, name, is string) string {
	entry := name + "=" + secret
	switch {
	case slices.Contains(s.environ, entry):
	case slices.ContainsFunc(s.variables, func(v Variable) bool { return v.Name == name }):
		return s.reference(secret, name, is)
	default:
		s.variables = append(s.variables, Variable{Name: name, Is: is + ", or to what stands in for it there"})
		s.environ = append(s.environ, entry)
	}
	return "${" + name + "}"
}

// onlyVariable returns the one variable that a template consists of.
func onlyVariable(source string) (name string, ok bool) {
	t, err := template.Parse(source)
	if err != nil || len(t.Parts()) != 1 {
		return "", false
	}
	return t.Parts()[0].Name, t.Parts()[0].Name != ""
}

func (s *secrets) taken(name string) bool {
	if slices.Contains(s.ofSettings, name) {
		return true
	}
	for _, v := range s.variables {
		if v.Name == name {
			return true
		}
	}
	return false
}

// secret is an option that is a secret as a whole.
func (c *cache) secret(v *value, name, is string) string {
	if v.source != "" && literalText(v.source) == "" {
		return quoted(v.source)
	}
	is = fmt.Sprintf("%s of cache %q", is, c.alias)
	if variable, ok := onlyVariable(v.source); ok {
		return c.secrets.standIn(v.text, variable, is)
	}
	return c.secrets.reference(v.text, c.variable(name), is)
}

// variable is the name of a variable for this cache: that of the default cache needs no prefix.
func (c *cache) variable(name string) string {
	if c.alias == "default" {
		return name
	}
	return strings.ToUpper(c.alias) + "_" + name
}

// address is a Redis URL without a secret in it. The text of v is url, perhaps changed since.
func (c *cache) address(v *value, url string) string {
	if v.source != "" {
		return c.addressFrom(v)
	}
	scheme, rest, _ := strings.Cut(url, "://")
	at := strings.LastIndexByte(rest, '@')
	if at < 0 {
		return literal(url)
	}
	user, password, hasPassword := strings.Cut(rest[:at], ":")
	is := func(what string) string {
		return fmt.Sprintf("%s in LOCATION of cache %q, as it is written there", what, c.alias)
	}
	switch {
	case hasPassword && password != "":
		password = c.secrets.reference(password, c.variable("REDIS_PASSWORD"), is("password"))
		return literal(scheme+"://"+user) + ":" + password + literal(rest[at:])
	case user != "":
		// A user alone is more often a password in the wrong place.
		user = c.secrets.reference(user, c.variable("REDIS_USERNAME"), is("user"))
		return literal(scheme+"://") + user + literal(rest[at:])
	}
	return literal(url)
}

// addressFrom is a URL that comes from variables. If there is a password beside them, the whole URL moves
// into a variable.
func (c *cache) addressFrom(v *value) string {
	said := literalText(v.source)
	if _, rest, ok := strings.Cut(said, "://"); ok {
		said = rest
	}
	user := said[:max(0, strings.LastIndexByte(said, '@'))]
	if _, password, _ := strings.Cut(user, ":"); password == "" {
		return v.source
	}
	is := fmt.Sprintf("LOCATION of cache %q", c.alias)
	if variable, ok := onlyVariable(v.source); ok {
		return c.secrets.standIn(v.text, variable, is)
	}
	return c.secrets.reference(v.text, c.variable("REDIS_URL"), is)
}

// literalText is what a template says by itself, if no variable is set.
func literalText(source string) string {
	t, err := template.Parse(source)
	if err != nil {
		return source
	}
	return textOf(t)
}

func textOf(t template.Template) string {
	var b strings.Builder
	for _, p := range t.Parts() {
		b.WriteString(p.Text)
		b.WriteString(textOf(p.Default))
	}
	return b.String()
}

// shown is a URL for a note.
func shown(url string) string { return redisurl.Redact(url) }
