package openai

import (
	"context"
	"encoding/json"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// FineTuningJob trains a model.
type FineTuningJob struct {
	ID             string `json:"id"`
	Status         string `json:"status"`
	FineTunedModel string `json:"fine_tuned_model"`
	TrainedTokens  int64  `json:"trained_tokens"`
}

// FineTuningJobParams are what a job is created with.
type FineTuningJobParams struct {
	Model          string `json:"model"`
	TrainingFile   string `json:"training_file"`
	ValidationFile string `json:"validation_file,omitempty"`
	Suffix         string `json:"suffix,omitempty"`
	Seed           *int64 `json:"seed,omitempty"`
}

// FineTuningClient trains models. It is safe for concurrent use.
type FineTuningClient struct {
	create starter.OperationMethod[FineTuningJob]
}

// NewFineTuningClient gives a client; nil options are the defaults.
func NewFineTuningClient(c *starter.Client, o *ClientOptions) *FineTuningClient {
	return &FineTuningClient{
		create: starter.OperationMethod[FineTuningJob]{Service: newService(c, o), Type: "CreateFineTuningJob", Path: "/fine_tuning/jobs"},
	}
}

// FineTuningOperation is the work on a job.
type FineTuningOperation struct {
	*starter.Operation[FineTuningJob]
}

// JobID is the job's id, known before it is done.
func (o *FineTuningOperation) JobID() string { return o.LastStatus().RemoteID }

// FineTune starts a job, and returns when the API has answered.
func (c *FineTuningClient) FineTune(ctx context.Context, params FineTuningJobParams, o *starter.CallOptions) (*FineTuningOperation, error) {
	return fineTuning(c.create.Start(ctx, starter.Call{Body: params}, o))
}

// FineTuneRaw is FineTune with a body of one's own.
func (c *FineTuningClient) FineTuneRaw(ctx context.Context, body json.RawMessage, o *starter.CallOptions) (*FineTuningOperation, error) {
	return fineTuning(c.create.Start(ctx, starter.Call{Body: body}, o))
}

// RehydrateFineTune takes up a job from its token, in any process.
func (c *FineTuningClient) RehydrateFineTune(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*FineTuningOperation, error) {
	return fineTuning(c.create.Rehydrate(ctx, token, o))
}

func fineTuning(op *starter.Operation[FineTuningJob], err error) (*FineTuningOperation, error) {
	if op == nil {
		return nil, err
	}
	return &FineTuningOperation{op}, err
}
