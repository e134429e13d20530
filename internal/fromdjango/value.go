package fromdjango

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// value is a setting or a part of one, as Python or JSON has it.
type value struct {
	kind   kind
	text   string // of kindText; the digits of kindNumber; the name of kindObject
	yes    bool
	items  []*value // of kindList; of kindPairs keys and values in turn
	fields map[string]*value

	// source is how text depends on environment variables: "${REDIS_URL}". Empty means that it does not.
	source string
}

type kind int

const (
	kindNone kind = iota
	kindBool
	kindNumber
	kindText
	kindList
	kindDict
	kindPairs  // a dict whose keys are no texts
	kindObject // something that only Python can hold
)

// read reads data as observe.py writes it, or as somebody wrote CACHES by hand.
func read(data []byte) (*value, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var plain any
	if err := d.Decode(&plain); err != nil {
		return nil, notJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON value")
	}
	return valueOf(plain), nil
}

// notJSON says where data is no JSON. The decoder's own words may hold a part of the data.
func notJSON(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("no JSON: wrong at byte %d", syntax.Offset)
	}
	return errors.New("no JSON: it ends too early")
}

func valueOf(plain any) *value {
	switch v := plain.(type) {
	case bool:
		return &value{kind: kindBool, yes: v}
	case json.Number:
		return &value{kind: kindNumber, text: v.String()}
	case string:
		return &value{kind: kindText, text: v}
	case []any:
		return &value{kind: kindList, items: valuesOf(v)}
	case map[string]any:
		return dictOf(v)
	}
	return &value{}
}

func valuesOf(plain []any) []*value {
	all := make([]*value, len(plain))
	for i, p := range plain {
		all[i] = valueOf(p)
	}
	return all
}

func dictOf(plain map[string]any) *value {
	if len(plain) == 1 {
		for name, of := range plain {
			switch of := of.(type) {
			case string:
				if name == "$object" {
					return &value{kind: kindObject, text: of}
				}
				if name == "$name" {
					return &value{kind: kindText, text: of}
				}
			case []any:
				if name == "$pairs" {
					return pairsOf(of)
				}
			case map[string]any:
				if name == "$sentinel" {
					v := dictOf(of)
					v.text = "redis.sentinel.Sentinel"
					return v
				}
			}
		}
	}
	d := &value{kind: kindDict, fields: make(map[string]*value, len(plain))}
	for name, p := range plain {
		d.fields[name] = valueOf(p)
	}
	return d
}

func pairsOf(plain []any) *value {
	v := &value{kind: kindPairs}
	for _, p := range plain {
		if pair, ok := p.([]any); ok && len(pair) == 2 {
			v.items = append(v.items, valuesOf(pair)...)
		}
	}
	return v
}

// get returns a field of a dict; nothing for what is not there.
func (v *value) get(name string) *value {
	if v == nil || v.fields == nil || v.fields[name] == nil {
		return &value{}
	}
	return v.fields[name]
}

// has says that a dict has a field that is not None.
func (v *value) has(name string) bool { return v.get(name).kind != kindNone }

// names returns the fields of a dict in alphabetical order.
func (v *value) names() []string { return slices.Sorted(maps.Keys(v.fields)) }

// isTrue is Python's idea of it.
func (v *value) isTrue() bool {
	switch v.kind {
	case kindNone:
		return false
	case kindBool:
		return v.yes
	case kindNumber:
		return v.text != "0" && v.text != "0.0"
	case kindText:
		return v.text != ""
	case kindList, kindPairs:
		return len(v.items) > 0
	case kindDict:
		return len(v.fields) > 0
	}
	return true
}

// visit calls see for v and everything in it, with its path.
func (v *value) visit(path string, see func(path string, v *value)) {
	see(path, v)
	for i, item := range v.items {
		item.visit(fmt.Sprintf("%s/%d", path, i), see)
	}
	for _, name := range v.names() {
		v.fields[name].visit(path+"/"+name, see)
	}
}
