package starter

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/perdure-dev/perdure"
)

// Status is what is known of the operation, without asking the service: what the
// workflow says, and over it what the activity that watches has heard since. Where no
// worker answers, it is what was recorded last, and Stale is set.
func (h *handle) Status(ctx context.Context) (perdure.Status, error) {
	var s perdure.Status
	err := h.queryStatus(ctx, &s)
	if err != nil && workerMissing(err) && !stopped(ctx, err) {
		return h.recorded(ctx)
	}
	if err != nil {
		return perdure.Status{}, h.called(ctx, err)
	}
	if s.Done {
		return h.note(s), nil
	}
	d, err := h.describe(ctx)
	if err != nil {
		return perdure.Status{}, err
	}
	return h.note(h.client.withHeartbeats(endedInTemporal(s, d), d)), nil
}

// endedInTemporal marks what Temporal itself ended: nobody asks any longer.
func endedInTemporal(s perdure.Status, d *workflowservice.DescribeWorkflowExecutionResponse) perdure.Status {
	if s.Done || !isEndedInTemporal(d) {
		return s
	}
	s.State, s.Done, s.EndedAt, s.NextPollAt = perdure.StateUnknown, true, d.GetWorkflowExecutionInfo().GetCloseTime().AsTime(), time.Time{}
	return s
}

func isEndedInTemporal(d *workflowservice.DescribeWorkflowExecutionResponse) bool {
	status := d.GetWorkflowExecutionInfo().GetStatus()
	return status == enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED || status == enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT
}

// workerMissing: the server is there, and no worker answered the query.
func workerMissing(err error) bool {
	var (
		precondition *serviceerror.FailedPrecondition
		query        *serviceerror.QueryFailed
	)
	// A worker that stops while it is asked breaks the question off.
	return isBrokenOff(err) || errors.As(err, &precondition) || errors.As(err, &query) && query.Failure == nil
}

// recorded is the status in the memo, for when no worker answers.
func (h *handle) recorded(ctx context.Context) (perdure.Status, error) {
	d, err := h.describe(ctx)
	if err != nil {
		return perdure.Status{}, err
	}
	info := d.GetWorkflowExecutionInfo()
	s := perdure.Status{State: perdure.StateStarting, StartedAt: info.GetStartTime().AsTime()}
	if p := info.GetMemo().GetFields()[perdure.MemoStatus]; p != nil {
		if err := h.client.options.DataConverter.FromPayload(p, &s); err != nil {
			return s, h.called(ctx, err)
		}
	}
	s.Stale = true
	return h.note(h.client.withHeartbeats(endedInTemporal(s, d), d)), nil
}

// withHeartbeats merges what the pending poll activity says of itself.
func (c *Client) withHeartbeats(s perdure.Status, d *workflowservice.DescribeWorkflowExecutionResponse) perdure.Status {
	if s.Done {
		return s
	}
	for _, a := range d.GetPendingActivities() {
		if a.GetActivityType().GetName() != perdure.ActivityPoll || len(a.GetHeartbeatDetails().GetPayloads()) == 0 {
			continue
		}
		var hb perdure.Heartbeat
		if c.options.DataConverter.FromPayloads(a.GetHeartbeatDetails(), &hb) != nil {
			continue
		}
		s.Polls += hb.Polls // the workflow counts them when the activity ends
		if !hb.LastPolledAt.After(s.LastPolledAt) {
			continue
		}
		s.LastPolledAt, s.NextPollAt, s.LastError = hb.LastPolledAt, hb.NextPollAt, hb.LastError
		if hb.LastError == nil {
			s.AsOf = later(s.AsOf, hb.LastPolledAt)
		}
	}
	return s
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
