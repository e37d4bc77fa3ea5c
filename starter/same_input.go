package starter

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/perdure-dev/perdure"
)

// sameInput compares an input with the one in the first event of the operation's
// first run. An operation that was taken up from its token is the same whatever the
// input, which the token does not tell.
func (h *handle) sameInput(ctx context.Context, in perdure.OperationInput) error {
	raw, err := h.firstInput(ctx)
	if err != nil {
		return err
	}
	var before perdure.OperationInput
	if err := perdure.Decode(raw, &before); err == nil && before.Token != "" && in.Token == "" {
		return nil
	}
	ours, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("starter: write the input: %w", err)
	}
	if !sameJSON(raw, ours) {
		return &perdure.OperationError{
			Type:    perdure.ErrorIDConflict,
			Message: fmt.Sprintf("the workflow id %q belongs to an operation with another input", h.id),
			Status:  h.noted(),
		}
	}
	return nil
}

func (h *handle) firstInput(ctx context.Context) (perdure.RawInput, error) {
	d, err := h.describe(ctx)
	if err != nil {
		return nil, err
	}
	info := d.GetWorkflowExecutionInfo()
	first := info.GetFirstRunId()
	if first == "" {
		first = info.GetExecution().GetRunId()
	}
	history, err := h.client.temporal.WorkflowService().GetWorkflowExecutionHistory(ctx, &workflowservice.GetWorkflowExecutionHistoryRequest{
		Namespace:       h.client.namespace(),
		Execution:       &commonpb.WorkflowExecution{WorkflowId: h.id, RunId: first},
		MaximumPageSize: 1,
	})
	if err != nil {
		return nil, called(ctx, h.id, err)
	}
	events := history.GetHistory().GetEvents()
	if len(events) == 0 {
		return nil, fmt.Errorf("starter: %q has no first event", h.id)
	}
	var raw perdure.RawInput
	if err := h.client.DataConverter.FromPayloads(events[0].GetWorkflowExecutionStartedEventAttributes().GetInput(), &raw); err != nil {
		return nil, fmt.Errorf("starter: %q: read the input of the first run: %w", h.id, err)
	}
	return raw, nil
}

// sameJSON compares values, not spellings: keys in any order, every digit of numbers.
func sameJSON(a, b []byte) bool {
	ca, err := canonical(a)
	if err != nil {
		return false
	}
	cb, err := canonical(b)
	return err == nil && bytes.Equal(ca, cb)
}

func canonical(raw []byte) ([]byte, error) {
	// Through the struct first, so that a default written out and one left out agree.
	var in perdure.OperationInput
	if err := perdure.Decode(raw, &in); err != nil {
		return nil, err
	}
	tidy, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(tidy))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}
