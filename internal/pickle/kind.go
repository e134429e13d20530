package pickle

import "fmt"

// String returns the kind as messages name it.
func (k kind) String() string {
	return [...]string{
		kindNone: "None", kindBool: "a bool", kindInt: "an int", kindBig: "an int", kindFloat: "a float",
		kindComplex: "a complex", kindString: "a str", kindBytes: "bytes", kindByteArray: "a bytearray",
		kindList: "a list", kindTuple: "a tuple", kindDict: "a dict", kindOrderedDict: "an OrderedDict",
		kindSet: "a set", kindFrozenSet: "a frozenset", kindDateTime: "a datetime", kindDate: "a date",
		kindTime: "a time", kindTimeDelta: "a timedelta", kindTimezone: "a timezone", kindDecimal: "a Decimal",
		kindUUID: "a UUID", kindGlobal: "a class", kindOpaque: "an object of an unknown class",
	}[k]
}

// mismatch says that r is not what was wanted.
func (t *tree) mismatch(r ref, want string) error {
	switch n := &t.nodes[r]; n.kind {
	case kindNone:
		return fmt.Errorf("found None, want %s; a pointer takes None too", want)
	case kindGlobal, kindOpaque:
		return fmt.Errorf("found %s %s, want %s", n.kind, t.opaque(n), want)
	default:
		return fmt.Errorf("found %s, want %s", n.kind, want)
	}
}

// opaque returns what is known of n, a kindGlobal or kindOpaque.
func (t *tree) opaque(n *node) Opaque {
	if n.kind == kindOpaque {
		n = &t.nodes[n.link]
	}
	return Opaque{Module: string(t.text(&t.nodes[n.a])), Name: string(t.text(&t.nodes[n.b]))}
}
