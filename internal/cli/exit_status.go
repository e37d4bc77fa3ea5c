package cli

import "github.com/perdure-dev/perdure"

// Exit statuses.
const (
	exitOK        = 0
	exitError     = 1
	exitUsage     = 2
	exitFailed    = 10
	exitCanceled  = 11
	exitAmbiguous = 12
	exitTimedOut  = 13
)

// exitStatus is that of an operation which ended badly, by its error's type.
func exitStatus(errorType string) int {
	switch errorType {
	case perdure.ErrorOperationFailed, perdure.ErrorStartRejected, perdure.ErrorPollRejected, perdure.ErrorPageRejected:
		return exitFailed
	case perdure.ErrorCanceled:
		return exitCanceled
	case perdure.ErrorStartAmbiguous:
		return exitAmbiguous
	case perdure.ErrorOperationTimedOut:
		return exitTimedOut
	}
	return exitError
}
