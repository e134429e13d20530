// Command ristretto sets a value by ristretto.
package main

import (
	"os"

	"github.com/dgraph-io/ristretto/v2"
)

func main() {
	c, err := ristretto.NewCache(&ristretto.Config[string, string]{NumCounters: 1e4, MaxCost: 1000, BufferItems: 64})
	if err != nil {
		os.Exit(1)
	}
	c.Set("k", "v", 1)
}
