package child_test

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/child"
)

// Store is what the service gives.
type Store struct {
	ID string `json:"id"`
}

// An operation as one call of a workflow's.
func ExampleRun() {
	_ = func(ctx workflow.Context, body json.RawMessage) (Store, error) {
		store, err := child.Run[Store](ctx, perdure.OperationInput{
			Request: &perdure.Request{Service: "openai", Method: "POST", URL: "/vector_stores", Body: perdure.JSONBody(body)},
		}, nil)
		return store, err
	}
}

// Progress: what the operation told last is shown by the workflow's own query.
func ExampleStart() {
	_ = func(ctx workflow.Context, input perdure.OperationInput) error {
		op, err := child.Start[Store](ctx, input, &child.StartOptions{ReportEvery: 10 * time.Second})
		if err != nil {
			return err
		}
		err = workflow.SetQueryHandler(ctx, "progress", func() (perdure.Status, error) { return op.LastStatus(), nil })
		if err != nil {
			return err
		}
		_, err = op.Wait(ctx)
		return err
	}
}

// Whose cancel it was.
func ExampleOperation_Wait() {
	use := func(Store) {}
	startAnother := func(workflow.Context, perdure.Status) error { return nil }
	_ = func(ctx workflow.Context, op *child.Operation[Store]) error {
		store, err := op.Wait(ctx)
		var bad *perdure.OperationError
		switch {
		case err == nil: // the value, also where a cancel came too late
			use(store)
		case temporal.IsCanceledError(err): // this workflow was canceled, and the service has stopped
			return err
		case errors.As(err, &bad) && bad.Type == perdure.ErrorCanceled: // the service, or somebody else, canceled it
			return startAnother(ctx, bad.Status)
		default: // it ended badly: bad.Type, bad.Status; or Temporal's own error
			return err
		}
		return nil
	}
}

// The value of an operation that takes long, or nothing: a workflow may do something else
// meanwhile.
func ExampleOperation_Future() {
	_ = func(ctx workflow.Context, op *child.Operation[Store]) (done bool) {
		workflow.NewSelector(ctx).
			AddFuture(op.Future(), func(workflow.Future) { done = true }).
			AddFuture(workflow.NewTimer(ctx, time.Hour), func(workflow.Future) {}).
			Select(ctx)
		return done
	}
}

// A list, page by page, in as many runs as it takes.
func ExamplePages() {
	type input struct {
		List perdure.CollectionInput `json:"list"`
	}
	_ = func(ctx workflow.Context, in input) error {
		for page, err := range child.Pages[Store](ctx, in.List, nil) {
			if err != nil {
				return err
			}
			if err := workflow.ExecuteActivity(ctx, "Keep", page.Values).Get(ctx, nil); err != nil {
				return err
			}
			in.List = page.Rest()
			if !page.Last && workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
				return workflow.NewContinueAsNewError(ctx, "KeepPages", in)
			}
		}
		return nil
	}
}

// The events of a stream, to its end.
func ExampleEvents() {
	_ = func(ctx workflow.Context, input perdure.StreamInput) (string, error) {
		read := func(answer *strings.Builder) error {
			for event, err := range child.Events[string](ctx, input, nil) {
				if err != nil {
					return err
				}
				answer.WriteString(event.Data)
			}
			return nil
		}
		var answer strings.Builder
		err := read(&answer)
		return answer.String(), err
	}
}

// A stream that is read in several runs.
func ExampleAttachStream() {
	type input struct {
		Input  perdure.StreamInput `json:"input"`
		Stream string              `json:"stream"`
		Next   int                 `json:"next"`
	}
	_ = func(ctx workflow.Context, in input) error {
		if in.Stream == "" {
			stream, err := child.StartStream[string](ctx, in.Input, &child.StreamOptions{Abandon: true})
			if err != nil {
				return err
			}
			in.Stream = stream.ID()
		}
		for event, err := range child.AttachStream[string](in.Stream, nil).Events(ctx, in.Next) {
			if err != nil {
				return err
			}
			in.Next = event.Offset + 1
			if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
				return workflow.NewContinueAsNewError(ctx, "Follow", in)
			}
		}
		return nil
	}
}

// One page, by the token that another process has stored.
func ExampleGetPage() {
	_ = func(ctx workflow.Context, token string) ([]Store, error) {
		page, err := child.GetPage[Store](ctx,
			perdure.CollectionInput{Token: token, Type: "ListStores"},
			&child.PageOptions{TaskQueue: "perdure-eu", Summary: "the page that was asked for"})
		if err != nil {
			return nil, err
		}
		return page.Values, nil
	}
}
