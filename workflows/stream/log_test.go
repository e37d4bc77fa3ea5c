package stream_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows"
)

// play runs a stream whose reader does nothing: the test records in its place.
type play struct {
	t        *testing.T
	env      *testsuite.TestWorkflowEnvironment
	children children
}

func newPlay(t *testing.T) *play {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	p := &play{t: t, env: suite.NewTestWorkflowEnvironment()}
	p.env.SetTestTimeout(time.Minute)
	workflows.Register(p.env)
	p.env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&p.children}, DeadlockDetectionTimeout: time.Minute})
	return p
}

func input() perdure.StreamInput {
	return perdure.StreamInput{
		Request:  &perdure.Request{Service: "ai", Method: "POST", URL: "/chat"},
		Protocol: &perdure.ProtocolChoice{Name: "openai"}, Type: "Chat",
	}
}

// at sends a batch when the workflow has run for d.
func (p *play) at(d time.Duration, b perdure.Batch) *play {
	return p.do(d, func() { p.env.SignalWorkflow(perdure.SignalRecord, b) })
}

func (p *play) do(d time.Duration, f func()) *play {
	p.env.RegisterDelayedCallback(f, d)
	return p
}

func (p *play) run(args ...any) *play {
	p.t.Helper()
	if args == nil {
		args = []any{input()}
	}
	p.env.ExecuteWorkflow(perdure.WorkflowStream, args...)
	require.True(p.t, p.env.IsWorkflowCompleted())
	return p
}

func (p *play) status() (s perdure.StreamStatus) {
	p.t.Helper()
	value, err := p.env.QueryWorkflow(perdure.QueryStatus)
	require.NoError(p.t, err)
	require.NoError(p.t, value.Get(&s))
	return s
}

func (p *play) read(r perdure.ReadRequest) (perdure.Events, error) {
	p.t.Helper()
	value, err := p.env.QueryWorkflow(perdure.QueryRead, r)
	if err != nil {
		return perdure.Events{}, err
	}
	var got perdure.Events
	require.NoError(p.t, value.Get(&got))
	return got, nil
}

// data are what was recorded, from the first.
func (p *play) data() []string {
	p.t.Helper()
	got, err := p.read(perdure.ReadRequest{})
	require.NoError(p.t, err)
	var out []string
	for i, e := range got.Events {
		require.Equal(p.t, i, e.Offset)
		out = append(out, string(e.Data))
	}
	return out
}

// batch is of events that are numbers, from first on.
func batch(writer int64, first, n int) perdure.Batch {
	b := perdure.Batch{Writer: writer, First: first}
	for i := range n {
		b.Events = append(b.Events, perdure.RecordedEvent{Type: "message", Data: json.RawMessage(strconv.Itoa(first + i))})
	}
	return b
}

// ending is a batch after which the stream is over.
func ending(b perdure.Batch, errorType string) perdure.Batch {
	b.End = &perdure.StreamEnd{ErrorType: errorType}
	if errorType != "" {
		b.End.Error = &perdure.ServiceError{Code: "why", Message: "because"}
	}
	return b
}

func TestAStreamIsRecorded(t *testing.T) {
	head := batch(1, 0, 2)
	head.Response, head.Service, head.Protocol = &perdure.Response{Status: 200}, "ai", "openai"
	p := newPlay(t).
		at(time.Second, head)
	p.do(2*time.Second, func() { require.Equal(t, perdure.StateRunning, p.status().State) })
	p.at(3*time.Second, ending(batch(1, 2, 1), "")).run()
	require.NoError(t, p.env.GetWorkflowError())
	var result perdure.StreamResult
	require.NoError(t, p.env.GetWorkflowResult(&result))
	require.Equal(t, perdure.StreamResult{State: perdure.StateSucceeded, Events: 3, Bytes: 3}, result)
	require.Equal(t, []string{"0", "1", "2"}, p.data())
	got, err := p.read(perdure.ReadRequest{Offset: 1, Max: 1})
	require.NoError(t, err)
	require.Equal(t, 2, got.Next)
	require.False(t, got.Done)
	got, err = p.read(perdure.ReadRequest{Offset: 3})
	require.NoError(t, err)
	require.Equal(t, perdure.Events{Events: []perdure.Event{}, Next: 3, Done: true}, got)
}

// A batch whose signal was sent again, and one that begins before what is there.
func TestWhatIsThereAlreadyIsDropped(t *testing.T) {
	p := newPlay(t).
		at(1*time.Second, batch(1, 0, 3)).
		at(2*time.Second, batch(1, 0, 3)).
		at(3*time.Second, batch(1, 1, 4)).
		at(4*time.Second, batch(1, 0, 1)).
		at(5*time.Second, ending(batch(1, 5, 0), "")).
		run()
	require.NoError(t, p.env.GetWorkflowError())
	require.Equal(t, []string{"0", "1", "2", "3", "4"}, p.data())
}

// An attempt that was thought dead goes on sending after the next has begun.
func TestAnEarlierAttemptIsNotListenedTo(t *testing.T) {
	late := batch(1, 2, 1)
	late.Events[0].Data = json.RawMessage(`"zombie"`)
	p := newPlay(t).
		at(1*time.Second, batch(1, 0, 2)).
		at(2*time.Second, batch(2, 2, 0)).
		at(3*time.Second, late).
		at(4*time.Second, ending(batch(1, 2, 0), perdure.ErrorStreamBroken)).
		at(5*time.Second, ending(batch(2, 2, 1), "")).
		run()
	require.NoError(t, p.env.GetWorkflowError())
	require.Equal(t, []string{"0", "1", "2"}, p.data())
}

func TestABatchThatIsMissingIsNoticed(t *testing.T) {
	p := newPlay(t).at(time.Second, batch(1, 0, 1)).at(2*time.Second, batch(1, 2, 1)).run()
	requireFailure(t, p.env.GetWorkflowError(), perdure.ErrorStreamBroken)
	require.Equal(t, []string{"0"}, p.data(), "what came before is kept")
}

func TestABadEndKeepsWhatCameBefore(t *testing.T) {
	p := newPlay(t).at(time.Second, batch(1, 0, 2)).at(2*time.Second, ending(batch(1, 2, 1), perdure.ErrorOperationFailed)).run()
	s := requireFailure(t, p.env.GetWorkflowError(), perdure.ErrorOperationFailed)
	require.Equal(t, 3, s.Events)
	require.Equal(t, []string{"0", "1", "2"}, p.data())
	got, err := p.read(perdure.ReadRequest{Offset: 3})
	require.NoError(t, err)
	require.True(t, got.Done)
	require.Equal(t, "because", got.Error.Message)
}

// requireFailure checks type and details, and gives the status in them.
func requireFailure(t *testing.T, err error, errorType string) (s perdure.StreamStatus) {
	t.Helper()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, errorType, app.Type())
	require.True(t, app.NonRetryable())
	require.NoError(t, app.Details(&s))
	require.True(t, s.Done)
	require.Equal(t, errorType, s.ErrorType)
	return s
}

func TestATypoInTheInputIsNamed(t *testing.T) {
	p := newPlay(t).run(json.RawMessage(`{"request":{"service":"a","method":"GET","url":"/s"},"protocol":{"name":"sse"},"silence":1}`))
	s := requireFailure(t, p.env.GetWorkflowError(), perdure.ErrorInvalidInput)
	require.Contains(t, s.Error.Message, "silence")
}

// What one run hands to the next is no caller's to send.
func TestTheStateOfARunBeforeIsRefused(t *testing.T) {
	p := newPlay(t).run(input(), map[string]any{"sealed": "canary", "status": map[string]any{"events": 3}})
	s := requireFailure(t, p.env.GetWorkflowError(), perdure.ErrorInvalidInput)
	require.Contains(t, s.Error.Message, "arguments: are two, want one: the input")
	require.Zero(t, s.Events)
}

func TestCancelBySignalAndByTemporal(t *testing.T) {
	for name, cancel := range map[string]func(*testsuite.TestWorkflowEnvironment){
		"signal":   func(env *testsuite.TestWorkflowEnvironment) { env.SignalWorkflow(perdure.SignalCancel, nil) },
		"Temporal": func(env *testsuite.TestWorkflowEnvironment) { env.CancelWorkflow() },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			var stopped string
			p.env.OnRequestCancelExternalWorkflow(mock.Anything, mock.Anything, mock.Anything).Return(func(_, id, _ string) error {
				stopped = id
				return nil
			})
			p.at(time.Second, batch(1, 0, 2)).do(2*time.Second, func() { cancel(p.env) }).run()
			var canceled *temporal.CanceledError
			require.ErrorAs(t, p.env.GetWorkflowError(), &canceled)
			require.Equal(t, perdure.StateCanceled, p.status().State)
			require.Equal(t, []string{"0", "1"}, p.data())
			require.Contains(t, stopped, "/reader/", "the reader is told")
		})
	}
}

// wait runs the update, and gives where its answer goes.
func (p *play) wait(r perdure.WaitEventRequest) *answer {
	a := &answer{}
	p.env.UpdateWorkflow(perdure.UpdateWait, fmt.Sprint(r.Offset, time.Now().UnixNano()), &testsuite.TestUpdateCallback{
		OnAccept: func() {}, OnReject: func(err error) { a.err = err },
		OnComplete: func(result any, err error) {
			a.done, a.err, a.at = true, err, p.env.Now()
			a.status, _ = result.(perdure.StreamStatus)
		},
	}, r)
	return a
}

type answer struct {
	done   bool
	at     time.Time
	status perdure.StreamStatus
	err    error
}

func TestWaitAnswersOnceTheEventIsThereOrNeverWillBe(t *testing.T) {
	p := newPlay(t)
	var begin time.Time
	answers := map[string]*answer{}
	half := 0.5
	p.do(time.Second, func() {
		begin = p.env.Now()
		answers["0"] = p.wait(perdure.WaitEventRequest{})
		answers["2"] = p.wait(perdure.WaitEventRequest{Offset: 2})
		answers["9"] = p.wait(perdure.WaitEventRequest{Offset: 9})
		answers["bounded"] = p.wait(perdure.WaitEventRequest{Offset: 9, WaitSeconds: &half})
		answers["negative"] = p.wait(perdure.WaitEventRequest{Offset: -1})
	})
	p.at(2*time.Second, batch(1, 0, 2)).at(3*time.Second, batch(1, 2, 1)).at(4*time.Second, ending(batch(1, 3, 0), "")).run()
	require.NoError(t, p.env.GetWorkflowError())
	for name, want := range map[string]time.Duration{"0": time.Second, "2": 2 * time.Second, "9": 3 * time.Second, "bounded": 500 * time.Millisecond} {
		require.True(t, answers[name].done, name)
		require.NoError(t, answers[name].err, name)
		require.InDelta(t, want, answers[name].at.Sub(begin), float64(300*time.Millisecond), name)
	}
	require.True(t, answers["9"].status.Done)
	require.ErrorContains(t, answers["negative"].err, "offset")
}

// Who is gone does not wait for ever, and all share a timer.
func TestNobodyWaitsForLong(t *testing.T) {
	p := newPlay(t)
	timers := 0
	p.env.SetOnTimerScheduledListener(func(string, time.Duration) { timers++ })
	long := 3600.0
	var begin time.Time
	answers := map[string]*answer{}
	p.do(time.Second, func() {
		begin = p.env.Now()
		answers["first"] = p.wait(perdure.WaitEventRequest{Offset: 1})
		answers["long"] = p.wait(perdure.WaitEventRequest{Offset: 2, WaitSeconds: &long})
	})
	p.do(31*time.Second, func() { answers["later"] = p.wait(perdure.WaitEventRequest{Offset: 3}) })
	p.do(90*time.Second, func() { answers["again"] = p.wait(perdure.WaitEventRequest{Offset: 4}) })
	p.at(5*time.Minute, ending(batch(1, 0, 1), "")).run()
	require.NoError(t, p.env.GetWorkflowError())
	for name, want := range map[string]time.Duration{"first": time.Minute, "long": time.Minute, "later": time.Minute, "again": 149 * time.Second} {
		require.NoError(t, answers[name].err, name)
		require.InDelta(t, want, answers[name].at.Sub(begin), float64(time.Second), name)
		require.Zero(t, answers[name].status.Events)
	}
	require.Equal(t, 2+1, timers, "one a round, and the watch's")
}

// Bytes are the service's, not those of JSON's escapes.
func TestBytesAreTheData(t *testing.T) {
	b := perdure.Batch{Writer: 1}
	want := 0
	for data, n := range map[string]int{`"\u003cü\n\""`: 5, `""`: 0, `{"a":"\u003c"}`: 14, `12`: 2, `null`: 4} {
		b.Events = append(b.Events, perdure.RecordedEvent{Type: "message", Data: json.RawMessage(data)})
		want += n
	}
	p := newPlay(t).at(time.Second, ending(b, "")).run()
	require.NoError(t, p.env.GetWorkflowError())
	require.EqualValues(t, want, p.status().Bytes)
}

// A run that continues hands over what a reader would miss, and nothing that has come is
// lost on the way.
func TestContinueAsNewKeepsOffsets(t *testing.T) {
	p := newPlay(t).
		at(time.Second, batch(1, 0, 2)).
		at(2*time.Second, batch(1, 2, 1))
	p.do(3*time.Second, func() {
		p.env.SetContinueAsNewSuggested(true)
		p.env.SignalWorkflow(perdure.SignalRecord, batch(1, 2, 1)) // once more
	})
	p.run()
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, p.env.GetWorkflowError(), &next)
	var raw, carried json.RawMessage
	require.NoError(t, decode(next, &raw, &carried))

	again := newPlay(t).at(time.Second, batch(1, 3, 1)).at(2*time.Second, ending(batch(1, 4, 0), ""))
	again.env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).Return(nil).Maybe()
	again.env.SetContinuedExecutionRunID("the-run-before")
	again.run(raw, carried)
	require.NoError(t, again.env.GetWorkflowError())
	s := again.status()
	require.Equal(t, 4, s.Events)
	require.Len(t, s.Segments, 2)
	require.Equal(t, 3, s.Segments[1].FirstOffset)
	got, err := again.read(perdure.ReadRequest{Offset: 3})
	require.NoError(t, err)
	require.Len(t, got.Events, 1)
	_, err = again.read(perdure.ReadRequest{Offset: 2})
	var elsewhere *temporal.ApplicationError
	require.ErrorAs(t, err, &elsewhere)
	require.Equal(t, perdure.ErrorOtherRun, elsewhere.Type())
	var segment perdure.StreamSegment
	require.NoError(t, elsewhere.Details(&segment))
	require.Equal(t, s.Segments[0], segment)
}

// A question to a run that has ended has a worker replay all of it: a run is as long as
// one answer.
func TestARunEndsWhenAnAnswerIsFull(t *testing.T) {
	p := newPlay(t)
	for i := range 40 {
		b := batch(1, 10*i, 10)
		for j := range b.Events {
			b.Events[j].Data = json.RawMessage(`"` + strings.Repeat("x", 4000) + `"`)
		}
		p.at(time.Duration(i+1)*time.Second, b)
	}
	p.run()
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, p.env.GetWorkflowError(), &next)
	s := p.status()
	require.InDelta(t, 1_000_000/4092, s.Events, 10)
	got, err := p.read(perdure.ReadRequest{})
	require.NoError(t, err)
	require.InDelta(t, s.Events, got.Next, 10, "read in one answer")
}

// Taken up from a token: offsets go on, and what came before is not here.
func TestOffsetsGoOnAfterAToken(t *testing.T) {
	p := newPlay(t).at(time.Second, batch(1, 7, 1)).at(2*time.Second, ending(batch(1, 8, 1), "")).run(perdure.StreamInput{Token: "perdure1_x"})
	require.NoError(t, p.env.GetWorkflowError())
	got, err := p.read(perdure.ReadRequest{Offset: 7})
	require.NoError(t, err)
	require.Len(t, got.Events, 2)
	_, err = p.read(perdure.ReadRequest{})
	require.ErrorContains(t, err, "offset 7")
}

// The watchdog of a run that continues another.
func TestAReaderThatIsGoneIsNoticed(t *testing.T) {
	p := newPlay(t)
	p.env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, mock.Anything, mock.Anything, mock.Anything).
		Return(errors.New("no such workflow"))
	carried := map[string]any{"status": map[string]any{"state": "running", "events": 3}, "reader": "x/reader/y", "writer": 1, "published": map[string]any{}}
	p.env.SetContinuedExecutionRunID("the-run-before")
	p.run(input(), carried)
	requireFailure(t, p.env.GetWorkflowError(), perdure.ErrorStreamBroken)
}

// quiet drops the environment's log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
