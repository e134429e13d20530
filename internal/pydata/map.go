package pydata

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/cachewright/cachewright/internal/structs"
)

// mapCoder is for maps. It writes them in the order of the text of their keys.
type mapCoder struct {
	typ  reflect.Type
	key  mapKey
	elem coder
}

// mapKey is how the keys of a map become text and text becomes keys. Both are given addressable values.
type mapKey struct {
	format func(key reflect.Value) (string, error)
	parse  func(text []byte, key reflect.Value) error
}

// keyOf returns how keys of type t are written. Strings, integers and booleans are written as what they
// are also if they have methods, as in Python.
func keyOf(t reflect.Type) (mapKey, error) {
	switch t.Kind() {
	case reflect.String:
		return mapKey{formatString, parseString}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return mapKey{formatInt, parseInt}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return mapKey{formatUint, parseUint}, nil
	case reflect.Bool:
		return mapKey{formatBool, parseBool}, nil
	}
	writes, reads := structs.Text.Halves(t)
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface || !writes || !reads {
		return mapKey{}, errors.New("is no string, integer or boolean and has not both MarshalText and UnmarshalText")
	}
	return mapKey{formatText, parseText}, nil
}

// entry is a key of a map beside its text.
type entry struct {
	text string
	key  reflect.Value
}

func (c *mapCoder) write(w Writer, v reflect.Value, depth int) error {
	if v.IsNil() {
		w.Null()
		return nil
	}
	if depth >= maxWriteDepth {
		return errTooDeep
	}
	entries, err := c.entries(v)
	if err != nil {
		return at("[key]", err)
	}
	if err := w.Dict(len(entries)); err != nil {
		return err
	}
	value := reflect.New(c.typ.Elem()).Elem()
	for i, e := range entries {
		w.Next(i)
		if err := w.Key(e.text); err != nil {
			return at("[key]", err)
		}
		value.Set(v.MapIndex(e.key))
		if err := c.elem.write(w, value, depth+1); err != nil {
			return at("[]", err)
		}
	}
	w.EndDict()
	return nil
}

// entries returns the keys of v in order. Two keys of one text would come back as one: an error.
func (c *mapCoder) entries(v reflect.Value) ([]entry, error) {
	entries := make([]entry, 0, v.Len())
	key := reflect.New(c.typ.Key()).Elem()
	for iter := v.MapRange(); iter.Next(); {
		key.SetIterKey(iter)
		text, err := c.key.format(key)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{text, iter.Key()})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.text, b.text) })
	for i := range entries[:max(len(entries)-1, 0)] {
		if entries[i].text == entries[i+1].text {
			return nil, errors.New("two keys of the map have the same text")
		}
	}
	return entries, nil
}

func (c *mapCoder) read(r Reader, v reflect.Value, depth int) error {
	if isNull, err := r.Null(); isNull || err != nil {
		v.SetZero()
		return err
	}
	n, err := r.Dict()
	if err != nil {
		return err
	}
	if depth >= structs.MaxDepth {
		return structs.ErrTooDeep
	}
	m := reflect.MakeMap(c.typ)
	key, value := reflect.New(c.typ.Key()).Elem(), reflect.New(c.typ.Elem()).Elem()
	for i := 0; ; i++ {
		text, more, err := r.Key(i, n)
		if err != nil {
			return err
		}
		if !more {
			v.Set(m)
			return nil
		}
		key.SetZero()
		if err := c.key.parse(text, key); err != nil {
			return at("[key]", err)
		}
		value.SetZero()
		if err := c.elem.read(r, value, depth+1); err != nil {
			return at("[]", err)
		}
		m.SetMapIndex(key, value)
	}
}

func formatString(key reflect.Value) (string, error) { return key.String(), nil }
func formatInt(key reflect.Value) (string, error)    { return strconv.FormatInt(key.Int(), 10), nil }
func formatUint(key reflect.Value) (string, error)   { return strconv.FormatUint(key.Uint(), 10), nil }
func formatBool(key reflect.Value) (string, error)   { return strconv.FormatBool(key.Bool()), nil }

func formatText(key reflect.Value) (string, error) {
	text, err := key.Addr().Interface().(encoding.TextMarshaler).MarshalText()
	return string(text), err
}

func parseString(text []byte, key reflect.Value) error {
	key.SetString(string(text))
	return nil
}

func parseInt(text []byte, key reflect.Value) error {
	n, err := strconv.ParseInt(string(text), 10, key.Type().Bits())
	if err != nil {
		return fmt.Errorf("found a str that is no %s", key.Type())
	}
	key.SetInt(n)
	return nil
}

func parseUint(text []byte, key reflect.Value) error {
	n, err := strconv.ParseUint(string(text), 10, key.Type().Bits())
	if err != nil {
		return fmt.Errorf("found a str that is no %s", key.Type())
	}
	key.SetUint(n)
	return nil
}

func parseBool(text []byte, key reflect.Value) error {
	switch string(text) {
	case "true", "false":
		key.SetBool(string(text) == "true")
		return nil
	}
	return errors.New("found a str that is neither true nor false")
}

func parseText(text []byte, key reflect.Value) error {
	return key.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(text)
}
