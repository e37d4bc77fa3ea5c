package cli_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// The contract's table, for everything that waits and for start.
func TestExitStatuses(t *testing.T) {
	t.Parallel()
	want := map[string]int{
		perdure.ErrorOperationFailed: 10, perdure.ErrorStartRejected: 10, perdure.ErrorPollRejected: 10, perdure.ErrorPageRejected: 10,
		perdure.ErrorCanceled: 11, perdure.ErrorStartAmbiguous: 12, perdure.ErrorOperationTimedOut: 13,
		perdure.ErrorProtocolViolation: 1, perdure.ErrorInvalidInput: 1, perdure.ErrorInvalidToken: 1, perdure.ErrorIDConflict: 1,
		perdure.ErrorEgressDenied: 1, perdure.ErrorCredentialFailed: 1, perdure.ErrorResponseTooLarge: 1,
		perdure.ErrorEventTooLarge: 1, perdure.ErrorTokenTooLarge: 1,
	}
	for kind, status := range want {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			bad := &perdure.OperationError{
				Type: kind, Message: "Code: in the service's words",
				Status: perdure.Status{State: perdure.StateFailed, Service: "jobs", ErrorType: kind},
			}
			ended := running().ends(perdure.OperationResult{}, bad)
			for name, r := range map[string]ran{
				"run":          command(t, &fakeEngine{op: ended}, "run", "POST", "/jobs", "--service", "jobs", "--output", "json"),
				"wait":         command(t, &fakeEngine{op: ended}, "wait", "perdure-1", "--output", "json"),
				"adopt":        command(t, &fakeEngine{op: running(), startErr: bad}, "adopt", "--operation", "7", "--service", "jobs", "-o", "json"),
				"adopt --wait": command(t, &fakeEngine{op: ended}, "adopt", "--operation", "7", "--service", "jobs", "--wait", "-o", "json"),
				"start":        command(t, &fakeEngine{op: running(), startErr: bad}, "start", "POST", "/jobs", "--service", "jobs", "-o", "json"),
			} {
				require.Equal(t, status, r.status, name)
				gotKind, message, id, s := failureOf(t, r)
				require.Equal(t, kind, gotKind, name)
				require.Equal(t, "Code: in the service's words", message, name)
				require.Equal(t, "perdure-1", id, name)
				require.Equal(t, &bad.Status, s, name)
			}
			text := command(t, &fakeEngine{op: ended}, "wait", "perdure-1")
			require.Equal(t, status, text.status)
			require.Empty(t, text.stdout)
			require.Contains(t, text.stderr, "perdure: perdure-1: "+kind+": Code: in the service's words")
		})
	}
}

func TestOtherErrorsExitWithOne(t *testing.T) {
	t.Parallel()
	r := command(t, &fakeEngine{op: running().ends(perdure.OperationResult{}, errors.New("starter: the line is\ndead"))}, "wait", "perdure-1")
	require.Equal(t, ran{status: 1, stderr: "perdure: perdure-1: the line is dead\n"}, r)
}

// What Temporal itself ended has no error of its own that could tell the status.
func TestATerminatedOperationHasItsStatus(t *testing.T) {
	t.Parallel()
	op := running().ends(perdure.OperationResult{}, fmt.Errorf("%w: %q was terminated", starter.ErrTerminated, "perdure-1"))
	for _, args := range [][]string{{"wait", "perdure-1"}, {"run", "POST", "/jobs", "--service", "jobs"}} {
		r := command(t, &fakeEngine{op: op}, append(args, "-o", "json")...)
		require.Equal(t, 1, r.status)
		kind, message, id, s := failureOf(t, r)
		require.Equal(t, "Terminated", kind)
		require.Contains(t, message, "rehydrate")
		require.Equal(t, "perdure-1", id)
		require.Equal(t, op.status(), *s)
	}
}

// What could answer exits with 0, whatever the answer is.
func TestLookingExitsWithZero(t *testing.T) {
	t.Parallel()
	failed := running()
	failed.status = func() perdure.Status {
		return perdure.Status{State: perdure.StateFailed, Done: true, ErrorType: perdure.ErrorOperationFailed}
	}
	for _, verb := range []string{"status", "poll", "response", "cancel"} {
		require.Zero(t, command(t, &fakeEngine{op: failed}, verb, "perdure-1").status, verb)
	}
}

func TestCanceledSaysHow(t *testing.T) {
	t.Parallel()
	no := false
	for _, c := range []struct {
		status perdure.Status
		want   string
	}{
		{perdure.Status{State: perdure.StateCanceled}, "the operation was canceled"},
		{perdure.Status{State: perdure.StateUnknown}, "the service never confirmed the cancel"},
		{perdure.Status{State: perdure.StateUnknown, Cancel: &perdure.CancelStatus{Supported: &no}}, "cannot be canceled"},
		{perdure.Status{State: perdure.StateAmbiguous}, "canceled while it could not be known"},
		{perdure.Status{}, "the operation was canceled"},
	} {
		bad := &perdure.OperationError{Type: perdure.ErrorCanceled, Status: c.status}
		r := command(t, &fakeEngine{op: running().ends(perdure.OperationResult{}, bad)}, "wait", "perdure-1")
		require.Equal(t, 11, r.status)
		require.Contains(t, r.stderr, c.want)
	}
}

// Ctrl-C stops the waiting only, and says how to go on.
func TestStoppedWaitingSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	op := running()
	op.result = func(ctx context.Context) (perdure.OperationResult, error) {
		cancel(errors.New("interrupt signal received"))
		return perdure.OperationResult{}, context.Cause(ctx)
	}
	r := commandIn(ctx, &fakeEngine{op: op}, "run", "POST", "/jobs", "--service", "jobs", "--quiet")
	require.Equal(t, 1, r.status)
	require.Equal(t, "perdure: stopped waiting; the operation goes on, and this waits for it again: perdure wait perdure-1\n", r.stderr)
	require.Nil(t, op.reason, "nothing is canceled")
}

func TestStoppedBeforeTheServiceAnswered(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := commandIn(ctx, &fakeEngine{}, "start", "POST", "/jobs", "--service", "jobs", "--id", "nightly", "--output", "json")
	kind, message, id, _ := failureOf(t, r)
	require.Equal(t, 1, r.status)
	require.Equal(t, "Stopped", kind)
	require.Equal(t, "nightly", id)
	require.Contains(t, message, "perdure wait nightly")
}
