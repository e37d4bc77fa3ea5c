package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// beat records a heartbeat: before the stream is opened the one of the attempt before.
// Until the log knows that a request which may not be sent twice was answered, it is the
// one that says so.
func (r *reader) beat(ctx context.Context) {
	if !r.opened.Load() {
		activity.RecordHeartbeat(ctx, r.last)
		return
	}
	p := r.scribe.progress()
	if !p.answered && !r.isQuestion() {
		_ = r.record(ctx)
		return
	}
	activity.RecordHeartbeat(ctx, perdure.StreamHeartbeat{
		Phase: perdure.PhaseReading, Attempt: activity.GetInfo(ctx).Attempt, Offset: p.next,
		LastEventID: protocol.Cut(p.at.at.LastEventID, maxWordBytes), Reconnects: p.told.reconnects, LastError: p.told.lastError,
	})
}

// lastStreamHeartbeat is what the attempt before this one recorded last; Temporal keeps
// it, also after an attempt that failed. One that cannot be read may have said that the
// request was being sent.
func lastStreamHeartbeat(ctx context.Context) perdure.StreamHeartbeat {
	var beat perdure.StreamHeartbeat
	if activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &beat) != nil {
		return perdure.StreamHeartbeat{Phase: perdure.PhaseSending}
	}
	return beat
}
