package starter

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/perdure-dev/perdure"
)

// ListOptions choose operations. The zero value chooses all. By State or Service the
// namespace needs Perdure's search attributes, or the error is ErrNoSearchAttributes.
type ListOptions struct {
	// State that the operations are in; "": any.
	State perdure.State
	// Service that they are of, by the name in the workers' configuration; "": any.
	Service string
}

// Summary is an operation as the namespace's visibility store knows it, which lags
// behind by a moment; Attach with its id gives the handle.
type Summary struct {
	WorkflowID string        `json:"workflowId"`
	RunID      string        `json:"runId"`
	State      perdure.State `json:"state,omitempty"`
	Service    string        `json:"service,omitempty"`
	// Type is the caller's name for its method.
	Type string `json:"type,omitempty"`
	// ServiceStatus is the service's own word, untouched.
	ServiceStatus string `json:"serviceStatus,omitempty"`
	// PercentComplete is nil when the service does not say.
	PercentComplete *float64  `json:"percentComplete,omitempty"`
	StartedAt       time.Time `json:"startedAt"`
}

// ErrNoSearchAttributes says that the namespace lacks the search attributes which
// listing by state or service needs; "perdure setup" registers them.
var ErrNoSearchAttributes = errors.New(`starter: the namespace lacks Perdure's search attributes; "perdure setup" registers them`)

// List goes through the operations of the namespace, newest first. Nothing runs until it
// is ranged over. An error comes once, last, with a zero Summary.
func (c *Client) List(ctx context.Context, o *ListOptions) iter.Seq2[Summary, error] {
	return func(yield func(Summary, error) bool) {
		var next []byte
		for {
			page, err := c.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: orDefault(o).query(), NextPageToken: next})
			if err != nil {
				yield(Summary{}, listError(err))
				return
			}
			for _, e := range page.GetExecutions() {
				if !yield(c.summary(e), nil) {
					return
				}
			}
			if next = page.GetNextPageToken(); len(next) == 0 {
				return
			}
		}
	}
}

func (o ListOptions) query() string {
	where := []string{"WorkflowType = " + quote(perdure.WorkflowOperation), "ExecutionStatus != 'ContinuedAsNew'"}
	if o.State != "" {
		where = append(where, perdure.SearchAttributeState+" = "+quote(string(o.State)))
	}
	if o.Service != "" {
		where = append(where, perdure.SearchAttributeService+" = "+quote(o.Service))
	}
	return strings.Join(where, " AND ")
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func listError(err error) error {
	var bad *serviceerror.InvalidArgument
	if errors.As(err, &bad) && strings.Contains(bad.Message, "Perdure") {
		return ErrNoSearchAttributes
	}
	return fmt.Errorf("starter: list: %w", err)
}

func (c *Client) summary(e *workflowpb.WorkflowExecutionInfo) Summary {
	out := Summary{
		WorkflowID: e.GetExecution().GetWorkflowId(), RunID: e.GetExecution().GetRunId(),
		StartedAt: e.GetStartTime().AsTime(),
	}
	var s perdure.Status
	if p := e.GetMemo().GetFields()[perdure.MemoStatus]; p != nil && c.options.DataConverter.FromPayload(p, &s) == nil {
		out.State, out.Service, out.Type, out.ServiceStatus, out.PercentComplete = s.State, s.Service, s.Type, s.ServiceStatus, s.PercentComplete
		if !s.StartedAt.IsZero() {
			out.StartedAt = s.StartedAt
		}
	}
	switch {
	case out.State != "" && e.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
	case e.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		out.State = perdure.StateStarting
	case !out.State.Terminal():
		out.State = perdure.StateUnknown
	}
	return out
}
