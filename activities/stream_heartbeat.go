package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// beat records a heartbeat. Before the stream is opened, it repeats that of the attempt
// before. While a request that must not be sent twice is out, and until the log knows that it
// was answered, it repeats what the request's sending recorded. Both go past the SDK's
// batching, which could send the former after the latter.
func (r *reader) beat(ctx context.Context) {
	if !r.opened.Load() {
		_ = r.record(ctx)
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
// it, also after an attempt that failed. One that cannot be read is taken to say that the
// request was being sent, which is the safe reading.
func lastStreamHeartbeat(ctx context.Context) perdure.StreamHeartbeat {
	var beat perdure.StreamHeartbeat
	if activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &beat) != nil {
		return perdure.StreamHeartbeat{Phase: perdure.PhaseSending}
	}
	return beat
}
