package payloads

import (
	"context"
	"errors"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// steadfast keeps workflows from failing for a key that has not arrived yet. The SDK fails
// a workflow whose input it cannot decode, and drops such a signal. A panic fails the
// workflow task instead, which is tried again until the key is there.
type steadfast struct{ converter.DataConverter }

var _ workflow.ContextAware = steadfast{}

// WithWorkflowContext is called by the SDK before workflow code converts.
func (s steadfast) WithWorkflowContext(workflow.Context) converter.DataConverter {
	return inWorkflow(s)
}

// WithContext is called by the SDK before anything else converts: there an error is one.
func (s steadfast) WithContext(context.Context) converter.DataConverter { return s }

type inWorkflow struct{ converter.DataConverter }

// FromPayload panics where a payload cannot be decrypted.
func (c inWorkflow) FromPayload(payload *commonpb.Payload, value any) error {
	return panicIfUnreadable(c.DataConverter.FromPayload(payload, value))
}

// FromPayloads panics where a payload cannot be decrypted.
func (c inWorkflow) FromPayloads(payloads *commonpb.Payloads, values ...any) error {
	return panicIfUnreadable(c.DataConverter.FromPayloads(payloads, values...))
}

func panicIfUnreadable(err error) error {
	if errors.Is(err, ErrUnreadable) {
		panic(err)
	}
	return err
}
