package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// parseValue reads a VALUE of the command line: what is JSON becomes a typed value, anything else text.
// A number without point and exponent is an integer.
func parseValue(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return text, nil
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return text, nil
	}
	return typed(value)
}

// typed gives the numbers in value their Go types.
func typed(value any) (any, error) {
	switch value := value.(type) {
	case json.Number:
		return number(value.String())
	case []any:
		for i := range value {
			var err error
			if value[i], err = typed(value[i]); err != nil {
				return nil, err
			}
		}
		return value, nil
	case map[string]any:
		for key := range value {
			var err error
			if value[key], err = typed(value[key]); err != nil {
				return nil, err
			}
		}
		return value, nil
	}
	return value, nil
}

func number(text string) (any, error) {
	if strings.ContainsAny(text, ".eE") {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("%s does not fit into a 64 bit float; store it as text with --text", text)
		}
		return f, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%s does not fit into 64 bits; store it as text with --text", text)
	}
	return n, nil
}

// printValue prints a value so that "set" takes it again: text as it is, everything else as JSON.
func printValue(w io.Writer, value any) error {
	switch value := value.(type) {
	case string:
		_, err := fmt.Fprintln(w, value)
		return err
	case []byte:
		_, err := w.Write(value)
		return err
	}
	return jsonEncoder(w).Encode(shownValue(value))
}

// shownValue replaces the floats in a value by ones that JSON shows as floats.
func shownValue(value any) any {
	switch value := value.(type) {
	case float64:
		return float(value)
	case []any:
		list := make([]any, len(value))
		for i := range value {
			list[i] = shownValue(value[i])
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(value))
		for key := range value {
			object[key] = shownValue(value[key])
		}
		return object
	}
	return value
}

// float is a number that stays a float when it is read again: 5 is written 5.0. What JSON cannot carry
// is written as text.
type float float64

// MarshalJSON writes the float.
func (f float) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		return strconv.AppendQuote(nil, strconv.FormatFloat(float64(f), 'g', -1, 64)), nil
	}
	text, err := json.Marshal(float64(f))
	if err == nil && !bytes.ContainsAny(text, ".eE") {
		text = append(text, ".0"...)
	}
	return text, err
}
