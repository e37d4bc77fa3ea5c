package starter

import (
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

// What the tests look at from outside.
var (
	AdoptedID = adoptedID
	SameJSON  = sameJSON[perdure.OperationInput]
	Stopped   = stopped
	Outcome   = outcome
	Ended     = ended

	SameOperation = sameOperation
	DecodeError   = decodeError
)

// Refusal reads a query that was refused, with the SDK's own converter.
func Refusal(query *serviceerror.QueryFailed) *temporal.ApplicationError {
	return refusal(query, converter.GetDefaultDataConverter())
}
