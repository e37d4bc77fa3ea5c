package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// caller is who uses Perdure, and writes down what it sees.
type caller struct {
	*testing.T
	ctx      context.Context
	client   *starter.Client
	temporal client.Client
	id       string
	release  func() // what the scenario holds
	seen     []string
}

func (c *caller) sees(format string, args ...any) {
	c.seen = append(c.seen, strings.ReplaceAll(fmt.Sprintf(format, args...), c.id, "ID"))
}

// scenario is played in memory and for real.
type scenario struct {
	name   string
	memory func(fake *perduretest.Client, held <-chan struct{})
	real   []perduretest.Step // the service, in any order
	held   []perduretest.Step // and what it answers when the caller releases it
	extra  string             // of its configuration
	play   func(*caller)
}

// What users test with is held to the real thing: a caller sees the same in memory as with
// a server, a worker and a service over HTTP.
func TestInMemoryAsForReal(t *testing.T) {
	t.Parallel()
	for _, s := range append(append(operationsScenarios(), pagesScenarios()...), eventsScenarios()...) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			inMemory := s.inMemory(t)
			require.NotEmpty(t, inMemory)
			require.Equal(t, s.forReal(t), inMemory)
		})
	}
}

func (s scenario) inMemory(t *testing.T) []string {
	t.Helper()
	held := make(chan struct{})
	fake := perduretest.NewClient(t)
	s.memory(fake, held)
	c := &caller{T: t, ctx: patient(t), client: fake.Starter(), temporal: fake.Temporal(), id: "in-memory-id", release: func() { close(held) }}
	s.play(c)
	return c.seen
}

func (s scenario) forReal(t *testing.T) []string {
	t.Helper()
	held := make(chan struct{})
	steps := slices.Clone(s.real)
	for _, step := range s.held {
		steps = append(steps, step.Hold(held))
	}
	service := perduretest.NewService(t, steps...).AnyOrder()
	w := newWorld(t, settings{url: service.URL(), extra: s.extra})
	w.worker().ready()
	c := &caller{T: t, ctx: patient(t), client: w.client, temporal: w.raw, id: w.queue, release: func() { close(held) }}
	s.play(c)
	return c.seen
}

func (c *caller) status(s perdure.Status) {
	cancel := "none"
	if s.Cancel != nil {
		cancel = fmt.Sprintf("%q supported %s accepted %s confirmed %t", s.Cancel.Reason, known(s.Cancel.Supported), known(s.Cancel.Accepted), s.Cancel.Confirmed)
	}
	c.sees("status: %s, done %t, %q, %q of type %q at %q, error %q %s, cancel %s",
		s.State, s.Done, s.ServiceStatus, s.RemoteID, s.Type, s.Service, s.ErrorType, words(s.Error), cancel)
}

func known(b *bool) string {
	if b == nil {
		return "unknown"
	}
	return strconv.FormatBool(*b)
}

func words(e *perdure.ServiceError) string {
	if e == nil {
		return "none"
	}
	return fmt.Sprintf("%s/%s/%d", e.Code, e.Message, e.HTTPStatus)
}

// fails writes an error down: its type, what it says, and the status in it.
func (c *caller) fails(what string, err error) {
	var (
		operation  *perdure.OperationError
		collection *perdure.CollectionError
		stream     *perdure.StreamError
	)
	switch {
	case errors.As(err, &operation):
		c.sees("%s: %T: %v", what, operation, err)
		c.status(operation.Status)
	case errors.As(err, &collection):
		s := collection.Status
		c.sees("%s: %T: %v: %s, done %t, %d pages, %q %s", what, collection, err, s.State, s.Done, s.Pages, s.ErrorType, words(s.Error))
	case errors.As(err, &stream):
		s := stream.Status
		c.sees("%s: %T: %v: %s, done %t, %d events, %q %s", what, stream, err, s.State, s.Done, s.Events, s.ErrorType, words(s.Error))
	default:
		c.sees("%s: %v", what, err)
	}
}

// start starts the operation, which nobody asks for but the caller.
func (c *caller) start(in perdure.OperationInput) *starter.Operation[store] {
	c.Helper()
	op, err := starter.Start[store](c.ctx, c.client, in, &starter.StartOptions{ID: c.id})
	c.fails("start", err)
	require.NotNil(c, op)
	c.status(op.LastStatus())
	return op
}

// asks asks the service once.
func (c *caller) asks(op *starter.Operation[store]) {
	c.Helper()
	s, err := op.UpdateStatus(c.ctx, nil)
	c.fails("ask", err)
	c.status(s)
}

// waits waits for the end, and looks at what is there after it.
func (c *caller) waits(op *starter.Operation[store]) {
	c.Helper()
	_, err := op.Value(c.ctx)
	if errors.Is(err, starter.ErrNotDone) {
		c.fails("value", err)
	}
	value, err := op.Wait(c.ctx, &starter.WaitOptions{Polling: &perdure.Polling{IntervalSeconds: 0.1}})
	c.sees("value: %+v", value)
	c.fails("wait", err)
	s, err := op.Status(c.ctx)
	c.fails("status", err)
	c.status(s)
	c.sees("completed: %t", op.HasCompleted())
	c.fails("cancel", op.Cancel(c.ctx, "after the end"))
	_, err = op.Resolve(c.ctx, perdure.Resolve{Retry: true})
	c.fails("resolve", err)
	_, err = op.SetPolling(c.ctx, perdure.Polling{IntervalSeconds: 1})
	c.fails("set polling", err)
}

// onlyByHand is a batch that nobody asks for but its caller.
func onlyByHand() perdure.OperationInput {
	in := batch(0)
	in.Type, in.Audience = "CreateBatch", "tenant a"
	in.Polling = &perdure.Polling{IntervalSeconds: 3600}
	return in
}

func startsAndWaits(c *caller) { c.waits(c.start(onlyByHand())) }

// batchOf scripts the batch in memory, whose first state is that which creates() answers.
func batchOf(states ...perduretest.OperationState) func(*perduretest.Client, <-chan struct{}) {
	return func(fake *perduretest.Client, _ <-chan struct{}) { onBatches(fake).Operation(states...) }
}

func onBatches(fake *perduretest.Client) *perduretest.Route { return fake.On("POST", "/v1/batches") }

func inProgress() perduretest.OperationState {
	return perduretest.Pending("in_progress").RemoteID("batch_1")
}

func completed() perduretest.OperationState {
	return perduretest.Succeeded(store{ID: "batch_1", Status: "completed"}).ServiceStatus("completed").RemoteID("batch_1")
}

func canceledBatch() perduretest.OperationState {
	return perduretest.Canceled().ServiceStatus("cancelled")
}

func operationsScenarios() []scenario {
	refusal := func(status int) string {
		return fmt.Sprintf(`{"error":{"code":"no","message":"not like this %d"}}`, status)
	}
	refused := func(status int) perdure.ServiceError {
		return perdure.ServiceError{Code: "no", Message: fmt.Sprintf("not like this %d", status), HTTPStatus: status}
	}
	return []scenario{
		{
			name:   "succeeds",
			memory: batchOf(inProgress(), perduretest.Pending("finalizing"), completed()),
			real:   []perduretest.Step{batchThat(creates(), "in_progress"), batchThat(asks(), "finalizing"), batchThat(asks(), "completed")},
			play: func(c *caller) {
				op := c.start(onlyByHand())
				c.asks(op)
				c.waits(op)
				value, err := op.Value(c.ctx)
				c.sees("value: %+v %v", value, err)
			},
		},
		{
			name:   "succeeds at once",
			memory: batchOf(completed()),
			real:   []perduretest.Step{batchThat(creates(), "completed")},
			play:   startsAndWaits,
		},
		{
			name:   "fails",
			memory: batchOf(inProgress(), perduretest.Failed(perdure.ServiceError{Code: "bad_line", Message: "line 7"})),
			real: []perduretest.Step{batchThat(creates(), "in_progress"), asks().JSON(200,
				`{"id":"batch_1","object":"batch","status":"failed","errors":{"data":[{"code":"bad_line","message":"line 7"}]}}`)},
			play: startsAndWaits,
		},
		{
			name:   "is rejected",
			memory: batchOf(perduretest.Rejected(refused(400))),
			real:   []perduretest.Step{creates().JSON(400, refusal(400))},
			play:   startsAndWaits,
		},
		{
			name:   "cannot be asked for",
			memory: batchOf(inProgress(), perduretest.FailedAs(perdure.ErrorPollRejected, refused(403))),
			real:   []perduretest.Step{batchThat(creates(), "in_progress"), asks().JSON(403, refusal(403)).AnyTimes()},
			play:   startsAndWaits,
		},
		{
			name:   "times out",
			memory: batchOf(inProgress(), perduretest.TimedOut()),
			real:   []perduretest.Step{batchThat(creates(), "in_progress"), stillRunning()},
			play: func(c *caller) {
				in := onlyByHand()
				in.TimeoutSeconds = 1
				op := c.start(in)
				c.closes()
				c.waits(op)
			},
		},
		{
			name:   "is canceled by others",
			memory: batchOf(inProgress(), canceledBatch()),
			real:   []perduretest.Step{batchThat(creates(), "in_progress"), batchThat(asks(), "cancelled")},
			play:   startsAndWaits,
		},
		{
			name: "is canceled",
			memory: func(fake *perduretest.Client, held <-chan struct{}) {
				onBatches(fake).Operation(inProgress()).OnCancel(canceledBatch().Hold(held))
			},
			real: []perduretest.Step{batchThat(creates(), "in_progress"), batchThat(stops(), "cancelling")},
			held: []perduretest.Step{batchThat(asks(), "cancelled")},
			play: cancelsAndWaits,
		},
		{
			name: "is canceled too late",
			memory: func(fake *perduretest.Client, held <-chan struct{}) {
				onBatches(fake).Operation(inProgress()).OnCancel(completed().Hold(held))
			},
			real: []perduretest.Step{batchThat(creates(), "in_progress"), batchThat(stops(), "cancelling")},
			held: []perduretest.Step{batchThat(asks(), "completed")},
			play: cancelsAndWaits,
		},
		{
			name: "cannot be canceled",
			memory: func(fake *perduretest.Client, _ <-chan struct{}) {
				fake.On("POST", "/v1/vector_stores").Operation(inProgress().RemoteID("vs_1")).OnCancel()
			},
			real: []perduretest.Step{perduretest.POST("/v1/vector_stores").JSON(200, `{"id":"vs_1","object":"vector_store","status":"in_progress"}`)},
			play: func(c *caller) {
				in := onlyByHand()
				in.Request.URL = "/v1/vector_stores"
				op := c.start(in)
				c.fails("cancel", op.Cancel(c.ctx, "not needed"))
				c.closes()
				c.waits(op)
			},
		},
		{
			name: "is ambiguous, and sent again",
			memory: func(fake *perduretest.Client, held <-chan struct{}) {
				onBatches(fake).Operation(perduretest.Ambiguous(), inProgress(), completed().Hold(held))
			},
			real: []perduretest.Step{creates().Drop(), batchThat(creates(), "in_progress")},
			held: []perduretest.Step{batchThat(asks(), "completed")},
			play: func(c *caller) { c.resolves(perdure.Resolve{Retry: true}) },
		},
		{
			name: "is ambiguous, and found",
			memory: func(fake *perduretest.Client, held <-chan struct{}) {
				onBatches(fake).Operation(perduretest.Ambiguous(), perduretest.Pending("").RemoteID("batch_1"), completed().Hold(held))
			},
			real:  []perduretest.Step{creates().Drop()},
			held:  []perduretest.Step{batchThat(asks(), "completed")},
			extra: "    protocol: {name: openai}\n",
			play: func(c *caller) {
				c.resolves(perdure.Resolve{Adopt: &adoptedBatch})
			},
		},
		{
			name:   "is ambiguous, and given up",
			memory: batchOf(perduretest.Ambiguous()),
			real:   []perduretest.Step{creates().Drop()},
			play:   func(c *caller) { c.resolves(perdure.Resolve{Fail: "nobody knows"}) },
		},
		{
			name:   "is ambiguous, and canceled",
			memory: batchOf(perduretest.Ambiguous()),
			real:   []perduretest.Step{creates().Drop()},
			play: func(c *caller) {
				op := c.start(onlyByHand())
				c.fails("cancel", op.Cancel(c.ctx, "not needed"))
				c.closes()
				c.waits(op)
			},
		},
		{
			name:   "has an id",
			memory: batchOf(inProgress(), completed()),
			real:   []perduretest.Step{batchThat(creates(), "in_progress"), batchThat(asks(), "completed")},
			play:   startsTwice,
		},
		{
			name:   "has a token",
			memory: batchOf(inProgress(), completed()),
			real:   []perduretest.Step{batchThat(creates(), "in_progress"), batchThat(asks(), "completed").AnyTimes()},
			play:   rehydrates,
		},
		{
			name: "is adopted",
			memory: func(fake *perduretest.Client, _ <-chan struct{}) {
				fake.OnAdopt(adoptedBatch).Operation(inProgress(), completed())
			},
			real:  []perduretest.Step{batchThat(asks(), "in_progress"), batchThat(asks(), "completed")},
			extra: "    protocol: {name: openai}\n",
			play: func(c *caller) {
				in := perdure.OperationInput{Service: "jobs", Adopt: &adoptedBatch, Polling: &perdure.Polling{IntervalSeconds: 0.1}}
				op, err := starter.Start[store](c.ctx, c.client, in, &starter.StartOptions{ID: c.id})
				c.fails("start", err)
				c.ends(op)
			},
		},
	}
}

var adoptedBatch = perdure.Adoption{Operation: "batch_1", Collection: "/v1/batches"}

// cancelsAndWaits asks for the cancel once nothing else is under way.
func cancelsAndWaits(c *caller) {
	op := c.start(onlyByHand())
	c.fails("cancel", op.Cancel(c.ctx, "not needed"))
	eventually(c.ctx, c.T, "the service has taken the cancel", func() bool {
		s, err := op.Status(c.ctx)
		return err == nil && s.State == perdure.StateCanceling
	})
	s, err := op.Status(c.ctx)
	c.fails("status", err)
	c.status(s)
	c.release()
	c.closes()
	c.waits(op)
}

// ends has the operation asked for until it has ended, and looks at what is there then.
func (c *caller) ends(op *starter.Operation[store]) {
	c.Helper()
	_, err := op.SetPolling(c.ctx, perdure.Polling{IntervalSeconds: 0.1})
	c.sees("polling set: %t", err == nil || errors.Is(err, starter.ErrDone))
	c.closes()
	c.waits(op)
}

// closes waits until the workflow has closed.
func (c *caller) closes() {
	_ = c.temporal.GetWorkflow(c.ctx, c.id, "").Get(c.ctx, nil) // how is told elsewhere
}

func (c *caller) resolves(how perdure.Resolve) {
	op := c.start(onlyByHand())
	_, err := op.Wait(c.ctx, nil)
	c.fails("wait", err)
	_, err = op.Token(c.ctx)
	c.fails("token", err)
	c.asks(op)
	s, err := op.Resolve(c.ctx, how)
	c.fails("resolve", err)
	c.status(s)
	_, err = op.Resolve(c.ctx, how)
	c.fails("resolve again", err)
	c.release()
	c.ends(op)
}

func startsTwice(c *caller) {
	first := c.start(onlyByHand())
	second := c.start(onlyByHand())
	c.sees("the same: %t", first.ID() == second.ID())
	other := onlyByHand()
	other.Request.Body = perdure.JSONBody(json.RawMessage(`{"another":true}`))
	_, err := starter.Start[store](c.ctx, c.client, other, &starter.StartOptions{ID: c.id})
	c.fails("conflict", err)
	_, err = starter.Attach[store](c.ctx, c.client, c.id+"-unknown")
	c.sees("unknown: %t", errors.Is(err, starter.ErrNotFound))
	c.waits(first)
	c.start(onlyByHand()) // it has closed
	attached, err := starter.Attach[store](c.ctx, c.client, c.id)
	c.fails("attach", err)
	value, err := attached.Value(c.ctx)
	c.sees("value: %+v %v", value, err)
}

func rehydrates(c *caller) {
	op := c.start(onlyByHand())
	token, err := op.Token(c.ctx)
	require.NoError(c, err)
	for _, o := range []*starter.RehydrateOptions{
		nil,
		{Type: "CreateBatch"},
		{Type: "CreateBatch", Audience: "tenant b"},
		{Type: "DeleteBatch", Audience: "tenant a"},
		{Type: "CreateBatch", Audience: "tenant a", Service: "others"},
	} {
		_, err = starter.Rehydrate[store](c.ctx, c.client, token, o)
		c.fails("rehydrate", err)
	}
	_, err = starter.GetPage[store](c.ctx, c.client, perdure.CollectionInput{Token: token.Text(), Type: "CreateBatch", Audience: "tenant a"}, nil)
	c.sees("as a page: %t: %v", errors.Is(err, tokens.ErrKind), err)

	same := &starter.RehydrateOptions{Type: "CreateBatch", Audience: "tenant a", Service: "jobs"}
	attached, err := starter.Rehydrate[store](c.ctx, c.client, token, same)
	c.fails("rehydrate", err)
	c.sees("the same: %t", attached.RunID() == op.RunID())

	require.NoError(c, c.temporal.TerminateWorkflow(c.ctx, c.id, "", "by hand"))
	_, err = op.Wait(c.ctx, nil)
	c.sees("terminated: %t: %v", errors.Is(err, starter.ErrTerminated), err)
	s, err := op.Status(c.ctx)
	c.fails("status", err)
	c.status(s)
	again, err := starter.Rehydrate[store](c.ctx, c.client, token, same)
	c.fails("rehydrate", err)
	c.sees("another: %t", again.RunID() != op.RunID())
	c.ends(again)
}

func pagesScenarios() []scenario {
	three := func(fake *perduretest.Client, _ <-chan struct{}) {
		fake.On("GET", "/list").Pages(perduretest.NewPage(0, 1), perduretest.NewPage(2), perduretest.NewPage[int]())
	}
	steps := []perduretest.Step{
		gives("", `{"value":[0,1],"nextLink":"/list?p=1"}`), gives("?p=1", `{"value":[2],"nextLink":"/list?p=2"}`), gives("?p=2", `{"value":[]}`),
	}
	refusal := `{"error":{"code":"forbidden","message":"not yours"}}`
	refused := perduretest.PageError(perdure.ErrorPageRejected, perdure.ServiceError{Code: "forbidden", Message: "not yours", HTTPStatus: 403})
	return []scenario{
		{name: "pages", memory: three, real: steps, play: readsPages},
		{name: "pages by their tokens", memory: three, real: steps, play: readsByTokens},
		{
			name: "pages, one of them refused",
			memory: func(fake *perduretest.Client, _ <-chan struct{}) {
				fake.On("GET", "/list").Pages(perduretest.NewPage(0, 1), refused)
			},
			real: []perduretest.Step{steps[0], perduretest.GET("/list?p=1").JSON(http.StatusForbidden, refusal).AnyTimes()},
			play: func(c *caller) {
				h := c.collects(named(nil))
				c.pages(h, 0)
				c.pages(h, 1)
				s, err := h.Status(c.ctx)
				c.sees("status: %s, done %t, %d pages, %q %v", s.State, s.Done, s.Pages, s.ErrorType, err)
			},
		},
		{
			name:   "pages, the first of them refused",
			memory: func(fake *perduretest.Client, _ <-chan struct{}) { fake.On("GET", "/list").Pages(refused) },
			real:   []perduretest.Step{perduretest.GET("/list").JSON(http.StatusForbidden, refusal).AnyTimes()},
			play: func(c *caller) {
				c.collects(named(nil))
				_, err := starter.GetPage[int](c.ctx, c.client, list(""), nil)
				c.fails("page", err)
			},
		},
	}
}

// named is the list, under a type and for an audience.
func named(change func(*perdure.CollectionInput)) perdure.CollectionInput {
	in := list("")
	in.Type, in.Audience = "List", "tenant a"
	if change != nil {
		change(&in)
	}
	return in
}

func (c *caller) collects(in perdure.CollectionInput) *starter.Collection[int] {
	c.Helper()
	h, err := starter.StartCollection[int](c.ctx, c.client, in, &starter.CollectionOptions{ID: c.id})
	c.fails("start", err)
	require.NotNil(c, h)
	return h
}

func (c *caller) pages(h *starter.Collection[int], from int) (last *starter.Page[int]) {
	for page, err := range h.Pages(c.ctx, &starter.PagesOptions{From: from}) {
		if err != nil {
			c.fails("page", err)
			return last
		}
		c.sees("page %d: %v, last %t, tokens %t %t", page.Index, page.Values, page.Last, page.PageToken.IsZero(), page.NextPageToken.IsZero())
		last = page
	}
	return last
}

func readsPages(c *caller) {
	h := c.collects(named(nil))
	c.pages(h, 0)
	c.pages(h, 1)
	c.pages(h, 7)
	_, err := h.Page(c.ctx, 7)
	c.sees("no such page: %t", errors.Is(err, starter.ErrNoPage))
	for v, err := range h.All(c.ctx, nil) {
		c.sees("value: %d %v", v, err)
	}
	s, err := h.Status(c.ctx)
	c.sees("status: %s, done %t, %d pages of %d, %v", s.State, s.Done, s.Pages, s.Items, err)
	_, err = h.Token(c.ctx)
	c.fails("token", err)
	c.fails("cancel", h.Cancel(c.ctx, "after the end"))
	_, err = starter.StartCollection[int](c.ctx, c.client, named(func(in *perdure.CollectionInput) { in.MaxPages = 1 }), &starter.CollectionOptions{ID: c.id})
	c.fails("conflict", err)
	one, err := starter.StartCollection[int](c.ctx, c.client, named(func(in *perdure.CollectionInput) { in.MaxPages = 1 }), nil)
	c.fails("start", err)
	c.pages(one, 0)
	_, err = one.Token(c.ctx)
	c.fails("token", err)
}

func readsByTokens(c *caller) {
	page, err := starter.GetPage[int](c.ctx, c.client, named(nil), nil)
	require.NoError(c, err)
	c.sees("page: %v, last %t", page.Values, page.Last)
	token := page.NextPageToken
	for _, in := range []perdure.CollectionInput{
		{Token: token.Text()},
		{Token: token.Text(), Type: "List", Audience: "tenant b"},
		{Token: token.Text(), Type: "Others", Audience: "tenant a"},
	} {
		_, err := starter.GetPage[int](c.ctx, c.client, in, nil)
		c.fails("page", err)
	}
	for range 2 {
		page, err = starter.GetPage[int](c.ctx, c.client, perdure.CollectionInput{Token: token.Text(), Type: "List", Audience: "tenant a"}, nil)
		require.NoError(c, err)
		c.sees("page %d: %v, last %t", page.Index, page.Values, page.Last)
	}
	h, err := starter.RehydrateCollection[int](c.ctx, c.client, token, &starter.RehydrateOptions{Type: "List", Audience: "tenant a"})
	c.fails("rehydrate", err)
	c.pages(h, 0)
	_, err = starter.Rehydrate[int](c.ctx, c.client, token, &starter.RehydrateOptions{Type: "List", Audience: "tenant a"})
	c.fails("as an operation", err)
}

func eventsScenarios() []scenario {
	whole := perduretest.POST("/events").Header("Content-Type", "text/event-stream")
	return []scenario{
		{
			name: "a stream",
			memory: func(fake *perduretest.Client, _ <-chan struct{}) {
				fake.On("POST", "/events").Stream(perduretest.NewEvent("one"), perduretest.NewEvent("two").Type("tick"), perduretest.NewEvent("three"))
			},
			real: []perduretest.Step{whole.Chunks("data: one\n\n", "event: tick\ndata: two\n\n", "data: three\n\n", "data: [DONE]\n\n")},
			play: readsEvents,
		},
		{
			name: "a stream that breaks",
			memory: func(fake *perduretest.Client, _ <-chan struct{}) {
				fake.On("POST", "/events").Stream(perduretest.NewEvent("one"), perduretest.NewEvent("two"), perduretest.BrokenStream(
					perdure.ErrorStreamBroken, perdure.ServiceError{Code: perdure.ErrorStreamBroken, Message: "the stream broke after event 1 (ConnectionLost: unexpected EOF), and the service names no place from which to go on; what came before is kept"}))
			},
			real: []perduretest.Step{whole.Chunks("data: one\n\n", "data: two\n\n", "data: thr").DropAfter(29)},
			play: readsEvents,
		},
		{
			name: "a stream that is refused",
			memory: func(fake *perduretest.Client, _ <-chan struct{}) {
				fake.On("POST", "/events").Stream(perduretest.BrokenStream(perdure.ErrorStartRejected, perdure.ServiceError{Code: "no", Message: "not like this", HTTPStatus: 400}))
			},
			real: []perduretest.Step{perduretest.POST("/events").JSON(400, `{"error":{"code":"no","message":"not like this"}}`)},
			play: readsEvents,
		},
	}
}

func readsEvents(c *caller) {
	in := streamInput("POST")
	in.Type = "Chat"
	h, err := starter.StartStream[string](c.ctx, c.client, in, &starter.StreamOptions{ID: c.id})
	c.fails("start", err)
	for _, from := range []int{0, 2, 0} {
		for event, err := range h.Events(c.ctx, from) {
			if err != nil {
				c.fails("event", err)
				break
			}
			c.sees("event %d: %q %q %q", event.Offset, event.Type, event.ID, event.Data)
		}
	}
	s, err := h.Status(c.ctx)
	c.sees("status: %s, done %t, %d events of %d bytes, %q %s %v", s.State, s.Done, s.Events, s.Bytes, s.ErrorType, words(s.Error), err)
	c.fails("cancel", h.Cancel(c.ctx, "after the end"))
	other := in
	other.Audience = "another"
	_, err = starter.StartStream[string](c.ctx, c.client, other, &starter.StreamOptions{ID: c.id})
	c.fails("conflict", err)
	_, err = starter.AttachStream[string](c.ctx, c.client, c.id+"-unknown")
	c.sees("unknown: %t", errors.Is(err, starter.ErrNotFound))
}
