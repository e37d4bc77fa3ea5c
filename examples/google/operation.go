package google

import (
	"context"

	"github.com/perdure-dev/perdure/starter"
)

// Operation is a long-running operation after AIP-151 whose response is a T.
type Operation[T any] struct {
	*starter.Operation[T]
}

// Name is what the API calls the operation.
func (o *Operation[T]) Name() string { return o.LastStatus().RemoteID }

// Metadata is what the API has said of the operation beside its state; the zero Metadata
// where it has said nothing.
func (o *Operation[T]) Metadata(ctx context.Context) (Metadata, error) {
	return starter.Progress[Metadata](ctx, o.Operation)
}

// Metadata of an operation of this API.
type Metadata struct {
	CreateTime      string `json:"createTime"`
	EndTime         string `json:"endTime"`
	Target          string `json:"target"`
	Verb            string `json:"verb"`
	StatusDetail    string `json:"statusDetail"`
	CancelRequested bool   `json:"cancelRequested"`
}

func operation[T any](op *starter.Operation[T], err error) (*Operation[T], error) {
	if op == nil {
		return nil, err
	}
	return &Operation[T]{op}, err
}
