package pydata

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/cachewright/cachewright/internal/structs"
)

// nillable reports whether values of type t may be nil. Such a nil is None, without asking the type.
func nillable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice, reflect.Map:
		return true
	}
	return false
}

// jsonCoder is for types with MarshalJSON and UnmarshalJSON: the JSON travels as the data that it is.
type jsonCoder struct {
	data     dynamic
	nillable bool
}

func (c *jsonCoder) write(w Writer, v reflect.Value, depth int) error {
	if c.nillable && v.IsNil() {
		w.Null()
		return nil
	}
	text, err := structs.JSON.Marshal(v.Addr().Interface())
	if err != nil {
		return fmt.Errorf("%s: %w", structs.JSON.Write, err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var x any
	if err := d.Decode(&x); err != nil {
		return fmt.Errorf("%s returned no JSON: %w", structs.JSON.Write, err)
	}
	if d.More() {
		return errors.New(structs.JSON.Write + " returned more than one value")
	}
	return c.data.writeAny(w, x, depth)
}

func (c *jsonCoder) read(r Reader, v reflect.Value, depth int) error {
	x, err := readAny(r, depth)
	if err != nil {
		return err
	}
	if x == nil && c.nillable {
		v.SetZero()
		return nil
	}
	text, err := json.Marshal(x)
	if err == nil {
		err = structs.JSON.Unmarshal(text, v.Addr().Interface())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", structs.JSON.Read, err)
	}
	return nil
}

// selfCoder is for types that write themselves as text or as bytes.
type selfCoder struct {
	pair     *structs.Pair
	nillable bool
}

func (c *selfCoder) write(w Writer, v reflect.Value, _ int) error {
	if c.nillable && v.IsNil() {
		w.Null()
		return nil
	}
	b, err := c.pair.Marshal(v.Addr().Interface())
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", c.pair.Write, err)
	case c.pair.Text:
		return w.String(string(b))
	}
	return w.Bytes(b)
}

func (c *selfCoder) read(r Reader, v reflect.Value, _ int) error {
	if c.nillable {
		v.SetZero()
		if isNull, err := r.Null(); isNull || err != nil {
			return err
		}
	}
	next := r.Bytes
	if c.pair.Text {
		next = r.String
	}
	b, err := next()
	if err != nil {
		return err
	}
	if err := c.pair.Unmarshal(bytes.Clone(b), v.Addr().Interface()); err != nil {
		return fmt.Errorf("%s: %w", c.pair.Read, err)
	}
	return nil
}
