package azure_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol/azure"
	"github.com/perdure-dev/perdure/difftests/internal/ours"
)

// notJSON is the detail of a success whose value is not JSON.
const notJSON = "a value that is not JSON"

// perdures runs an exchange as we do.
func perdures(t *testing.T, x exchange, base string) ending {
	t.Helper()
	r := ours.Run(t, ours.Operation{
		Protocol: azure.Protocol{}, Options: x.options(t), Method: x.method, URL: base + resourcePath,
		Polling: perdure.Polling{IntervalSeconds: 0.001, NotFoundGraceSeconds: &x.grace}, Timeout: patience,
	})
	switch r.ErrorType {
	case "":
		if r.ValueBody != nil {
			return ending{outcome: "succeeded", detail: notJSON}
		}
		return ending{outcome: "succeeded", value: notNull(r.Value)}
	case perdure.ErrorOperationFailed:
		return ending{outcome: "failed", detail: r.Status.Error.String()}
	case perdure.ErrorCanceled:
		return ending{outcome: "canceled"}
	}
	require.Contains(t, []string{perdure.ErrorPollRejected, perdure.ErrorProtocolViolation, perdure.ErrorStartRejected}, r.ErrorType, "%+v", r)
	return ending{outcome: "error", detail: r.ErrorType + ": " + r.Status.Error.String()}
}

func (x exchange) options(t *testing.T) string {
	t.Helper()
	raw, err := json.Marshal(struct {
		FinalStateVia string `json:"finalStateVia,omitempty"`
		ResultPath    string `json:"resultPath,omitempty"`
	}{x.via, x.resultPath})
	require.NoError(t, err)
	return string(raw)
}
