package starter_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// startsWith is a Temporal that answers each start with the same.
type startsWith struct {
	client.Client
	status perdure.Status
	err    error
}

func (s startsWith) UpdateWithStartWorkflow(context.Context, client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return &answered{value: s.status}, s.err
}

// All who start an operation share an update, which tells all what the first was told.
func TestAConflictHasThePresentStatus(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	o := &starter.StartOptions{ID: "mine"}
	_, _, err := starter.Run[string](t.Context(), s.client, post("/ends"), o)
	require.NoError(t, err)
	first := startsWith{Client: s.fake.Temporal(), status: perdure.Status{State: perdure.StateRunning}}
	_, err = starter.Start[string](t.Context(), s.over(first), post("/runs"), o)
	var bad *perdure.OperationError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, perdure.ErrorIDConflict, bad.Type)
	require.Equal(t, perdure.StateSucceeded, bad.Status.State)
}

func TestAnIDThatCannotBeSent(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	grpc := startsWith{Client: s.fake.Temporal(), err: serviceerror.NewInternal("header key contains value with non-printable ASCII characters")}
	for _, id := range []string{"ü", "a\nb", "\x7f"} {
		_, err := starter.Start[string](t.Context(), s.over(grpc), post("/runs"), &starter.StartOptions{ID: id})
		var bad *perdure.InputError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, "id", bad.Field)
		require.Contains(t, bad.Message, "want printable ASCII")
	}
	_, err := starter.Start[string](t.Context(), s.over(grpc), post("/runs"), &starter.StartOptions{ID: "a b~"})
	require.ErrorContains(t, err, "header key", "another error")
}
