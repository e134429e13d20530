package pickle

import (
	"errors"
	"math/big"
	"reflect"
	"time"
)

// timeCoder is for time.Time alone; a type made from it has none of its methods and is refused.
type timeCoder struct{}

func (timeCoder) encode(w *writer, v reflect.Value, _ int) error {
	return w.dateTime(*v.Addr().Interface().(*time.Time))
}

func (timeCoder) decode(d *decoder, r ref, v reflect.Value, _ int) error {
	n := &d.nodes[r]
	if n.kind != kindDateTime {
		return d.mismatch(r, "a datetime")
	}
	*v.Addr().Interface().(*time.Time) = d.dateTime(n)
	return nil
}

type durationCoder struct{}

func (durationCoder) encode(w *writer, v reflect.Value, _ int) error {
	w.timeDelta(deltaOf(time.Duration(v.Int())))
	return nil
}

func (durationCoder) decode(d *decoder, r ref, v reflect.Value, _ int) error {
	n := &d.nodes[r]
	if n.kind != kindTimeDelta {
		return d.mismatch(r, "a timedelta")
	}
	duration, ok := n.delta().Duration()
	if !ok {
		return errors.New("the timedelta is longer than a time.Duration can be")
	}
	v.SetInt(int64(duration))
	return nil
}

type deltaCoder struct{}

func (deltaCoder) encode(w *writer, v reflect.Value, depth int) error {
	return w.any(v.Interface(), depth)
}

func (deltaCoder) decode(d *decoder, r ref, v reflect.Value, _ int) error {
	n := &d.nodes[r]
	if n.kind != kindTimeDelta {
		return d.mismatch(r, "a timedelta")
	}
	v.Set(reflect.ValueOf(n.delta()))
	return nil
}

// bigCoder is for big.Int, which writes itself as text elsewhere.
type bigCoder struct{}

func (bigCoder) encode(w *writer, v reflect.Value, _ int) error {
	return w.bigInt(v.Addr().Interface().(*big.Int))
}

func (bigCoder) decode(d *decoder, r ref, v reflect.Value, _ int) error {
	n := &d.nodes[r]
	switch n.kind {
	case kindInt:
	case kindBig:
		if err := d.charge(int(n.b - n.a)); err != nil {
			return err
		}
	default:
		return d.mismatch(r, "an int")
	}
	v.Addr().Interface().(*big.Int).Set(d.big(n))
	return nil
}

// uuidCoder is for UUID and for types of other packages that are UUIDs by their name.
type uuidCoder struct{}

func (uuidCoder) encode(w *writer, v reflect.Value, _ int) error {
	return w.uuid(UUID(v.Bytes()))
}

func (uuidCoder) decode(d *decoder, r ref, v reflect.Value, _ int) error {
	n := &d.nodes[r]
	if n.kind != kindUUID {
		return d.mismatch(r, "a UUID")
	}
	u, err := d.uuid(n)
	copy(v.Bytes(), u[:])
	return err
}

// dictCoder is for Dict, which an any has only where a map will not do.
type dictCoder struct{}

func (dictCoder) encode(w *writer, v reflect.Value, depth int) error {
	return w.any(v.Interface(), depth)
}

func (dictCoder) decode(d *decoder, r ref, v reflect.Value, depth int) error {
	n := &d.nodes[r]
	if n.kind != kindDict && n.kind != kindOrderedDict {
		return d.mismatch(r, "a dict")
	}
	items, err := d.items(n, depth)
	if err != nil {
		return err
	}
	v.Set(reflect.ValueOf(Dict(items)))
	return nil
}

// exactCoder is for the types that an any can hold as well, and that take nothing but that.
type exactCoder struct {
	typ  reflect.Type
	kind kind
}

func (c exactCoder) encode(w *writer, v reflect.Value, depth int) error {
	return w.any(v.Interface(), depth)
}

func (c exactCoder) decode(d *decoder, r ref, v reflect.Value, depth int) error {
	x, err := d.any(r, depth)
	if err != nil {
		return err
	}
	found := reflect.ValueOf(x)
	if found.IsValid() && found.Type() == c.typ {
		v.Set(found)
		return nil
	}
	if x == nil && c.typ.Kind() == reflect.Pointer {
		return nil
	}
	return d.mismatch(r, c.kind.String())
}
