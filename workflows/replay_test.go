package workflows_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure/workflows"
)

const histories = "testdata/histories"

// registered collects the names under which workflows are registered.
type registered struct {
	workflows.Registry
	names []string
}

// RegisterWorkflowWithOptions notes the name.
func (r *registered) RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions) {
	r.names = append(r.names, options.Name)
	r.Registry.RegisterWorkflowWithOptions(w, options)
}

// A history that does not replay is an open operation that would stand still after the
// next deployment.
func TestHistoriesReplay(t *testing.T) {
	t.Parallel()
	all := &registered{Registry: worker.NewWorkflowReplayer()}
	workflows.Register(all)
	require.NotEmpty(t, all.names)
	for _, name := range all.names {
		files, err := filepath.Glob(filepath.Join(histories, name, "*.json"))
		require.NoError(t, err)
		if len(files) == 0 {
			t.Errorf("%s has no history in %s", name, filepath.Join(histories, name))
		}
		for _, file := range files {
			t.Run(name+"/"+filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{DisableDeadlockDetection: true}) // of a busy machine
				require.NoError(t, err)
				workflows.Register(replayer)
				require.NoError(t, replay(replayer, file))
			})
		}
	}
}

// replay replays a file under the id that its workflow had: a stream's child is named
// after it.
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

// A folder with another name would be replayed by nobody.
func TestEveryHistoryIsOfARegisteredWorkflow(t *testing.T) {
	all := &registered{Registry: worker.NewWorkflowReplayer()}
	workflows.Register(all)
	files, err := filepath.Glob(filepath.Join(histories, "*", "*"))
	require.NoError(t, err)
	for _, file := range files {
		require.True(t, slices.Contains(all.names, filepath.Base(filepath.Dir(file))), file)
		require.Equal(t, ".json", filepath.Ext(file), file)
	}
}

// quiet drops the log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
