package flows_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure/examples/flows"
)

// registered collects the names of workflows, and registers them with a replayer, which
// takes no activities.
type registered struct {
	worker.WorkflowReplayer
	names []string
}

// RegisterWorkflowWithOptions notes the name.
func (r *registered) RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions) {
	r.names = append(r.names, o.Name)
	r.WorkflowReplayer.RegisterWorkflowWithOptions(w, o)
}

// RegisterActivityWithOptions does nothing.
func (r *registered) RegisterActivityWithOptions(any, activity.RegisterOptions) {}

func newRegistered(t *testing.T) *registered {
	t.Helper()
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableDeadlockDetection: true}) // of a busy machine
	require.NoError(t, err)
	r := &registered{WorkflowReplayer: replayer}
	flows.Register(r, &flows.Flows{Service: "jobs"}, &flows.Keeper{})
	return r
}

// A change of these workflows, or of package child, that their histories do not replay
// would leave those that are running where they are.
func TestHistoriesReplay(t *testing.T) {
	t.Parallel()
	for _, name := range newRegistered(t).names {
		files, err := filepath.Glob(filepath.Join("testdata", "histories", name, "*.json"))
		require.NoError(t, err)
		require.NotEmpty(t, files, "%s has no history", name)
		for _, file := range files {
			t.Run(name+"/"+filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				require.NoError(t, replay(newRegistered(t), file))
			})
		}
	}
}

// replay replays a file under the ids that its workflow had: its children are named after
// its run.
func replay(replayer worker.WorkflowReplayer, file string) error {
	text, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = text.Close() }()
	history, err := client.HistoryFromJSON(text, client.HistoryJSONOptions{})
	if err != nil {
		return err
	}
	began := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	return replayer.ReplayWorkflowHistoryWithOptions(quiet{}, history, worker.ReplayWorkflowHistoryOptions{
		OriginalExecution: workflow.Execution{ID: began.GetWorkflowId(), RunID: began.GetOriginalExecutionRunId()},
	})
}

// quiet drops the log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
