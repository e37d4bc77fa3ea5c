package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/internal/cli"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// fakeEngine answers as its fields say, and keeps what it was asked.
type fakeEngine struct {
	op        *fakeOperation
	startErr  error
	attachErr error
	summaries []starter.Summary

	fakeStreams

	collection *fakeCollection
	page       *cli.Page
	pageErr    error

	started    perdure.OperationInput
	startedID  string
	attached   string
	rehydrated tokens.Token
	listed     starter.ListOptions
	asked      perdure.CollectionInput
	askedID    string
}

func (e *fakeEngine) Start(ctx context.Context, in perdure.OperationInput, o *starter.StartOptions) (cli.Operation, error) {
	e.started, e.startedID = in, o.ID
	if e.op == nil {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	return e.op, e.startErr
}

func (e *fakeEngine) Attach(_ context.Context, id string) (cli.Operation, error) {
	e.attached = id
	if e.attachErr != nil || e.op == nil {
		return nil, e.attachErr
	}
	return e.op, nil
}

func (e *fakeEngine) Rehydrate(_ context.Context, token tokens.Token, _ *starter.RehydrateOptions) (cli.Operation, error) {
	e.rehydrated = token
	return e.op, e.startErr
}

func (e *fakeEngine) List(_ context.Context, o *starter.ListOptions) iter.Seq2[starter.Summary, error] {
	e.listed = *o
	return func(yield func(starter.Summary, error) bool) {
		for _, s := range e.summaries {
			if !yield(s, nil) {
				return
			}
		}
	}
}

func (e *fakeEngine) StartCollection(ctx context.Context, in perdure.CollectionInput, o *starter.CollectionOptions) (cli.Collection, error) {
	e.asked, e.askedID = in, o.ID
	if e.collection == nil {
		return nil, e.pageErr
	}
	if e.collection.block {
		<-ctx.Done()
		return e.collection, context.Cause(ctx)
	}
	return e.collection, e.pageErr
}

func (e *fakeEngine) AttachCollection(_ context.Context, id string) (cli.Collection, error) {
	if e.collection == nil || e.collection.id != id {
		return nil, starter.ErrNotFound
	}
	return e.collection, nil
}

func (e *fakeEngine) GetPage(_ context.Context, in perdure.CollectionInput) (*cli.Page, error) {
	e.asked = in
	return e.page, e.pageErr
}

// fakeCollection gives its pages, and then its error.
type fakeCollection struct {
	id       string
	status   func() perdure.CollectionStatus
	pages    []*cli.Page
	err      error
	between  func() // called before each page but the first
	block    bool   // the first page never comes
	token    tokens.Token
	tokenErr error
	reason   *string
}

func (c *fakeCollection) ID() string { return c.id }

func (c *fakeCollection) Status(context.Context) (perdure.CollectionStatus, error) {
	return c.status(), nil
}

func (c *fakeCollection) Token(context.Context) (tokens.Token, error) { return c.token, c.tokenErr }

func (c *fakeCollection) Cancel(_ context.Context, reason string) error {
	c.reason = &reason
	return nil
}

func (c *fakeCollection) Pages(ctx context.Context, _ *starter.PagesOptions) iter.Seq2[*cli.Page, error] {
	return func(yield func(*cli.Page, error) bool) {
		for i, p := range c.pages {
			if i > 0 && c.between != nil {
				c.between()
			}
			if ctx.Err() != nil {
				yield(nil, context.Cause(ctx))
				return
			}
			if !yield(p, nil) {
				return
			}
		}
		if c.err != nil {
			yield(nil, c.err)
		}
	}
}

// fakeOperation is one operation with canned answers.
type fakeOperation struct {
	id       string
	status   func() perdure.Status
	response *perdure.Response
	token    tokens.Token
	tokenErr error
	result   func(context.Context) (perdure.OperationResult, error)
	reason   *string
	polled   *starter.UpdateStatusOptions
	resolved *perdure.Resolve
}

func (o *fakeOperation) ID() string                 { return o.id }
func (o *fakeOperation) RunID() string              { return "run-1" }
func (o *fakeOperation) LastStatus() perdure.Status { return o.status() }

func (o *fakeOperation) Status(context.Context) (perdure.Status, error) { return o.status(), nil }

func (o *fakeOperation) Resolve(_ context.Context, r perdure.Resolve) (perdure.Status, error) {
	o.resolved = &r
	return o.status(), nil
}

func (o *fakeOperation) UpdateStatus(_ context.Context, with *starter.UpdateStatusOptions) (perdure.Status, error) {
	o.polled = with
	return o.status(), nil
}

func (o *fakeOperation) RawResponse(context.Context) (*perdure.Response, error) {
	return o.response, nil
}

func (o *fakeOperation) Token(context.Context) (tokens.Token, error) { return o.token, o.tokenErr }

func (o *fakeOperation) Cancel(_ context.Context, reason string) error {
	o.reason = &reason
	return nil
}

func (o *fakeOperation) Result(ctx context.Context) (perdure.OperationResult, error) {
	return o.result(ctx)
}

// running is an operation that is under way.
func running() *fakeOperation {
	return &fakeOperation{
		id:     "perdure-1",
		status: func() perdure.Status { return perdure.Status{State: perdure.StateRunning, ServiceStatus: "busy"} },
	}
}

// ends makes the operation end with this.
func (o *fakeOperation) ends(r perdure.OperationResult, err error) *fakeOperation {
	o.result = func(context.Context) (perdure.OperationResult, error) { return r, err }
	return o
}

type ran struct {
	status         int
	stdout, stderr string
}

func command(t *testing.T, e cli.Engine, args ...string) ran {
	t.Helper()
	return commandIn(t.Context(), e, args...)
}

func commandIn(ctx context.Context, e cli.Engine, args ...string) ran {
	var out, log bytes.Buffer
	status := cli.MainWith(ctx, cli.Process{Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &log}, e)
	return ran{status: status, stdout: out.String(), stderr: log.String()}
}

// failureOf reads the one document that a failure is.
func failureOf(t *testing.T, r ran) (kind, message, id string, status *perdure.Status) {
	t.Helper()
	var got struct {
		Error struct {
			Type       string          `json:"type"`
			Message    string          `json:"message"`
			WorkflowID string          `json:"workflowId"`
			Status     *perdure.Status `json:"status"`
		} `json:"error"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &got), r.stdout)
	return got.Error.Type, got.Error.Message, got.Error.WorkflowID, got.Error.Status
}
