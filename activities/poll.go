package activities

import (
	"cmp"
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// tellEvery is the least time between two tellings of progress, or of a service that cannot
// be asked.
const tellEvery = 5 * time.Second

// Poll asks how the operation goes. With task.Once it asks once. Otherwise it
// watches: it asks, sleeps in process and asks again, and returns when the
// operation is over, when something a person would want to see has changed, when
// its window is used up, when the worker drains or the workflow says so, or when
// the next wait is longer than the threshold.
func (a *Activities) Poll(ctx context.Context, task perdure.PollTask) (*perdure.Answer, error) {
	last := lastHeartbeat(ctx)
	o, err := a.open(cmp.Or(last.Sealed, task.State))
	if err != nil {
		return nil, err
	}
	w := &watch{operation: o, task: task, deadline: time.Now().Add(a.Watch.Window), metrics: a.metrics.of(o.service.Name())}
	w.resume(last)
	if task.Polling != nil {
		o.state.Polling = task.Polling
	}
	if task.Once {
		stop := beat(ctx, func() any { return perdure.Heartbeat{Phase: perdure.PhaseWatching} }) // alive, and not the watcher
		defer stop()
		return w.once(ctx)
	}
	stop := beat(ctx, w.board.get)
	defer stop()
	return w.run(ctx)
}

// watch is one poll activity at work.
type watch struct {
	*operation
	task     perdure.PollTask
	deadline time.Time
	board    board

	polls    int // questions of this activity, those of earlier attempts included
	failures int // in a row
	// recovered: this answer is the first that is usable after failures.
	recovered bool
	last      reading
	said      reading // the last in which the service said how the operation goes
	// pending is since when there are news that can wait a little.
	pending   time.Time
	lastError *perdure.TimedError
	nextAt    time.Time
	wait      time.Duration
	metrics   *serviceMetrics
	// leaveAt is when to hand over, once the worker drains.
	leaveAt time.Time
}

// resume takes up what an attempt that died had recorded.
func (w *watch) resume(hb perdure.Heartbeat) {
	w.nextAt = time.Now().Add(seconds(w.task.WaitSeconds))
	if w.task.Known.Error != nil && w.task.WaitSeconds == 0 && !w.task.Once { // a timer has waited, after failures
		w.failures = failuresBefore(w.a.Watch.Threshold)
	}
	if hb.Phase != perdure.PhaseWatching {
		w.board.now = perdure.Heartbeat{Phase: perdure.PhaseWatching, NextPollAt: w.nextAt.UTC()}
		return
	}
	w.polls, w.lastError = hb.Polls, hb.LastError
	if !hb.NextPollAt.IsZero() { // never later than the task would have asked
		w.nextAt = time.Now().Add(max(0, min(time.Until(hb.NextPollAt), w.a.Watch.Threshold)))
	}
	w.board.now = hb
}

// once asks one question and tells everything.
func (w *watch) once(ctx context.Context) (*perdure.Answer, error) {
	if err := w.service.CheckHeaders("headers", w.task.Headers); err != nil {
		a := w.answer()
		a.ErrorType, a.Error = endOf(err)
		return a, nil
	}
	if err := w.question(ctx, w.task.Headers); err != nil {
		return nil, err
	}
	return w.report(ctx, true)
}

func (w *watch) run(ctx context.Context) (*perdure.Answer, error) {
	planned := activity.GetInfo(ctx).ScheduledTime.Add(seconds(w.task.WaitSeconds))
	for {
		if !w.sleepUntilNext(ctx) {
			return w.report(ctx, false)
		}
		w.metrics.lateness.Record(max(0, time.Since(planned)))
		if err := w.question(ctx, nil); err != nil {
			if stopping(ctx) {
				return w.report(ctx, false)
			}
			return nil, err
		}
		planned = w.nextAt
		if err := w.recordState(ctx); err != nil {
			return nil, err
		}
		if w.toldNow() || w.wait > w.a.Watch.Threshold || time.Now().After(w.deadline) {
			return w.report(ctx, false)
		}
	}
}

// sleepUntilNext waits for the next question. False: it is time to return first,
// because of a stop, or of news that have waited long enough.
func (w *watch) sleepUntilNext(ctx context.Context) bool {
	if !w.pending.IsZero() {
		if due := w.pending.Add(tellEvery); due.Before(w.nextAt) {
			w.sleepUntil(ctx, due)
			return false
		}
	}
	return w.sleepUntil(ctx, w.nextAt)
}

// question asks once and works out when to ask again.
func (w *watch) question(ctx context.Context, headers map[string][]string) error {
	r, err := w.ask(ctx, headers)
	if err != nil {
		return err
	}
	w.last = r
	w.polls++
	w.metrics.asked(r)
	w.recovered = w.failures > 0
	p := w.pace()
	switch {
	case r.step != nil:
		w.said = r
		w.take(*r.step, r.at)
		w.failures, w.lastError = 0, nil
		w.wait = p.afterAnswer(w.task.Polls+w.polls, r.asked)
		if p.obeys(r.asked) {
			w.metrics.retryAfter.Inc(1)
		}
		if r.step.Fetch {
			w.wait = 0
		}
	case r.again != nil:
		w.failures++
		w.lastError = &perdure.TimedError{At: r.at, Error: *w.service.cappedError(r.again)}
		if r.notFound {
			w.wait = p.afterNotFound(r.asked)
		} else {
			w.wait = p.afterFailure(w.failures, r.asked)
		}
		if r.asked > 0 {
			w.metrics.retryAfter.Inc(1)
		}
	}
	w.nextAt = time.Now().Add(w.wait)
	w.logTrouble(ctx)
	return nil
}

// recordState puts into the heartbeat what the next worker needs, and what readers
// of the pending activity see.
func (w *watch) recordState(ctx context.Context) error {
	sealed, err := w.seal(ctx)
	if err != nil {
		return err
	}
	w.board.set(func(hb *perdure.Heartbeat) {
		if sealed != "" {
			hb.Sealed = sealed
		}
		hb.Polls, hb.LastPolledAt, hb.NextPollAt, hb.LastError = w.polls, w.last.at, w.nextAt.UTC(), w.lastError
	})
	return nil
}

// toldNow reports whether the last answer has to be told at once. Progress and
// failures wait until the last telling is tellEvery old.
func (w *watch) toldNow() bool {
	r, known := w.last, w.task.Known
	switch {
	case r.end != "":
		return true
	case r.step != nil && (r.step.Outcome.State().Terminal() && !r.step.Fetch || protocol.Cut(r.step.ServiceStatus, maxWordBytes) != known.ServiceStatus && !r.step.Fetch):
		return true
	}
	if !w.hasNews() {
		w.pending = time.Time{}
		return false
	}
	if w.pending.IsZero() {
		w.pending = time.Now()
		if told := known.ProgressAt; !told.IsZero() && told.Before(w.pending) { // else by a clock that was ahead
			w.pending = told
		}
	}
	return time.Since(w.pending) >= tellEvery
}

func (w *watch) hasNews() bool {
	known := w.task.Known
	if step := w.said.step; step != nil && !step.Fetch && news(*step) != known.News {
		return true
	}
	if w.lastError == nil {
		return w.last.step != nil && known.Error != nil
	}
	return known.Error == nil || known.Error.Code != w.lastError.Error.Code
}

// report makes the verdict. What says nothing new is left out, unless whole.
func (w *watch) report(ctx context.Context, whole bool) (*perdure.Answer, error) {
	a := w.answer()
	a.Polls = w.polls
	a.LastError = w.lastError
	a.Interval = w.pace().configured().Seconds()
	r := w.last
	a.LastPolledAt = r.at
	a.ServiceWaitSeconds = r.asked.Seconds()
	switch {
	case r.end != "":
		w.tellEnd(a, r.end, r.why)
		a.Gone = r.gone
	case w.said.step != nil:
		w.tell(a, *w.said.step)
		a.AsOf = w.said.at
	}
	if whole || w.over() || w.hasNews() {
		w.tellResponse(a, r.response, w.task.Known.Body)
	}
	a.WaitSeconds = max(0, time.Until(w.nextAt)).Seconds()
	a.Durable = seconds(a.WaitSeconds) > w.a.Watch.Threshold
	if w.over() {
		w.logEnd(ctx, a)
	}
	return w.finish(ctx, a, w.task.State)
}

func (w *watch) over() bool {
	return w.last.end != "" || w.last.step != nil && w.last.step.Ended()
}
