package perdure

// State is what is known of the service's operation.
type State string

// The states of an operation, which ends in one of the last four.
const (
	StateStarting  State = "starting"  // the service has not answered the start
	StateRunning   State = "running"   // the service works on it
	StateCanceling State = "canceling" // the service has accepted to cancel, the end is awaited
	StateAmbiguous State = "ambiguous" // it cannot be known whether the service started it
	StateSucceeded State = "succeeded"
	StateFailed    State = "failed"
	StateCanceled  State = "canceled"
	StateUnknown   State = "unknown" // it is no longer asked about, and how it ended, if it has, is not known
)

// Terminal reports whether the service's operation is known to have ended.
func (s State) Terminal() bool {
	switch s {
	case StateSucceeded, StateFailed, StateCanceled:
		return true
	case StateStarting, StateRunning, StateCanceling, StateAmbiguous, StateUnknown:
		return false
	}
	return false
}
