package starter

import "github.com/perdure-dev/perdure"

// What the tests look at from outside.
var (
	AdoptedID = adoptedID
	SameJSON  = sameJSON[perdure.OperationInput]
	Stopped   = stopped
	Outcome   = outcome
	Ended     = ended
	Refusal   = refusal
)
