package activities

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
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
	answer, err := a.start(ctx, task)
	if err != nil {
		return nil, err
	}
	a.metrics.start(answer)
	logStart(ctx, answer)
	return answer, nil
}

// start sends the start request, unless it must not be sent again: the case that is left
// when no token goes on and no person has decided.
func (a *Activities) start(ctx context.Context, task perdure.StartTask) (*perdure.Answer, error) {
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
	s.cookies = a.openCookies(s.sealed, s.plan.service)
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
	// refusal is the answer to a repeat that says nothing of the request before it,
	// which may have been delivered.
	refusal *transport.Response
	// reset: the run was reset to before its start was recorded, and may have sent it
	// at any time.
	reset     bool
	lastError *perdure.TimedError
	nextAt    time.Time
	// cookies that the answers so far have set, and the same sealed.
	cookies transport.Cookies
	sealed  string
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
	s.sealed = cmp.Or(hb.Sealed, s.task.Sealed)
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
	return s.reset || s.maybeSent && (s.refusal != nil || !s.plan.repeatable(s.firstSent, time.Now()))
}

// try sends the request once. Both nil: it is to be sent again.
func (s *starting) try(ctx context.Context) (*perdure.Answer, error) {
	sentBefore := s.maybeSent
	// Wait for a turn before recording "sending": a worker that dies waiting has not sent.
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
	if s.tries > 1 {
		s.a.metrics.of(s.plan.service.Name()).starts[startSentAgain].Inc(1)
	}
	// A request under way is not cut off when the workflow asks to stop: that would
	// make its outcome unknown.
	resp, err := s.withCookies(context.WithoutCancel(ctx), request, s.plan.service.Send)
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
		*hb = perdure.Heartbeat{Phase: perdure.PhaseSending, Attempt: s.attempt, Tries: s.tries, FirstSentAt: s.firstSent, LastError: s.lastError, Sealed: s.sealed}
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
		*hb = perdure.Heartbeat{Phase: perdure.PhaseUnsent, Attempt: s.attempt, Tries: s.tries, LastError: s.lastError, NextPollAt: s.nextAt, Sealed: s.sealed}
	})
	s.firstSent = time.Time{}
	// If the worker dies before this arrives, the start is taken to be ambiguous: that is
	// too cautious, and never wrong.
	_ = s.record(ctx)
}
