package perdure

import "fmt"

// DefaultReportInterval is the least time between two reports, in seconds.
const DefaultReportInterval = 5

// ReportSettings have an operation that is the child of a workflow report its progress to
// the parent by signals, since a workflow cannot query another one.
type ReportSettings struct {
	// Signal is the name of the signal that carries a Report to the parent. Required, at
	// most 256 bytes.
	Signal string `json:"signal"`
	// IntervalSeconds is the least time between two reports, at least 1. It grows with
	// the age of the workflow, of which it is at least a twentieth. A change of the state is
	// reported at once. Default DefaultReportInterval.
	IntervalSeconds float64 `json:"intervalSeconds,omitempty"`
}

// Report is what an operation tells its parent. How it ended is not reported: the parent
// gets the result.
type Report struct {
	// WorkflowID is the operation's.
	WorkflowID string `json:"workflowId"`
	// Status has no progress and no error details above 2 KiB.
	Status Status `json:"status"`
}

func (r *ReportSettings) check() error {
	switch {
	case r == nil:
		return nil
	case r.Signal == "":
		return &InputError{Field: "report.signal", Message: "is missing, want the name of a signal of the parent's"}
	case r.IntervalSeconds != 0 && r.IntervalSeconds < 1:
		return &InputError{Field: "report.intervalSeconds", Message: fmt.Sprintf("is %v, want 1 or more, or 0 for the default, which is %d", r.IntervalSeconds, DefaultReportInterval)}
	}
	if err := checkName("report.signal", r.Signal); err != nil {
		return err
	}
	return checkSeconds("report.intervalSeconds", r.IntervalSeconds)
}
