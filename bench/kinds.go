package main

import (
	"strings"
	"time"
)

// record is a value as services cache it: ten fields, most of them scalars.
type record struct {
	ID        int64     `json:"id"        msgpack:"id"`
	Name      string    `json:"name"      msgpack:"name"`
	Email     string    `json:"email"     msgpack:"email"`
	Age       int       `json:"age"       msgpack:"age"`
	Active    bool      `json:"active"    msgpack:"active"`
	Score     float64   `json:"score"     msgpack:"score"`
	Logins    uint32    `json:"logins"    msgpack:"logins"`
	Created   time.Time `json:"created"   msgpack:"created"`
	Country   string    `json:"country"   msgpack:"country"`
	Reference string    `json:"reference" msgpack:"reference"`
}

// kind is a type of values that programs cache.
type kind[V any] struct {
	name    string
	python  string // its counterpart in peer.py
	make    func(i int) V
	decodes bool // a hit decodes, unless the handle is Shared
}

var (
	scalars = kind[point]{"a struct of four scalars", "scalars", func(i int) point {
		return point{ID: int64(i), Score: 0.5, Seen: 7, On: true}
	}, false}
	text = kind[string]{"a string of 100 bytes", "string", func(int) string {
		return strings.Repeat("etaoin shrdlu, cmfwyp vbgkqj xz.", 3) + "...."
	}, false}
	blob = kind[[]byte]{"1 KiB of bytes", "1024", func(int) []byte { return newValue() }, true}
	one  = kind[record]{"a struct of ten fields", "record", newRecord, false}
	list = kind[[]record]{"a list of 100 such structs", "records", func(int) []record {
		records := make([]record, 100)
		for i := range records {
			records[i] = newRecord(i)
		}
		return records
	}, true}
)

func newRecord(i int) record {
	return record{
		ID: 1<<40 + int64(i), Name: "Ada Lovelace", Email: "ada@example.com", Age: 36, Active: true, Score: 99.5, Logins: 70000,
		Created: time.Date(2024, 1, 2, 3, 4, 5, 6000, time.UTC), Country: "GB", Reference: "ref-0123456789",
	}
}
