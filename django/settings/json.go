package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// errNoData is returned for what JSON cannot carry.
var errNoData = errors.New("JSON makes text of numbers that are keys, which redis-py refuses; write Python instead")

// json returns the settings as one object, in the order of the Python module.
func (m module) json() ([]byte, error) {
	var compact bytes.Buffer
	if err := writeJSON(&compact, m.settings); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

func writeJSON(b *bytes.Buffer, e expression) error {
	switch e := e.(type) {
	case dict:
		return e.json(b)
	case list:
		return jsonArray(b, e)
	case tuple:
		return jsonArray(b, e)
	case none:
		b.WriteString("null")
	case float:
		b.WriteString(e.decimal())
	case boolean, integer:
		data, err := json.Marshal(e)
		b.Write(data)
		return err
	case text:
		return e.json(b)
	default:
		return errNoData
	}
	return nil
}

func (v dict) json(b *bytes.Buffer) error {
	b.WriteByte('{')
	for i, entry := range v {
		name, ok := entry.key.(text)
		if !ok {
			return errNoData
		}
		if i > 0 {
			b.WriteByte(',')
		}
		if err := name.json(b); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := writeJSON(b, entry.value); err != nil {
			return entry.locate(err)
		}
	}
	b.WriteByte('}')
	return nil
}

func jsonArray(b *bytes.Buffer, elements []expression) error {
	b.WriteByte('[')
	for i, e := range elements {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeJSON(b, e); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

// json writes v in ASCII, as Python's own json does.
func (v text) json(b *bytes.Buffer) error {
	if !utf8.ValidString(string(v)) {
		return errUTF8
	}
	b.WriteByte('"')
	for _, unit := range utf16.Encode([]rune(string(v))) {
		switch {
		case unit == '"' || unit == '\\':
			b.WriteByte('\\')
			b.WriteByte(byte(unit))
		case unit >= ' ' && unit <= '~':
			b.WriteByte(byte(unit))
		default:
			fmt.Fprintf(b, `\u%04x`, unit)
		}
	}
	b.WriteByte('"')
	return nil
}
