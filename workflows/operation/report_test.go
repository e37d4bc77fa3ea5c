package operation_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

const progressSignal = "progress"

// told is a report, and when it came.
type told struct {
	at     time.Duration
	status perdure.Status
}

// runAsChild runs the operation below a parent, which takes the reports.
func (s *stage) runAsChild(in perdure.OperationInput) (reports []told) {
	s.t.Helper()
	s.env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		workflow.Go(ctx, func(ctx workflow.Context) {
			for {
				var report perdure.Report
				workflow.GetSignalChannel(ctx, progressSignal).Receive(ctx, &report)
				require.Equal(s.t, "op", report.WorkflowID)
				reports = append(reports, told{s.elapsed(), report.Status})
			}
		})
		ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: "op"})
		return workflow.ExecuteChildWorkflow(ctx, perdure.WorkflowOperation, in).Get(ctx, nil)
	}, workflow.RegisterOptions{Name: "parent"})
	s.env.ExecuteWorkflow("parent")
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.NoError(s.t, s.env.GetWorkflowError())
	return reports
}

func reported(intervalSeconds float64) func(*perdure.OperationInput) {
	return func(in *perdure.OperationInput) {
		in.Report = &perdure.ReportSettings{Signal: progressSignal, IntervalSeconds: intervalSeconds}
	}
}

func durably(a *answer) { a.Durable = true }

func TestReportsTellStatesAtOnceAndTheRestInTime(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Second, durably, percent(0)))}
	s.polls = []act[pollTask]{
		now[pollTask](running(time.Second, durably, percent(1))),
		now[pollTask](running(time.Second, durably, percent(2))),
		now[pollTask](running(time.Second, durably, percent(3))),
		now[pollTask](running(time.Minute, percent(4))),
		now[pollTask](completed()),
	}
	reports := s.runAsChild(request(reported(10)))
	require.Len(t, reports, 2, "%v", reports)
	require.Equal(t, perdure.StateRunning, reports[0].status.State)
	require.InDelta(t, 0, *reports[0].status.PercentComplete, 0)
	require.InDelta(t, 4, *reports[1].status.PercentComplete, 0, "the newest")
	require.InDelta(t, 10, (reports[1].at - reports[0].at).Seconds(), 0.1)
}

// A day of news every five seconds is some 160 reports.
func TestReportsAreFew(t *testing.T) {
	s := newStage(t)
	const polls = 24 * 3600 / 5
	s.starts = []act[startTask]{now[startTask](accepted(5*time.Second, durably))}
	for i := range polls {
		s.polls = append(s.polls, now[pollTask](running(5*time.Second, durably, percent(float64(i)))))
	}
	s.polls = append(s.polls, now[pollTask](completed()))
	reports := s.runAsChild(request(reported(0)))
	require.Greater(t, len(reports), 100)
	require.Less(t, len(reports), 200)
	for i := 1; i < len(reports); i++ {
		require.GreaterOrEqual(t, reports[i].at-reports[i-1].at, 5*time.Second)
	}
}

func TestWithoutReportNobodyIsTold(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Minute))}
	s.polls = []act[pollTask]{now[pollTask](completed())}
	require.Empty(t, s.runAsChild(request()))
}

func TestReportsHaveNothingLarge(t *testing.T) {
	s := newStage(t)
	large := json.RawMessage(`"` + strings.Repeat("x", 3000) + `"`)
	s.starts = []act[startTask]{now[startTask](accepted(time.Minute, func(a *answer) { a.Progress, a.News = large, "large" }))}
	s.polls = []act[pollTask]{now[pollTask](completed())}
	reports := s.runAsChild(request(reported(1)))
	require.Len(t, reports, 1)
	require.Empty(t, reports[0].status.Progress)
}

func TestReportIsForChildren(t *testing.T) {
	s := newStage(t)
	s.run(request(reported(1)))
	errorType, message, _ := s.failed()
	require.Equal(t, perdure.ErrorInvalidInput, errorType)
	require.Contains(t, message, "report: is for the child of a workflow")
}
