package operation

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/shown"
)

// showDetails shows the status in Temporal's web UI, with what a person can do there.
func (o *operation) showDetails(work workflow.Context) {
	s := o.Status
	workflow.SetCurrentDetails(work, shown.Table(
		shown.Line{Name: "Operation", Value: o.Summary},
		shown.Line{Name: "State", Value: string(s.State), Words: stateWords(s)},
		shown.Line{Name: "Service", Value: s.Service, Words: protocolWords(s)},
		shown.Line{Name: "Service says", Value: s.ServiceStatus},
		shown.Line{Name: "Progress", Value: string(s.Progress)},
		shown.Line{Name: "Remote id", Value: withoutSecrets(s.RemoteID)},
		shown.Line{Name: "Last answer", Words: answerWords(o.Response)},
		shown.Line{Name: "Next question", Words: o.nextWords()},
		shown.Line{Name: "Last error", Value: lastError(s), Words: errorWords(s)},
		shown.Line{Name: cmp.Or(s.ErrorType, "Why"), Value: s.Error.String()},
		shown.Line{Name: "Ended", Words: stamp(s.EndedAt)},
		shown.Line{Name: "Cancel", Words: cancelWords(s)},
		shown.Line{Name: "Resolve", Words: resolveWords(s)},
	))
}

func stateWords(s perdure.Status) string {
	if s.PercentComplete == nil {
		return ""
	}
	return fmt.Sprintf("%.0f %%", *s.PercentComplete)
}

func protocolWords(s perdure.Status) string {
	if s.Protocol == "" {
		return ""
	}
	return "by the protocol " + s.Protocol
}

func answerWords(r *perdure.Response) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("HTTP %d, %s", r.Status, stamp(r.ReceivedAt))
}

// nextWords: where an activity watches, it is the first of its questions.
func (o *operation) nextWords() string {
	switch at := stamp(o.Status.NextPollAt); {
	case at == "" || o.Durable:
		return at
	default:
		return at + "; later ones are in the heartbeat of the pending activity"
	}
}

func lastError(s perdure.Status) string {
	if s.LastError == nil {
		return ""
	}
	return s.LastError.Error.String()
}

func errorWords(s perdure.Status) string {
	if s.LastError == nil {
		return ""
	}
	return stamp(s.LastError.At)
}

func cancelWords(s perdure.Status) string {
	switch c := s.Cancel; {
	case s.Done && c == nil:
		return ""
	case c == nil:
		return "Request Cancellation; or the signal `cancel`, which takes `{\"reason\": \"…\"}`"
	case c.Confirmed:
		return "confirmed by the service"
	case c.Supported != nil && !*c.Supported:
		return "the service has no way to cancel it"
	case c.Accepted != nil && *c.Accepted:
		return "accepted by the service; asked for " + stamp(c.RequestedAt)
	case c.Accepted != nil:
		return "refused by the service; asked for " + stamp(c.RequestedAt)
	default:
		return "asked for " + stamp(c.RequestedAt)
	}
}

func resolveWords(s perdure.Status) string {
	if s.State != perdure.StateAmbiguous || s.Done {
		return ""
	}
	return "look at the service, then send the update `resolve`: `{\"retry\": true}` where nothing was started there, " +
		"`{\"adopt\": {\"operation\": \"its id\"}}` where it was, `{\"fail\": \"why\"}` to give up"
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// givenSummary is the caller's own, where it can be read: a workflow does not see the
// summary that Temporal keeps, and a memo that is encrypted is not for it either.
func givenSummary(ctx workflow.Context) string {
	var given string
	if json.Unmarshal(workflow.GetInfo(ctx).Memo.GetFields()[perdure.MemoSummary].GetData(), &given) != nil {
		return ""
	}
	return given
}
