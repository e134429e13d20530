package cachewright

import (
	"bytes"
	"encoding/json"
)

// Schema returns the JSON Schema of config.yaml and config.<environment>.yaml, by which editors complete,
// explain and check them: draft-07, with the keywords markdownDescription, patternErrorMessage and
// errorMessage of the common YAML language server beside the standard ones.
//
// The schema takes every file that [Load] takes. It cannot see everything that Load refuses: what a
// variable holds, whether options contradict each other over several files, and what YAML itself does
// not tell, as quotes and empty values. The text ends with a line break and is the same for every call
// of one version.
func Schema() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(fileSchema()) // of texts, numbers and truths only, so that there is nothing to fail
	return b.Bytes()
}

// jsonSchema is the part of JSON Schema that is used here, its keywords in the order in which they print.
type jsonSchema struct {
	Schema      string `json:"$schema,omitempty"`
	Ref         string `json:"$ref,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Markdown    string `json:"markdownDescription,omitempty"`

	Type         []string      `json:"type,omitempty"`
	ErrorMessage string        `json:"errorMessage,omitempty"`
	AllOf        []*jsonSchema `json:"allOf,omitempty"`
	AnyOf        []*jsonSchema `json:"anyOf,omitempty"`
	Enum         []any         `json:"enum,omitempty"`

	Minimum        json.Number `json:"minimum,omitempty"`
	Above          json.Number `json:"exclusiveMinimum,omitempty"`
	Maximum        json.Number `json:"maximum,omitempty"`
	MinLength      int         `json:"minLength,omitempty"`
	Pattern        string      `json:"pattern,omitempty"`
	PatternMessage string      `json:"patternErrorMessage,omitempty"`

	Items    any `json:"items,omitempty"` // a schema for all items, or one for each
	MinItems int `json:"minItems,omitempty"`
	MaxItems int `json:"maxItems,omitempty"`

	Required          []string   `json:"required,omitempty"`
	Properties        properties `json:"properties,omitempty"`
	PatternProperties properties `json:"patternProperties,omitempty"`
	Additional        *bool      `json:"additionalProperties,omitempty"`

	Default     any        `json:"default,omitempty"`
	Examples    []any      `json:"examples,omitempty"`
	Definitions properties `json:"definitions,omitempty"`
}

// properties are named schemas in an order of their own.
type properties []property

type property struct {
	name   string
	schema *jsonSchema
}

// MarshalJSON writes the properties as an object, in their order.
func (ps properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i, p := range ps {
		b.WriteByte("{,"[min(i, 1)])
		if err := e.Encode(p.name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := e.Encode(p.schema); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Names in the definitions of the schema.
const (
	cacheDefinition   = "cache"
	addressDefinition = "address"
)

// refuseOthers is the keyword that makes other names in a mapping wrong.
var refuseOthers = new(bool)

// fileSchema describes a whole file.
func fileSchema() *jsonSchema {
	top := append(schemasOf(projectFields), // what belongs to the application is not ours to check
		property{cachePrefix + aliasDefault, aliasSchema("The cache that is used where no other is named. It is always there, and takes the project's redis_url.")},
		property{cachePrefix + aliasSessions, aliasSchema("The cache of sessions. Its timeout is how long a session lasts, two weeks without one.")},
	)
	return &jsonSchema{
		Schema:      "http://json-schema.org/draft-07/schema#",
		Title:       "Caches of cachewright",
		Description: "config.yaml, or config.<environment>.yaml, which lies over it. Other entries at the top belong to the application.",
		Type:        []string{"object", "null"},
		Properties:  top,
		PatternProperties: properties{
			// A cache_<name> that is no mapping belongs to the application, as all that is not ours.
			{"^cache_[a-z][a-z0-9]*(_[a-z0-9]+)*$", &jsonSchema{
				Description: "A cache; its alias is what follows cache_.",
				AllOf:       []*jsonSchema{{Ref: "#/definitions/" + cacheDefinition}},
			}},
			{"^cache_([^a-z]|$)|^cache_.*([^a-z0-9_]|__|_$)", &jsonSchema{
				Type:         []string{"null", "boolean", "number", "string", "array"},
				ErrorMessage: "This cannot name a cache: an alias is made of lower-case letters, digits and single underscores, and begins with a letter.",
			}},
		},
		Definitions: properties{
			{cacheDefinition, &jsonSchema{Properties: schemasOf(cacheFields), Additional: refuseOthers}},
			{addressDefinition, addressSchema()},
		},
	}
}

// aliasSchema describes a cache that has to be one.
func aliasSchema(doc string) *jsonSchema {
	return &jsonSchema{
		Description:  doc,
		Type:         []string{"object", "null"},
		ErrorMessage: "A cache is a mapping of options: put them on lines of their own below it.",
		AllOf:        []*jsonSchema{{Ref: "#/definitions/" + cacheDefinition}},
	}
}

func schemasOf(fields []field) properties {
	all := make(properties, len(fields))
	for i := range fields {
		all[i] = property{fields[i].name, fields[i].schema()}
	}
	return all
}
