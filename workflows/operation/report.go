package operation

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// reports is what is carried of telling the parent how the operation goes.
type reports struct {
	Settings perdure.ReportSettings `json:"settings"`
	// Since is when the first run began.
	Since time.Time `json:"since"`
	Told  told      `json:"told"`
	At    time.Time `json:"at,omitzero"`
}

// told is what of a status a person would want to see.
type told struct {
	State         perdure.State `json:"state,omitempty"`
	ServiceStatus string        `json:"serviceStatus,omitempty"`
	News          string        `json:"news,omitempty"`
	Cancel        bool          `json:"cancel,omitempty"`
	Failing       bool          `json:"failing,omitempty"`
}

// takeReport takes over from the input that the parent wants to be told.
func (o *operation) takeReport(ctx workflow.Context) error {
	if o.input.Report == nil {
		return nil
	}
	if workflow.GetInfo(ctx).ParentWorkflowExecution == nil {
		return &perdure.InputError{Field: "report", Message: "is for the child of a workflow, and this one has no parent"}
	}
	o.Reports = &reports{Settings: *o.input.Report, Since: workflow.Now(ctx).UTC(), Told: told{State: perdure.StateStarting}}
	return nil
}

// keepReporting tells the parent what it does not know, until the operation is over or
// nobody hears it.
func (o *operation) keepReporting(work workflow.Context) {
	if o.Reports == nil {
		return
	}
	workflow.Go(work, func(work workflow.Context) {
		over := func() bool { return o.done() || o.moving }
		for {
			_ = workflow.Await(work, func() bool { return o.worthTelling() != o.Reports.Told || over() })
			if wait := o.reportWait(work); wait > 0 {
				timer := workflow.AwaitOptions{Timeout: wait, TimerOptions: workflow.TimerOptions{Summary: "next report to the parent"}}
				_, _ = workflow.AwaitWithOptions(work, timer, func() bool { return o.state() != o.Reports.Told.State || over() })
			}
			if over() || o.tellParent(work) != nil {
				return
			}
		}
	})
}

func (o *operation) worthTelling() told {
	return told{
		State: o.state(), ServiceStatus: o.Status.ServiceStatus, News: o.News,
		Cancel: o.Status.Cancel != nil, Failing: o.Status.LastError != nil,
	}
}

// ageShare of the workflow's age is the least time between two reports: one that runs
// for a month makes about 250, and not half a million.
const ageShare = 20

// reportWait is how long a report has still to wait; one of a new state does not.
func (o *operation) reportWait(work workflow.Context) time.Duration {
	r, now := o.Reports, workflow.Now(work)
	if o.state() != r.Told.State || r.At.IsZero() {
		return 0
	}
	interval := perdure.DefaultReportInterval * time.Second
	if r.Settings.IntervalSeconds > 0 {
		interval = seconds(r.Settings.IntervalSeconds)
	}
	return r.At.Add(max(interval, now.Sub(r.Since)/ageShare)).Sub(now)
}

// tellParent signals the run that started the child: another one of the same id does not
// know the signal. The error is that the parent is gone.
func (o *operation) tellParent(work workflow.Context) error {
	o.Reports.Told, o.Reports.At = o.worthTelling(), workflow.Now(work).UTC()
	info := workflow.GetInfo(work)
	parent := info.ParentWorkflowExecution
	report := perdure.Report{WorkflowID: info.WorkflowExecution.ID, Status: forMemo(o.Status)}
	return workflow.SignalExternalWorkflow(work, parent.ID, parent.RunID, o.Reports.Settings.Signal, report).Get(work, nil)
}
