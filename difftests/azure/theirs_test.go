package azure_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/stretchr/testify/require"
)

// patience with one operation.
const patience = time.Minute

// retries of azcore's pipeline, for one request.
const retries = 3

func pipeline(client *http.Client) runtime.Pipeline {
	return runtime.NewPipeline("difftests", "v1", runtime.PipelineOptions{}, &policy.ClientOptions{
		Transport: client, Retry: policy.RetryOptions{MaxRetries: retries, RetryDelay: time.Millisecond, MaxRetryDelay: 5 * time.Millisecond},
		InsecureAllowCredentialWithHTTP: true,
	})
}

// payload is the value of an operation of theirs, in a type with a name, which a
// resume token needs.
type payload struct{ raw json.RawMessage }

func (p *payload) UnmarshalJSON(raw []byte) error {
	p.raw = append(json.RawMessage(nil), raw...)
	return nil
}

// begin sends the start, and makes azcore's poller of its answer.
func begin(t *testing.T, pl runtime.Pipeline, x exchange, base string) (*runtime.Poller[payload], error) {
	t.Helper()
	request, err := runtime.NewRequest(t.Context(), x.method, base+resourcePath)
	require.NoError(t, err)
	response, err := pl.Do(request) //nolint:bodyclose // NewPoller closes it
	require.NoError(t, err)
	return runtime.NewPoller(response, pl, &runtime.NewPollerOptions[payload]{
		FinalStateVia: runtime.FinalStateVia(x.via), OperationLocationResultPath: x.resultPath,
	})
}

// theirs runs an exchange as azcore does.
func theirs(t *testing.T, client *http.Client, x exchange, base string) ending {
	t.Helper()
	poller, err := begin(t, pipeline(client), x, base)
	if err != nil {
		return ending{outcome: "error", detail: err.Error()}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	value, err := poller.PollUntilDone(ctx, &runtime.PollUntilDoneOptions{Frequency: time.Millisecond})
	if err == nil {
		return ending{outcome: "succeeded", value: notNull(value.raw)}
	}
	return ending{outcome: badEnd(err, poller.Done(), x), detail: err.Error()}
}

// badEnd tells how an operation of theirs ended: azcore has one type of error for the
// operation that failed, for the one that was canceled, and for a request that was
// refused.
func badEnd(err error, done bool, x exchange) string {
	var refused *azcore.ResponseError
	switch {
	case !errors.As(err, &refused) || !done:
		return "error"
	case refused.StatusCode >= http.StatusBadRequest && (x.kind() != "location" || refused.StatusCode == http.StatusNotFound):
		return "error" // the request for the value, or a monitor that is not there
	case strings.Contains(strings.ToLower(refused.Error()), "cancel"):
		return "canceled"
	}
	return "failed"
}

func notNull(raw json.RawMessage) json.RawMessage {
	if string(raw) == "null" {
		return nil
	}
	return raw
}
