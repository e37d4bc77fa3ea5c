package stream

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
	"github.com/perdure-dev/perdure/workflows/internal/shown"
)

// Stream is perdure.stream.v1: the record of an event stream of a service. Input is a
// perdure.StreamInput; carried is nil except after continue-as-new.
//
// It ends when the stream has. It fails with an application error, never retryable, the
// StreamStatus in its details, when the stream ended badly or cannot be taken up; what
// came before stays readable. It closes as canceled when cancel was asked for.
func Stream(ctx workflow.Context, input perdure.RawInput, carried *Carried) (*perdure.StreamResult, error) {
	l := newLog(ctx, input, carried)
	if err := l.serve(ctx); err != nil {
		return nil, err
	}
	work, _ := workflow.NewDisconnectedContext(ctx) // canceling the workflow is attended to
	l.listen(ctx, work)
	l.begin(work)
	for !l.done() {
		l.attend(work)
		switch {
		case l.done():
		case l.mustContinue():
			if l.prepareToContinue(work) {
				return nil, workflow.NewContinueAsNewError(work, perdure.WorkflowStream, l.raw, l.Carried)
			}
		default:
			l.await(work, func() bool { return l.mustContinue() })
		}
	}
	return l.close(work)
}

// Carried is what a run hands to the next one at continue-as-new.
type Carried struct {
	Status perdure.StreamStatus `json:"status"`
	// Sealed is the sealed state after the last event.
	Sealed   string            `json:"sealed,omitempty"`
	Response *perdure.Response `json:"response,omitempty"`
	// Reader is the workflow id of the child that reads, and Writer the newest of its
	// attempts.
	Reader     string          `json:"reader,omitempty"`
	Writer     int64           `json:"writer,omitempty"`
	Attributes []string        `json:"attributes,omitempty"`
	Published  shown.Published `json:"published"`
}

// log is one run of the workflow.
type log struct {
	Carried
	raw     perdure.RawInput
	input   perdure.StreamInput
	refused error // what is wrong with the workflow's arguments
	// id is the workflow's, firstRunID that of the first of its runs.
	id, firstRunID string
	// stray is the first run of a log that had the id before, whose reader was told to
	// stop.
	stray string

	// events of this run, of which the first has the offset firstOffset.
	events      []perdure.RecordedEvent
	firstOffset int

	outer            workflow.Context
	outerAttended    bool
	cancels, batches workflow.ReceiveChannel
	// recorded counts the batches of this run, waits the updates; kept is about what its
	// events take in answers.
	recorded, waits, kept int
	// rounds counts how often all who waited for long were answered; ticking: they will be.
	rounds  int
	ticking bool
	// lastHeard is when the reader was heard of last.
	lastHeard time.Time
	// lost: the reader is gone.
	lost bool
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

func newLog(ctx workflow.Context, raw perdure.RawInput, carried *Carried) *log {
	info := workflow.GetInfo(ctx)
	l := &log{raw: raw, refused: failure.Carried(ctx, carried != nil), id: info.WorkflowExecution.ID, firstRunID: info.FirstRunID}
	if carried != nil && l.refused == nil {
		l.Carried = *carried
	} else {
		l.Status = perdure.StreamStatus{State: perdure.StateStarting, StartedAt: info.WorkflowStartTime.UTC()}
	}
	l.lastHeard = workflow.Now(ctx)
	l.beginSegment(info.WorkflowExecution.RunID)
	return l
}

// begin reads the input, and starts the workflow that reads the stream. A typo is an error
// that names the field, and not a workflow task that fails for ever.
func (l *log) begin(work workflow.Context) {
	err := l.read()
	if err == nil {
		err = failure.Recorded(work, l.input.Request)
	}
	if err != nil {
		l.end(work, failed, perdure.StateFailed, perdure.ErrorInvalidInput, failure.Input(err))
		return
	}
	if l.Reader != "" {
		l.publish(work) // the current details are a run's own
		workflow.Go(work, l.watchReader)
		return
	}
	l.Status.Type, l.Status.Service = l.input.Type, l.input.ServiceName()
	if l.input.Protocol != nil {
		l.Status.Protocol = l.input.Protocol.Name
	}
	l.startReader(work)
}

func (l *log) read() error {
	if l.refused != nil {
		return l.refused
	}
	if l.raw.IsZero() {
		return &perdure.InputError{Field: "request", Message: "is missing: the workflow was started without input"}
	}
	if err := perdure.Decode(l.raw, &l.input); err != nil {
		return err
	}
	return l.input.Check()
}

func (l *log) done() bool { return l.closing != open }
