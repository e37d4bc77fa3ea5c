package perduretest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

func operation(url string) perdure.OperationInput {
	return perdure.OperationInput{Request: &perdure.Request{Service: "jobs", Method: "POST", URL: url}}
}

func collection(url string) perdure.CollectionInput {
	return perdure.CollectionInput{Request: &perdure.Request{Service: "jobs", Method: "GET", URL: url}}
}

func stream(url string) perdure.StreamInput {
	return perdure.StreamInput{
		Request:  &perdure.Request{Service: "jobs", Method: "GET", URL: url},
		Protocol: &perdure.ProtocolChoice{Name: "sse"},
	}
}

func start(t *testing.T, c *starter.Client, in perdure.OperationInput) *starter.Operation[string] {
	t.Helper()
	op, err := starter.Start[string](t.Context(), c, in, nil)
	require.NoError(t, err)
	return op
}

// What is not scripted fails the test, and who asked for it.
func TestWhatIsNotScripted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		ask  func(context.Context, *starter.Client) error
		want string
	}{
		{"an operation", func(ctx context.Context, c *starter.Client) error {
			_, err := starter.Start[string](ctx, c, operation("/a?x=1"), nil)
			return err
		}, "no Operation is scripted for POST /a?x=1; scripted: Operation POST /jobs, Pages GET /items, Stream GET /events"},
		{"an adoption", func(ctx context.Context, c *starter.Client) error {
			_, err := starter.Start[string](ctx, c, perdure.OperationInput{Service: "jobs", Adopt: &perdure.Adoption{Operation: "7"}}, nil)
			return err
		}, "no Operation is scripted for adoption {Azcore: Operation:7"},
		{"a collection", func(ctx context.Context, c *starter.Client) error {
			_, err := starter.StartCollection[string](ctx, c, collection("/jobs"), nil)
			return err
		}, "no Pages is scripted for GET /jobs"},
		{"a page", func(ctx context.Context, c *starter.Client) error {
			_, err := starter.GetPage[string](ctx, c, collection("/jobs"), nil)
			return err
		}, "no Pages is scripted for GET /jobs"},
		{"a stream", func(ctx context.Context, c *starter.Client) error {
			_, err := starter.StartStream[string](ctx, c, stream("/jobs"), nil)
			return err
		}, "no Stream is scripted for GET /jobs"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tb := &fakeTB{TB: t}
			fake := perduretest.NewClient(tb)
			fake.On("POST", "/jobs").Operation()
			fake.On("GET", "/items").Pages()
			fake.On("GET", "/events").Stream()
			err := test.ask(t.Context(), fake.Starter())
			require.ErrorContains(t, err, test.want)
			failures := tb.end()
			require.Len(t, failures, 1)
			require.Contains(t, failures[0], test.want)
		})
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		route, url string
		want       bool
	}{
		{"/jobs", "/jobs", true},
		{"/jobs", "/jobs?after=7", true},
		{"/jobs?after=7", "/jobs?after=7", true},
		{"/jobs?after=7", "/jobs?after=8", false},
		{"/jobs?after=7", "/jobs", false},
		{"/jobs", "/jobs/7", false},
		{"/jobs/7", "/jobs", false},
		{"/jobs/{id}", "/jobs/7", true},
		{"/jobs/{id}", "/jobs/", false},
		{"/jobs/{id}", "/jobs/7/cancel", false},
		{"/jobs/{id}/cancel", "/jobs/7/cancel", true},
		{"/{name...}", "/projects/p/jobs/7", true},
		{"/{name...}", "/", false},
		{"https://api.example.com/jobs", "https://api.example.com/jobs", true},
		{"https://api.example.com/jobs", "/jobs", false},
	}
	for _, test := range tests {
		t.Run(test.route+" "+test.url, func(t *testing.T) {
			t.Parallel()
			fake := perduretest.NewClient(&fakeTB{TB: t})
			fake.On("POST", test.route).Operation()
			_, err := starter.Start[string](t.Context(), fake.Starter(), operation(test.url), nil)
			require.Equal(t, test.want, err == nil, "%v", err)
		})
	}
}

func TestScriptsOfARouteAreTakenInTurn(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/jobs").Operation(perduretest.Succeeded("first"))
	fake.On("POST", "/{any}").Operation(perduretest.Succeeded("then"))
	c := fake.Starter()
	for _, want := range []string{"first", "then", "then"} {
		got, _, err := starter.Run[string](t.Context(), c, operation("/jobs"), nil)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	require.Len(t, fake.Operations(), 3)
	require.Empty(t, fake.Streams())
}

// Each question moves it on by one, and looking at it by none.
func TestAnOperationMovesByQuestions(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/jobs").Operation(
		perduretest.Pending("queued").RemoteID("job_7"),
		perduretest.Running(50).ServiceStatus("busy").Progress(map[string]int{"done": 1}),
		perduretest.Running(90),
		perduretest.Succeeded("it is done"))
	ctx := t.Context()
	op := start(t, fake.Starter(), operation("/jobs"))
	for range 3 {
		s, err := op.Status(ctx)
		require.NoError(t, err)
		require.Equal(t, "queued", s.ServiceStatus)
		require.Nil(t, s.PercentComplete)
	}
	s, err := op.UpdateStatus(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "busy", s.ServiceStatus)
	require.InDelta(t, 50, *s.PercentComplete, 0)
	require.JSONEq(t, `{"done":1}`, string(s.Progress))
	require.Equal(t, "job_7", s.RemoteID, "it stays")
	require.NoError(t, op.RequestPoll(ctx))
	s, err = op.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, "running", s.ServiceStatus)
	require.Equal(t, 2, s.Polls)
	_, err = op.Value(ctx)
	require.ErrorIs(t, err, starter.ErrNotDone)
	value, err := op.Wait(ctx, &starter.WaitOptions{Polling: &perdure.Polling{IntervalSeconds: 30}})
	require.NoError(t, err)
	require.Equal(t, "it is done", value)
	_, err = op.UpdateStatus(ctx, &starter.UpdateStatusOptions{Headers: map[string][]string{"Authorization": {"mine"}}})
	require.NoError(t, err, "nobody is asked any more")
}

func TestUpdateStatusRefusesCredentials(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/jobs").Operation()
	op := start(t, fake.Starter(), operation("/jobs"))
	_, err := op.UpdateStatus(t.Context(), &starter.UpdateStatusOptions{Headers: map[string][]string{"Authorization": {"mine"}}})
	require.ErrorIs(t, err, &perdure.OperationError{Type: perdure.ErrorInvalidInput})
}

func TestEveryTypeOfFailure(t *testing.T) {
	t.Parallel()
	why := perdure.ServiceError{Code: "no", Message: "not now", HTTPStatus: 409, Details: json.RawMessage(`{"n":1}`)}
	for _, test := range []struct {
		errorType string
		state     perdure.State
	}{
		{perdure.ErrorOperationFailed, perdure.StateFailed},
		{perdure.ErrorStartRejected, perdure.StateFailed},
		{perdure.ErrorStartAmbiguous, perdure.StateAmbiguous},
		{perdure.ErrorPollRejected, perdure.StateUnknown},
		{perdure.ErrorProtocolViolation, perdure.StateUnknown},
		{perdure.ErrorOperationTimedOut, perdure.StateUnknown},
		{perdure.ErrorCredentialFailed, perdure.StateUnknown},
		{perdure.ErrorResponseTooLarge, perdure.StateUnknown},
	} {
		t.Run(test.errorType, func(t *testing.T) {
			t.Parallel()
			fake := perduretest.NewClient(t)
			fake.On("POST", "/jobs").Operation(perduretest.Running(1), perduretest.FailedAs(test.errorType, why))
			_, err := start(t, fake.Starter(), operation("/jobs")).Wait(t.Context(), nil)
			bad := &perdure.OperationError{}
			require.ErrorAs(t, err, &bad)
			require.Equal(t, test.errorType, bad.Type)
			require.Equal(t, test.state, bad.Status.State)
			require.Equal(t, test.errorType, bad.Status.ErrorType)
			require.Equal(t, &why, bad.Status.Error)
			require.True(t, bad.Status.Done)
		})
	}
}

func TestRawResponses(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/jobs").Operation(
		perduretest.Pending("queued"),
		perduretest.Running(1).Response(perdure.Response{Status: 202, Headers: map[string][]string{"Retry-After": {"5"}}, Body: perdure.TextBody("soon")}),
		perduretest.Succeeded(perdure.BytesBody([]byte{0, 1})))
	ctx := t.Context()
	op, err := starter.Start[[]byte](ctx, fake.Starter(), operation("/jobs"), nil)
	require.NoError(t, err)
	raw, err := op.RawResponse(ctx)
	require.NoError(t, err)
	require.Equal(t, 200, raw.Status)
	require.Equal(t, perdure.RequestLine{Method: "POST", URL: "/jobs"}, raw.Request)
	require.JSONEq(t, `{"status":"queued"}`, string(raw.Body.JSON))
	_, err = op.UpdateStatus(ctx, nil)
	require.NoError(t, err)
	raw, err = op.RawResponse(ctx)
	require.NoError(t, err)
	require.Equal(t, 202, raw.Status)
	require.Equal(t, "GET", raw.Request.Method)
	require.False(t, raw.ReceivedAt.IsZero())
	value, err := op.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, []byte{0, 1}, value)
}

// Hours pass in no time, and nothing is left behind.
func TestHoursOfAnOperationInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := perduretest.NewClient(t)
		fake.On("POST", "/jobs").Operation(
			perduretest.Running(10).After(time.Hour),
			perduretest.Running(50).After(time.Hour),
			perduretest.Succeeded("late").After(time.Hour))
		ctx, begun := t.Context(), time.Now()
		op := start(t, fake.Starter(), operation("/jobs"))
		require.Equal(t, time.Hour, time.Since(begun), "the answer to the start came after an hour")
		time.Sleep(90 * time.Minute)
		s, err := op.Status(ctx)
		require.NoError(t, err)
		require.InDelta(t, 50, *s.PercentComplete, 0, "it came by itself")
		value, err := op.Wait(ctx, nil)
		require.NoError(t, err)
		require.Equal(t, "late", value)
		require.Less(t, time.Since(begun), 3*time.Hour+time.Minute)
	})
}

func TestWhoStopsWaitingLeavesTheOperation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		fake := perduretest.NewClient(t)
		fake.On("POST", "/jobs").Operation(perduretest.Running(10).Hold(release), perduretest.Succeeded("late").After(time.Minute))
		short, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		op, err := starter.Start[string](short, fake.Starter(), operation("/jobs"), nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = op.Token(t.Context())
		require.ErrorIs(t, err, starter.ErrNoToken)
		close(release)
		shorter, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		_, err = op.Wait(shorter, nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		value, err := op.Wait(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, "late", value)
	})
}

// A cancel that comes before the start is answered is sent after it.
func TestCancelBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := perduretest.NewClient(t)
		fake.On("POST", "/jobs").Operation(perduretest.Running(10).After(time.Minute))
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		op, err := starter.Start[string](short, fake.Starter(), operation("/jobs"), nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, op.Cancel(t.Context(), "too slow"))
		s, err := op.Status(t.Context())
		require.NoError(t, err)
		require.Equal(t, perdure.StateStarting, s.State)
		_, err = op.Wait(t.Context(), nil)
		require.ErrorIs(t, err, &perdure.OperationError{Type: perdure.ErrorCanceled})
		require.True(t, op.LastStatus().Cancel.Confirmed)
	})
}

func TestAStartThatIsSettledSlowly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := perduretest.NewClient(t)
		fake.On("POST", "/jobs").Operation(perduretest.Ambiguous(), perduretest.Running(1).After(10*time.Minute), perduretest.Succeeded("found"))
		op, err := starter.Start[string](t.Context(), fake.Starter(), operation("/jobs"), nil)
		require.ErrorIs(t, err, &perdure.OperationError{Type: perdure.ErrorStartAmbiguous})
		s, err := op.Resolve(t.Context(), perdure.Resolve{Retry: true})
		require.NoError(t, err)
		require.Equal(t, perdure.StateRunning, s.State)
		value, err := op.Wait(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, "found", value)
	})
}

func TestAnAmbiguousStartWithNothingAfterIt(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/jobs").Operation(perduretest.Ambiguous())
	op, err := starter.Start[string](t.Context(), fake.Starter(), operation("/jobs"), nil)
	require.Error(t, err)
	_, err = op.Resolve(t.Context(), perdure.Resolve{Retry: true})
	require.ErrorContains(t, err, "no state is scripted after Ambiguous")
}

func TestTokensOfOperations(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/jobs").Operation(
		perduretest.Pending("queued").RemoteID("job_7"), perduretest.Running(50), perduretest.Succeeded("done"),
	).OnCancel(perduretest.Running(60), perduretest.Canceled())
	ctx, c := t.Context(), fake.Starter()
	op := start(t, c, operation("/jobs"))
	_, err := op.UpdateStatus(ctx, nil)
	require.NoError(t, err)
	token, err := op.Token(ctx)
	require.NoError(t, err)

	fake.Forget(op.ID())
	_, err = starter.Attach[string](ctx, c, op.ID())
	require.ErrorIs(t, err, starter.ErrNotFound)
	again, err := starter.Rehydrate[string](ctx, c, token, nil)
	require.NoError(t, err)
	s, err := again.Status(ctx)
	require.NoError(t, err)
	require.InDelta(t, 50, *s.PercentComplete, 0, "in the state that the token was made in")
	require.Equal(t, "job_7", s.RemoteID)

	require.NoError(t, again.Cancel(ctx, ""))
	token, err = again.Token(ctx)
	require.NoError(t, err)
	fake.Forget(op.ID())
	again, err = starter.Rehydrate[string](ctx, c, token, nil)
	require.NoError(t, err)
	s, err = again.UpdateStatus(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, perdure.StateCanceling, s.State)
	_, err = again.Wait(ctx, nil)
	require.ErrorIs(t, err, &perdure.OperationError{Type: perdure.ErrorCanceled})
	token, err = again.Token(ctx)
	require.NoError(t, err)
	fake.Forget(op.ID())
	again, err = starter.Rehydrate[string](ctx, c, token, nil)
	require.ErrorIs(t, err, &perdure.OperationError{Type: perdure.ErrorCanceled}, "the service says so again")
	require.NotNil(t, again)

	_, err = starter.Rehydrate[string](ctx, perduretest.NewClient(t).Starter(), token, nil)
	require.ErrorIs(t, err, tokens.ErrKeyRetired, "of another client")
}

// A starter without the keyset has the worker open the token.
func TestTheWorkerRefusesTokens(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	fake.On("GET", "/items").Pages(perduretest.NewPage(1), perduretest.NewPage(2))
	in := collection("/items")
	in.Type = "ListItems"
	page, err := starter.GetPage[int](t.Context(), fake.Starter(), in, nil)
	require.NoError(t, err)
	keyless, err := starter.New(fake.Temporal(), starter.Options{})
	require.NoError(t, err)
	_, err = starter.GetPage[int](t.Context(), keyless, perdure.CollectionInput{Token: page.NextPageToken.Text(), Type: "ListOthers"}, nil)
	require.ErrorIs(t, err, &perdure.CollectionError{Type: perdure.ErrorInvalidToken})
	require.ErrorIs(t, err, tokens.ErrType)
	_, err = starter.StartCollection[int](t.Context(), keyless, perdure.CollectionInput{Token: page.NextPageToken.Text()}, nil)
	require.ErrorIs(t, err, &perdure.CollectionError{Type: perdure.ErrorInvalidToken})
	_, err = starter.Start[int](t.Context(), keyless, perdure.OperationInput{Token: page.NextPageToken.Text()}, nil)
	require.ErrorIs(t, err, &perdure.OperationError{Type: perdure.ErrorInvalidToken})
	h, err := starter.StartStream[int](t.Context(), keyless, perdure.StreamInput{Token: page.NextPageToken.Text()}, nil)
	require.NoError(t, err)
	for _, err = range h.Events(t.Context(), 0) {
		break
	}
	require.ErrorIs(t, err, &perdure.StreamError{Type: perdure.ErrorInvalidToken})
}

func TestPagesThatAreHeld(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	fake := perduretest.NewClient(t)
	fake.On("GET", "/items").Pages(perduretest.NewPage(1), perduretest.NewPage(2).Hold(release))
	h, err := starter.StartCollection[int](t.Context(), fake.Starter(), collection("/items"), nil)
	require.NoError(t, err)
	for page, err := range h.Pages(t.Context(), nil) {
		require.NoError(t, err)
		if page.Index == 0 {
			close(release)
		}
		require.Equal(t, []int{page.Index + 1}, page.Values)
		require.Equal(t, page.Index == 1, page.Last)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = h.Page(ctx, 1)
	require.ErrorIs(t, err, context.Canceled)
}

// An error in the middle is told once to who asks for that page; one at the end always.
func TestPagesThatCannotBeHad(t *testing.T) {
	t.Parallel()
	busy := perduretest.PageError(perdure.ErrorPageRejected, perdure.ServiceError{Code: "busy"})
	gone := perduretest.PageError(perdure.ErrorPageRejected, perdure.ServiceError{Code: "gone"})
	fake := perduretest.NewClient(t)
	fake.On("GET", "/items").Pages(busy, perduretest.NewPage(0), busy, busy, perduretest.NewPage(1), gone)
	ctx, c := t.Context(), fake.Starter()
	h, err := starter.StartCollection[int](ctx, c, collection("/items"), nil)
	require.ErrorContains(t, err, "busy")
	var said []string
	for range 5 {
		for page, err := range h.Pages(ctx, nil) {
			if err != nil {
				said = append(said, err.Error())
				break
			}
			said = append(said, fmt.Sprint(page.Values))
		}
	}
	rejected := "perdure: PageRejected: "
	require.Equal(t, []string{
		"[0]", rejected + "busy", "[0]", rejected + "busy", "[0]", "[1]", rejected + "gone",
		"[0]", "[1]", rejected + "gone", "[0]", "[1]", rejected + "gone",
	}, said)
	require.NoError(t, h.Cancel(ctx, ""))
	_, err = h.Page(ctx, 2)
	require.ErrorIs(t, err, &perdure.CollectionError{Type: perdure.ErrorCanceled})
}

// A stream is followed while it comes, from any place.
func TestAStreamThatIsFollowed(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	fake := perduretest.NewClient(t)
	fake.On("GET", "/events").Stream(
		perduretest.NewEvent(map[string]int{"n": 1}).ID("a").Type("tick"), perduretest.NewEvent(map[string]int{"n": 2}).Hold(release),
		perduretest.NewEvent(map[string]int{"n": 3}))
	ctx, c := t.Context(), fake.Starter()
	h, err := starter.StartStream[struct{ N int }](ctx, c, stream("/events"), nil)
	require.NoError(t, err)
	token, err := h.Token(ctx)
	require.NoError(t, err)
	for event, err := range h.Events(ctx, 0) {
		require.NoError(t, err)
		require.Equal(t, event.Offset+1, event.Data.N)
		if event.Offset == 0 {
			require.Equal(t, "tick", event.Type)
			require.Equal(t, "a", event.ID)
			close(release)
		}
	}
	fake.Forget(h.ID())
	again, err := starter.RehydrateStream[struct{ N int }](ctx, c, token, nil)
	require.NoError(t, err)
	var rest []int
	for event, err := range again.Events(ctx, 1) {
		require.NoError(t, err)
		rest = append(rest, event.Offset)
	}
	require.Equal(t, []int{1, 2}, rest)
	for _, err = range again.Events(ctx, 0) {
		break
	}
	require.ErrorIs(t, err, &perdure.StreamError{Type: perdure.ErrorNotFetched}, "what came before the token is no longer there")
}

func TestAStreamThatIsCanceled(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	fake.On("GET", "/events").Stream(perduretest.NewEvent("one"), perduretest.NewEvent("never").Hold(make(chan struct{})))
	ctx := t.Context()
	h, err := starter.StartStream[string](ctx, fake.Starter(), stream("/events"), nil)
	require.NoError(t, err)
	var got []string
	for event, err := range h.Events(ctx, 0) {
		if err != nil {
			require.ErrorIs(t, err, &perdure.StreamError{Type: perdure.ErrorCanceled})
			break
		}
		got = append(got, event.Data)
		require.NoError(t, h.Cancel(ctx, ""))
	}
	require.Equal(t, []string{"one"}, got)
}

func TestList(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/jobs").Operation(perduretest.Running(1))
	fake.On("POST", "/done").Operation(perduretest.Succeeded(nil))
	fake.On("GET", "/items").Pages()
	ctx, c := t.Context(), fake.Starter()
	running, done := start(t, c, operation("/jobs")), start(t, c, operation("/done"))
	_, err := starter.StartCollection[int](ctx, c, collection("/items"), nil)
	require.NoError(t, err)
	listed := func(o *starter.ListOptions) (ids []string) {
		for s, err := range c.List(ctx, o) {
			require.NoError(t, err)
			ids = append(ids, s.WorkflowID)
		}
		return ids
	}
	require.Equal(t, []string{done.ID(), running.ID()}, listed(nil))
	require.Equal(t, []string{running.ID()}, listed(&starter.ListOptions{State: perdure.StateRunning, Service: "jobs"}))
	require.Empty(t, listed(&starter.ListOptions{Service: "it's another"}))
}

func TestWhatTemporalInMemoryDoesNotAnswer(t *testing.T) {
	t.Parallel()
	fake := perduretest.NewClient(t)
	_, err := fake.Temporal().WorkflowService().CountWorkflowExecutions(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Namespace: "default"})
	var unimplemented *serviceerror.Unimplemented
	require.ErrorAs(t, err, &unimplemented)
}

// One client serves as many as like, at once.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	fake := perduretest.NewClient(t)
	fake.On("POST", "/jobs").Operation(perduretest.Running(1), perduretest.Running(2), perduretest.Succeeded("done").Hold(release))
	fake.On("GET", "/items").Pages(perduretest.NewPage(1), perduretest.NewPage(2), perduretest.NewPage(3))
	ctx, c := t.Context(), fake.Starter()
	shared := start(t, c, operation("/jobs"))
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			errs := []error{}
			_, err := shared.UpdateStatus(ctx, nil)
			errs = append(errs, err)
			if i == 40 {
				close(release)
			}
			_, err = shared.Wait(ctx, nil)
			errs = append(errs, err)
			_, _, err = starter.Run[string](ctx, c, operation("/jobs"), nil)
			errs = append(errs, err)
			n := 0
			for v, err := range starter.All[int](ctx, c, collection("/items"), &starter.CollectionOptions{ID: "shared"}) {
				errs = append(errs, err)
				n += v
			}
			if err := errors.Join(errs...); err != nil || n != 6 {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
	group.Wait()
}
