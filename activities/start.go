package activities

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
)

// Start sends the start request, once or in a way that cannot start twice, and
// reads its answer; or takes up the operation that a token names.
//
// Before the first byte leaves, the heartbeat "sending" has been recorded, so that
// the next worker can tell an attempt that died before it from one that may have
// sent. What provably did not leave, or started nothing, is sent again; what may
// have been delivered is sent again only where the service recognises the repeat;
// else the start is ambiguous.
func (a *Activities) Start(ctx context.Context, task perdure.StartTask) (*perdure.Answer, error) {
	if task.Input.Token != "" {
		return a.resume(ctx, task)
	}
	if taken := adoption(task); taken != nil {
		return a.adopt(ctx, task, *taken)
	}
	info := activity.GetInfo(ctx)
	s := &starting{
		a: a, task: task, attempt: info.Attempt,
		firstSent: task.FirstSentAt, tries: task.Tries, maybeSent: !task.FirstSentAt.IsZero(),
		reset: task.RunID != "" && info.WorkflowExecution.RunID != task.RunID && !task.Again,
	}
	s.resume(lastHeartbeat(ctx))
	var err error
	if s.plan, err = a.plan(task, info); err != nil {
		return s.refused(err)
	}
	ctx, s.cancel = context.WithCancel(ctx)
	defer s.cancel()
	stop := every(ctx, func() { _ = s.record(ctx) })
	defer stop()
	return s.run(ctx)
}

// refuse is the verdict on an input that cannot be started: nothing was sent.
func (a *Activities) refuse(err error) (*perdure.Answer, error) {
	errorType, why := endOf(err)
	if errorType == "" {
		return nil, err
	}
	return &perdure.Answer{State: perdure.StateFailed, ErrorType: errorType, Error: why, SearchAttributes: a.SearchAttributes()}, nil
}

// refused is the verdict where this worker cannot make the request.
func (s *starting) refused(err error) (*perdure.Answer, error) {
	v, err := s.a.refuse(err)
	if v != nil && (s.maybeSent || s.reset) { // a worker with another configuration may have sent it
		v.State, v.ErrorType, v.FirstSentAt = perdure.StateAmbiguous, "", s.firstSent
	}
	return v, err
}

// starting is one start activity at work.
type starting struct {
	a       *Activities
	plan    *plan
	task    perdure.StartTask
	attempt int32
	board   board
	// recording keeps heartbeats in order: each goes to the server by itself, past
	// the SDK's batching, which could send "unsent" after "sending".
	recording sync.Mutex
	cancel    context.CancelFunc

	tries     int
	failures  int // in a row, of this activity
	firstSent time.Time
	// maybeSent: a request may have been delivered, and was not answered.
	maybeSent bool
	// reset: the run was reset to before its start was recorded, and may have sent it
	// at any time.
	reset     bool
	lastError *perdure.TimedError
	nextAt    time.Time
}

// resume takes up what an attempt that died had recorded.
func (s *starting) resume(hb perdure.Heartbeat) {
	s.tries = max(s.tries, hb.Tries)
	if hb.Phase == perdure.PhaseSending {
		s.maybeSent = true
	}
	if s.firstSent.IsZero() {
		s.firstSent = hb.FirstSentAt
	}
	s.lastError = hb.LastError
	s.board.now = hb
}

// record tells the server what is on the board now.
func (s *starting) record(ctx context.Context) error {
	s.recording.Lock()
	defer s.recording.Unlock()
	err := s.a.RecordNow(context.WithoutCancel(ctx), s.board.get())
	if temporal.IsCanceledError(err) { // the server has the heartbeat, and asks to stop
		s.cancel()
	}
	return err
}

func (s *starting) run(ctx context.Context) (*perdure.Answer, error) {
	deadline := time.Now().Add(s.a.Watch.Window)
	for {
		if s.unrepeatable() {
			if answer, err := s.settle(ctx); answer != nil || err != nil {
				return answer, err
			}
		}
		answer, err := s.try(ctx)
		if answer != nil || err != nil {
			return answer, err
		}
		if s.unrepeatable() {
			continue
		}
		wait := time.Until(s.nextAt)
		if s.isNews() || wait > s.a.Watch.Threshold || time.Now().After(deadline) || !sleep(ctx, max(0, wait)) {
			return s.later(), nil
		}
	}
}

// unrepeatable: a request may have been delivered, and must not be sent again.
func (s *starting) unrepeatable() bool {
	return s.reset || s.maybeSent && !s.plan.repeatable(s.firstSent, time.Now())
}

// try sends the request once. Neither an answer nor an error: it is to be sent again.
func (s *starting) try(ctx context.Context) (*perdure.Answer, error) {
	sentBefore := s.maybeSent
	// The turn is waited for before "sending" is said: who dies waiting has not sent.
	release, err := s.plan.service.Admit(ctx)
	if stopping(ctx) {
		if err == nil {
			release()
		}
		return s.later(), nil
	}
	if err != nil {
		return nil, err
	}
	defer release()
	if s.unrepeatable() { // the key's window passed meanwhile
		return nil, nil
	}
	if err := s.announce(ctx); err != nil {
		if temporal.IsCanceledError(err) {
			return s.later(), nil
		}
		return nil, err
	}
	request, err := s.plan.request(s.firstSent)
	if err != nil {
		return s.a.refuse(err)
	}
	// A request under way is not cut off when the workflow asks to stop: that would
	// make its outcome unknown.
	resp, err := s.plan.service.Send(context.WithoutCancel(ctx), request)
	if err != nil {
		return s.unanswered(ctx, err, sentBefore)
	}
	s.lastError = nil
	return s.answered(ctx, resp, sentBefore)
}

// announce records that a request is about to leave. Only when the server has it
// may the request be sent.
func (s *starting) announce(ctx context.Context) error {
	if s.firstSent.IsZero() {
		s.firstSent = time.Now().UTC()
	}
	before := s.board.get()
	s.tries++
	s.board.set(func(hb *perdure.Heartbeat) {
		*hb = perdure.Heartbeat{Phase: perdure.PhaseSending, Attempt: s.attempt, Tries: s.tries, FirstSentAt: s.firstSent, LastError: s.lastError}
	})
	if err := s.record(ctx); err != nil {
		// Nothing was sent. The server may have recorded the heartbeat all the same.
		s.board.set(func(hb *perdure.Heartbeat) { *hb, _ = before.(perdure.Heartbeat) })
		s.retract(ctx)
		return fmt.Errorf("record the heartbeat before sending: %w", err)
	}
	return nil
}

// retract records that nothing left, or that nothing was started, unless an earlier
// request may have been delivered.
func (s *starting) retract(ctx context.Context) {
	if s.maybeSent {
		return
	}
	s.board.set(func(hb *perdure.Heartbeat) {
		*hb = perdure.Heartbeat{Phase: perdure.PhaseUnsent, Attempt: s.attempt, Tries: s.tries, LastError: s.lastError, NextPollAt: s.nextAt}
	})
	s.firstSent = time.Time{}
	// A worker that dies now without this heartbeat leaves an ambiguous start: said
	// too much, never too little.
	_ = s.record(ctx)
}

// unanswered deals with a request that got no answer.
func (s *starting) unanswered(ctx context.Context, err error, sentBefore bool) (*perdure.Answer, error) {
	words, unsent, ok := unanswered(err)
	if !ok {
		return s.stopped(ctx, err)
	}
	s.failed(words, 0)
	if unsent {
		s.maybeSent = sentBefore
		s.retract(ctx)
		return nil, nil
	}
	s.maybeSent = true
	return nil, nil
}

// stopped deals with a request that was refused on our side, or whose answer was too
// large to be read.
func (s *starting) stopped(ctx context.Context, err error) (*perdure.Answer, error) {
	errorType, why := endOf(err)
	switch {
	case errorType == perdure.ErrorResponseTooLarge: // it was delivered, and answered
		a := s.verdict("")
		a.ErrorType, a.Error = errorType, why
		return a, nil
	case errorType == "":
		return nil, err
	case s.maybeSent:
		s.failed(why, 0)
		return s.ambiguous(), nil
	}
	s.retract(ctx)
	a := s.verdict(perdure.StateFailed)
	a.ErrorType, a.Error = errorType, why
	return a, nil
}

// answered reads the status of an answer.
func (s *starting) answered(ctx context.Context, resp *transport.Response, sentBefore bool) (*perdure.Answer, error) {
	e := exchange(resp)
	asked := protocol.RetryAfter(e.Header, e.At)
	switch {
	case e.Status < http.StatusBadRequest:
		return s.started(ctx, resp)
	case s.startedNothing(e):
		s.maybeSent = sentBefore
		s.failed(protocol.ErrorOf(e), asked)
		s.retract(ctx)
		return nil, nil
	case e.Status == http.StatusRequestTimeout, e.Status >= http.StatusInternalServerError && e.Status != http.StatusNotImplemented:
		s.maybeSent = true
		s.failed(protocol.ErrorOf(e), asked)
		return nil, nil
	case sentBefore: // it says nothing of the request before it, which may have been delivered
		s.failed(protocol.ErrorOf(e), 0)
		return s.ambiguousAfter(resp), nil
	}
	a := s.verdict(perdure.StateFailed)
	a.ErrorType, a.Error = perdure.ErrorStartRejected, s.capped(protocol.ErrorOf(e))
	a.Response = s.plan.service.Capture(resp)
	return a, nil
}

// startedNothing: the service says for sure that this request started nothing.
func (s *starting) startedNothing(e protocol.Exchange) bool {
	switch e.Status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusServiceUnavailable:
		if e.Header.Get("Retry-After") != "" || protocol.RetryAfter(e.Header, e.At) > 0 {
			return true
		}
	}
	return slices.Contains(s.plan.service.NotStarted, e.Status)
}

// started reads what the service started.
func (s *starting) started(ctx context.Context, resp *transport.Response) (*perdure.Answer, error) {
	e := exchange(resp)
	p := s.plan
	if p.name == perdure.AutoProtocol {
		if name, bound, ok := s.a.Protocols.Detect(e); ok {
			p.name, p.bound, p.options = name, bound, nil
		}
	}
	o := p.operation(s.a, s.task, resp.At)
	step, err := p.bound.Started(e)
	if err != nil {
		return s.unreadable(resp, err)
	}
	o.take(step, resp.At)
	a := o.answer()
	s.fill(a)
	o.tell(a, step)
	o.tellResponse(a, resp, "")
	a.AsOf = resp.At
	pace := o.pace()
	a.Interval = pace.configured().Seconds()
	if !step.Ended() && !step.Fetch {
		asked := protocol.RetryAfter(e.Header, e.At)
		wait := pace.afterAnswer(1, asked)
		a.WaitSeconds, a.ServiceWaitSeconds = wait.Seconds(), asked.Seconds()
		a.Durable = wait > s.a.Watch.Threshold
	}
	return o.finish(ctx, a, "")
}

// unreadable is the verdict on an answer that the protocol cannot read: a redirect
// that means nothing to it is a rejection, anything else breaks the protocol.
func (s *starting) unreadable(resp *transport.Response, err error) (*perdure.Answer, error) {
	errorType, why := endOf(err)
	if errorType == "" {
		return nil, err
	}
	a := s.verdict("")
	if resp.Status >= http.StatusMultipleChoices {
		a.State, errorType = perdure.StateFailed, perdure.ErrorStartRejected
		why.HTTPStatus = resp.Status
	}
	a.ErrorType, a.Error = errorType, why
	a.Response = s.plan.service.Capture(resp)
	return a, nil
}

// failed notes a failure and when to try again.
func (s *starting) failed(why *perdure.ServiceError, asked time.Duration) {
	s.failures++
	s.lastError = &perdure.TimedError{At: time.Now().UTC(), Error: *s.capped(why)}
	wait := pace{caller: s.task.Input.Polling}.afterFailure(s.task.Tries+s.failures, asked)
	s.nextAt = time.Now().Add(wait).UTC()
}

func (s *starting) isNews() bool {
	known := s.task.KnownError
	return s.lastError != nil && (known == nil || known.Code != s.lastError.Error.Code)
}

// later is the verdict that nothing was started yet and the request is to be sent
// again.
func (s *starting) later() *perdure.Answer {
	a := s.verdict(perdure.StateStarting)
	a.WaitSeconds = max(0, time.Until(s.nextAt)).Seconds()
	a.Durable = seconds(a.WaitSeconds) > s.a.Watch.Threshold
	return a
}

// ambiguous is the verdict that nobody can tell whether the service started the
// operation: nothing is sent again.
func (s *starting) ambiguous() *perdure.Answer {
	a := s.verdict(perdure.StateAmbiguous)
	a.Error = &perdure.ServiceError{
		Code:    perdure.ErrorStartAmbiguous,
		Message: "the start request may have been delivered, its answer was lost, and the service is not known to recognise a repeat; it was not sent again",
	}
	return a
}

func (s *starting) ambiguousAfter(resp *transport.Response) *perdure.Answer {
	a := s.ambiguous()
	a.Response = s.plan.service.Capture(resp)
	return a
}

// verdict begins an answer about a start.
func (s *starting) verdict(state perdure.State) *perdure.Answer {
	a := &perdure.Answer{State: state, Service: s.plan.service.Name(), Protocol: s.plan.name}
	s.fill(a)
	return a
}

func (s *starting) fill(a *perdure.Answer) {
	a.Tries, a.LastError, a.SearchAttributes = s.tries, s.lastError, s.a.SearchAttributes()
	if s.maybeSent {
		a.FirstSentAt = s.firstSent
	}
}

func (s *starting) capped(e *perdure.ServiceError) *perdure.ServiceError {
	return (&operation{service: s.plan.service}).cappedError(e)
}
