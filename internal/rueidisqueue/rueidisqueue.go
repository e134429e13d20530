// Package rueidisqueue chooses the queue of the Redis client rueidis.
//
// rueidis queues commands in a ring or in a flow buffer. With the ring, a caller that meets a full
// queue, as it is in front of a server that hangs, waits past its own deadline; with the flow buffer
// it does not. The choice can only be made by an environment variable that rueidis reads while it is
// initialised, so this package sets it while it is initialised itself. Go initialises packages that are
// ready in the order of their import paths: this one imports nothing but os and comes first.
package rueidisqueue

import "os"

// Variable is the environment variable that rueidis reads.
const Variable = "RUEIDIS_QUEUE_TYPE"

// FlowBuffer is the value for the queue that honours deadlines.
const FlowBuffer = "flowbuffer"

// init leaves a choice of the user alone, also an empty one.
func init() {
	if _, chosen := os.LookupEnv(Variable); !chosen {
		// A failure is a name or value that no system accepts, which these are not.
		_ = os.Setenv(Variable, FlowBuffer)
	}
}
