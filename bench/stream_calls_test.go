package bench_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// BenchmarkStreamCalls are the calls that an event takes on its way, one after the other
// on a log that nothing else happens to: what no stream can be faster than. -benchtime
// 10000x is a reader that calls so often.
func BenchmarkStreamCalls(b *testing.B) {
	for _, call := range []struct {
		name string
		one  func(*probe, context.Context) error
	}{
		{"a signal", (*probe).record},
		{"a query", (*probe).read},
		{"an update", (*probe).ask},
		{"a signal until an update that waits answers", (*probe).woken},
	} {
		b.Run(call.name, func(b *testing.B) {
			f := newStreamFarm(b)
			p := &probe{log: f.stream(b, "/events?events=1&hold=1"), raw: f.raw, next: 1}
			require.NoError(b, p.wait(b.Context(), 0))
			measured(b, func() { require.NoError(b, call.one(p, b.Context())) })
		})
	}
}

// probe writes into a log in the place of its activity.
type probe struct {
	raw  client.Client
	log  *starter.Stream[string]
	next int
}

// laterWriter is after every attempt of an activity.
const laterWriter = 1 << 60

func (p *probe) record(ctx context.Context) error {
	b := perdure.Batch{Writer: laterWriter, First: p.next, Events: []perdure.RecordedEvent{{Type: "message", Data: json.RawMessage(`"x"`)}}}
	p.next++
	return p.raw.SignalWorkflow(ctx, p.log.ID(), "", perdure.SignalRecord, b)
}

func (p *probe) read(ctx context.Context) error {
	_, err := p.raw.QueryWorkflow(ctx, p.log.ID(), "", perdure.QueryRead, perdure.ReadRequest{Offset: 0, Max: 1})
	return err
}

// ask waits for what is there.
func (p *probe) ask(ctx context.Context) error { return p.wait(ctx, 0) }

func (p *probe) wait(ctx context.Context, offset int) error {
	u, err := p.waiting(ctx, offset, client.WorkflowUpdateStageCompleted)
	if err != nil {
		return err
	}
	return u.Get(ctx, nil)
}

func (p *probe) waiting(ctx context.Context, offset int, stage client.WorkflowUpdateStage) (client.WorkflowUpdateHandle, error) {
	return p.raw.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: p.log.ID(), UpdateName: perdure.UpdateWait, WaitForStage: stage,
		Args: []any{perdure.WaitEventRequest{Offset: offset}},
	})
}

// woken waits, is written for, and is told.
func (p *probe) woken(ctx context.Context) error {
	u, err := p.waiting(ctx, p.next, client.WorkflowUpdateStageAccepted)
	if err != nil {
		return err
	}
	if err := p.record(ctx); err != nil {
		return err
	}
	return u.Get(ctx, nil)
}
