//go:build !race && unix

package redis_test

// raced says that the race detector is on.
const raced = false
