// Command otter sets a value by the bare engine that store/memory stands on.
package main

import "github.com/maypok86/otter/v2"

func main() {
	c := otter.Must(&otter.Options[string, string]{MaximumSize: 1000})
	c.Set("k", "v")
}
