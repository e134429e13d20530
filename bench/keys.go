package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// keysOf returns n keys of 21 bytes.
func keysOf(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("user:%016d", i)
	}
	return keys
}

// shuffled returns copies of keys in random order, many times over: as many as a power of two, so that an
// index is cheap to wrap. They are copies because a program makes its keys anew for every call; engines
// that find the very string which they hold would compare nothing.
func shuffled(keys []string) order {
	o := make(order, 1<<17)
	for i := range o {
		o[i] = strings.Clone(keys[rand.IntN(len(keys))])
	}
	return o
}

type order []string

func (o order) at(i int) string { return o[i&(len(o)-1)] }

// valueBytes is the size of the values of the memory and file parts.
const valueBytes = 1 << 10

// newValue returns a value that compresses about as well as text.
func newValue() []byte {
	value := make([]byte, valueBytes)
	for i := range value {
		value[i] = "etaoin shrdlu, cmfwyp vbgkqj xz."[rand.IntN(32)]
	}
	return value
}
