package operation

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// Carried is what a run hands to the next one at continue-as-new: all that a reader
// of status, response or token would miss, and all that is needed to go on.
type Carried struct {
	// Summary is what the operation is about, for people.
	Summary  string            `json:"summary,omitempty"`
	Status   perdure.Status    `json:"status"`
	Sealed   string            `json:"sealed,omitempty"`
	Response *perdure.Response `json:"response,omitempty"`

	Polling  *perdure.Polling        `json:"polling,omitempty"`
	Cancel   *perdure.CancelSettings `json:"cancel,omitempty"`
	Deadline time.Time               `json:"deadline,omitzero"`

	// NextAt is when to ask, or to send the start, next.
	NextAt  time.Time `json:"nextAt,omitzero"`
	Durable bool      `json:"durable,omitempty"`
	// AskedAt is when the last answer came, ServiceWait what it asked for.
	AskedAt     time.Time `json:"askedAt,omitzero"`
	ServiceWait float64   `json:"serviceWait,omitempty"`
	Interval    float64   `json:"interval,omitempty"`

	// Resolve is how a person settled an ambiguous start, until it is carried out.
	Resolve *perdure.Resolve `json:"resolve,omitempty"`
	// Unsettled is what the status said of the start before.
	Unsettled *unsettled `json:"unsettled,omitempty"`

	Tries       int       `json:"tries,omitempty"`
	FirstSentAt time.Time `json:"firstSentAt,omitzero"`
	// StartSealed is what the answers to the start have left for the next request.
	StartSealed string `json:"startSealed,omitempty"`
	// BackoffPolls counts the questions since the polling was set.
	BackoffPolls int       `json:"backoffPolls,omitempty"`
	News         string    `json:"news,omitempty"`
	BodyDigest   string    `json:"bodyDigest,omitempty"`
	ToldAt       time.Time `json:"toldAt,omitzero"`

	// CancelSent: the request to stop has been made, or was found unsupported.
	CancelSent bool      `json:"cancelSent,omitempty"`
	Attributes []string  `json:"attributes,omitempty"`
	Published  published `json:"published"`
	// Reports is nil where the parent does not want to be told.
	Reports *reports `json:"reports,omitempty"`
}

// unsettled is why a start is ambiguous.
type unsettled struct {
	Error     *perdure.ServiceError `json:"error,omitempty"`
	LastError *perdure.TimedError   `json:"lastError,omitempty"`
}

// operation is one run of the workflow.
type operation struct {
	Carried
	raw     perdure.RawInput
	input   perdure.OperationInput
	refused error // what is wrong with the workflow's arguments
	// continued: this run goes on where another left off.
	continued bool

	// unresolved is why the last attempt to settle an ambiguous start came to nothing.
	unresolved *perdure.ServiceError

	// result is set when the operation succeeded.
	result *perdure.OperationResult
	// closing is how the workflow closes, once that is decided.
	closing closing

	// outer is the context that Temporal cancels, and whether that was taken up.
	outer          workflow.Context
	outerAttended  bool
	cancels, polls workflow.ReceiveChannel

	// asked numbers the questions in the order in which they were scheduled, applied
	// is the newest whose answer was taken over.
	asked, applied int
	// interrupt asks the watching activity to return.
	interrupt bool
	// replan: the polling was replaced while a question was under way.
	replan bool
	// timedOut: the deadline has passed while the start was under way.
	timedOut bool
	// moving: this run is about to continue as new.
	moving bool
	// giveUpStop gives up the request to stop that is under way; nil: none is.
	giveUpStop workflow.CancelFunc
	// beside is done when the operation is over, for questions that are under way.
	beside       workflow.Context
	cancelBeside workflow.CancelFunc
	besides      int  // questions and cancel requests under way beside the main line
	pollUnderway bool // one of them was asked for by the signal "poll"
}

// closing is how the workflow closes.
type closing int

const (
	open closing = iota
	completed
	failed
	canceled
)

func newOperation(ctx workflow.Context, raw perdure.RawInput, carried *Carried) *operation {
	o := &operation{raw: raw, refused: failure.Carried(ctx, carried != nil)}
	o.continued = carried != nil && o.refused == nil
	if o.continued {
		o.Carried = *carried
	} else {
		o.Status = perdure.Status{State: perdure.StateStarting, StartedAt: workflow.GetInfo(ctx).WorkflowStartTime.UTC()}
		o.Status.AsOf = o.Status.StartedAt
	}
	return o
}

// begin reads the input and what it says of the operation.
func (o *operation) begin(ctx workflow.Context) {
	err := o.read()
	if err == nil {
		err = failure.Recorded(ctx, o.input.Request)
	}
	if err == nil {
		err = o.takeReport(ctx)
	}
	if err != nil {
		o.end(ctx, failed, perdure.StateFailed, perdure.ErrorInvalidInput, failure.Input(err))
		return
	}
	in := &o.input
	o.Summary = cmp.Or(givenSummary(ctx), in.Summary())
	o.Status.Type, o.Status.Service, o.Status.Protocol = in.Type, in.ServiceName(), perdure.AutoProtocol
	if in.Protocol != nil {
		o.Status.Protocol = cmp.Or(in.Protocol.Name, perdure.AutoProtocol)
	}
	o.Polling, o.Cancel = in.Polling, in.Cancel
	if in.TimeoutSeconds > 0 {
		o.Deadline = o.Status.StartedAt.Add(seconds(in.TimeoutSeconds))
	}
	o.showDetails(ctx)
}

// read decodes the input: a typo is an error that names the field, and not a
// workflow task that fails for ever.
func (o *operation) read() error {
	if o.refused != nil {
		return o.refused
	}
	if o.raw.IsZero() {
		return &perdure.InputError{Field: "request", Message: "is missing: the workflow was started without input"}
	}
	if err := perdure.Decode(o.raw, &o.input); err != nil {
		return err
	}
	return o.input.Check()
}

func (o *operation) state() perdure.State { return o.Status.State }

func (o *operation) done() bool { return o.closing != open }

// startDecided: the start was answered, or is ambiguous, or came to nothing.
func (o *operation) startDecided() bool {
	return o.done() || o.state() != perdure.StateStarting
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
