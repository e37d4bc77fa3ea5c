package failure

import (
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// Carried refuses the state that one run hands to the next, a workflow's second argument,
// where there was no run before.
func Carried(ctx workflow.Context, there bool) error {
	if !there || workflow.GetInfo(ctx).ContinuedExecutionRunID != "" {
		return nil
	}
	return &perdure.InputError{Field: "arguments", Message: "are two, want one: the input"}
}
