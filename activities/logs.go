package activities

import (
	"context"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// logger is the activity's, which names the workflow, with the operation's own names. What
// a service wrote beside its id is never logged.
func logger(ctx context.Context, service, remoteID string) log.Logger {
	return log.With(activity.GetLogger(ctx), "Service", service, "RemoteID", protocol.Cut(remoteID, maxWordBytes))
}

// logStart says what became of a start.
func logStart(ctx context.Context, a *perdure.Answer) {
	l := logger(ctx, a.Service, a.RemoteID)
	switch {
	case a.State == perdure.StateStarting && a.LastError != nil:
		l.Warn("start is sent again", "Tries", a.Tries, "HTTPStatus", a.LastError.Error.HTTPStatus, "WaitSeconds", a.WaitSeconds)
	case a.State == perdure.StateStarting:
	case a.State == perdure.StateAmbiguous:
		l.Warn("start is ambiguous: it waits for a person", "Tries", a.Tries)
	case a.State == perdure.StateFailed:
		l.Warn("start was refused", "ErrorType", a.ErrorType)
	default:
		l.Info("operation was started", "State", a.State, "Tries", a.Tries)
	}
}

// logTrouble says once when the operation cannot be asked any more, and once when it can be
// again.
func (w *watch) logTrouble(ctx context.Context) {
	l := logger(ctx, w.service.Name(), w.state.RemoteID)
	switch r := w.last; {
	case r.again != nil && w.failures == 1:
		l.Warn("operation cannot be asked", "HTTPStatus", r.again.HTTPStatus, "NextPollAt", w.nextAt.UTC())
	case r.again == nil && w.recovered:
		l.Info("operation can be asked again")
	}
}

// logEnd says how the operation ended.
func (w *watch) logEnd(ctx context.Context, a *perdure.Answer) {
	logger(ctx, a.Service, a.RemoteID).Info("operation ended", "State", a.State, "ErrorType", a.ErrorType)
}
