package main

import (
	"errors"
	"fmt"

	"github.com/cachewright/cachewright"
)

// errFallback is why a check fails for a cache that rule 7 left without a backend.
var errFallback = errors.New("nothing is cached: the cache's directory cannot be used")

// failure is why a cache does not work, and what to do about it.
type failure struct {
	code      string // empty if no code fits
	message   string
	meanwhile string // what the program does until it is mended
	fix       string
}

func (f *failure) String() string {
	if f.code == "" {
		return f.message
	}
	return fmt.Sprintf("%s %s", f.code, f.message)
}

var _ = cachewright.Explain
