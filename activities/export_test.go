package activities

// What Temporal says of a log, which no test environment has.
var (
	IsOpen   = isOpen
	LogError = logError
)
