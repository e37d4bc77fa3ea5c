package flows

import (
	"cmp"
	"encoding/json"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/child"
)

// CreateStoresInput is the input of CreateStores.
type CreateStoresInput struct {
	Stores []NewStore `json:"stores"`
	// Limit is how many are created at once. Default 10.
	Limit int `json:"limit,omitempty"`
}

// NewStore is a vector store to be created.
type NewStore struct {
	Name     string            `json:"name"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// Store is a vector store.
type Store struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// Created says what became of a store: State is empty before its turn has come.
type Created struct {
	Name    string        `json:"name"`
	ID      string        `json:"id,omitempty"`
	State   perdure.State `json:"state,omitempty"`
	Percent *float64      `json:"percent,omitempty"`
	Error   string        `json:"error,omitempty"`
}

// QueryProgress of CreateStores is answered with a Created for each store.
const QueryProgress = "progress"

// CreateStores creates vector stores, so many at once. One that fails does not stop the
// others. Canceling it has those that are under way canceled, and waits for them.
func (f *Flows) CreateStores(ctx workflow.Context, in CreateStoresInput) ([]Created, error) {
	stores := make([]*creation, len(in.Stores))
	for i, store := range in.Stores {
		stores[i] = &creation{store: store}
	}
	if err := workflow.SetQueryHandler(ctx, QueryProgress, func() ([]Created, error) { return all(stores), nil }); err != nil {
		return nil, err
	}
	slots, underway := workflow.NewSemaphore(ctx, int64(cmp.Or(in.Limit, 10))), workflow.NewWaitGroup(ctx)
	for _, s := range stores {
		if slots.Acquire(ctx, 1) != nil {
			break // canceled
		}
		underway.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer underway.Done()
			defer slots.Release(1)
			s.value, s.err = f.create(ctx, s)
		})
	}
	underway.Wait(ctx)
	return all(stores), ctx.Err()
}

// creation is a store that is being created.
type creation struct {
	store NewStore
	op    *child.Operation[Store]
	value Store
	err   error
}

func (f *Flows) create(ctx workflow.Context, s *creation) (Store, error) {
	body, err := json.Marshal(s.store)
	if err != nil {
		return Store{}, err
	}
	s.op, err = child.Start[Store](ctx, perdure.OperationInput{
		Request:  &perdure.Request{Service: f.Service, Method: "POST", URL: "/v1/vector_stores", Body: perdure.JSONBody(body)},
		Protocol: &perdure.ProtocolChoice{Name: "openai"},
		Polling:  &perdure.Polling{IntervalSeconds: 1},
		Type:     "CreateVectorStore",
	}, &child.StartOptions{TaskQueue: f.Perdure, Summary: s.store.Name, ReportEvery: 2 * time.Second})
	if err != nil {
		return Store{}, err
	}
	return s.op.Wait(ctx)
}

func all(stores []*creation) []Created {
	out := make([]Created, 0, len(stores))
	for _, s := range stores {
		c := Created{Name: s.store.Name, ID: s.value.ID}
		if s.op != nil {
			c.State, c.Percent = s.op.LastStatus().State, s.op.LastStatus().PercentComplete
		}
		if s.err != nil {
			c.Error = s.err.Error()
		}
		out = append(out, c)
	}
	return out
}
