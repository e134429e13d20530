package pickle

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/cachewright/cachewright/internal/structs"
)

// dynamic is the coder of the empty interface.
type dynamic struct {
	// coders has one *dynamicType for every reflect.Type that was met inside an interface and is not
	// one of those that come back as they are. It grows with the number of types in the program.
	coders sync.Map
}

// dynamicType is the coder of a type inside an interface, or why there is none.
type dynamicType struct {
	coder coder
	err   error
}

func (*dynamic) encode(w *writer, v reflect.Value, depth int) error {
	return w.any(v.Interface(), depth)
}

func (*dynamic) decode(d *decoder, r ref, v reflect.Value, depth int) error {
	x, err := d.any(r, depth)
	if err != nil || x == nil {
		return err
	}
	v.Set(reflect.ValueOf(x))
	return nil
}

func (d *dynamic) coderOf(t reflect.Type) *dynamicType {
	if known, ok := d.coders.Load(t); ok {
		return known.(*dynamicType)
	}
	k, err := newCompiler(d).compile(t, pathOf(t))
	known, _ := d.coders.LoadOrStore(t, &dynamicType{coder: k, err: err})
	return known.(*dynamicType)
}

// any writes x, which depth containers enclose.
func (w *writer) any(x any, depth int) error {
	switch x := x.(type) {
	case nil:
		w.none()
	case bool:
		w.bool(x)
	case int:
		w.int(int64(x))
	case int64:
		w.int(x)
	case float64:
		w.float(x)
	case string:
		return w.string(x)
	case time.Time:
		return w.dateTime(x)
	case []any:
		if x != nil {
			return w.list(x, depth)
		}
		w.none()
	case map[string]any:
		if x != nil {
			return w.dictOf(x, depth)
		}
		w.none()
	case []byte:
		if x != nil {
			w.bytes(w.identity(kindBytes, x), x)
			return nil
		}
		w.none()
	default:
		return w.anyOther(x, depth)
	}
	return nil
}

// anyOther is any for the types of this package, and for all that do not come back as they are.
func (w *writer) anyOther(x any, depth int) error {
	switch x := x.(type) {
	case Tuple:
		return w.tuple(x, depth)
	case Dict:
		return w.dict(x, depth)
	case OrderedDict:
		return w.orderedDict(x, depth)
	case Set:
		return w.set(x, depth)
	case FrozenSet:
		return w.frozenSet(x, depth)
	case ByteArray:
		w.byteArray(w.identity(kindByteArray, x), x)
		return nil
	case complex128:
		w.complex(x)
		return nil
	case *big.Int:
		if x != nil {
			return w.bigInt(x)
		}
		w.none()
		return nil
	case Date:
		return w.date(x)
	case Clock:
		return w.clock(x)
	case time.Duration:
		w.timeDelta(deltaOf(x))
		return nil
	case TimeDelta:
		if !x.valid() {
			return errors.New("is a TimeDelta with parts beyond their ranges")
		}
		w.timeDelta(x)
		return nil
	case *time.Location:
		return w.location(x)
	case Decimal:
		return w.decimal(x)
	case UUID:
		return w.uuid(x)
	case Opaque:
		return fmt.Errorf("is an object of the Python class %s, which cannot be written", x)
	}
	return w.typed(x, depth)
}

// typed writes a value of a type that does not come back as it is.
func (w *writer) typed(x any, depth int) error {
	v := reflect.ValueOf(x)
	t := w.dynamic.coderOf(v.Type())
	if t.err != nil {
		return fmt.Errorf("holds a value that cannot be encoded: %w", t.err)
	}
	addressable := reflect.New(v.Type()).Elem()
	addressable.Set(v)
	return t.coder.encode(w, addressable, depth)
}

// identity returns what makes s, a slice or a map, one object.
func (w *writer) identity(k kind, s any) identity {
	v := reflect.ValueOf(s)
	return identity{kind: k, pointer: v.Pointer(), len: v.Len()}
}

// enter checks the depth of a container, and whether it was written before. One that contains itself
// would be no problem for Python, but could not be read back.
func (w *writer) enter(id identity, depth int) (seen bool, err error) {
	if depth >= structs.MaxDepth || w.objects[id] < 0 {
		return false, structs.ErrTooDeep
	}
	return w.seen(id), nil
}

func (w *writer) list(s []any, depth int) error {
	id := w.identity(kindList, s)
	if seen, err := w.enter(id, depth); seen || err != nil {
		return err
	}
	w.buf = append(w.buf, opEmptyList)
	w.open(id)
	for i, x := range s {
		w.beginItem(i, len(s))
		if err := w.any(x, depth+1); err != nil {
			return structs.At("[]", err)
		}
		w.endItem(i, len(s), opAppend, opAppends)
	}
	w.close(id)
	return nil
}

// beginItem comes before the i-th of the n elements of a list or dict. A single one needs no mark.
func (w *writer) beginItem(i, n int) {
	if n > 1 && i%batchSize == 0 {
		w.buf = append(w.buf, opMark)
	}
}

// endItem comes after the i-th of the n elements of a list or dict; one and many are the opcodes that
// add one element, or those since the mark.
func (w *writer) endItem(i, n int, one, many byte) {
	switch {
	case n == 1:
		w.buf = append(w.buf, one)
	case i == n-1 || i%batchSize == batchSize-1:
		w.buf = append(w.buf, many)
	}
}

// endDict ends a dict of n items. Python begins a batch more than it needs if the last one is full.
func (w *writer) endDict(n int) {
	if n > 0 && n%batchSize == 0 {
		w.buf = append(w.buf, opMark, opSetItems)
	}
}

func (w *writer) tuple(s Tuple, depth int) error {
	if len(s) == 0 {
		w.boundary()
		w.buf = append(w.buf, opEmptyTuple)
		return nil
	}
	id := w.identity(kindTuple, s)
	if seen, err := w.enter(id, depth); seen || err != nil {
		return err
	}
	if len(s) > 3 {
		w.buf = append(w.buf, opMark)
	}
	for _, x := range s {
		if err := w.any(x, depth+1); err != nil {
			return structs.At("[]", err)
		}
	}
	w.buf = append(w.buf, [...]byte{opTuple1, opTuple2, opTuple3, opTuple}[min(len(s), 4)-1])
	w.keep(id)
	return nil
}

// dictOf writes m in the order of its keys.
func (w *writer) dictOf(m map[string]any, depth int) error {
	id := w.identity(kindDict, m)
	if seen, err := w.enter(id, depth); seen || err != nil {
		return err
	}
	w.buf = append(w.buf, opEmptyDict)
	w.open(id)
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for i, key := range keys {
		w.beginItem(i, len(keys))
		if err := w.string(key); err != nil {
			return structs.At("[key]", err)
		}
		if err := w.any(m[key], depth+1); err != nil {
			return structs.At("[]", err)
		}
		w.endItem(i, len(keys), opSetItem, opSetItems)
	}
	w.endDict(len(keys))
	w.close(id)
	return nil
}

func (w *writer) dict(items Dict, depth int) error {
	id := w.identity(kindDict, items)
	if seen, err := w.enter(id, depth); seen || err != nil {
		return err
	}
	w.buf = append(w.buf, opEmptyDict)
	w.open(id)
	for i, item := range items {
		w.beginItem(i, len(items))
		if err := w.item(item, depth+1); err != nil {
			return err
		}
		w.endItem(i, len(items), opSetItem, opSetItems)
	}
	w.endDict(len(items))
	w.close(id)
	return nil
}

// item writes a key and its value.
func (w *writer) item(i Item, depth int) error {
	if err := hashable(i.Key, depth); err != nil {
		return structs.At("[key]", err)
	}
	if err := w.any(i.Key, depth); err != nil {
		return structs.At("[key]", err)
	}
	return structs.At("[]", w.any(i.Value, depth))
}

// hashable returns an error if x can be no key of a dict and no member of a set.
func hashable(x any, depth int) error {
	if depth >= structs.MaxDepth {
		return structs.ErrTooDeep
	}
	switch x := x.(type) {
	case Tuple:
		for _, elem := range x {
			if err := hashable(elem, depth+1); err != nil {
				return err
			}
		}
		return nil
	case nil, bool, int, int64, float64, string, complex128, []byte, FrozenSet, time.Time, time.Duration, Date,
		Clock, TimeDelta, Decimal, UUID, Opaque, *big.Int, *time.Location:
		return nil
	}
	switch reflect.TypeOf(x).Kind() {
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int, reflect.Int64, reflect.String, reflect.Bool,
		reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint, reflect.Uint64, reflect.Float32, reflect.Float64:
		return nil
	}
	return fmt.Errorf("is a %T, which Python does not take as a key or as a member of a set", x)
}

// orderedDict writes items the way in which Python writes what comes from an iterator: batches by
// themselves, and a last one of one item without a mark.
func (w *writer) orderedDict(items OrderedDict, depth int) error {
	id := w.identity(kindOrderedDict, items)
	if seen, err := w.enter(id, depth); seen || err != nil {
		return err
	}
	w.class(globalOrderedDict)
	w.boundary()
	w.buf = append(w.buf, opEmptyTuple, opReduce)
	w.open(id)
	for from := 0; from < len(items); from += batchSize {
		batch := items[from:min(from+batchSize, len(items))]
		for i, item := range batch {
			w.beginItem(i, len(batch))
			if err := w.item(item, depth+1); err != nil {
				return err
			}
			w.endItem(i, len(batch), opSetItem, opSetItems)
		}
	}
	w.close(id)
	return nil
}

func (w *writer) set(members Set, depth int) error {
	id := w.identity(kindSet, members)
	if seen, err := w.enter(id, depth); seen || err != nil {
		return err
	}
	w.buf = append(w.buf, opEmptySet)
	w.open(id)
	for i, x := range members {
		if i%batchSize == 0 {
			w.buf = append(w.buf, opMark)
		}
		if err := w.member(x, depth+1); err != nil {
			return err
		}
		if i%batchSize == batchSize-1 || i == len(members)-1 {
			w.buf = append(w.buf, opAddItems)
		}
	}
	if len(members) > 0 && len(members)%batchSize == 0 {
		w.buf = append(w.buf, opMark, opAddItems) // as with dicts
	}
	w.close(id)
	return nil
}

func (w *writer) frozenSet(members FrozenSet, depth int) error {
	id := w.identity(kindFrozenSet, members)
	if seen, err := w.enter(id, depth); seen || err != nil {
		return err
	}
	w.buf = append(w.buf, opMark)
	for _, x := range members {
		if err := w.member(x, depth+1); err != nil {
			return err
		}
	}
	w.buf = append(w.buf, opFrozenSet)
	w.keep(id)
	return nil
}

func (w *writer) member(x any, depth int) error {
	if err := hashable(x, depth); err != nil {
		return structs.At("[]", err)
	}
	return structs.At("[]", w.any(x, depth))
}

// location writes l as a timezone. A location whose offset depends on the date is none.
func (w *writer) location(l *time.Location) error {
	if l == nil {
		w.none()
		return nil
	}
	if l == Naive {
		return errors.New("is the location Naive, which stands for no timezone")
	}
	t, err := steady(l)
	if err != nil {
		return err
	}
	return w.zone(t)
}
