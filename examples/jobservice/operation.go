package jobservice

import "time"

// operation is one long-running operation. How far it is follows from the clock
// or from the polls; nothing runs. It is not safe for concurrent use.
type operation struct {
	id        string
	kind      Kind
	plan      plan
	subject   subject
	startedAt time.Time

	polls    int       // steps that were taken
	polledAt time.Time // when the last one was

	cancelAsked time.Time // zero: nobody asked
	cancelPolls int       // since then

	replay *replay // nil: started without an idempotency key
}

// subject is what an operation was asked to do: one of these, by its kind.
type subject struct {
	vectorStore vectorStoreRequest
	batch       batchRequest
	job         jobRequest
}

// plan is how an operation goes.
type plan struct {
	duration time.Duration
	steps    int    // above 0: by polls, not by time
	fail     string // it ends badly, for this reason
	cancel   time.Duration
}

type phase int

const (
	running phase = iota
	canceling
	succeeded
	failed
	canceled
)

func (p phase) done() bool {
	switch p {
	case succeeded, failed, canceled:
		return true
	case running, canceling:
	}
	return false
}

// step tells an operation that goes by polls of one.
func (o *operation) step(now time.Time) {
	switch {
	case !o.cancelAsked.IsZero():
		o.cancelPolls++
	case o.polls < o.plan.steps:
		o.polls++
		o.polledAt = now
	}
}

// cancel asks the operation to end; one that has ended refuses.
func (o *operation) cancel(now time.Time) bool {
	if o.phase(now) == succeeded || o.phase(now) == failed {
		return false
	}
	if o.cancelAsked.IsZero() {
		o.cancelAsked = now
	}
	return true
}

func (o *operation) phase(now time.Time) phase {
	switch {
	case o.fraction(now) >= 1 && o.plan.fail != "":
		return failed
	case o.fraction(now) >= 1:
		return succeeded
	case o.cancelAsked.IsZero():
		return running
	case o.cancelTaken(now):
		return canceled
	}
	return canceling
}

func (o *operation) cancelTaken(now time.Time) bool {
	if o.plan.steps > 0 {
		return o.cancelPolls > 0 || o.plan.cancel == 0
	}
	return now.Sub(o.cancelAsked) >= o.plan.cancel
}

// fraction is how much is done, 0 to 1; it stands still once cancel was asked
// for.
func (o *operation) fraction(now time.Time) float64 {
	if o.plan.steps > 0 {
		return float64(o.polls) / float64(o.plan.steps)
	}
	if !o.cancelAsked.IsZero() {
		now = o.cancelAsked
	}
	if o.plan.duration <= 0 {
		return 1
	}
	return min(1, max(0, float64(now.Sub(o.startedAt))/float64(o.plan.duration)))
}

// reached is when that much was done; nil if it is not.
func (o *operation) reached(fraction float64, now time.Time) *time.Time {
	if o.fraction(now) < fraction {
		return nil
	}
	at := o.startedAt.Add(time.Duration(fraction * float64(o.plan.duration)))
	if o.plan.steps > 0 && !o.polledAt.IsZero() {
		at = o.polledAt
	}
	return &at
}

// canceledAt is when the cancel was complete; nil if it is not.
func (o *operation) canceledAt(now time.Time) *time.Time {
	if o.phase(now) != canceled {
		return nil
	}
	at := o.cancelAsked
	if o.plan.steps == 0 {
		at = at.Add(o.plan.cancel)
	}
	return &at
}

// of is how many of total are done when the fraction is.
func of(total int, fraction float64) int {
	return int(fraction*float64(total) + 1e-9)
}
