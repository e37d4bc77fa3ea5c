package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
)

const inProgressBatch = `{"id":"batch_1","object":"batch","status":"in_progress"}`

func creates() perduretest.Step { return perduretest.POST("/v1/batches") }

func asks() perduretest.Step { return perduretest.GET("/v1/batches/batch_1") }

// Each way to end badly is told alike in Go, on the command line and by Temporal.
func TestEachErrorTypeInEachOfItsShapes(t *testing.T) {
	t.Parallel()
	in := func(change ...func(*perdure.OperationInput)) perdure.OperationInput {
		in := batch(time.Hour)
		for _, c := range change {
			c(&in)
		}
		return in
	}
	soon := func(in *perdure.OperationInput) { in.TimeoutSeconds = 2 }
	for _, c := range []struct {
		errorType string
		extra     string
		steps     []perduretest.Step
		input     perdure.OperationInput
		state     perdure.State
		why       perdure.ServiceError // its message: a part of it
		exit      int
	}{
		{
			errorType: perdure.ErrorOperationFailed, exit: 10, input: in(), state: perdure.StateFailed,
			steps: []perduretest.Step{creates().JSON(200, inProgressBatch), asks().JSON(200, `{"id":"batch_1","object":"batch","status":"failed","errors":{"data":[{"code":"bad_line","message":"line 7"}]}}`)},
			why:   perdure.ServiceError{Code: "bad_line", Message: "line 7"},
		},
		{
			errorType: perdure.ErrorStartRejected, exit: 10, input: in(), state: perdure.StateFailed,
			steps: []perduretest.Step{creates().JSON(400, `{"error":{"code":"no_such_file","message":"file-1 is not there"}}`)},
			why:   perdure.ServiceError{Code: "no_such_file", Message: "file-1 is not there", HTTPStatus: 400},
		},
		{
			errorType: perdure.ErrorStartAmbiguous, exit: 12, input: in(soon), state: perdure.StateAmbiguous,
			steps: []perduretest.Step{creates().Drop()},
			why:   perdure.ServiceError{Code: perdure.ErrorStartAmbiguous, Message: "may have been delivered"},
		},
		{
			errorType: perdure.ErrorPollRejected, exit: 10, input: in(), state: perdure.StateUnknown,
			steps: []perduretest.Step{creates().JSON(200, inProgressBatch), asks().JSON(403, `{"error":{"code":"forbidden","message":"not yours"}}`)},
			why:   perdure.ServiceError{Code: "forbidden", Message: "not yours", HTTPStatus: 403},
		},
		{
			errorType: perdure.ErrorProtocolViolation, exit: 1, input: in(), state: perdure.StateUnknown,
			steps: []perduretest.Step{creates().JSON(200, inProgressBatch), asks().Reply(200).Body("<html>")},
			why:   perdure.ServiceError{Code: perdure.ErrorProtocolViolation, Message: "not a JSON object"},
		},
		{
			errorType: perdure.ErrorOperationTimedOut, exit: 13, input: in(soon), state: perdure.StateUnknown,
			steps: []perduretest.Step{creates().JSON(200, inProgressBatch), asks().JSON(200, inProgressBatch).AnyTimes()},
			why:   perdure.ServiceError{Code: perdure.ErrorOperationTimedOut, Message: "timeoutSeconds"},
		},
		{
			errorType: perdure.ErrorInvalidInput, exit: 1, state: perdure.StateFailed,
			input: in(func(in *perdure.OperationInput) { in.Protocol = &perdure.ProtocolChoice{Name: "smoke"} }),
			why:   perdure.ServiceError{Code: perdure.ErrorInvalidInput, Message: "protocol.name"},
		},
		{
			errorType: perdure.ErrorInvalidToken, exit: 1, input: perdure.OperationInput{Token: "perdure1_AAAA"}, state: perdure.StateUnknown,
			why: perdure.ServiceError{Code: perdure.ErrorInvalidToken, Message: "too short"},
		},
		{
			errorType: perdure.ErrorEgressDenied, exit: 1, state: perdure.StateFailed,
			input: in(func(in *perdure.OperationInput) {
				in.Request.Service, in.Request.URL = "", "https://elsewhere.example/x"
			}),
			why: perdure.ServiceError{Code: perdure.ErrorEgressDenied, Message: "elsewhere.example"},
		},
		{
			errorType: perdure.ErrorCredentialFailed, exit: 1, input: in(), state: perdure.StateFailed,
			extra: "    auth: {type: bearer, env: NOWHERE_TO_BE_FOUND}\n",
			why:   perdure.ServiceError{Code: perdure.ErrorCredentialFailed, Message: "NOWHERE_TO_BE_FOUND"},
		},
		{
			errorType: perdure.ErrorResponseTooLarge, exit: 1, input: in(), state: perdure.StateUnknown,
			extra: "    limits: {maxResponseBytes: 1024}\n",
			steps: []perduretest.Step{creates().JSON(200, inProgressBatch), asks().Reply(200).Body(strings.Repeat("x", 2000))},
			why:   perdure.ServiceError{Code: perdure.ErrorResponseTooLarge, Message: "1024 bytes"},
		},
	} {
		t.Run(c.errorType, func(t *testing.T) {
			t.Parallel()
			service := perduretest.NewService(t, c.steps...)
			w := newWorld(t, settings{url: service.URL(), extra: c.extra})
			w.worker().ready()
			ctx := patient(t)

			_, op, err := starter.Run[store](ctx, w.client, c.input, &starter.StartOptions{ID: w.queue})
			bad := &perdure.OperationError{}
			require.ErrorAs(t, err, &bad)
			require.ErrorIs(t, err, &perdure.OperationError{Type: c.errorType})
			require.Equal(t, 1, strings.Count(err.Error(), c.errorType), "named once: %v", err)
			require.Contains(t, bad.Message, c.why.Message)
			require.Equal(t, c.state, bad.Status.State)
			require.Equal(t, c.why.Code, bad.Status.Error.Code)
			require.Equal(t, c.why.HTTPStatus, bad.Status.Error.HTTPStatus)

			failure := &temporal.ApplicationError{}
			require.ErrorAs(t, w.raw.GetWorkflow(ctx, op.ID(), "").Get(ctx, nil), &failure)
			require.Equal(t, bad.Message, failure.Message())
			require.Equal(t, c.errorType, failure.Type())
			require.True(t, failure.NonRetryable())
			var s perdure.Status
			require.NoError(t, failure.Details(&s))
			require.Equal(t, c.state, s.State)
			require.True(t, s.Done)
			require.Equal(t, c.errorType, s.ErrorType)
			_, err = op.Wait(ctx, nil)
			require.ErrorAs(t, err, &bad)
			require.Equal(t, perdure.OperationError{Type: c.errorType, Message: failure.Message(), Status: s, Err: bad.Err}, *bad)

			given, err := json.Marshal(c.input)
			require.NoError(t, err)
			printed := w.fails(t, c.exit, string(given), "run", "--file", "-", "--id", w.queue)
			require.Equal(t, c.errorType, printed.Type)
			require.Contains(t, printed.Message, c.why.Message)
			require.Equal(t, op.ID(), printed.WorkflowID)
			require.Equal(t, s, printed.Status)
		})
	}
}

// printedError is the error document of the command line.
type printedError struct {
	Type       string         `json:"type"`
	Message    string         `json:"message"`
	WorkflowID string         `json:"workflowId"`
	Status     perdure.Status `json:"status"`
}

// fails runs a command that fails, and reads the one document that it prints.
func (w *world) fails(t *testing.T, exit int, stdin string, args ...string) printedError {
	t.Helper()
	stdout, stderr, got := w.perdure(w.server, stdin, append(args, "--output", "json")...)
	require.Equal(t, exit, got, "%s%s", stdout, stderr)
	require.Equal(t, 1, strings.Count(stdout, "\n"), "one JSON document: %s", stdout)
	var printed struct {
		Error printedError `json:"error"`
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &printed))
	return printed.Error
}

// An id that is taken is told to who starts. The operation that has it is left alone.
func TestIDConflictInEachOfItsShapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	ctx := patient(t)
	op, err := starter.Start[store](ctx, w.client, vectorStore(time.Second), &starter.StartOptions{ID: w.queue})
	require.NoError(t, err)
	_, _, err = starter.Run[store](ctx, w.client, vectorStore(time.Hour), &starter.StartOptions{ID: w.queue})
	require.ErrorIs(t, err, &perdure.OperationError{Type: perdure.ErrorIDConflict})
	bad := &perdure.OperationError{}
	require.ErrorAs(t, err, &bad)
	require.Contains(t, bad.Message, w.queue)
	require.Equal(t, op.LastStatus().RemoteID, bad.Status.RemoteID, "that of the operation which has it")
	other, err := json.Marshal(vectorStore(time.Hour))
	require.NoError(t, err)
	printed := w.fails(t, 1, string(other), "run", "--file", "-", "--id", w.queue)
	require.Equal(t, perdure.ErrorIDConflict, printed.Type)
	require.Equal(t, w.queue, printed.WorkflowID)
	_, err = op.Wait(ctx, nil)
	require.NoError(t, err)
	require.Len(t, w.service.Books().Starts(), 1)
}

// A state that makes no token is told to who asks for one. The operation goes on.
func TestTokenTooLargeInEachOfItsShapes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	ctx := patient(t)
	in := vectorStore(time.Second)
	in.Request.Headers = map[string][]string{"X-Large": {strings.Repeat("x", perdure.MaxTokenBytes)}}
	op, err := starter.Start[store](ctx, w.client, in, nil)
	require.NoError(t, err)
	_, err = op.Token(ctx)
	require.ErrorIs(t, err, &perdure.OperationError{Type: perdure.ErrorTokenTooLarge})
	require.ErrorContains(t, err, "16384")
	printed := w.fails(t, 1, "", "token", op.ID())
	require.Equal(t, perdure.ErrorTokenTooLarge, printed.Type)
	require.Contains(t, printed.Message, "16384")
	value, err := op.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "completed", value.Status)
}

// A canceled operation is no failed one: Temporal has a word of its own for it.
func TestCanceledInEachOfItsShapes(t *testing.T) {
	t.Parallel()
	service := perduretest.NewService(t, creates().JSON(200, inProgressBatch),
		asks().JSON(http.StatusOK, `{"id":"batch_1","object":"batch","status":"cancelled","output_file_id":"file-2"}`))
	w := newWorld(t, settings{url: service.URL()})
	w.worker()
	ctx := patient(t)
	_, op, err := starter.Run[store](ctx, w.client, batch(time.Hour), nil)
	require.ErrorIs(t, err, &perdure.OperationError{Type: perdure.ErrorCanceled})
	bad := &perdure.OperationError{}
	require.ErrorAs(t, err, &bad)

	canceled := &temporal.CanceledError{}
	require.ErrorAs(t, w.raw.GetWorkflow(ctx, op.ID(), "").Get(ctx, nil), &canceled)
	var s perdure.Status
	require.NoError(t, canceled.Details(&s))
	require.Equal(t, perdure.StateCanceled, s.State)
	require.True(t, s.Done)
	require.Empty(t, s.ErrorType)
	require.Contains(t, string(s.Error.Details), "file-2", "what was produced so far")
	require.Equal(t, s, bad.Status)

	printed := w.fails(t, 11, "", "wait", op.ID())
	require.Equal(t, perdure.ErrorCanceled, printed.Type)
	require.NotEmpty(t, printed.Message)
	require.Equal(t, s, printed.Status)
}

// What can be seen without a worker is told before anything is started.
func TestInvalidInputOfTheCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	in := vectorStore(time.Second)
	in.TimeoutSeconds = -1
	_, op, err := starter.Run[store](patient(t), w.client, in, nil)
	require.Nil(t, op)
	bad := &perdure.InputError{}
	require.ErrorAs(t, err, &bad)
	require.Equal(t, "timeoutSeconds", bad.Field)
	given, err := json.Marshal(in)
	require.NoError(t, err)
	printed := w.fails(t, 2, string(given), "run", "--file", "-")
	require.Equal(t, perdure.ErrorInvalidInput, printed.Type)
	require.Contains(t, printed.Message, "timeoutSeconds")
}
