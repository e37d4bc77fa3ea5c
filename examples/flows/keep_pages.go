package flows

import (
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/child"
)

// KeepPagesInput is the input of KeepPages, and the place where it stopped.
type KeepPagesInput struct {
	// List is what is still to be read.
	List perdure.CollectionInput `json:"list"`
	// Kept counts the pages before.
	Kept int `json:"kept,omitempty"`
}

// ErrorStopped is the type of the error with which KeepPages ends at a page that cannot be
// had, or not be kept. Its first detail is the KeepPagesInput that goes on with that page.
const ErrorStopped = "Stopped"

// KeepPages reads a list and hands each page to an activity, one after the other. It gives
// the number of pages.
func (f *Flows) KeepPages(ctx workflow.Context, in KeepPagesInput) (int, error) {
	keeping := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 100 * time.Millisecond, MaximumAttempts: 4},
	})
	for page, err := range child.Pages[json.RawMessage](ctx, in.List, &child.PageOptions{TaskQueue: f.Perdure}) {
		if err != nil {
			return in.Kept, stopped(in, err)
		}
		err := workflow.ExecuteActivity(keeping, ActivityKeep, KeepInput{Number: in.Kept, Values: page.Values}).Get(ctx, nil)
		if err != nil {
			return in.Kept, stopped(in, err)
		}
		in.Kept++
		in.List = page.Rest()
		if !page.Last && workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return in.Kept, workflow.NewContinueAsNewError(ctx, WorkflowKeepPages, in)
		}
	}
	return in.Kept, nil
}

// stopped says where to go on.
func stopped(at KeepPagesInput, err error) error {
	if temporal.IsCanceledError(err) {
		return err
	}
	return temporal.NewApplicationErrorWithOptions(fmt.Sprintf("stopped at page %d", at.Kept), ErrorStopped,
		temporal.ApplicationErrorOptions{NonRetryable: true, Cause: err, Details: []any{at}})
}
