package starter_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// trying is a fetch that is being tried again.
func trying(name string, at time.Time, details ...any) *workflowpb.PendingActivityInfo {
	err := temporal.NewApplicationErrorWithOptions("503: Service Unavailable", "503", temporal.ApplicationErrorOptions{Details: details})
	p := &workflowpb.PendingActivityInfo{
		ActivityType: &commonpb.ActivityType{Name: name}, LastFailure: temporal.GetDefaultFailureConverter().ErrorToFailure(err),
	}
	if !at.IsZero() {
		p.LastAttemptCompleteTime = timestamppb.New(at)
	}
	return p
}

func TestTheStatusTellsOfTheFetchThatIsTriedAgain(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	began := at.Add(-time.Minute)
	words := perdure.ServiceError{Code: "503", Message: "Service Unavailable", HTTPStatus: 503}
	for _, test := range []struct {
		name    string
		pending *workflowpb.PendingActivityInfo
		want    *perdure.TimedError
	}{
		{"in the service's words", trying(perdure.ActivityFetchPage, at, words), &perdure.TimedError{At: at, Error: words}},
		{"in the activity's words", trying(perdure.ActivityFetchPage, at), &perdure.TimedError{At: at, Error: perdure.ServiceError{Code: "ActivityFailed", Message: "503: Service Unavailable"}}},
		{"at some time", trying(perdure.ActivityFetchPage, time.Time{}, words), &perdure.TimedError{At: began, Error: words}},
		{"not yet", &workflowpb.PendingActivityInfo{ActivityType: &commonpb.ActivityType{Name: perdure.ActivityFetchPage}}, nil},
		{"of another", trying("other", at, words), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(e *engine, c *starter.Client) {
				t := e.t
				e.make = func(string, perdure.CollectionInput) *list { return e.list(9, true) }
				h, err := starter.StartCollection[string](t.Context(), c, items(), nil)
				require.NoError(t, err)
				l := e.lists[h.ID()]
				l.pending, l.status.StartedAt = []*workflowpb.PendingActivityInfo{test.pending}, began
				s, err := h.Status(t.Context())
				require.NoError(t, err)
				require.Equal(t, test.want, s.LastError)
				require.Equal(t, 2, s.Pages)
				require.False(t, s.Stale)
			})
		})
	}
}

// Where no worker answers, it is what was recorded last.
func TestTheStatusWithoutAWorker(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.make = func(string, perdure.CollectionInput) *list { return e.list(9, true) }
		h, err := starter.StartCollection[string](t.Context(), c, items(), nil)
		require.NoError(t, err)
		e.refuse = func(string) error { return serviceerror.NewFailedPrecondition("no worker") }
		s, err := h.Status(t.Context())
		require.NoError(t, err)
		require.True(t, s.Stale)
		require.Equal(t, perdure.StateRunning, s.State)
		e.lists[h.ID()].closed = enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT
		s, err = h.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, perdure.StateUnknown, s.State)
		require.True(t, s.Done)
		require.NotZero(t, s.EndedAt)
		delete(e.lists, h.ID())
		_, err = h.Status(t.Context())
		require.ErrorIs(t, err, starter.ErrNotFound)
	})
}
