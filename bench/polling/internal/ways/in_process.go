package ways

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

// Goroutine starts an operation, and asks and sleeps until it is done: nothing of it
// outlives the process.
func Goroutine(ctx context.Context, c *http.Client, in Input) (json.RawMessage, error) {
	a, err := start(ctx, c, in)
	monitor := a.Monitor
	for err == nil && !a.Done() {
		if a, err = ask(ctx, c, monitor); err != nil || a.Done() {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(in.Every):
		}
	}
	return a.Value, err
}

// PollUntilDone starts an operation, and leaves it to azcore's poller, which asks once a
// second at most.
func PollUntilDone(ctx context.Context, c *http.Client, in Input) (json.RawMessage, error) {
	pipeline := runtime.NewPipeline("bench", "v1", runtime.PipelineOptions{}, &policy.ClientOptions{Transport: c})
	body, err := json.Marshal(in.Operation)
	if err != nil {
		return nil, err
	}
	r, err := runtime.NewRequest(ctx, http.MethodPost, in.Service+"/operations")
	if err != nil {
		return nil, err
	}
	if err := r.SetBody(streaming.NopCloser(bytes.NewReader(body)), "application/json"); err != nil {
		return nil, err
	}
	resp, err := pipeline.Do(r) //nolint:bodyclose // azcore reads it to its end
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return nil, fmt.Errorf("start: %w", runtime.NewResponseError(resp))
	}
	poller, err := runtime.NewPoller[json.RawMessage](resp, pipeline, nil)
	if err != nil {
		return nil, err
	}
	return poller.PollUntilDone(ctx, &runtime.PollUntilDoneOptions{Frequency: in.Every})
}
