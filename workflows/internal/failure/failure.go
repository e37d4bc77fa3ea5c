// Package failure makes the errors with which workflows, their updates and their
// queries fail: application errors, never retryable, of the types of the contract.
//
// May import: the root package and Temporal's SDK.
package failure

import (
	"strings"

	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

const maxMessageBytes = 1024

// Invalid is an argument that is wrong.
func Invalid(err error) error {
	return temporal.NewNonRetryableApplicationError(perdure.Reason(err), perdure.ErrorInvalidInput, nil)
}

// RunMoved is an update that meets a run which is about to continue as new.
func RunMoved() error {
	return temporal.NewNonRetryableApplicationError("the workflow continues as new; ask again", perdure.ErrorRunMoved, nil)
}

// Ended is a workflow that ended badly, or an update that tells so: status is the first
// detail.
func Ended(errorType string, why *perdure.ServiceError, status any) error {
	return temporal.NewApplicationErrorWithOptions(Message(errorType, why), errorType, temporal.ApplicationErrorOptions{
		NonRetryable: true,
		Details:      []any{status},
		Category:     temporal.ApplicationErrorCategoryBenign,
	})
}

// Message is what a failure says beside its type.
func Message(errorType string, why *perdure.ServiceError) string {
	if why == nil {
		return errorType
	}
	if why.Code == errorType && why.Message != "" {
		return Cut(why.Message, maxMessageBytes)
	}
	return Cut(why.String(), maxMessageBytes)
}

// Input is the error of an input, in the words of an operation's status.
func Input(err error) *perdure.ServiceError {
	return &perdure.ServiceError{Code: perdure.ErrorInvalidInput, Message: perdure.Reason(err)}
}

// Cut shortens s to at most n bytes, at a rune's border.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
