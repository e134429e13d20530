package cachewright

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cachewright/cachewright/internal/yamltree"
)

// The patterns of texts, in what the regular expressions of Go and of JavaScript have in common.
const (
	noControl = `[^\x00-\x1f\x7f-\x9f]`
	noSpace   = `[^\x00-\x20\x7f-\x9f]`

	falseWords = `[Nn][Oo]|[Oo][Ff][Ff]`
	truthWords = `[Yy][Ee][Ss]|[Oo][Nn]|` + falseWords
	neverWords = `[Nn][Ee][Vv][Ee][Rr]|[Ff][Oo][Rr][Ee][Vv][Ee][Rr]|[Nn][Oo][Nn][Ee]`
	tlsWords   = `[Tt][Ll][Ss][Vv](?:1[._][23]|77[12])|1_[23]`
	utf8Words  = `[Uu][Tt][Ff][-_]?8`
	sizeWords  = `[0-9]+\s*(?:[kKmMgGtT]i?[bB]?|[bB])`

	// unitWords are durations in units down to seconds. Any part may be missing, so that the empty text
	// matches too; minLength refuses that.
	unitWords = `(?:[0-9]+w)?(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m)?(?:[0-9]+s)?`

	// portWords are the numbers from 1 to 65535.
	portWords = `0*(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6(?:[0-4][0-9]{3}|5(?:[0-4][0-9]{2}|5(?:[0-2][0-9]|3[0-5]))))`

	urlWords = `rediss?://` +
		`(?:(?:[^\x00-\x20\x7f#/?\[\]%]|%[0-9a-fA-F]{2})*@)?` + // user and password
		`(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)` + // host
		`(?::` + portWords + `)?(?:/[0-9]*)?(?:\?(?:&|db=[0-9]+)*)?`

	hostWords    = `[^\s/@\[\]]+`
	addressWords = `(?:\[` + hostWords + `\]|[^\s/@\[\]:]+)(?::(?:` + portWords + `)?)?|[^\s/@\[\]:]*(?::[^\s/@\[\]:]*){2,}`
)

// schema describes the option: what it takes, and what an editor tells about it.
func (f *field) schema() *jsonSchema {
	s := f.values()
	if f.kind != kindGroup && !f.endless {
		s.orNull()
	}
	s.Description, s.Markdown = f.description(), f.markdown()
	if f.preset != "" {
		s.Default = exampleValue(f.preset)
	}
	for _, example := range f.examples() {
		s.Examples = append(s.Examples, exampleValue(example))
	}
	return s
}

// examples are values to offer.
func (f *field) examples() []string {
	if f.kind == kindText && f.choices != nil {
		return f.choices
	}
	return []string{f.example}
}

// values describes what the option takes, but for null.
func (f *field) values() *jsonSchema {
	switch {
	case f.kind == kindGroup:
		return &jsonSchema{Type: []string{"object", "null"}, Properties: schemasOf(f.fields), Additional: refuseOthers}
	case f.kind == kindChoice:
		return oneOf(f.name+" is one of "+strings.Join(f.choices, ", "), "", texts(f.choices)...)
	case f.kind == kindTLS:
		return oneOf(f.name+" is TLSv1.2 or TLSv1.3", tlsWords, "TLSv1.2", "TLSv1.3",
			json.Number("1.2"), json.Number("1.3"), json.Number("771"), json.Number("772"))
	case f.kind == kindEncoding:
		return oneOf(f.name+" is "+f.preset, utf8Words, "utf-8", "utf8")
	case f.kind == kindBool && f.only != "":
		return oneOf(f.name+" is "+f.preset, falseWords, false, json.Number("0"))
	case f.kind == kindNodes:
		s := &jsonSchema{Type: []string{"array"}, MinItems: 1, Items: &jsonSchema{Ref: "#/definitions/" + addressDefinition}}
		return s.orText(`\s*(?:`+addressWords+`)\s*(?:,\s*(?:`+addressWords+`)\s*)*`,
			f.name+" is a list of addresses as {host: node1, port: 6379} or node1:6379")
	case f.kind == kindKeepalive:
		return keepaliveSchema()
	}
	return f.scalar()
}

// scalar describes an option that is a single value of any text or number.
func (f *field) scalar() *jsonSchema {
	s, want := &jsonSchema{}, f.name+" is "+f.shape()
	switch f.kind {
	case kindBool:
		s.Type = []string{"boolean", "integer"} // 1 and 0 are truths too
		s.Minimum, s.Maximum = "0", "1"
		return s.orText(truthWords, want+", without quotes")
	case kindInt:
		s.Type = []string{"integer"}
		s.Minimum, s.Maximum = jsonInt(f.min), jsonInt(f.max)
		return s.orText("", f.name+" is "+f.bounds()+", without quotes")
	case kindBytes:
		s.Type, s.Minimum = []string{"integer"}, jsonInt(f.min)
		return s.orText(sizeWords, want+", or a size as 64MiB")
	case kindLifetime:
		s.Type = []string{"integer"}
		s.Minimum, s.Maximum = "0", jsonInt(f.max/second)
		return s.orText(unitWords+`(?:[0-9]*000ms|0+ms)?|`+neverWords, want+": seconds, 5m, 1h30m, 1d, or never")
	case kindDuration:
		s.Type, s.Maximum = []string{"number"}, jsonInt(f.max/second)
		if s.Minimum = jsonInt(f.min / second); f.min > 0 && f.min < second {
			s.Minimum, s.Above = "", "0"
		}
		return s.orText(unitWords+`(?:[0-9]+ms)?`, want+": seconds, 500ms, 5m, 1h30m")
	case kindURL:
		return s.orText(urlWords, f.name+" is redis://[user:password@]host[:port][/database], or the same with rediss://")
	}
	return f.text()
}

// text describes an option that is text. What may be a secret or a whole certificate is not looked at.
func (f *field) text() *jsonSchema {
	s := &jsonSchema{}
	switch {
	case f.secret || f.name == "ssl_ca_data":
		s.Type, s.MinLength = []string{"string"}, 1
	case f.name == "key_prefix":
		most := strconv.Itoa(maxPrefix)
		s.orText(noControl+"{0,"+most+"}", f.name+" is text of at most "+most+" characters")
		s.MinLength = 0
	case f.name == "environment":
		s.orText(`\s*[A-Za-z][A-Za-z0-9_-]{0,39}\s*`, f.name+" is a name of letters, digits, - and _ that begins with a letter")
	case f.name == "client_name":
		s.orText(noSpace+"*", f.name+" is text without spaces")
	default:
		s.orText(noControl+"*", f.name+" is text without control characters")
	}
	s.ErrorMessage = f.name + " is text: put in quotes what YAML takes for something else."
	return s
}

// oneOf describes a choice between values, or texts that match words.
func oneOf(want, words string, values ...any) *jsonSchema {
	return &jsonSchema{AnyOf: []*jsonSchema{
		{Enum: values, ErrorMessage: want + "."},
		new(jsonSchema).orText(words, want),
	}}
}

// orText makes s take texts that match words as a whole, and those with a variable in them, of which
// nobody knows yet what they will be. Want says what is wanted.
func (s *jsonSchema) orText(words, want string) *jsonSchema {
	s.Type = append(s.Type, "string")
	s.MinLength = 1
	s.Pattern = `\$\{`
	if words != "" {
		s.Pattern = "^(?:" + words + `)$|\$\{`
	}
	s.ErrorMessage = want + "."
	s.PatternMessage = want + ", or a variable as ${NAME}."
	return s
}

// orNull makes s take null, which takes back what a weaker layer says.
func (s *jsonSchema) orNull() {
	if n := len(s.AnyOf); n > 0 {
		s = s.AnyOf[n-1]
	}
	s.Type = append(s.Type, "null")
}

// addressSchema describes one address of a list: a mapping, a pair, or host:port.
func addressSchema() *jsonSchema {
	host := new(jsonSchema).orText(hostWords, "host is the name or address of a server")
	port := &jsonSchema{Type: []string{"integer"}, Minimum: "1", Maximum: "65535"}
	port.orText(portWords, "port is a number from 1 to 65535")
	s := &jsonSchema{
		Type:       []string{"object", "array"},
		Properties: properties{{"host", host}, {"port", port}}, Required: []string{"host"}, Additional: refuseOthers,
		Items: []*jsonSchema{host, port}, MinItems: 2, MaxItems: 2,
	}
	return s.orText(addressWords, "an address is {host: node1, port: 6379}, [node1, 6379] or node1:6379")
}

// keepaliveSchema describes the three numbers of TCP keep-alive, under all their names.
func keepaliveSchema() *jsonSchema {
	s := &jsonSchema{Type: []string{"object"}, Properties: schemasOf(keepaliveFields), Additional: refuseOthers}
	for i := range keepaliveFields {
		row := &keepaliveFields[i]
		var others []string
		for _, name := range slices.Sorted(maps.Keys(keepaliveNames)) {
			if keepaliveNames[name] == row.name {
				others = append(others, regexp.QuoteMeta(name))
			}
		}
		same := row.values()
		same.Description = "The same as " + row.name + "."
		s.PatternProperties = append(s.PatternProperties, property{"^(" + strings.Join(others, "|") + ")$", same})
	}
	return s
}

func jsonInt(n int64) json.Number { return json.Number(strconv.FormatInt(n, 10)) }

func texts(all []string) []any {
	values := make([]any, len(all))
	for i, text := range all {
		values[i] = text
	}
	return values
}

// exampleValue returns the value of YAML that a row holds as text.
func exampleValue(text string) any {
	n, err := yamltree.Parse([]byte(text))
	if err != nil || n == nil {
		return text
	}
	return jsonValue(n)
}

func jsonValue(n *yamltree.Node) any {
	switch n.Kind() {
	case yamltree.Mapping:
		entries := map[string]any{}
		for _, f := range n.Fields() {
			entries[f.Key.Text()] = jsonValue(f.Value)
		}
		return entries
	case yamltree.List:
		var items []any
		for _, item := range n.Items() {
			items = append(items, jsonValue(item))
		}
		return items
	}
	switch n.Tag() {
	case "!!int", "!!float":
		return json.Number(n.Text())
	case "!!bool":
		return n.Text() == "true"
	}
	return n.Text()
}
