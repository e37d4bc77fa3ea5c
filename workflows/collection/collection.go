package collection

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
	"github.com/perdure-dev/perdure/workflows/internal/shown"
)

// Collection is perdure.collection.v1: the pages of a collection, fetched as they are
// asked for, each once, and one ahead. Input is a perdure.CollectionInput; carried is
// nil except after continue-as-new.
//
// It ends with the last page, after maxPages, or when nobody has asked for as long as
// its idle timeout. It fails with an application error, never retryable, the
// CollectionStatus in its details, when no page can ever come: a wrong input, a token
// that is refused, a request that is not allowed. A page that fails later is the error
// of the update that waits for it, and is tried again when it is asked for again.
func Collection(ctx workflow.Context, input perdure.RawInput, carried *Carried) (*perdure.CollectionResult, error) {
	c := newCollection(ctx, input, carried)
	if err := c.serve(ctx); err != nil {
		return nil, err
	}
	work, _ := workflow.NewDisconnectedContext(ctx) // canceling the workflow is attended to
	c.listen(ctx, work)
	c.begin(work)
	workflow.Go(work, c.watchIdle)
	for !c.done() {
		c.attend(work)
		switch {
		case c.done():
		case c.mustContinue():
			if c.prepareToContinue(work) {
				return nil, workflow.NewContinueAsNewError(work, perdure.WorkflowCollection, c.raw, c.Carried)
			}
		case c.wanted():
			c.fetch(work)
		default:
			c.await(work, func() bool { return c.wanted() || c.mustContinue() })
		}
	}
	return c.close(work)
}

// Carried is what a run hands to the next one at continue-as-new.
type Carried struct {
	Status perdure.CollectionStatus `json:"status"`
	// Next is the sealed state of the page to fetch next.
	Next string `json:"next,omitempty"`
	Seen seen   `json:"seen"`
	// Target is the index up to which pages are to be fetched, and AskedAt when somebody
	// asked last.
	Target     int             `json:"target"`
	AskedAt    time.Time       `json:"askedAt"`
	Attributes []string        `json:"attributes,omitempty"`
	Published  shown.Published `json:"published"`
}

// collection is one run of the workflow.
type collection struct {
	Carried
	raw     perdure.RawInput
	input   perdure.CollectionInput
	refused error // what is wrong with the workflow's arguments

	// pages of this run, of which the first has the index firstIndex.
	pages      []held
	firstIndex int
	// continued: an earlier run has begun.
	continued bool

	outer         workflow.Context
	outerAttended bool
	cancels       workflow.ReceiveChannel

	// waiting counts the updates that wait, waits those of this run.
	waiting, waits int
	// failures counts the pages that could not be had.
	failures int
	idle     bool
	// long: the history is, so that the next run should take over.
	long bool
	// moving: this run is about to continue as new.
	moving  bool
	closing closing
}

// closing is how the workflow closes.
type closing int

const (
	open closing = iota
	completed
	failed
	canceled
)

func newCollection(ctx workflow.Context, raw perdure.RawInput, carried *Carried) *collection {
	c := &collection{raw: raw, refused: failure.Carried(ctx, carried != nil)}
	c.continued = carried != nil && c.refused == nil
	if c.continued {
		c.Carried = *carried
	} else {
		now := workflow.GetInfo(ctx).WorkflowStartTime.UTC()
		c.Status = perdure.CollectionStatus{State: perdure.StateStarting, StartedAt: now}
		c.AskedAt = now
	}
	c.firstIndex = c.Status.Pages
	c.addSegment(workflow.GetInfo(ctx).WorkflowExecution.RunID)
	return c
}

// begin reads the input: a typo is an error that names the field, and not a workflow
// task that fails for ever.
func (c *collection) begin(work workflow.Context) {
	err := c.read()
	if err == nil {
		err = failure.Recorded(work, c.input.Request)
	}
	if err != nil {
		c.end(work, failed, perdure.StateFailed, perdure.ErrorInvalidInput, failure.Input(err))
		return
	}
	if c.continued {
		c.publish(work) // the current details are a run's own
		return
	}
	c.Status.Type, c.Status.Service, c.Status.Protocol = c.input.Type, c.input.ServiceName(), protocolName(c.input)
}

// protocolName is the protocol that the caller asked for.
func protocolName(in perdure.CollectionInput) string {
	if in.Protocol == nil {
		return perdure.AutoProtocol
	}
	return cmp.Or(in.Protocol.Name, perdure.AutoProtocol)
}

func (c *collection) read() error {
	if c.refused != nil {
		return c.refused
	}
	return read(c.raw, &c.input)
}

func read(raw perdure.RawInput, into *perdure.CollectionInput) error {
	if raw.IsZero() {
		return &perdure.InputError{Field: "request", Message: "is missing: the workflow was started without input"}
	}
	if err := perdure.Decode(raw, into); err != nil {
		return err
	}
	return into.Check()
}

func (c *collection) done() bool { return c.closing != open }

// idleTimeout is how long the collection stays open while nobody asks.
func (c *collection) idleTimeout() time.Duration { return idleTimeout(c.input) }

func idleTimeout(in perdure.CollectionInput) time.Duration {
	if in.IdleTimeoutSeconds == 0 {
		return perdure.DefaultIdleTimeout
	}
	return seconds(in.IdleTimeoutSeconds)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
