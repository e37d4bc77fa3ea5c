package starter

// What the tests look at from outside.
var (
	AdoptedID = adoptedID
	SameJSON  = sameJSON
	Stopped   = stopped
	Outcome   = outcome
)
