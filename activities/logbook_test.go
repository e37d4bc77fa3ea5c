package activities_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/perdure-dev/perdure/activities"
)

// A log that Temporal has paused is not closed: its stream goes on with it.
func TestWhichLogsAreOpen(t *testing.T) {
	for value := range enumspb.WorkflowExecutionStatus_name {
		status := enumspb.WorkflowExecutionStatus(value)
		want := status.String() == "Running" || status.String() == "Paused"
		require.Equal(t, want, activities.IsOpen(status), status)
	}
}

// A batch that cannot be recorded now is sent again; one that never can be ends the stream.
func TestWhatALogsErrorSays(t *testing.T) {
	for _, test := range []struct {
		name            string
		err             error
		closed, refuses bool // neither: it is sent again
	}{
		{"it is closed", serviceerror.NewNotFound("workflow execution already completed"), true, false},
		{"the batch is too large", serviceerror.NewInvalidArgument("Blob data size exceeds limit."), false, true},
		{"its run has had 10,000 signals, and is to continue as new", serviceerror.NewInvalidArgument("exceeded workflow execution limit for signal events"), false, false},
		{"its run is about to close", serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_BUSY_WORKFLOW, "workflow is closing"), false, false},
		{"the server is away", serviceerror.NewUnavailable("no server"), false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := activities.LogError("signal", test.err)
			require.Error(t, err)
			require.Equal(t, test.closed, errors.Is(err, activities.ErrLogClosed))
			require.Equal(t, test.refuses, errors.Is(err, activities.ErrLogRefuses))
		})
	}
}
