package workflows_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure/workflows"
)

// A history reads like a story: the workflow, its activities and its timers have names. A
// replay does not compare them, and so they are what the replay of each history says.
func TestHistoriesReadLikeAStory(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		history string
		want    []string
		// recorded: the history is of a version that gave these names, and has them. Title is
		// then the workflow's own; "": it was started without.
		recorded bool
		title    string
	}{
		{
			history: "perdure.operation.v1/moved-between-builds", recorded: true, title: "jobs: POST /jobs",
			want: []string{
				"send the start: jobs: POST /jobs",
				"until the next question", "watch the operation",
				"until the next question", "watch the operation",
				"until the next question", "watch the operation",
				"until the next question", "watch the operation",
			},
		},
		{
			history: "perdure.operation.v1/ambiguous-never-scheduled", recorded: true,
			want: []string{"send the start: jobs: POST /v1/batches", "has any worker sent the start?"},
		},
		{
			history: "perdure.operation.v1/start-sent-again",
			want: []string{
				"send the start: jobs: POST /v1/vector_stores", "until the start is sent again",
				"send the start again: jobs: POST /v1/vector_stores", "watch vs_53tpmjr5huy5wimjftxgzxsgea",
			},
		},
		{
			history: "perdure.operation.v1/canceled-at-the-service",
			want: []string{
				"send the start: jobs: POST /v1/batches", "watch batch_tuhgyc36o3whx5f723l3hwq6ob",
				"time for the service to stop", "ask the service to stop", "watch batch_tuhgyc36o3whx5f723l3hwq6ob",
			},
		},
		{
			history: "perdure.operation.v1/timed-out",
			want: []string{
				"send the start: jobs: POST /v1/batches", "timeoutSeconds",
				"watch batch_q26llniad5zx4726qua6oxyoxm", "time is up: ask the service to stop",
			},
		},
		{
			history: "perdure.operation.v1/asked-from-outside",
			want: []string{
				"send the start: jobs: POST /v1/vector_stores", "until the next question", "ask once, now",
				"until the next question", "until the next question", "ask once, now", "watch vs_sgrkolsaewpx55xqudl66gc6ch",
			},
		},
		{
			history: "perdure.operation.v1/adopted",
			want:    []string{"take over: jobs: adopted", "watch vs_n62chmquuzwpjsbljwkpgpky5e", "watch vs_n62chmquuzwpjsbljwkpgpky5e"},
		},
		{
			history: "perdure.collection.v1/asked-with-a-limit",
			want: []string{
				"waitSeconds of a reader", "fetch page 0", "fetch page 1", "idleTimeoutSeconds",
				"waitSeconds of a reader", "fetch page 2", "fetch page 3",
			},
		},
		{
			history: "perdure.page.v1/after-a-transient-failure",
			want:    []string{"fetch the page at once", "until the page is asked for again", "fetch page 0"},
		},
		{
			history: "perdure.stream.v1/read-to-the-end",
			want:    []string{"time to answer those who wait", "time to look for the reader"},
		},
		{history: "perdure.streamReader.v1/read-to-the-end", want: []string{"read the stream"}},
		{history: "perdure.rehydrate.v1/started", want: []string{"jobs: CreateVectorStore"}},
	} {
		t.Run(tc.history, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(histories, tc.history+".json")
			require.Equal(t, tc.want, told(t, file))
			if tc.recorded {
				title, names := recorded(t, file)
				require.Equal(t, tc.title, title)
				require.Equal(t, tc.want, names)
			}
		})
	}
}

// Temporal's web UI shows nothing, or a name of the SDK's, for what has no name.
func TestNothingIsUnnamed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(histories, "*", "*.json"))
	require.NoError(t, err)
	for _, file := range files {
		for _, name := range told(t, file) {
			require.NotContains(t, []string{"", "Sleep", "AwaitWithTimeout"}, name, file)
		}
	}
}

// told are the names that the replay of a history gives.
func told(t *testing.T, file string) []string {
	t.Helper()
	story := &storyteller{}
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		Interceptors: []interceptor.WorkerInterceptor{story}, DisableDeadlockDetection: true, // of a busy machine
	})
	require.NoError(t, err)
	workflows.Register(replayer)
	require.NoError(t, replay(replayer, file))
	return story.names
}

// recorded are the names that a history has: the workflow's own, and the others.
func recorded(t *testing.T, file string) (title string, names []string) {
	t.Helper()
	text, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = text.Close() }()
	history, err := client.HistoryFromJSON(text, client.HistoryJSONOptions{})
	require.NoError(t, err)
	for _, event := range history.GetEvents() {
		name := nameIn(t, event.GetUserMetadata().GetSummary())
		switch {
		case name == "":
		case event.GetWorkflowExecutionStartedEventAttributes() != nil:
			title = name
		default:
			names = append(names, name)
		}
	}
	return title, names
}

func nameIn(t *testing.T, p *commonpb.Payload) (name string) {
	t.Helper()
	if p != nil {
		require.NoError(t, converter.GetDefaultDataConverter().FromPayload(p, &name))
	}
	return name
}

// storyteller notes the names of activities and timers.
type storyteller struct {
	interceptor.WorkerInterceptorBase
	names []string
}

// InterceptWorkflow puts it between a workflow and the replayer.
func (s *storyteller) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &storyInbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, story: s}
}

type storyInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	story *storyteller
}

// Init takes the outbound half.
func (i *storyInbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&storyOutbound{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: next}, story: i.story})
}

type storyOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	story *storyteller
}

func (o *storyOutbound) note(name string) { o.story.names = append(o.story.names, name) }

// ExecuteActivity notes the name.
//
//workflowcheck:ignore the test's own bookkeeping
func (o *storyOutbound) ExecuteActivity(ctx workflow.Context, activityType string, args ...any) workflow.Future {
	o.note(workflow.GetActivityOptions(ctx).Summary)
	return o.Next.ExecuteActivity(ctx, activityType, args...)
}

// ExecuteLocalActivity notes the name.
//
//workflowcheck:ignore the test's own bookkeeping
func (o *storyOutbound) ExecuteLocalActivity(ctx workflow.Context, activityType string, args ...any) workflow.Future {
	o.note(workflow.GetLocalActivityOptions(ctx).Summary)
	return o.Next.ExecuteLocalActivity(ctx, activityType, args...)
}

// NewTimerWithOptions notes the name, where there is something to wait for.
//
//workflowcheck:ignore the test's own bookkeeping
func (o *storyOutbound) NewTimerWithOptions(ctx workflow.Context, d time.Duration, options workflow.TimerOptions) workflow.Future {
	if d > 0 {
		o.note(options.Summary)
	}
	return o.Next.NewTimerWithOptions(ctx, d, options)
}
