package pickle

// global is a class or function that pickles name and that this package knows.
type global byte

const (
	unknownGlobal global = iota
	globalByteArray
	globalBytes
	globalComplex
	globalFrozenSet
	globalGetattr // which protocol 4 uses for methods of classes
	globalObject
	globalSet
	globalEncode        // _codecs.encode, which makes bytes of a str in protocols 0 to 2
	globalReconstructor // copyreg._reconstructor, which makes objects in protocols 0 and 1
	globalNewObj        // copyreg.__newobj__, which makes objects of subclasses
	globalNewObjEx
	globalOrderedDict
	globalDate
	globalDateTime
	globalTime
	globalTimeDelta
	globalTimezone
	globalDecimal
	globalUUID
	globalPytzUTC // pytz.utc, the UTC of Django before 4.0
	globals       // how many there are
)

// globalName is how a global is called, in Python 3.
type globalName struct {
	module, name string

	// fresh is set if Python makes a new str of the name whenever it writes the class, so that the name
	// is no string that anything shares. So it is with the classes that are written in C.
	fresh bool
}

// globalNames has the names of the globals that are written.
var globalNames = [globals]globalName{
	globalByteArray:   {"builtins", "bytearray", true},
	globalComplex:     {"builtins", "complex", true},
	globalOrderedDict: {"collections", "OrderedDict", true},
	globalDate:        {"datetime", "date", true},
	globalDateTime:    {"datetime", "datetime", true},
	globalTime:        {"datetime", "time", true},
	globalTimeDelta:   {"datetime", "timedelta", true},
	globalTimezone:    {"datetime", "timezone", true},
	globalDecimal:     {"decimal", "Decimal", true},
	globalUUID:        {"uuid", "UUID", false},
}

// globalOf returns the global of that name; protocols 0 to 2 have some names of Python 2.
func globalOf(module, name []byte) global {
	switch string(module) {
	case "builtins", "__builtin__":
		return builtin(name)
	case "copyreg", "copy_reg":
		switch string(name) {
		case "_reconstructor":
			return globalReconstructor
		case "__newobj__":
			return globalNewObj
		case "__newobj_ex__":
			return globalNewObjEx
		}
	case "datetime":
		return datetimeClass(name)
	case "_codecs":
		if string(name) == "encode" {
			return globalEncode
		}
	case "collections":
		if string(name) == "OrderedDict" {
			return globalOrderedDict
		}
	case "decimal", "_decimal":
		if string(name) == "Decimal" {
			return globalDecimal
		}
	case "uuid":
		if string(name) == "UUID" {
			return globalUUID
		}
	case "pytz":
		if string(name) == "_UTC" {
			return globalPytzUTC
		}
	}
	return unknownGlobal
}

func builtin(name []byte) global {
	switch string(name) {
	case "bytearray":
		return globalByteArray
	case "bytes":
		return globalBytes
	case "complex":
		return globalComplex
	case "frozenset":
		return globalFrozenSet
	case "getattr":
		return globalGetattr
	case "object":
		return globalObject
	case "set":
		return globalSet
	}
	return unknownGlobal
}

func datetimeClass(name []byte) global {
	switch string(name) {
	case "date":
		return globalDate
	case "datetime":
		return globalDateTime
	case "time":
		return globalTime
	case "timedelta":
		return globalTimeDelta
	case "timezone":
		return globalTimezone
	}
	return unknownGlobal
}
