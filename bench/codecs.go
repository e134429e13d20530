package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/cachewright/cachewright/bench/report"
	"github.com/cachewright/cachewright/cache"
	"github.com/cachewright/cachewright/django"
	"github.com/cachewright/cachewright/internal/native"
)

// coding is one way to turn a value into bytes and back.
type coding struct {
	name   string
	append func(dst []byte) ([]byte, error)
	decode func(data []byte) error
}

// The contenders that bars ask for.
const (
	decodeOfTen  = "decode a struct of ten fields"
	decodeOfList = "decode a list of 100 such structs"
	ourPickle    = "pickle"
	ourNative    = "native"
)

// askCodecs compares the codecs with what they stand on, and with Python on the same bytes.
func askCodecs(r *run) error {
	return errors.Join(askCodecsOf(r, one), askCodecsOf(r, list))
}

func askCodecsOf[V any](r *run, k kind[V]) (err error) {
	v := k.make(1)
	codings, err := codingsOf(&v)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "cachewright-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	encodes, decodes := question{name: "encode " + k.name}, question{name: "decode " + k.name}
	sizes := report.Table{Title: "bytes of " + k.name, Columns: []string{"codec", "bytes"}}
	for _, c := range codings {
		data, err := c.append(nil)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if err := c.decode(data); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		sizes.Rows = append(sizes.Rows, []string{c.name, fmt.Sprint(len(data))})
		var buffer []byte
		encodes.contenders = append(encodes.contenders, contender{c.name, writing(func(int) (err error) {
			buffer, err = c.append(buffer[:0])
			return err
		})})
		decodes.contenders = append(decodes.contenders, contender{c.name, writing(func(int) error { return c.decode(data) })})
		peer, err := pythonOn(r, c.name, dir, data)
		if err != nil {
			return err
		}
		if peer != nil {
			defer peer.close()
			decodes.contenders = append(decodes.contenders, contender{peer.title, peer.measure("get")})
		}
	}
	return errors.Join(r.ask(encodes), r.ask(decodes), r.table(sizes))
}

// pythonOn starts a peer that decodes data, if Python has the codec.
func pythonOn(r *run, codec, dir string, data []byte) (*peer, error) {
	if r.quick || codec != "pickle" && codec != "json" && codec != "msgpack" {
		return nil, nil
	}
	path := filepath.Join(dir, codec)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return nil, err
	}
	return startPeerOf(r.python, codec, path, 1, "0")
}

// codingsOf returns the codecs for the value in v.
func codingsOf[V any](v *V) ([]coding, error) {
	own, err := native.Compile(reflect.TypeFor[V]())
	if err != nil {
		return nil, err
	}
	into := new(V)
	codings := []coding{{
		name:   ourNative,
		append: func(dst []byte) ([]byte, error) { return own.Append(dst, v) },
		decode: func(data []byte) error { return own.Decode(data, into) },
	}}
	for _, s := range []django.Serializer{django.JSON, django.Pickle, django.MsgPack} {
		var e cache.Encoding
		if e, err = (django.Codec{Serializer: s}).Compile(reflect.TypeFor[V]()); err != nil {
			return nil, err
		}
		codings = append(codings, coding{
			name:   string(s),
			append: func(dst []byte) ([]byte, error) { return e.Append(dst, v) },
			decode: func(data []byte) error { return e.Decode(data, into) },
		})
	}
	return append(codings, coding{
		name:   "encoding/json",
		append: func(dst []byte) ([]byte, error) { data, err := json.Marshal(v); return append(dst, data...), err },
		decode: func(data []byte) error { return json.Unmarshal(data, into) },
	}, coding{
		name:   "vmihailenco/msgpack",
		append: func(dst []byte) ([]byte, error) { data, err := msgpack.Marshal(v); return append(dst, data...), err },
		decode: func(data []byte) error { return msgpack.Unmarshal(data, into) },
	}), nil
}
