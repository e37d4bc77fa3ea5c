package workflows_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure/workflows"
)

// Where a workflow does otherwise than a version before, both ways are open for as long as
// there may be histories of the first: so each is replayed.
func TestEveryVersionHasAHistory(t *testing.T) {
	t.Parallel()
	taken := &versions{}
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		Interceptors: []interceptor.WorkerInterceptor{taken}, DisableDeadlockDetection: true,
	})
	require.NoError(t, err)
	workflows.Register(replayer)
	files, err := filepath.Glob(filepath.Join(histories, "*", "*.json"))
	require.NoError(t, err)
	for _, file := range files {
		require.NoError(t, replay(replayer, file), file)
	}
	for _, id := range changes(t) {
		require.Contains(t, taken.byChange, id, "no history comes to this change: record one (%s/README.md)", histories)
		seen := taken.byChange[id]
		for v := seen.least; v <= seen.most; v++ {
			if v != 0 { // no version has that number
				require.Contains(t, seen.taken, v, "no history comes to %q as version %d had it: record one", id, v)
			}
		}
	}
}

// changes are the ids of all calls of workflow.GetVersion.
func changes(t *testing.T) (ids []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && isGetVersion(call) {
				id, ok := call.Args[1].(*ast.BasicLit)
				require.True(t, ok, "%s: the id of a change is written where it is used", path)
				text, err := strconv.Unquote(id.Value)
				require.NoError(t, err)
				ids = append(ids, text)
			}
			return true
		})
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, ids)
	return ids
}

func isGetVersion(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && f.Sel.Name == "GetVersion" && len(call.Args) == 4
}

// versions notes which versions of which changes replays have taken.
type versions struct {
	interceptor.WorkerInterceptorBase
	byChange map[string]*versionsOfOne
}

type versionsOfOne struct {
	least, most workflow.Version
	taken       map[workflow.Version]bool
}

// InterceptWorkflow puts it between workflows and the replayer.
func (v *versions) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &versionsInbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, versions: v}
}

type versionsInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	versions *versions
}

// Init takes the outbound half.
func (i *versionsInbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&versionsOutbound{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: next}, versions: i.versions})
}

type versionsOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	versions *versions
}

// GetVersion notes the answer.
//
//workflowcheck:ignore the test's own bookkeeping
func (o *versionsOutbound) GetVersion(ctx workflow.Context, id string, least, most workflow.Version) workflow.Version {
	version := o.Next.GetVersion(ctx, id, least, most)
	if o.versions.byChange == nil {
		o.versions.byChange = map[string]*versionsOfOne{}
	}
	if o.versions.byChange[id] == nil {
		o.versions.byChange[id] = &versionsOfOne{least: least, most: most, taken: map[workflow.Version]bool{}}
	}
	o.versions.byChange[id].taken[version] = true
	return version
}
