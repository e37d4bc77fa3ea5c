package starter_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// engine is a Temporal whose workflows are collections, in memory. A page takes
// fetchTime.
type engine struct {
	client.Client
	t      *testing.T
	keyset *tokens.Keyset

	mu    sync.Mutex
	lists map[string]*list
	// make gives the collection of an id that is started.
	make func(id string, in perdure.CollectionInput) *list
	// asked are the questions in the order in which they came.
	asked []string
	// refuse is asked before an update or a query is answered.
	refuse func(question string) error
	page   func(ctx context.Context, in perdure.CollectionInput) (*perdure.Page, error)
	// canceled are the workflows whose cancellation was asked for.
	canceled []string
}

const fetchTime = time.Second

// list is a collection, and what there is of it.
type list struct {
	input   perdure.CollectionInput
	kind    string
	pages   []perdure.Page // that there ever will be
	first   int            // that the current run holds
	gone    bool           // the earlier run is no longer kept
	fetched int
	failing map[int]string // pages that fail once, and how
	status  perdure.CollectionStatus
	closed  enumspb.WorkflowExecutionStatus
	pending []*workflowpb.PendingActivityInfo
	// moves: a wait for this page is answered before it is there, once.
	moves map[int]bool
}

func newEngine(t *testing.T) (*engine, *starter.Client) {
	t.Helper()
	keyset, err := tokens.NewKeyset()
	require.NoError(t, err)
	e := &engine{t: t, keyset: keyset, lists: map[string]*list{}, refuse: func(string) error { return nil }}
	e.make = func(string, perdure.CollectionInput) *list { return e.list(3, true) }
	c, err := starter.New(e, starter.Options{Keyset: keyset})
	require.NoError(t, err)
	return e, c
}

// list is a collection of n pages, of which the last has none after it.
func (e *engine) list(n int, ends bool) *list {
	l := &list{kind: perdure.WorkflowCollection, failing: map[int]string{}, moves: map[int]bool{}, status: perdure.CollectionStatus{State: perdure.StateStarting}}
	token := e.token(0)
	for i := range n {
		p := perdure.Page{Values: json.RawMessage(fmt.Sprintf(`["%da","%db"]`, i, i)), Index: i, PageToken: token, NextPageToken: e.token(i + 1)}
		l.pages, token = append(l.pages, p), p.NextPageToken
	}
	if ends {
		l.pages[n-1].Last, l.pages[n-1].NextPageToken = true, ""
	}
	return l
}

func (e *engine) token(index int) string {
	e.t.Helper()
	token, err := e.keyset.Seal(tokens.Header{Kind: tokens.KindPage, Service: "jobs", IssuedAt: time.Now().Add(-2 * time.Hour)}, fmt.Append(nil, index))
	require.NoError(e.t, err)
	return token.Text()
}

// questions are those that came, without those of a kind.
func (e *engine) questions() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.asked...)
}

func (e *engine) note(ctx context.Context, question string) error {
	e.mu.Lock()
	e.asked = append(e.asked, question)
	e.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return e.refuse(question)
}

func (e *engine) find(id string) (*list, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if l := e.lists[id]; l != nil {
		return l, nil
	}
	return nil, serviceerror.NewNotFound("workflow not found")
}

// as is the argument of that type.
func as[T any](t *testing.T, argument any) T {
	t.Helper()
	v, ok := argument.(T)
	require.True(t, ok, "%T", argument)
	return v
}

// start is an operation of UpdateWithStartWorkflow.
type start struct {
	client.WithStartWorkflowOperation
	options client.StartWorkflowOptions
	input   perdure.CollectionInput
}

func (e *engine) NewWithStartWorkflowOperation(o client.StartWorkflowOptions, name any, args ...any) client.WithStartWorkflowOperation {
	require.Equal(e.t, perdure.WorkflowCollection, name)
	return &start{options: o, input: as[perdure.CollectionInput](e.t, args[0])}
}

func (e *engine) UpdateWithStartWorkflow(ctx context.Context, o client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	s := as[*start](e.t, o.StartWorkflowOperation)
	if err := e.note(ctx, "start "+s.options.ID); err != nil {
		return nil, err
	}
	e.mu.Lock()
	l := e.lists[s.options.ID]
	switch {
	case l == nil:
		l = e.make(s.options.ID, s.input)
		l.input = s.input
		e.lists[s.options.ID] = l
	case l.closed != 0:
		e.mu.Unlock()
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("closed", "", "")
	}
	e.mu.Unlock()
	return e.wait(ctx, l, as[perdure.WaitRequest](e.t, o.UpdateOptions.Args[0]))
}

func (e *engine) UpdateWorkflow(ctx context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	require.Equal(e.t, perdure.UpdateWait, o.UpdateName)
	require.Equal(e.t, client.WorkflowUpdateStageCompleted, o.WaitForStage)
	r := as[perdure.WaitRequest](e.t, o.Args[0])
	if err := e.note(ctx, fmt.Sprintf("wait %d", r.Index)); err != nil {
		return nil, err
	}
	l, err := e.find(o.WorkflowID)
	if err != nil {
		return nil, err
	}
	if l.closed != 0 {
		return nil, serviceerror.NewNotFound("workflow execution already completed")
	}
	return e.wait(ctx, l, r)
}

// wait is the collection's own: it fetches up to the page, and one more.
func (e *engine) wait(ctx context.Context, l *list, r perdure.WaitRequest) (client.WorkflowUpdateHandle, error) {
	for {
		e.mu.Lock()
		there, closed := r.Index < l.fetched, l.closed != 0
		if l.moves[r.Index] {
			delete(l.moves, r.Index)
			closed = true
		}
		e.mu.Unlock()
		if there || closed {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(fetchTime):
		}
		if errorType := e.fetchOne(l); errorType != "" {
			return &answered{err: temporal.NewNonRetryableApplicationError("not for you", errorType, nil, l.status)}, nil
		}
	}
	if r.Index+1 == l.fetched && l.closed == 0 && l.failing[l.fetched] == "" {
		e.fetchOne(l)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return &answered{value: l.status}, nil
}

// fetchOne fetches the next page, and closes the collection with the last.
func (e *engine) fetchOne(l *list) (errorType string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := &l.status
	if errorType := l.failing[l.fetched]; errorType != "" {
		delete(l.failing, l.fetched)
		s.ErrorType, s.Error = errorType, &perdure.ServiceError{Code: "no", Message: "not for you"}
		return errorType
	}
	l.fetched++
	s.State, s.Pages, s.NextPageToken = perdure.StateRunning, l.fetched, l.pages[l.fetched-1].NextPageToken
	s.ErrorType, s.Error = "", nil
	if l.fetched == len(l.pages) {
		s.State, s.Done, l.closed = perdure.StateSucceeded, true, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	}
	return ""
}

func (e *engine) QueryWorkflow(ctx context.Context, id, runID, name string, args ...any) (converter.EncodedValue, error) {
	question := name
	if len(args) > 0 {
		raw, err := json.Marshal(args[0])
		require.NoError(e.t, err)
		var r perdure.PageRequest
		require.NoError(e.t, json.Unmarshal(raw, &r))
		question = fmt.Sprintf("%s %d", name, r.Index)
	}
	if runID != "" {
		question += " of " + runID
	}
	if err := e.note(ctx, question); err != nil {
		return nil, err
	}
	l, err := e.find(id)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch name {
	case perdure.QueryStatus:
		return e.encoded(l.status), nil
	case perdure.QueryToken:
		if len(l.status.NextPageToken) == 0 && l.fetched > 0 && !l.pages[l.fetched-1].Last {
			return nil, queryFailed(temporal.NewNonRetryableApplicationError("the token is too large", perdure.ErrorTokenTooLarge, nil))
		}
		return e.encoded(l.status.NextPageToken), nil
	}
	index := as[perdure.PagesRequest](e.t, args[0]).Index
	switch {
	case index >= l.fetched:
		return nil, queryFailed(temporal.NewNonRetryableApplicationError("not yet", perdure.ErrorNotFetched, nil))
	case index < l.first && runID == earlierRun && l.gone:
		return nil, serviceerror.NewNotFound("workflow not found")
	case index < l.first && runID != earlierRun:
		return nil, queryFailed(temporal.NewNonRetryableApplicationError("elsewhere", perdure.ErrorOtherRun, nil, perdure.Segment{RunID: earlierRun}))
	}
	return e.encoded(perdure.Pages{Pages: l.pages[index : index+1]}), nil
}

const earlierRun = "run-0"

func queryFailed(err error) error {
	return serviceerror.NewQueryFailedWithFailure(err.Error(), temporal.GetDefaultFailureConverter().ErrorToFailure(err))
}

func (e *engine) SignalWorkflow(ctx context.Context, id, _, name string, _ any) error {
	require.Equal(e.t, perdure.SignalCancel, name)
	l, err := e.find(id)
	if err != nil || l.closed != 0 {
		return serviceerror.NewNotFound("closed")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	l.status.State, l.status.Done, l.closed = perdure.StateCanceled, true, enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED
	return ctx.Err()
}

func (e *engine) ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, name any, args ...any) (client.WorkflowRun, error) {
	require.Equal(e.t, perdure.WorkflowPage, name)
	if err := e.note(ctx, "page"); err != nil {
		return nil, err
	}
	in := as[perdure.CollectionInput](e.t, args[0])
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.lists[o.ID] == nil {
		e.lists[o.ID] = &list{kind: perdure.WorkflowPage, input: in}
	}
	return &pageRun{e: e, id: o.ID, input: in}, nil
}

func (e *engine) CancelWorkflow(ctx context.Context, id, _ string) error {
	require.NoError(e.t, ctx.Err())
	e.mu.Lock()
	defer e.mu.Unlock()
	e.canceled = append(e.canceled, id)
	return nil
}

// pageRun is a run of perdure.page.v1.
type pageRun struct {
	client.WorkflowRun
	e     *engine
	id    string
	input perdure.CollectionInput
}

func (r *pageRun) GetID() string    { return r.id }
func (r *pageRun) GetRunID() string { return "run-1" }

func (r *pageRun) Get(ctx context.Context, into any) error {
	p, err := r.e.page(ctx, r.input)
	if err != nil {
		return err
	}
	return r.e.encoded(p).Get(into)
}

func (e *engine) WorkflowService() workflowservice.WorkflowServiceClient { return &service{e: e} }

// service is what of Temporal's own service is asked.
type service struct {
	workflowservice.WorkflowServiceClient
	e *engine
}

func (s *service) DescribeWorkflowExecution(_ context.Context, r *workflowservice.DescribeWorkflowExecutionRequest, _ ...grpc.CallOption) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	l, err := s.e.find(r.GetExecution().GetWorkflowId())
	if err != nil {
		return nil, err
	}
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	status := l.closed
	if status == 0 {
		status = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	}
	memo, err := converter.GetDefaultDataConverter().ToPayload(l.status)
	require.NoError(s.e.t, err)
	return &workflowservice.DescribeWorkflowExecutionResponse{PendingActivities: l.pending, WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Type: &commonpb.WorkflowType{Name: l.kind}, Status: status, FirstRunId: earlierRun,
		Execution: r.GetExecution(), StartTime: timestamppb.New(time.Unix(1_700_000_000, 0)), CloseTime: timestamppb.New(time.Unix(1_700_000_100, 0)),
		Memo: &commonpb.Memo{Fields: map[string]*commonpb.Payload{perdure.MemoStatus: memo}},
	}}, nil
}

func (s *service) GetWorkflowExecutionHistory(_ context.Context, r *workflowservice.GetWorkflowExecutionHistoryRequest, _ ...grpc.CallOption) (*workflowservice.GetWorkflowExecutionHistoryResponse, error) {
	l, err := s.e.find(r.GetExecution().GetWorkflowId())
	if err != nil {
		return nil, err
	}
	input, err := converter.GetDefaultDataConverter().ToPayloads(l.input)
	require.NoError(s.e.t, err)
	return &workflowservice.GetWorkflowExecutionHistoryResponse{History: &historypb.History{Events: []*historypb.HistoryEvent{{
		Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
			WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{Input: input},
		},
	}}}}, nil
}

// answered is an update that was answered.
type answered struct {
	client.WorkflowUpdateHandle
	value any
	err   error
}

func (a *answered) RunID() string { return "run-1" }

func (a *answered) Get(_ context.Context, into any) error {
	if a.err != nil || into == nil {
		return a.err
	}
	raw, err := json.Marshal(a.value)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// encoded is a value that has gone through its JSON.
type encoded struct{ raw []byte }

func (e *engine) encoded(value any) converter.EncodedValue {
	raw, err := json.Marshal(value)
	require.NoError(e.t, err)
	return encoded{raw}
}

func (v encoded) HasValue() bool     { return true }
func (v encoded) Get(into any) error { return json.Unmarshal(v.raw, into) }
