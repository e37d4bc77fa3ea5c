package rehydration

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// Engine is where workflows are found and started.
type Engine struct {
	Temporal      client.Client
	Namespace     string
	TaskQueue     string
	DataConverter converter.DataConverter
}

// ConflictError says that the id which a token names belongs to something else.
type ConflictError struct{ Message string }

func (e *ConflictError) Error() string { return e.Message }

// ErrNoWorkflow says that a token names no workflow to attach to.
var ErrNoWorkflow = errors.New("the token names no workflow")

// maxRaces bounds how often others may be quicker.
const maxRaces = 10

// TakeUp takes up the operation or the stream of a token, whose header was verified. Where
// others take it up at the same time all end up on the same workflow. Errors: a
// *ConflictError, ErrNoWorkflow, or one of Temporal's.
func (e *Engine) TakeUp(ctx context.Context, token string, h tokens.Header) (perdure.Rehydrated, error) {
	t, err := targetOf(token, h)
	if err != nil {
		return perdure.Rehydrated{}, err
	}
	for range maxRaces {
		there, err := e.attach(ctx, t)
		if err != nil || there.RunID != "" {
			return there, err
		}
		started, err := e.start(ctx, t)
		if _, taken := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); !taken {
			return started, err
		}
	}
	return perdure.Rehydrated{}, fmt.Errorf("the workflow %q was started and closed by others again and again", t.id)
}

// target is the workflow that a token names.
type target struct {
	id, workflow string
	caller       caller
	input        any // of one that goes on from the token
	summary      string
}

// caller is for whom a workflow runs: what its input, whatever else it has, says of that.
type caller struct {
	Type     string `json:"type"`
	Audience string `json:"audience"`
}

func targetOf(token string, h tokens.Header) (target, error) {
	t := target{id: h.WorkflowID, caller: caller{h.Type, h.Audience}}
	switch h.Kind {
	case tokens.KindOperation:
		t.workflow = perdure.WorkflowOperation
		in := perdure.OperationInput{Token: token, Type: h.Type, Audience: h.Audience}
		t.input, t.summary = in, in.Summary()
	case tokens.KindStream:
		t.workflow = perdure.WorkflowStream
		in := perdure.StreamInput{Token: token, Type: h.Type, Audience: h.Audience}
		t.input, t.summary = in, in.Summary()
	case tokens.KindPage:
		return target{}, errors.New("a page's token attaches to nothing")
	}
	if t.id == "" {
		return target{}, ErrNoWorkflow
	}
	return t, nil
}

// start starts a workflow that goes on from the token. Where one is there by now, open or
// completed, it is WorkflowExecutionAlreadyStarted.
func (e *Engine) start(ctx context.Context, t target) (perdure.Rehydrated, error) {
	// Not an update with start: under its shared id awaitStarted would be answered from
	// the memory of the run that was closed.
	run, err := e.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: t.id, TaskQueue: e.TaskQueue, StaticSummary: t.summary,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, t.workflow, t.input)
	if err != nil {
		return perdure.Rehydrated{}, err
	}
	return perdure.Rehydrated{WorkflowID: t.id, RunID: run.GetRunID(), Started: true}, nil
}

// StartCollection starts one, with this id, from the page of a token that was verified.
func (e *Engine) StartCollection(ctx context.Context, id string, in perdure.RehydrateInput) (perdure.Rehydrated, error) {
	run, err := e.Temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: e.TaskQueue, StaticSummary: in.Summary(),
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
	}, perdure.WorkflowCollection, perdure.CollectionInput{
		Token: in.Token, Type: in.Type, Audience: in.Audience, Service: in.Service,
	})
	if err != nil {
		return perdure.Rehydrated{}, err
	}
	return perdure.Rehydrated{WorkflowID: id, RunID: run.GetRunID(), Started: true}, nil
}
