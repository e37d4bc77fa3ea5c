package compare

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/difftests/internal/ours"
	"github.com/perdure-dev/perdure/difftests/internal/play"
)

// Perdure posts a JSON body to a path of the service and follows the operation to its
// end. Its waits take no time, and a 404 has no grace. The outcome lacks what only the
// service's own test can tell: the word and the value.
func Perdure(t *testing.T, service *play.Service, p protocol.Protocol, path, body string) (Outcome, ours.Result) {
	t.Helper()
	grace := 0.0
	r := ours.Run(t, ours.Operation{
		Protocol: p, Method: http.MethodPost, URL: service.Listen(t) + path, Body: perdure.JSONBody(json.RawMessage(body)),
		Polling: perdure.Polling{NotFoundGraceSeconds: &grace}, Timeout: 10 * time.Hour, Threshold: 1,
	})
	switch r.ErrorType {
	case "":
		return Outcome{Kind: Succeeded}, r
	case perdure.ErrorCanceled:
		return Outcome{Kind: Canceled}, r
	case perdure.ErrorOperationFailed:
		return Outcome{Kind: Failed}, r
	case perdure.ErrorPollRejected, perdure.ErrorStartRejected:
		return Outcome{Kind: Refused, Word: strconv.Itoa(r.Status.Error.HTTPStatus)}, r
	case perdure.ErrorProtocolViolation:
		return Outcome{Kind: Unreadable}, r
	}
	return Outcome{Kind: r.ErrorType}, r
}
