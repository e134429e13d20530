// Command sturdyc sets a value by sturdyc.
package main

import (
	"time"

	"github.com/viccon/sturdyc"
)

func main() {
	c := sturdyc.New[string](1000, 10, time.Hour, 10)
	c.Set("k", "v")
}
