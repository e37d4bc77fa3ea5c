package stream

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// maxWait is about how long anybody waits: Temporal has ten updates in flight, and one
// whose caller is gone is in flight until it is answered.
const maxWait = time.Minute

func checkWait(raw perdure.RawInput) error {
	_, err := readWait(raw)
	return err
}

func readWait(raw perdure.RawInput) (perdure.WaitEventRequest, error) {
	var r perdure.WaitEventRequest
	if err := perdure.Decode(raw, &r); err != nil {
		return r, failure.Invalid(err)
	}
	if err := r.Check(); err != nil {
		return r, failure.Invalid(err)
	}
	return r, nil
}

// wait answers once an event is there or never will be, when its time is up, or when
// this run is about to continue as new.
func (l *log) wait(ctx workflow.Context, raw perdure.RawInput) (perdure.StreamStatus, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx) // canceling the workflow is answered by the status
	r, err := readWait(raw)
	if err != nil {
		return perdure.StreamStatus{}, err
	}
	l.waits++
	answered := func() bool { return r.Offset < l.Status.Events || l.done() || l.moving }
	switch {
	case answered():
	case r.WaitSeconds == nil || *r.WaitSeconds >= maxWait.Seconds():
		err = l.awaitRound(ctx, answered)
	case *r.WaitSeconds > 0:
		timer := workflow.TimerOptions{Summary: "waitSeconds of a reader"}
		wait := time.Duration(*r.WaitSeconds * float64(time.Second))
		_, err = workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{Timeout: wait, TimerOptions: timer}, answered)
	}
	if err != nil {
		return perdure.StreamStatus{}, err
	}
	s := l.Status
	if i := segmentOf(s.Segments, min(r.Offset, s.Events)); i >= 0 {
		s.Segments = s.Segments[i:]
	}
	return s, nil
}

// awaitRound waits together with all others that wait for long. One timer answers them all:
// it costs the history two events a minute, where a timer for each would cost two each.
func (l *log) awaitRound(ctx workflow.Context, answered func() bool) error {
	if !l.ticking {
		l.ticking = true
		workflow.Go(ctx, func(ctx workflow.Context) {
			round := workflow.TimerOptions{Summary: "time to answer those who wait"}
			_ = workflow.NewTimerWithOptions(ctx, maxWait, round).Get(ctx, nil)
			l.ticking = false
			l.rounds++
		})
	}
	round := l.rounds
	return workflow.Await(ctx, func() bool { return answered() || l.rounds > round })
}
