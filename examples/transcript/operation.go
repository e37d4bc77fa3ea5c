package transcript

import (
	"context"

	"github.com/perdure-dev/perdure/starter"
)

// CreateOperation is the writing down of a recording.
type CreateOperation struct {
	*starter.Operation[Transcript]
}

// Heard is how much of the recording has been heard.
type Heard struct {
	Seconds float64 `json:"seconds"`
	Total   float64 `json:"total"`
}

// Heard is how far the service has come, as far as it has said.
func (o *CreateOperation) Heard(ctx context.Context) (Heard, error) {
	return starter.Progress[Heard](ctx, o.Operation)
}

func creation(op *starter.Operation[Transcript], err error) (*CreateOperation, error) {
	if op == nil {
		return nil, err
	}
	return &CreateOperation{op}, err
}
