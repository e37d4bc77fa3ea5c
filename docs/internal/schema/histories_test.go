package schema_test

import (
	"os"
	"path/filepath"
	"slices"
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

// activities are those whose shapes are of the contract too.
var activities = map[string]exchange{
	perdure.ActivityFollow:    {input: "FollowInput", result: "Followed"},
	perdure.ActivityRehydrate: {input: "RehydrateInput", result: "Rehydrated", status: "TokenRefusal"},
	perdure.ActivityFetchPage: {status: "ServiceError"},
}

// reportPrefix begins the names of the signals by which a child tells how it goes.
const reportPrefix = "perdure.report/"

// recordings are the folders of histories: our workflows', and those of a user's workflows
// whose children ours are.
var recordings = []string{"workflows/testdata/histories", "examples/flows/testdata/histories"}

// unrecorded are what no history has: what is asked by queries, what is held for activities
// that are pending, and what the command line prints. The contract has examples of them.
var unrecorded = []string{
	"Response", "Heartbeat", "Summary", "PageRequest", "PagesRequest", "Pages", "Segment",
	"ReadRequest", "Events", "StreamSegment",
}

// What the recorded workflows took and gave is valid, but for the inputs that they refused.
func TestHistoriesAreValid(t *testing.T) {
	t.Parallel()
	s := compile(t)
	seen := map[string]int{}
	recorded := map[string]bool{}
	for _, folder := range recordings {
		files, err := filepath.Glob(filepath.Join(schema.Root, folder, "*", "*.json"))
		require.NoError(t, err)
		require.NotEmpty(t, files, folder)
		for _, file := range files {
			workflow := filepath.Base(filepath.Dir(file))
			recorded[workflow] = true
			h := &recording{t: t, schemas: s, exchange: exchanges[workflow], file: file, seen: seen, scheduled: map[int64]exchange{}}
			for _, event := range read(t, file) {
				h.look(event)
			}
		}
	}
	for workflow := range exchanges {
		require.True(t, recorded[workflow], workflow)
	}
	for _, shape := range schema.Shapes() {
		if !slices.Contains(unrecorded, shape.Name()) {
			require.NotZero(t, seen[shape.Name()], "no history has a %s", shape.Name())
		}
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
	// scheduled are the activities, by the event that schedules each.
	scheduled map[int64]exchange
}

func (h *recording) look(event *historypb.HistoryEvent) {
	h.lookAtRun(event)
	h.lookAtUpdate(event)
	h.lookAtSignal(event)
	h.lookAtChild(event)
	h.lookAtActivity(event)
}

func (h *recording) lookAtRun(event *historypb.HistoryEvent) {
	switch {
	case event.GetWorkflowExecutionStartedEventAttributes() != nil:
		h.started(event.GetWorkflowExecutionStartedEventAttributes())
	case event.GetWorkflowExecutionCompletedEventAttributes() != nil:
		h.valid(h.result, event.GetWorkflowExecutionCompletedEventAttributes().GetResult())
	case event.GetWorkflowExecutionFailedEventAttributes() != nil:
		h.failed(h.status, event.GetWorkflowExecutionFailedEventAttributes().GetFailure())
	case event.GetWorkflowExecutionCanceledEventAttributes() != nil:
		h.valid(h.status, event.GetWorkflowExecutionCanceledEventAttributes().GetDetails())
	case event.GetWorkflowPropertiesModifiedEventAttributes() != nil:
		memo := event.GetWorkflowPropertiesModifiedEventAttributes().GetUpsertedMemo().GetFields()[perdure.MemoStatus]
		h.valid(h.status, &commonpb.Payloads{Payloads: []*commonpb.Payload{memo}})
	}
}

func (h *recording) lookAtUpdate(event *historypb.HistoryEvent) {
	switch {
	case event.GetWorkflowExecutionUpdateAcceptedEventAttributes() != nil:
		a := event.GetWorkflowExecutionUpdateAcceptedEventAttributes()
		input := a.GetAcceptedRequest().GetInput()
		shape, known := h.updates[input.GetName()]
		require.True(h.t, known, "update %s", input.GetName())
		h.valid(shape, input.GetArgs())
	case event.GetWorkflowExecutionUpdateCompletedEventAttributes() != nil:
		outcome := event.GetWorkflowExecutionUpdateCompletedEventAttributes().GetOutcome()
		h.valid(h.status, outcome.GetSuccess())
		h.failed(h.status, outcome.GetFailure())
	}
}

func (h *recording) lookAtSignal(event *historypb.HistoryEvent) {
	if a := event.GetWorkflowExecutionSignaledEventAttributes(); a != nil {
		h.signal(a.GetSignalName(), a.GetInput())
	}
	if a := event.GetSignalExternalWorkflowExecutionInitiatedEventAttributes(); a != nil {
		h.signal(a.GetSignalName(), a.GetInput())
	}
}

func (h *recording) signal(name string, input *commonpb.Payloads) {
	switch {
	case name == perdure.SignalCancel:
		h.valid("CancelSignal", input)
	case strings.HasPrefix(name, reportPrefix):
		h.valid("Report", input)
	}
}

func (h *recording) lookAtChild(event *historypb.HistoryEvent) {
	switch {
	case event.GetStartChildWorkflowExecutionInitiatedEventAttributes() != nil:
		a := event.GetStartChildWorkflowExecutionInitiatedEventAttributes()
		h.valid(exchanges[a.GetWorkflowType().GetName()].input, a.GetInput())
	case event.GetChildWorkflowExecutionCompletedEventAttributes() != nil:
		a := event.GetChildWorkflowExecutionCompletedEventAttributes()
		h.valid(exchanges[a.GetWorkflowType().GetName()].result, a.GetResult())
	case event.GetChildWorkflowExecutionFailedEventAttributes() != nil:
		a := event.GetChildWorkflowExecutionFailedEventAttributes()
		h.failed(exchanges[a.GetWorkflowType().GetName()].status, a.GetFailure())
	case event.GetChildWorkflowExecutionCanceledEventAttributes() != nil:
		a := event.GetChildWorkflowExecutionCanceledEventAttributes()
		h.valid(exchanges[a.GetWorkflowType().GetName()].status, a.GetDetails())
	}
}

func (h *recording) lookAtActivity(event *historypb.HistoryEvent) {
	switch {
	case event.GetActivityTaskScheduledEventAttributes() != nil:
		a := event.GetActivityTaskScheduledEventAttributes()
		e := activities[a.GetActivityType().GetName()]
		h.scheduled[event.GetEventId()] = e
		h.valid(e.input, a.GetInput())
	case event.GetActivityTaskStartedEventAttributes() != nil:
		a := event.GetActivityTaskStartedEventAttributes()
		h.failed(h.scheduled[a.GetScheduledEventId()].status, a.GetLastFailure())
	case event.GetActivityTaskCompletedEventAttributes() != nil:
		a := event.GetActivityTaskCompletedEventAttributes()
		h.valid(h.scheduled[a.GetScheduledEventId()].result, a.GetResult())
	case event.GetActivityTaskFailedEventAttributes() != nil:
		a := event.GetActivityTaskFailedEventAttributes()
		h.failed(h.scheduled[a.GetScheduledEventId()].status, a.GetFailure())
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
func (h *recording) failed(status string, f *failurepb.Failure) {
	h.valid(status, f.GetApplicationFailureInfo().GetDetails())
}

// valid checks the first payload, if there is one; another is not the caller's. "" is no
// shape of the contract.
func (h *recording) valid(shape string, p *commonpb.Payloads) {
	h.t.Helper()
	if shape == "" || len(p.GetPayloads()) == 0 {
		return
	}
	payload := p.GetPayloads()[0]
	require.Equal(h.t, "json/plain", string(payload.GetMetadata()["encoding"]))
	h.seen[shape]++
	require.NoError(h.t, h.validate(h.t, shape, payload.GetData()), h.file)
}
