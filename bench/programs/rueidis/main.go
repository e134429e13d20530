// Command rueidis sets a value by the bare client that store/redis stands on.
package main

import (
	"context"
	"os"

	"github.com/redis/rueidis"
)

func main() {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{"localhost:6379"}})
	if err != nil {
		os.Exit(1)
	}
	if err := client.Do(context.Background(), client.B().Set().Key("k").Value("v").Build()).Error(); err != nil {
		os.Exit(1)
	}
}
