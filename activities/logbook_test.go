package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/perdure-dev/perdure/activities"
)

// A log that Temporal has paused is not closed: its stream goes on with it.
func TestWhichLogsAreOpen(t *testing.T) {
	for value, name := range enumspb.WorkflowExecutionStatus_name {
		want := name == "Running" || name == "Paused"
		require.Equal(t, want, activities.IsOpen(enumspb.WorkflowExecutionStatus(value)), name)
	}
}

// A batch that cannot be recorded now is sent again; one that never can ends the stream.
func TestWhatALogsErrorSays(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want error // nil: it is sent again
	}{
		{"it is closed", serviceerror.NewNotFound("workflow execution already completed"), activities.ErrLogClosed},
		{"the batch is too large", serviceerror.NewInvalidArgument("Blob data size exceeds limit."), activities.ErrLogRefuses},
		{"the run has had 10,000 signals, and is to continue as new", serviceerror.NewInvalidArgument("exceeded workflow execution limit for signal events"), nil},
		{"it is about to close", serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_BUSY_WORKFLOW, "workflow operation can not be applied because workflow is closing"), nil},
		{"the server is away", serviceerror.NewUnavailable("no server"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := activities.LogError("signal", test.err)
			require.Error(t, err)
			for _, end := range []error{activities.ErrLogClosed, activities.ErrLogRefuses} {
				if end == test.want {
					require.ErrorIs(t, err, end)
				} else {
					require.NotErrorIs(t, err, end)
				}
			}
		})
	}
}
