package starter

import (
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"github.com/perdure-dev/perdure"
)

// whileInTemporal merges what Temporal knows and the workflow does not: that it was
// ended from outside, and how the fetch that is being tried again failed last.
func (c *Client) whileInTemporal(s perdure.CollectionStatus, d *workflowservice.DescribeWorkflowExecutionResponse) perdure.CollectionStatus {
	if s.Done {
		return s
	}
	if at, closed := closedInTemporal(d); closed {
		s.State, s.Done, s.EndedAt = perdure.StateUnknown, true, at
		return s
	}
	for _, a := range d.GetPendingActivities() {
		failure := a.GetLastFailure().GetApplicationFailureInfo()
		if a.GetActivityType().GetName() != perdure.ActivityFetchPage || failure == nil {
			continue
		}
		last := perdure.TimedError{At: attempted(a.GetLastAttemptCompleteTime().AsTime(), s.StartedAt)}
		if len(failure.GetDetails().GetPayloads()) == 0 || c.options.DataConverter.FromPayloads(failure.GetDetails(), &last.Error) != nil {
			converter.DecodeCommonFailureAttributes(c.options.DataConverter, a.GetLastFailure())
			last.Error = perdure.ServiceError{Code: "ActivityFailed", Message: a.GetLastFailure().GetMessage()}
		}
		s.LastError = &last
	}
	return s
}

// attempted is the time of an attempt, or since when there could have been one.
func attempted(at, since time.Time) time.Time {
	if at.Unix() <= 0 {
		return since
	}
	return at
}
