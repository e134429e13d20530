package native_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

// Profile is a value as services cache it: ten fields, most of them scalars.
type Profile struct {
	ID        int64     `json:"id"`
	Name      string    `json:"name"`
	Email     string    `json:"email"`
	Age       int       `json:"age"`
	Active    bool      `json:"active"`
	Score     float64   `json:"score"`
	Logins    uint32    `json:"logins"`
	Created   time.Time `json:"created"`
	Country   string    `json:"country"`
	Reference string    `json:"reference"`
}

func profile() Profile {
	return Profile{
		ID: 1 << 40, Name: "Ada Lovelace", Email: "ada@example.com", Age: 36, Active: true, Score: 99.5, Logins: 70000,
		Created: time.Date(2024, 1, 2, 3, 4, 5, 6, time.UTC), Country: "GB", Reference: "ref-0123456789",
	}
}

func TestAScalarStructCostsNoAllocationToEncodeAndItsStringsToDecode(t *testing.T) {
	c, p := compile[Scalars](t), Scalars{S: "a string", I: 5, F64: 1.5}
	buf := make([]byte, 0, 1024)
	if got := testing.AllocsPerRun(100, func() { buf, _ = c.Append(buf[:0], &p) }); got != 0 {
		t.Errorf("Append allocates %v times, want 0", got)
	}
	if got := testing.AllocsPerRun(100, func() { _ = c.Decode(buf, &p) }); got != 1 {
		t.Errorf("Decode allocates %v times, want 1: the string", got)
	}
}

func BenchmarkEncode(b *testing.B) {
	p := profile()
	c := compile[Profile](b)
	buf := make([]byte, 0, 4096)
	b.Run("native", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var err error
			if buf, err = c.Append(buf[:0], &p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("msgpack", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := msgpack.Marshal(&p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(&p); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	p := profile()
	c := compile[Profile](b)
	ours, theirs, text := encode(b, p), must(msgpack.Marshal(&p)), must(json.Marshal(&p))
	b.Run("native", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := c.Decode(ours, &p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("msgpack", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := msgpack.Unmarshal(theirs, &p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := json.Unmarshal(text, &p); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkList(b *testing.B) {
	list := make([]Profile, 100)
	for i := range list {
		list[i] = profile()
	}
	c := compile[[]Profile](b)
	ours, theirs, text := encode(b, list), must(msgpack.Marshal(list)), must(json.Marshal(list))
	var into []Profile
	b.Run("native", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := c.Decode(ours, &into); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("msgpack", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			into = nil
			if err := msgpack.Unmarshal(theirs, &into); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			into = nil
			if err := json.Unmarshal(text, &into); err != nil {
				b.Fatal(err)
			}
		}
	})
}
