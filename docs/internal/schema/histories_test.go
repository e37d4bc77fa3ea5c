package schema_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/docs/internal/schema"
)

// exchange says of which shape is what a workflow takes and gives.
type exchange struct {
	input, result, status string
	updates               map[string]string // of the arguments; every answer is a status
}

var exchanges = map[string]exchange{
	perdure.WorkflowOperation: {"OperationInput", "OperationResult", "Status", map[string]string{
		perdure.UpdateAwaitStarted: "", perdure.UpdateUpdateStatus: "UpdateStatusRequest",
		perdure.UpdateSetPolling: "Polling", perdure.UpdateResolve: "Resolve",
	}},
	perdure.WorkflowCollection: {"CollectionInput", "CollectionResult", "CollectionStatus", map[string]string{perdure.UpdateWait: "WaitRequest"}},
	perdure.WorkflowPage:       {"CollectionInput", "Page", "CollectionStatus", nil},
	perdure.WorkflowRehydrate:  {"RehydrateInput", "Rehydrated", "TokenRefusal", nil},
	perdure.WorkflowStream:     {"StreamInput", "StreamResult", "StreamStatus", map[string]string{perdure.UpdateWait: "WaitEventRequest"}},
}

// What the recorded workflows took and gave is valid, but for the inputs that they refused.
func TestHistoriesAreValid(t *testing.T) {
	t.Parallel()
	s := compile(t)
	seen := map[string]int{}
	for workflow, e := range exchanges {
		files, err := filepath.Glob(filepath.Join(schema.Root, "workflows/testdata/histories", workflow, "*.json"))
		require.NoError(t, err)
		require.NotEmpty(t, files, workflow)
		for _, file := range files {
			h := &recording{t: t, schemas: s, exchange: e, seen: seen, file: file}
			for _, event := range read(t, file) {
				h.look(event)
			}
		}
	}
	for _, shape := range []string{
		"OperationInput", "OperationResult", "Status", "CancelSignal", "Polling", "UpdateStatusRequest", "Resolve",
		"CollectionInput", "CollectionResult", "CollectionStatus", "WaitRequest", "Page",
		"StreamInput", "StreamResult", "StreamStatus", "WaitEventRequest",
		"RehydrateInput", "Rehydrated", "TokenRefusal",
	} {
		require.NotZero(t, seen[shape], "no history has a %s", shape)
	}
}

func read(t *testing.T, file string) []*historypb.HistoryEvent {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	h, err := client.HistoryFromJSON(f, client.HistoryJSONOptions{})
	require.NoError(t, err)
	return h.GetEvents()
}

// recording is one history.
type recording struct {
	t *testing.T
	schemas
	exchange
	file string
	seen map[string]int
}

func (h *recording) look(event *historypb.HistoryEvent) {
	switch {
	case event.GetWorkflowExecutionStartedEventAttributes() != nil:
		h.started(event.GetWorkflowExecutionStartedEventAttributes())
	case event.GetWorkflowExecutionCompletedEventAttributes() != nil:
		h.valid(h.result, event.GetWorkflowExecutionCompletedEventAttributes().GetResult())
	case event.GetWorkflowExecutionFailedEventAttributes() != nil:
		h.failed(event.GetWorkflowExecutionFailedEventAttributes().GetFailure())
	case event.GetWorkflowExecutionCanceledEventAttributes() != nil:
		h.valid(h.status, event.GetWorkflowExecutionCanceledEventAttributes().GetDetails())
	case event.GetWorkflowExecutionSignaledEventAttributes() != nil:
		if a := event.GetWorkflowExecutionSignaledEventAttributes(); a.GetSignalName() == perdure.SignalCancel {
			h.valid("CancelSignal", a.GetInput())
		}
	case event.GetWorkflowExecutionUpdateAcceptedEventAttributes() != nil:
		a := event.GetWorkflowExecutionUpdateAcceptedEventAttributes()
		input := a.GetAcceptedRequest().GetInput()
		shape, known := h.updates[input.GetName()]
		require.True(h.t, known, "update %s", input.GetName())
		if shape != "" {
			h.valid(shape, input.GetArgs())
		}
	case event.GetWorkflowExecutionUpdateCompletedEventAttributes() != nil:
		outcome := event.GetWorkflowExecutionUpdateCompletedEventAttributes().GetOutcome()
		h.valid(h.status, outcome.GetSuccess())
		h.failed(outcome.GetFailure())
	case event.GetWorkflowPropertiesModifiedEventAttributes() != nil:
		memo := event.GetWorkflowPropertiesModifiedEventAttributes().GetUpsertedMemo().GetFields()[perdure.MemoStatus]
		h.valid(h.status, &commonpb.Payloads{Payloads: []*commonpb.Payload{memo}})
	}
}

func (h *recording) started(a *historypb.WorkflowExecutionStartedEventAttributes) {
	raw := a.GetInput().GetPayloads()[0].GetData()
	if strings.HasPrefix(filepath.Base(h.file), "invalid-") {
		require.Error(h.t, h.validate(h.t, h.input, raw), h.file)
		return
	}
	h.valid(h.input, a.GetInput())
}

// failed: what failed by an error of the contract has a status.
func (h *recording) failed(f *failurepb.Failure) {
	h.valid(h.status, f.GetApplicationFailureInfo().GetDetails())
}

// valid checks the first payload, if there is one; another is not the caller's.
func (h *recording) valid(shape string, p *commonpb.Payloads) {
	h.t.Helper()
	if len(p.GetPayloads()) == 0 {
		return
	}
	payload := p.GetPayloads()[0]
	require.Equal(h.t, "json/plain", string(payload.GetMetadata()["encoding"]))
	h.seen[shape]++
	require.NoError(h.t, h.validate(h.t, shape, payload.GetData()), h.file)
}
