package structs_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/internal/structs"
)

var methods = structs.Methods{structs.Binary, structs.Text, structs.JSON}

// Types of the tests. Their names are part of messages that the tests compare.
type (
	Base   struct{ ID, Owner string }
	Other  struct{ Owner, Rank string }
	hidden struct{ Shown int }
	Tagged struct {
		A int `cache:"a" json:"other"`
		B int `json:"b"`
		C int `cache:"-" json:"c"`
		D int `json:"-,"`
		e int
	}
	Embedding struct {
		Base
		*Other
		hidden
		Rank int
		time.Time
	}
	Sealed   struct{ *hidden }
	Nothing  struct{ a int }
	X1       struct{ X int }
	X2       struct{ X int }
	Clashing struct {
		X1
		X2
	}
	OneSided struct{}
	Owing    struct {
		netip.Addr
		Name string
	}
	OwingHidden struct {
		netip.Addr
		name string
	}
)

func (OneSided) MarshalJSON() ([]byte, error) { return nil, nil }

func TestFieldsFollowTheRulesOfEncodingJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		typ  reflect.Type
		want []string
	}{
		{"the cache tag goes before the json tag, and that before the name", reflect.TypeFor[Tagged](), []string{"a", "b", "-"}},
		{"embedded fields belong to the outer struct, outer names go first", reflect.TypeFor[Embedding](), []string{"ID", "Shown", "Rank", "Time"}},
		{"a struct of nothing", reflect.TypeFor[struct{}](), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			fields, err := methods.Fields(test.typ, "T")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range fields {
				got = append(got, f.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestStructsThatWouldLoseTheirFieldsAreRefused(t *testing.T) {
	t.Parallel()
	for want, typ := range map[string]reflect.Type{
		"T: has only unexported fields": reflect.TypeFor[Nothing](),
		"T: has nothing to encode":      reflect.TypeFor[Clashing](),
		"T.hidden.Shown: is reached by an embedded pointer to an unexported struct": reflect.TypeFor[Sealed](),
		"T.Nothing: has only unexported fields":                                     reflect.TypeFor[struct{ Nothing }](),
	} {
		if _, err := methods.Fields(typ, "T"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v: got %v, want %q", typ, err, want)
		}
	}
}

func TestFieldsAreFoundAndReachedThroughEmbeddedPointers(t *testing.T) {
	t.Parallel()
	type outer struct {
		*Other
		Plain int `json:",omitempty"`
	}
	fields, err := methods.Fields(reflect.TypeFor[outer](), "outer")
	if err != nil {
		t.Fatal(err)
	}
	var v outer
	value := reflect.ValueOf(&v).Elem()
	owner, plain := &fields[0], &fields[2]
	if _, ok := owner.Find(value); ok {
		t.Error("a field of a nil pointer is there")
	}
	owner.Reach(value).SetString("me")
	if found, ok := owner.Find(value); !ok || found.String() != "me" || v.Owner != "me" {
		t.Errorf("got %q, %v; want me", v.Owner, ok)
	}
	if found, ok := plain.Find(value); !ok || !plain.Omit(found) || !plain.Variable() {
		t.Error("an empty field with omitempty is not left out")
	}
}

func TestMethodsFindThePairByWhichATypeWritesItself(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typ  reflect.Type
		want *structs.Pair
		err  string
	}{
		{reflect.TypeFor[netip.Addr](), structs.Binary, ""},
		{reflect.TypeFor[json.RawMessage](), structs.JSON, ""},
		{reflect.TypeFor[int](), nil, ""},
		{reflect.TypeFor[*time.Time](), nil, ""},
		{reflect.TypeFor[Owing](), nil, ""},
		{reflect.TypeFor[OneSided](), nil, "has MarshalJSON but no UnmarshalJSON"},
		{reflect.TypeFor[OwingHidden](), nil, "may owe its methods to the embedded Addr"},
	}
	for _, test := range tests {
		t.Run(test.typ.String(), func(t *testing.T) {
			t.Parallel()
			got, err := methods.Of(test.typ)
			if got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("got the error %v, want %q", err, test.err)
			}
		})
	}
}

func TestErrorsNameThePlace(t *testing.T) {
	t.Parallel()
	broken := errors.New("is broken")
	deep := broken
	for range 100 {
		deep = structs.At("[]", deep)
	}
	tests := []struct {
		err  error
		want string
	}{
		{structs.At(".List", structs.At("[]", structs.At(".Name", broken))), "List[].Name: is broken"},
		{structs.At(".Name", structs.ErrTooDeep), structs.ErrTooDeep.Error()},
		{deep, strings.Repeat("[]", 20) + "...: is broken"},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	if structs.At(".Name", nil) != nil {
		t.Error("no error became one")
	}
	if !errors.Is(deep, broken) {
		t.Error("the cause is lost")
	}
}

func TestKeysHaveAnOrder(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]any{{"a", "b"}, {int8(-1), int8(1)}, {uint(1), uint(2)}, {false, true}} {
		small, large := reflect.ValueOf(pair[0]), reflect.ValueOf(pair[1])
		compare := structs.KeyOrder(small.Type())
		if compare(small, large) >= 0 || compare(large, small) <= 0 || compare(small, small) != 0 {
			t.Errorf("%v does not come before %v", small, large)
		}
	}
	if structs.KeyOrder(reflect.TypeFor[float64]()) != nil {
		t.Error("floats are keys")
	}
}
