package native_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cachewright/cachewright/internal/native"
)

// page and title are types that a program gives names to.
type (
	page  []byte
	title string
)

func TestTakeKeepsTheBytesThatItIsGiven(t *testing.T) {
	t.Parallel()
	long := bytes.Repeat([]byte("long "), 100)
	for _, tt := range []struct {
		name string
		ptr  any // to the value
		take bool
	}{
		{"bytes", &long, true},
		{"named bytes", new(page(long)), true},
		{"a string", new(string(long)), true},
		{"a named string", new(title(long)), true},
		{"no bytes", new([]byte{}), false},
		{"nil bytes", new([]byte), false},
		{"an empty string", new(string), false},
		{"bytes in a slice", &[][]byte{long}, false},
		{"a string in a struct", &struct{ S string }{string(long)}, false},
		{"anything", new(any(long)), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			typ := reflect.TypeOf(tt.ptr).Elem()
			c := must(native.Compile(typ))
			data, err := c.Append(nil, tt.ptr)
			if err != nil {
				t.Fatal(err)
			}
			got := reflect.New(typ)
			if err := c.Take(data, got.Interface()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.ptr, got.Interface()); diff != "" {
				t.Errorf("Take (-want +got):\n%s", diff)
			}
			clear(data)
			if kept := !cmp.Equal(tt.ptr, got.Interface()); kept != tt.take {
				t.Errorf("the value is a part of the data: %v, want %v", kept, tt.take)
			}
		})
	}
}

// What is appended to the bytes that Take returns is not written behind them.
func TestTakeLeavesNoRoomToAppend(t *testing.T) {
	t.Parallel()
	c := compile[[]byte](t)
	data, err := c.Append(nil, new([]byte("value")))
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	if err := c.Take(append(data, make([]byte, 8)...)[:len(data)], &got); err != nil {
		t.Fatal(err)
	}
	if cap(got) != len(got) {
		t.Errorf("cap = %d, want %d", cap(got), len(got))
	}
}
