package cachewright_test

import (
	"fmt"
	"log"

	"github.com/cachewright/cachewright"
)

// The same Config, without any Redis, in the environments that the rules know.
func ExampleConfig_Resolve() {
	config := cachewright.Config{ProjectName: "Shop"}
	for _, environment := range []string{"development", "testing", "staging", "production"} {
		plan, err := config.Resolve(cachewright.Env{Environment: environment})
		if err != nil {
			log.Fatal(err)
		}
		c, _ := plan.Cache("default")
		fmt.Printf("%s: %s, rule %d\n", environment, c.Backend, c.Rule)
	}
	// Output:
	// development: memory, rule 5
	// testing: dummy, rule 2
	// staging: file, rule 6
	// production: file, rule 6
}
